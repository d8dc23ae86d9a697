/* The whole body for one level: LANES floats a vector; the table of its kernels is TABLE. */
#include "vector.h"
#include "elementwise.h"
#include "gelu.h"
#include "reductions.h"
#include "rows.h"
#include "norm.h"
#include "pooling.h"
#include "resampling.h"
#include "attention.h"
#include "optimizers.h"
#include "gemm.h"
#include "winograd.h"
#include "gather.h"
#include "filtering.h"
#include "recurrent.h"
#include "half.h"
#include "weights.h"
#include "random.h"

#include "../table.h"
#define AIGC_ENTRY(name, parameters, arguments) .name = k_##name,
const aigc_table TABLE = {AIGC_KERNELS(AIGC_ENTRY)};
