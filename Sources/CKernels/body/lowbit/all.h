/* Low-bit products of one level: DOT says how bytes are multiplied, LANES how many sums a vector has; the table of
 * its kernels is TABLE. */
#include "../lanes.h"
/* Products are rounded before they are added, except where fused() says otherwise. */
#pragma clang fp contract(off)
#include "../half.h"
#include "dot.h"
#include "codes.h"
#include "unpacked.h"
#if DOT == DOT_TILES
#include "tiles.h"
#else
#include "quantize.h"
#include "one_row.h"
#include "many_rows.h"
const aigc_lowbit_table TABLE = {.quantize = lowbit_quantize, .multiply = lowbit_multiply};
#endif
