/* The product of a few rows with one packed panel of 64 columns. The accumulators stay in registers:
 * 6 rows x 64 columns with 32 wide registers, 6 rows x 2 vectors at a time with 16 narrow ones. */
#define PANEL 64
#define ROWS 6
#define VECTORS (LANES == 16 ? 4 : 2)

INLINE void panel_tile(int rows, long depth, const float *a, long a_row, long a_depth,
    const float *b, const float *start, long start_row, float *c, long c_row) {
  V sum[ROWS][VECTORS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < VECTORS; j++)
      sum[i][j] = start ? load(start + i * start_row + j * LANES) : splat(0);
  /* The panel comes from the second cache or beyond it: 16 rows ahead is in time. */
#pragma clang loop unroll_count(4)
  for (long k = 0; k < depth; k++) {
    for (int j = 0; j < VECTORS * LANES; j += 16)
      __builtin_prefetch(b + (k + 16) * PANEL + j);
    V columns[VECTORS];
    for (int j = 0; j < VECTORS; j++) columns[j] = load(b + k * PANEL + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V value = splat(a[i * a_row + k * a_depth]);
      for (int j = 0; j < VECTORS; j++) sum[i][j] += value * columns[j];
    }
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < VECTORS; j++) store(c + i * c_row + j * LANES, sum[i][j]);
}

#define TILE(n) \
  static __attribute__((noinline)) void tile_##n(long depth, const float *a, long a_row, \
      long a_depth, const float *b, const float *start, long start_row, float *c, long c_row) { \
    panel_tile(n, depth, a, a_row, a_depth, b, start, start_row, c, c_row); }
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#undef TILE

INLINE void panel_rows(int rows, long depth, const float *a, long a_row, long a_depth,
    const float *b, const float *start, long start_row, float *c, long c_row) {
  for (int j = 0; j < PANEL; j += VECTORS * LANES) {
    const float *s = start ? start + j : 0;
    switch (rows) {
    case 1: tile_1(depth, a, a_row, a_depth, b + j, s, start_row, c + j, c_row); break;
    case 2: tile_2(depth, a, a_row, a_depth, b + j, s, start_row, c + j, c_row); break;
    case 3: tile_3(depth, a, a_row, a_depth, b + j, s, start_row, c + j, c_row); break;
    case 4: tile_4(depth, a, a_row, a_depth, b + j, s, start_row, c + j, c_row); break;
    case 5: tile_5(depth, a, a_row, a_depth, b + j, s, start_row, c + j, c_row); break;
    default: tile_6(depth, a, a_row, a_depth, b + j, s, start_row, c + j, c_row); break;
    }
  }
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
    if (columns == PANEL) {
      panel_rows(count, depth, a + i * a_row, a_row, a_depth, b, begin, start_row,
          c + i * c_row, c_row);
      continue;
    }
    /* A narrow last panel goes through memory of full width. */
    float whole[ROWS * PANEL];
    unsigned long size = (unsigned long)columns * sizeof(float);
    memset(whole, 0, sizeof whole);
    if (begin)
      for (int r = 0; r < count; r++) memcpy(whole + r * PANEL, begin + r * start_row, size);
    panel_rows(count, depth, a + i * a_row, a_row, a_depth, b, whole, PANEL, whole, PANEL);
    for (int r = 0; r < count; r++) memcpy(c + (i + r) * c_row, whole + r * PANEL, size);
  }
}

/* Sixteen values of k at a time, so that a matrix that lies the other way is read in whole lines. */
static void k_pack_panel(long depth, long columns, const float *b, long b_depth, long b_column,
    float *panel) {
  for (long k0 = 0; k0 < depth; k0 += 16) {
    long end = k0 + 16 < depth ? k0 + 16 : depth;
    if (b_column == 1) {
      for (long k = k0; k < end; k++) {
        memcpy(panel + k * PANEL, b + k * b_depth, (unsigned long)columns * sizeof(float));
        for (long j = columns; j < PANEL; j++) panel[k * PANEL + j] = 0;
      }
      continue;
    }
    for (long j = 0; j < PANEL; j++)
      for (long k = k0; k < end; k++)
        panel[k * PANEL + j] = j < columns ? b[k * b_depth + j * b_column] : 0;
  }
}
