/* Products of 16 rows or more with tiles: 16 rows of activations, 32 (or 16) inputs wide, times as many inputs of 16
 * outputs give 16 x 16 whole sums; scales are applied to these as everywhere. Written on tile functions: TILE_BEGIN and
 * TILE_END around a call's work, TILE_CLEAR, TILE_LOAD, TILE_DOT, TILE_STORE; tiles are named by constants. */

/* Sums of the parts of blocks that are multiplied before scales are applied to them: while these are, the next tiles
 * are loaded. */
typedef struct {
  int32_t sums[4][16][16] __attribute__((aligned(64)));
} tile_sums;

#define TILE_PART(i) do { \
  if (i < count) { \
    TILE_CLEAR(i); \
    TILE_LOAD(4 + i % 2, x + i * quads * 4, x_row); \
    TILE_LOAD(6 + i % 2, w + i * quads * 64, 64); \
    TILE_DOT(i, 4 + i % 2, 6 + i % 2); \
  } \
} while (0)
INLINE void multiply_tiles(long count, int quads, const int8_t *x, long x_row, const unsigned char *w, tile_sums *to) {
  TILE_PART(0);
  TILE_PART(1);
  TILE_PART(2);
  TILE_PART(3);
  /* Stores wait for products: they come when all are under way. */
  if (count > 0) TILE_STORE(0, to->sums[0], 64);
  if (count > 1) TILE_STORE(1, to->sums[1], 64);
  if (count > 2) TILE_STORE(2, to->sums[2], 64);
  if (count > 3) TILE_STORE(3, to->sums[3], 64);
}
#undef TILE_PART

/* Which of 16 rows have second codes of each block, a bit for each. What is behind the scales is memory too, see
 * LowBitActivations. */
INLINE void rows_with_second(const aigc_lowbit_rows *x, long at, long count, unsigned int *to) {
  for (long b = 0; b < count; b += LANES) {
    VI rows = {0};
    for (int r = 0; r < 16; r++)
      rows |= (load(x->scales + at + x->second + r * x->blocks + b) != splat(0)) & (1 << r);
    store_words(to + b, (VW)rows);
  }
}

/* One group of outputs and 16 rows, of which those from `skipped` on are stored. */
INLINE void sixteen_rows(int halves, int minimum, const unpacked *w, int n, long first, long count,
    const aigc_lowbit_rows *x, long row, int skipped, long column, long outputs, const float *start, long start_row,
    float *y, long y_row) {
  enum { vectors = 16 / LANES };
  const int parts = 1 + halves, quads = halves ? 4 : 8;
  const long at = row * x->blocks + first;
  const float *x_sums = halves ? x->half_sums : x->sums;
  unsigned int second[(DEPTH + 15) / 16 * 16];
  rows_with_second(x, at, count, second);
  V sums[16][vectors];
UNROLLED
  for (int r = 0; r < 16; r++)
    for (int v = 0; v < vectors; v++)
      sums[r][v] = part_of_row(start ? start + r * start_row : 0, column + v * LANES, outputs);
  for (long b = 0; b < count * parts; b += 4) {
    tile_sums tiles, seconds;
    const long some = count * parts - b < 4 ? count * parts - b : 4;
    const int8_t *values = x->codes + at * 32 + b * quads * 4;
    const unsigned char *weights = w->codes[n][0] + b * quads * 64;
    unsigned int outliers = 0;
    for (long i = 0; i < some; i++) outliers |= second[(b + i) / parts];
    multiply_tiles(some, quads, values, x->blocks * 32, weights, &tiles);
    if (outliers) multiply_tiles(some, quads, values + x->second * 32, x->blocks * 32, weights, &seconds);
    for (long i = 0; i < some; i++)
      for (int v = 0; v < vectors; v++) {
        const V scale = load(w->scales[n][b + i] + v * LANES);
        const V least = minimum ? load(w->minima[n][b + i] + v * LANES) : scale;
UNROLLED
        for (int r = 0; r < 16; r++) {
          V total = as_floats((VI)words(tiles.sums[i][r] + v * LANES));
          V factor = (V)spread(x->scales + at + r * x->blocks + (b + i) / parts);
          sums[r][v] = fused(total, scale * factor, sums[r][v]);
          if (minimum)
            sums[r][v] = fused(least, (V)spread(x_sums + (at + r * x->blocks) * parts + b + i), sums[r][v]);
        }
        const unsigned int own = second[(b + i) / parts];
        if (!own) continue;
UNROLLED
        for (int r = 0; r < 16; r++) {
          const long place = at + x->second + r * x->blocks + (b + i) / parts;
          if (!(own >> r & 1)) continue;
          V total = as_floats((VI)words(seconds.sums[i][r] + v * LANES));
          sums[r][v] = fused(total, scale * (V)spread(x->scales + place), sums[r][v]);
          if (minimum)
            sums[r][v] = fused(least, (V)spread(x_sums + place * parts + (b + i) % parts), sums[r][v]);
        }
      }
  }
UNROLLED
  for (int r = 0; r < 16; r++)
    for (int v = 0; v < vectors; v++)
      if (r >= skipped) store_part_of_row(y + r * y_row, column + v * LANES, outputs, sums[r][v]);
}

/* Of types with minima for 16 inputs see dispatch.c. */
#define KERNEL(kind) \
  static __attribute__((noinline)) void tiles_##kind(const unpacked *w, int n, long first, long count, \
      const aigc_lowbit_rows *x, long row, int skipped, long column, long outputs, const float *start, \
      long start_row, float *y, long y_row) { \
    sixteen_rows((kind) / 2, (kind) % 2, w, n, first, count, x, row, skipped, column, outputs, start, start_row, y, \
        y_row); }
KERNEL(0) KERNEL(1) KERNEL(2)
#undef KERNEL
static void (*const tile_kernels[3])(const unpacked *w, int n, long first, long count, const aigc_lowbit_rows *x,
    long row, int skipped, long column, long outputs, const float *start, long start_row, float *y,
    long y_row) = {tiles_0, tiles_1, tiles_2};

/* aigc_lowbit_multiply for at least 16 rows: the last 16 are computed anew where they are no multiple. */
static void tiles_multiply(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long first_row, long rows, const float *start, long start_row, float *y, long y_row) {
  unpacked scratch;
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[w->type];
  TILE_BEGIN(l->halves ? 4 : 8);
  for (long g = first; g < first + groups; g += 2) {
    const long pair = first + groups - g < 2 ? 1 : 2;
    for (long b = 0; b < w->blocks; b += DEPTH) {
      const long count = w->blocks - b < DEPTH ? w->blocks - b : DEPTH;
      const float *from = b ? y : start;
      const long from_row = b ? y_row : start_row;
      for (int n = 0; n < pair; n++) unpacks[w->type](w, g + n, b, count, n, &scratch);
      for (long r = 0; r < rows; r += 16) {
        const long row = r + 16 <= rows ? r : rows - 16;
        for (int n = 0; n < pair; n++)
          tile_kernels[l->halves * 2 + l->minimum](&scratch, n, b, count, x, first_row + row, (int)(r - row),
              16 * (g + n), w->outputs, from ? from + row * from_row : 0, from_row, y + row * y_row, y_row);
      }
    }
  }
  TILE_END();
}
