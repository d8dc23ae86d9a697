/* ARM's products of four bytes (Armv8.2 DotProd). */
#if defined(__aarch64__)
#include <arm_neon.h>
#include "table.h"
#define LANES 4
#define DOT DOT_ARM
#define TABLE aigc_lowbit_dot_product
#pragma clang attribute push(__attribute__((target("arch=armv8.2-a+dotprod"))), apply_to = function)
#include "../body/lowbit/all.h"
#pragma clang attribute pop
#endif
