/* Level x86-64-v3: vectors of 8 floats. */
#if defined(__x86_64__)
#define LANES 8
#define TABLE aigc_table_v3
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "body/all.h"
#pragma clang attribute pop
#endif
