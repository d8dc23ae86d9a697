/* Products of few rows with weights as they lie in a file, of 32 or 16 bits a value. Each sum runs in
 * an order that does not depend on how many rows there are, nor on where a matrix is cut. */
typedef unsigned short VS __attribute__((vector_size(LANES * 2)));
typedef unsigned short VSU __attribute__((vector_size(LANES * 2), aligned(2), may_alias));

/* Values of IEEE half precision. */
INLINE V from_half(VS h) {
#if LANES >= 8 || defined(__aarch64__)
  typedef _Float16 VH __attribute__((vector_size(LANES * 2)));
  return __builtin_convertvector((VH)h, V);
#else
  /* The exponent is moved by a multiplication, which is right for subnormal numbers too; what was an
   * infinity or not a number comes out as 2^16 or more. */
  VI bits = __builtin_convertvector(h, VI);
  V magnitude = (V)((bits & 0x7FFF) << 13) * 0x1p112f;
  VI exponent = (magnitude >= 0x1p16f) & (0xFF << 23);
  return (V)((VI)magnitude | exponent | (bits & 0x8000) << 16);
#endif
}
/* bfloat16: the upper half of a float. */
INLINE V from_brain(VS h) { return (V)(__builtin_convertvector(h, VI) << 16); }

/* LANES weights from the index i on, or the last n of them. */
INLINE V weights_at(int type, const void *w, long i) {
  if (type == AIGC_F32) return load((const float *)w + i);
  VS bits = *(const VSU *)((const unsigned short *)w + i);
  return type == AIGC_F16 ? from_half(bits) : from_brain(bits);
}
INLINE V weights_part(int type, const void *w, long i, long n) {
  if (type == AIGC_F32) return load_part((const float *)w + i, n);
  VS bits = {0};
  memcpy(&bits, (const unsigned short *)w + i, (unsigned long)n * 2);
  return type == AIGC_F16 ? from_half(bits) : from_brain(bits);
}
INLINE const void *weights_from(int type, const void *w, long i) {
  return (const char *)w + i * (type == AIGC_F32 ? 4 : 2);
}

/* y += x w for `rows` rows and `count` rows of w, which stay in registers column after column. Rows
 * that come two passes later are asked for: they lie in other pages than these. */
INLINE void inputs_pass(int type, int rows, int count, long columns, const float *x, long x_row,
    const void *w, long w_row, float *y, long y_row) {
  V factors[4][4];
  for (int r = 0; r < rows; r++)
    for (int k = 0; k < count; k++) factors[r][k] = splat(x[r * x_row + k]);
  const long line = type == AIGC_F32 ? 16 : 32;
  long c = 0;
  for (; c + line <= columns; c += line) {
    for (int k = 0; k < count; k++)
      __builtin_prefetch(weights_from(type, w, (k + 8) * w_row + c));
#pragma clang loop unroll(full)
    for (long j = c; j < c + line; j += LANES) {
      V values[4];
      for (int k = 0; k < count; k++) values[k] = weights_at(type, w, k * w_row + j);
      for (int r = 0; r < rows; r++) {
        V sum = load(y + r * y_row + j);
        for (int k = 0; k < count; k++) sum += factors[r][k] * values[k];
        store(y + r * y_row + j, sum);
      }
    }
  }
  for (; c < columns; c += LANES) {
    long rest = columns - c < LANES ? columns - c : LANES;
    for (int r = 0; r < rows; r++) {
      V sum = load_part(y + r * y_row + c, rest);
      for (int k = 0; k < count; k++)
        sum += factors[r][k] * weights_part(type, w, k * w_row + c, rest);
      store_part(y + r * y_row + c, sum, rest);
    }
  }
}

#define PASS(type, rows) \
  static __attribute__((noinline)) void pass_##type##_##rows(long depth, long columns, \
      const float *x, long x_row, const void *w, long w_row, float *y, long y_row) { \
    if (depth == 4) inputs_pass(type, rows, 4, columns, x, x_row, w, w_row, y, y_row); \
    else \
      for (long k = 0; k < depth; k++) \
        inputs_pass(type, rows, 1, columns, x + k, x_row, weights_from(type, w, k * w_row), w_row, \
            y, y_row); }
#define PASSES(type) PASS(type, 1) PASS(type, 2) PASS(type, 3) PASS(type, 4)
PASSES(0) PASSES(1) PASSES(2)
#undef PASSES
#undef PASS
typedef void (*pass)(long depth, long columns, const float *x, long x_row, const void *w, long w_row,
    float *y, long y_row);
static const pass passes[3][4] = {{pass_0_1, pass_0_2, pass_0_3, pass_0_4},
    {pass_1_1, pass_1_2, pass_1_3, pass_1_4}, {pass_2_1, pass_2_2, pass_2_3, pass_2_4}};

static void k_weights_by_input(int type, long rows, long depth, long columns, const float *x,
    long x_row, const void *w, long w_row, float *y, long y_row) {
  for (long k = 0; k < depth; k += 4) {
    long count = depth - k < 4 ? depth - k : 4;
    const void *start = weights_from(type, w, k * w_row);
    for (long r = 0; r < rows; r += 4) {
      long group = rows - r < 4 ? rows - r : 4;
      passes[type][group - 1](
          count, columns, x + r * x_row + k, x_row, start, w_row, y + r * y_row, y_row);
    }
  }
}

/* y[r] += x_r w for one row of w. */
#define SUMS (LANES == 16 ? 4 : 2)
INLINE void output_sums(int type, int rows, long depth, const float *x, long x_row, const void *w,
    float *y, long y_row) {
  V sums[4][SUMS];
  for (int r = 0; r < rows; r++)
    for (int j = 0; j < SUMS; j++) sums[r][j] = splat(0);
  long k = 0;
  for (; k + SUMS * LANES <= depth; k += SUMS * LANES) {
    /* What comes 8 KB later: of 16-bit weights more are read at a time than the processor looks ahead. */
    for (long i = 0; i < SUMS * LANES && type != AIGC_F32; i += 32)
      __builtin_prefetch((const char *)weights_from(type, w, k + i) + 8192);
    for (int j = 0; j < SUMS; j++) {
      V values = weights_at(type, w, k + j * LANES);
      for (int r = 0; r < rows; r++) sums[r][j] += load(x + r * x_row + k + j * LANES) * values;
    }
  }
  for (; k < depth; k += LANES) {
    long rest = depth - k < LANES ? depth - k : LANES;
    V values = weights_part(type, w, k, rest);
    for (int r = 0; r < rows; r++) sums[r][0] += load_part(x + r * x_row + k, rest) * values;
  }
  for (int r = 0; r < rows; r++) {
    for (int j = 1; j < SUMS; j++) sums[r][0] += sums[r][j];
    y[r * y_row] += lane_sum(sums[r][0]);
  }
}

#define OUTPUTS(type, rows) \
  static __attribute__((noinline)) void outputs_##type##_##rows(long depth, long columns, \
      const float *x, long x_row, const void *w, long w_row, float *y, long y_row) { \
    for (long c = 0; c < columns; c++) \
      output_sums(type, rows, depth, x, x_row, weights_from(type, w, c * w_row), y + c, y_row); }
#define ALL_OUTPUTS(type) OUTPUTS(type, 1) OUTPUTS(type, 2) OUTPUTS(type, 3) OUTPUTS(type, 4)
ALL_OUTPUTS(0) ALL_OUTPUTS(1) ALL_OUTPUTS(2)
#undef ALL_OUTPUTS
#undef OUTPUTS
static const pass outputs[3][4] = {{outputs_0_1, outputs_0_2, outputs_0_3, outputs_0_4},
    {outputs_1_1, outputs_1_2, outputs_1_3, outputs_1_4},
    {outputs_2_1, outputs_2_2, outputs_2_3, outputs_2_4}};

/* Eight rows of weights at a time, which then are in the first cache for the other rows of x. */
static void k_weights_by_output(int type, long rows, long depth, long columns, const float *x,
    long x_row, const void *w, long w_row, float *y, long y_row) {
  for (long c = 0; c < columns; c += 8) {
    long count = columns - c < 8 ? columns - c : 8;
    const void *start = weights_from(type, w, c * w_row);
    for (long r = 0; r < rows; r += 4) {
      long group = rows - r < 4 ? rows - r : 4;
      outputs[type][group - 1](
          depth, count, x + r * x_row, x_row, start, w_row, y + r * y_row + c, y_row);
    }
  }
}

#define WIDEN(type) \
  static __attribute__((noinline)) void widen_##type(long columns, const void *w, float *y) { \
    long c = 0; \
    for (; c + LANES <= columns; c += LANES) store(y + c, weights_at(type, w, c)); \
    if (c < columns) store_part(y + c, weights_part(type, w, c, columns - c), columns - c); }
WIDEN(0) WIDEN(1) WIDEN(2)
#undef WIDEN

static void k_widen(int type, long rows, long columns, const void *w, long w_row, float *y,
    long y_row) {
  for (long r = 0; r < rows; r++, w = weights_from(type, w, w_row), y += y_row)
    switch (type) {
    case AIGC_F32: widen_0(columns, w, y); break;
    case AIGC_F16: widen_1(columns, w, y); break;
    default: widen_2(columns, w, y); break;
    }
}

static void k_fetch_rows(long rows, long bytes, const void *w, long stride) {
  for (long r = 0; r < rows; r++)
    for (long i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)w + r * stride + i);
}
