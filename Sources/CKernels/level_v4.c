/* Level x86-64-v4: vectors of 16 floats. */
#if defined(__x86_64__)
#define LANES 16
#define TABLE aigc_table_v4
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "body/all.h"
#pragma clang attribute pop
#endif
