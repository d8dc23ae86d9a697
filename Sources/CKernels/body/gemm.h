/* The product of a few rows with one packed panel of 64 columns. The accumulators stay in registers:
 * 6 rows x 64 columns with 32 wide registers, 6 rows x 2 vectors at a time with 16 narrow ones; of a
 * panel that is no more than half full, its first half. */
#define PANEL 64
#define ROWS 6
#define VECTORS (LANES == 16 ? 4 : 2)

/* `ahead`: rows of the panel that are asked for before they are read; 0: the panel is near. */
INLINE void panel_tile(int rows, int vectors, int ahead, long depth, const float *a, long a_row,
    long a_depth, const float *b, const float *start, long start_row, float *c, long c_row) {
  V sum[ROWS][VECTORS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++)
      sum[i][j] = start ? load(start + i * start_row + j * LANES) : splat(0);
#pragma clang loop unroll_count(4)
  for (long k = 0; k < depth; k++) {
    if (ahead)
      for (int j = 0; j < vectors * LANES; j += 16) __builtin_prefetch(b + (k + ahead) * PANEL + j);
    V columns[VECTORS];
    for (int j = 0; j < vectors; j++) columns[j] = load(b + k * PANEL + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V value = splat(a[i * a_row + k * a_depth]);
      for (int j = 0; j < vectors; j++) sum[i][j] += value * columns[j];
    }
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++) store(c + i * c_row + j * LANES, sum[i][j]);
}

#define TILE(name, n, vectors, ahead) \
  static __attribute__((noinline)) void name(long depth, const float *a, long a_row, long a_depth, \
      const float *b, const float *start, long start_row, float *c, long c_row) { \
    panel_tile(n, vectors, ahead, depth, a, a_row, a_depth, b, start, start_row, c, c_row); }
/* The first tile of a panel finds it in the second cache or beyond it: 16 rows ahead is in time. The tiles behind it
 * find it in the second cache, where asking costs more than it saves. */
#define TILES(vectors) \
  TILE(tile_1_##vectors, 1, vectors, 16) TILE(tile_2_##vectors, 2, vectors, 16) \
  TILE(tile_3_##vectors, 3, vectors, 16) TILE(tile_4_##vectors, 4, vectors, 16) \
  TILE(tile_5_##vectors, 5, vectors, 16) TILE(tile_6_##vectors, 6, vectors, 16) \
  TILE(near_tile_##vectors, 6, vectors, 0)
TILES(2)
#if VECTORS == 4
TILES(4)
#endif

typedef void (*tile)(long depth, const float *a, long a_row, long a_depth, const float *b,
    const float *start, long start_row, float *c, long c_row);
static const tile tiles_2[] = {tile_1_2, tile_2_2, tile_3_2, tile_4_2, tile_5_2, tile_6_2};
#if VECTORS == 4
static const tile tiles_4[] = {tile_1_4, tile_2_4, tile_3_4, tile_4_4, tile_5_4, tile_6_4};
#endif

/* `columns`: how many of the panel's are wanted; whole vectors of them are written. */
INLINE void panel_rows(int rows, int is_near, long columns, long depth, const float *a, long a_row,
    long a_depth, const float *b, const float *start, long start_row, float *c, long c_row) {
  is_near = is_near && rows == ROWS;
#if VECTORS == 4
  if (columns > 2 * LANES) {
    (is_near ? near_tile_4 : tiles_4[rows - 1])(
        depth, a, a_row, a_depth, b, start, start_row, c, c_row);
    return;
  }
#endif
  for (long j = 0; j < columns; j += 2 * LANES)
    (is_near ? near_tile_2 : tiles_2[rows - 1])(
        depth, a, a_row, a_depth, b + j, start ? start + j : 0, start_row, c + j, c_row);
}

/* Asks for the lines that the next rows will read and write: they are often not in the first caches, and
 * a row of sums is too short to hide that. */
INLINE void fetch_rows(long count, const float *start, long start_row, float *c, long c_row) {
  for (long r = 0; r < count; r++)
    for (long j = 0; j < PANEL; j += 16) {
      if (start) __builtin_prefetch(start + r * start_row + j);
      __builtin_prefetch(c + r * c_row + j, 1);
    }
}

static void k_gemm_panel(long rows, long depth, const float *a, long a_row, long a_depth,
    const float *b, const float *start, long start_row, float *c, long c_row, long columns) {
  for (long i = 0; i < rows; i += ROWS) {
    int count = rows - i < ROWS ? (int)(rows - i) : ROWS;
    const float *begin = start ? start + i * start_row : 0;
    long next = rows - i - ROWS < ROWS ? rows - i - ROWS : ROWS;
    if (next > 0)
      fetch_rows(next, begin ? begin + ROWS * start_row : 0, start_row, c + (i + ROWS) * c_row, c_row);
    if (columns == PANEL || columns == 2 * LANES) {
      panel_rows(count, i > 0, columns, depth, a + i * a_row, a_row, a_depth, b, begin, start_row,
          c + i * c_row, c_row);
      continue;
    }
    /* A narrow last panel goes through memory of full width. */
    float whole[ROWS * PANEL];
    unsigned long size = (unsigned long)columns * sizeof(float);
    memset(whole, 0, sizeof whole);
    if (begin)
      for (int r = 0; r < count; r++) memcpy(whole + r * PANEL, begin + r * start_row, size);
    panel_rows(
        count, i > 0, columns, depth, a + i * a_row, a_row, a_depth, b, whole, PANEL, whole, PANEL);
    for (int r = 0; r < count; r++) memcpy(c + (i + r) * c_row, whole + r * PANEL, size);
  }
}

/* A tile of whole vectors that asks for the `lines` next lines of what is read later with each of its steps, so that
 * they come from memory while it computes. */
INLINE void tile_ahead(int rows, int lines, long depth, const float *a, long a_row, const float *b,
    const float *start, long start_row, float *c, long c_row, const float *next) {
  V sum[ROWS][VECTORS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < VECTORS; j++)
      sum[i][j] = start ? load(start + i * start_row + j * LANES) : splat(0);
#pragma clang loop unroll_count(4)
  for (long k = 0; k < depth; k++) {
    for (int j = 0; j < lines; j++) __builtin_prefetch(next + (k * lines + j) * 16, 0, 2);
    V columns[VECTORS];
    for (int j = 0; j < VECTORS; j++) columns[j] = load(b + k * PANEL + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V value = splat(a[i * a_row + k]);
      for (int j = 0; j < VECTORS; j++) sum[i][j] += value * columns[j];
    }
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < VECTORS; j++) store(c + i * c_row + j * LANES, sum[i][j]);
}

#define TILE_AHEAD(n, lines) \
  static __attribute__((noinline)) void tile_ahead_##n##_##lines(long depth, const float *a, \
      long a_row, const float *b, const float *start, long start_row, float *c, long c_row, \
      const float *next) { \
    tile_ahead(n, lines, depth, a, a_row, b, start, start_row, c, c_row, next); }
#define TILES_AHEAD(lines) TILE_AHEAD(4, lines) TILE_AHEAD(5, lines) TILE_AHEAD(6, lines)
TILES_AHEAD(0)
TILES_AHEAD(1)
TILES_AHEAD(2)
typedef void (*ahead)(long depth, const float *a, long a_row, const float *b, const float *start,
    long start_row, float *c, long c_row, const float *next);
static const ahead tiles_ahead[3][3] = {
  {tile_ahead_4_0, tile_ahead_5_0, tile_ahead_6_0}, {tile_ahead_4_1, tile_ahead_5_1, tile_ahead_6_1},
  {tile_ahead_4_2, tile_ahead_5_2, tile_ahead_6_2}};
/* From so many rows on, tiles that are cut evenly have four rows or more. */
#define AHEAD_ROWS 13

static void k_gemm_panel_ahead(long rows, long depth, const float *a, long a_row, const float *b,
    const float *start, long start_row, float *c, long c_row, long columns) {
  if (rows < AHEAD_ROWS || columns < PANEL) {
    k_gemm_panel(rows, depth, a, a_row, 1, b, start, start_row, c, c_row, columns);
    return;
  }
  long tiles = (rows + ROWS - 1) / ROWS;
  long left = depth * PANEL / 16;
  const float *next = b + depth * PANEL;
  for (long tile = 0, i = 0; tile < tiles; tile++) {
    long end = rows * (tile + 1) / tiles;
    for (long j = 0; j < PANEL; j += VECTORS * LANES) {
      /* A panel has four lines for each step: the first columns of the first rows ask for all of them. */
      long lines = left <= 0 || j > 0 ? 0 : tiles < 4 ? 2 : 1;
      tiles_ahead[lines][end - i - 4](depth, a + i * a_row, a_row, b + j,
          start ? start + i * start_row + j : 0, start_row, c + i * c_row + j, c_row, next);
      next += depth * lines * 16;
      left -= depth * lines;
    }
    i = end;
  }
}

/* panel[k][j] = b[j][k] for whole squares of vectors: rows of b `b_column` apart. */
INLINE void pack_squares(long depth, long columns, const float *b, long b_column, float *panel) {
  for (long j = 0; j < columns; j += LANES)
    for (long k = 0; k < depth; k += LANES) {
      V square[LANES];
      for (int i = 0; i < LANES; i++) square[i] = load(b + (j + i) * b_column + k);
      transpose(square);
      for (int i = 0; i < LANES; i++) store(panel + (k + i) * PANEL + j, square[i]);
    }
}

static void k_pack_panel(long depth, long columns, const float *b, long b_depth, long b_column,
    float *panel) {
  if (b_column == 1) {
    for (long k = 0; k < depth; k++) {
      if (columns == PANEL) {
        memcpy(panel + k * PANEL, b + k * b_depth, PANEL * sizeof(float));
        continue;
      }
      memcpy(panel + k * PANEL, b + k * b_depth, (unsigned long)columns * sizeof(float));
      for (long j = columns; j < PANEL; j++) panel[k * PANEL + j] = 0;
    }
    return;
  }
  long whole_depth = 0, whole_columns = 0;
  if (b_depth == 1) {
    whole_depth = depth / LANES * LANES;
    whole_columns = columns / LANES * LANES;
    pack_squares(whole_depth, whole_columns, b, b_column, panel);
  }
  for (long k = 0; k < depth; k++)
    for (long j = columns; j < PANEL; j++) panel[k * PANEL + j] = 0;
  /* Sixteen values of k at a time, so that a matrix that lies the other way is read in whole lines. Not
   * by vectors: their scattered stores take far longer. */
  for (long k0 = 0; k0 < depth; k0 += 16) {
    long end = k0 + 16 < depth ? k0 + 16 : depth;
    for (long j = 0; j < columns; j++)
#pragma clang loop vectorize(disable)
      for (long k = j < whole_columns && k0 < whole_depth ? whole_depth : k0; k < end; k++)
        panel[k * PANEL + j] = b[k * b_depth + j * b_column];
  }
}
