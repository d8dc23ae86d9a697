/* Activations to int8 codes. Whole numbers decide, so that every level gives the same bytes. */

/* The largest magnitude's bits: what is no number counts as largest. */
INLINE int largest_bits(const float *x) {
  VI best = (VI)load(x) & 0x7FFFFFFF;
  for (int i = LANES; i < 32; i += LANES) {
    VI bits = (VI)load(x + i) & 0x7FFFFFFF;
    VI mask = bits > best;
    best = (bits & mask) | (best & ~mask);
  }
  return __builtin_reduce_max(best);
}

typedef signed char VC __attribute__((vector_size(LANES), aligned(1), may_alias));

/* What belongs to the codes of a block, which sum up to `totals`. */
INLINE void store_sums(const aigc_lowbit_rows *to, long block, float scale, const int *totals) {
  to->scales[block] = scale;
  to->starts[block] = -128 * (totals[0] + totals[1]);
  to->sums[block] = scale * (float)(totals[0] + totals[1]);
  for (int h = 0; h < 2; h++) {
    to->half_starts[2 * block + h] = -128 * totals[h];
    to->half_sums[2 * block + h] = scale * (float)totals[h];
  }
}

INLINE void quantize_block(const float *x, const aigc_lowbit_rows *to, long block) {
  int bits = largest_bits(x), totals[2] = {0, 0};
  float largest;
  memcpy(&largest, &bits, 4);
  /* Below 2^-100 nothing is left of a value, and 127 / largest may be infinite. */
  const int is_usual = bits < 0x7F800000 && largest >= 0x1p-100f;
  const float scale = is_usual ? largest / 127.0f : bits < 0x7F800000 ? 0 : largest;
  const V factor = splat(is_usual ? 127.0f / largest : 0), magic = splat(12582912.0f);
  for (int i = 0; i < 32; i += LANES) {
    /* Adding 1.5 * 2^23 rounds to the nearest whole number, to the even one in the middle, which stands in the low
     * bits then. */
    V scaled = load(x + i) * factor;
    VI codes = (VI)(scaled + magic) - (VI)magic;
    if (!is_usual) codes = codes & 0;
    *(VC *)(to->codes + block * 32 + i) = __builtin_convertvector(codes, VC);
    totals[i / 16] += __builtin_reduce_add(codes);
  }
  store_sums(to, block, scale, totals);
}

/* What is left of a block behind its codes: at most half of its scale. */
INLINE void quantize_rest(const float *x, const aigc_lowbit_rows *to, long block) {
  const float scale = to->scales[block];
  const V factor = splat(254.0f / scale), rounded = splat(-scale), magic = splat(12582912.0f);
  int totals[2] = {0, 0};
  for (int i = 0; i < 32; i += LANES) {
    V codes = as_floats(__builtin_convertvector(*(const VC *)(to->codes + block * 32 + i), VI));
    VI rest = (VI)(fused(rounded, codes, load(x + i)) * factor + magic) - (VI)magic;
    *(VC *)(to->codes + (block + to->second) * 32 + i) = __builtin_convertvector(rest, VC);
    totals[i / 16] += __builtin_reduce_add(rest);
  }
  store_sums(to, block + to->second, scale / 254.0f, totals);
}

static void lowbit_quantize(long first, long rows, const float *x, long x_row, const aigc_lowbit_rows *to) {
  for (long r = 0; r < rows; r++) {
    const float *row = x + r * x_row;
    const long at = (first + r) * to->blocks;
    float squares = 0;
    for (long b = 0; b < to->blocks; b++) {
      quantize_block(row + 32 * b, to, at + b);
      squares += to->scales[at + b] * to->scales[at + b];
    }
    /* Where the sum is infinite or no number, no block is above it. */
    const float least = AIGC_LOWBIT_OUTLIERS * squares / (float)to->blocks;
    for (long b = 0; b < to->blocks; b++) {
      to->scales[at + b + to->second] = 0;
      if (to->scales[at + b] * to->scales[at + b] > least) quantize_rest(row + 32 * b, to, at + b);
    }
  }
}
