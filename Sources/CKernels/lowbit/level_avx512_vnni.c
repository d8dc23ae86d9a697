/* AVX-512 VNNI: products of four bytes, vectors of 16 sums. */
#if defined(__x86_64__)
#include <immintrin.h>
#include "table.h"
#define LANES 16
#define DOT DOT_AVX512_VNNI
#define TABLE aigc_lowbit_avx512_vnni
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512vnni"))), apply_to = function)
#include "../body/lowbit/all.h"
#pragma clang attribute pop
#endif
