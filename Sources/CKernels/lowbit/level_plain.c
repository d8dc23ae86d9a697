/* The level every processor of its kind has: SSE2 or NEON. */
#include "table.h"
#if defined(__aarch64__)
#include <arm_neon.h>
#endif
#define LANES 4
#define DOT DOT_PLAIN
#define TABLE aigc_lowbit_plain
#include "../body/lowbit/all.h"
