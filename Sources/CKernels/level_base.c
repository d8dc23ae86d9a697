/* The level every processor of its kind has: SSE2 or NEON, vectors of 4 floats. */
#define LANES 4
#define TABLE aigc_table_base
#include "body/all.h"
