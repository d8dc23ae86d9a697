/* AVX-VNNI: products of four bytes, vectors of 8 sums. */
#if defined(__x86_64__)
#include <immintrin.h>
#include "table.h"
#define LANES 8
#define DOT DOT_AVX_VNNI
#define TABLE aigc_lowbit_avx_vnni
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3,avxvnni"))), apply_to = function)
#include "../body/lowbit/all.h"
#pragma clang attribute pop
#endif
