/* The product of gemm.h where the left operand's values are listed: the windows of a convolution are read
 * where they lie. The list of columns costs one load a step, of which there are enough to spare. */

INLINE void panel_tile_at(int rows, int vectors, long depth, const float *a, const long *row_at,
    const long *depth_at, const float *b, long b_row, const float *start, float *c, const long *c_at) {
  V sum[ROWS][VECTORS];
  const float *place[ROWS];
  for (int i = 0; i < rows; i++) {
    const float *begin = start == c ? c + c_at[i] : start;
    place[i] = a + row_at[i];
    for (int j = 0; j < vectors; j++) sum[i][j] = start ? load(begin + j * LANES) : splat(0);
  }
  /* Not unrolled: the compiler would load ahead and run out of registers. */
#pragma clang loop unroll(disable)
  for (long k = 0; k < depth; k++) {
    for (int j = 0; j < vectors * LANES; j += 16) __builtin_prefetch(b + (k + 16) * b_row + j);
    V columns[VECTORS];
    for (int j = 0; j < vectors; j++) columns[j] = load(b + k * b_row + j * LANES);
    long at = depth_at[k];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V value = splat(place[i][at]);
      for (int j = 0; j < vectors; j++) sum[i][j] += value * columns[j];
    }
  }
  for (int i = 0; i < rows; i++) {
    float *output = c + c_at[i];
    for (int j = 0; j < vectors; j++) store(output + j * LANES, sum[i][j]);
  }
}

#define TILE_AT(n, vectors) \
  static __attribute__((noinline)) void tile_at_##n##_##vectors(long depth, const float *a, \
      const long *row_at, const long *depth_at, const float *b, long b_row, const float *start, \
      float *c, const long *c_at) { \
    panel_tile_at(n, vectors, depth, a, row_at, depth_at, b, b_row, start, c, c_at); }
#define TILES_AT(vectors) \
  TILE_AT(1, vectors) TILE_AT(2, vectors) TILE_AT(3, vectors) TILE_AT(4, vectors) \
  TILE_AT(5, vectors) TILE_AT(6, vectors)
TILES_AT(2)
#if VECTORS == 4
TILES_AT(4)
#endif

typedef void (*tile_at)(long depth, const float *a, const long *row_at, const long *depth_at,
    const float *b, long b_row, const float *start, float *c, const long *c_at);
static const tile_at tiles_at_2[] = {
    tile_at_1_2, tile_at_2_2, tile_at_3_2, tile_at_4_2, tile_at_5_2, tile_at_6_2};
#if VECTORS == 4
static const tile_at tiles_at_4[] = {
    tile_at_1_4, tile_at_2_4, tile_at_3_4, tile_at_4_4, tile_at_5_4, tile_at_6_4};
#endif

/* Whole vectors are written. */
INLINE void panel_rows_at(int rows, long columns, long depth, const float *a, const long *row_at,
    const long *depth_at, const float *b, long b_row, const float *start, float *c, const long *c_at) {
#if VECTORS == 4
  if (columns > 2 * LANES) {
    tiles_at_4[rows - 1](depth, a, row_at, depth_at, b, b_row, start, c, c_at);
    return;
  }
#endif
  for (long j = 0; j < columns; j += 2 * LANES)
    tiles_at_2[rows - 1](depth, a, row_at, depth_at, b + j, b_row, start ? start + j : 0, c + j, c_at);
}

static void k_gemm_panel_at(long rows, long depth, const float *a, const long *row_at,
    const long *depth_at, const float *b, long b_row, const float *start, float *c, const long *c_at,
    long columns) {
  for (long i = 0; i < rows; i += ROWS) {
    int count = rows - i < ROWS ? (int)(rows - i) : ROWS;
    for (long r = i + ROWS; r < i + 2 * ROWS && r < rows; r++)
      for (long j = 0; j < columns; j += 16) __builtin_prefetch(c + c_at[r] + j, 1);
    if (columns == PANEL || columns == 2 * LANES) {
      panel_rows_at(count, columns, depth, a, row_at + i, depth_at, b, b_row, start, c, c_at + i);
      continue;
    }
    /* Fewer columns go through memory of full width. */
    static const long whole_at[ROWS] = {0, PANEL, 2 * PANEL, 3 * PANEL, 4 * PANEL, 5 * PANEL};
    float whole[ROWS * PANEL];
    unsigned long size = (unsigned long)columns * sizeof(float);
    memset(whole, 0, sizeof whole);
    if (start)
      for (int r = 0; r < count; r++)
        memcpy(whole + whole_at[r], start == c ? c + c_at[i + r] : start, size);
    panel_rows_at(count, columns, depth, a, row_at + i, depth_at, b, b_row, whole, whole, whole_at);
    for (int r = 0; r < count; r++) memcpy(c + c_at[i + r], whole + whole_at[r], size);
  }
}
