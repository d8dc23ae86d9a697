/* AVX2 and FMA: products of bytes in pairs. */
#if defined(__x86_64__)
#include <immintrin.h>
#include "table.h"
#define LANES 8
#define DOT DOT_AVX2
#define TABLE aigc_lowbit_avx2
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "../body/lowbit/all.h"
#pragma clang attribute pop
#endif
