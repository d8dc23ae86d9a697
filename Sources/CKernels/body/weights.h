/* Weights of 32 or 16 bits a value: how they are read and written, and products of few rows with panels of
 * them. */
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

/* Rows of a panel that strips of it go through at a time. */
#define STRIP_DEPTH 64

/* The product of a few rows with a packed panel of stored weights, as panel_tile computes it: each sum from
 * its start on by ascending inputs, so that the bytes are those of gemm_panel on the same weights as float32. */
INLINE void stored_tile(int type, int rows, int vectors, long depth, const float *x, long x_row,
    const void *w, const float *start, long start_row, float *y, long y_row, const char *next, long step) {
  V sum[ROWS][64 / LANES];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++)
      sum[i][j] = start ? load(start + i * start_row + j * LANES) : splat(0);
#pragma clang loop unroll_count(4)
  for (long k = 0; k < depth; k++) {
    if (LANES < 16 && vectors == 2 && rows > 1) __builtin_prefetch(next + k * step, 0, 3);
    V columns[64 / LANES];
    for (int j = 0; j < vectors; j++) columns[j] = weights_at(type, w, k * PANEL + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V value = splat(x[i * x_row + k]);
      for (int j = 0; j < vectors; j++) sum[i][j] += value * columns[j];
    }
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++) store(y + i * y_row + j * LANES, sum[i][j]);
}

/* One row keeps as many sums as registers hold; more rows as many as those of gemm_panel. */
#define WIDE (LANES == 4 ? 8 : 64 / LANES)
typedef void (*stored)(long depth, const float *x, long x_row, const void *w, const float *start,
    long start_row, float *y, long y_row, const char *next, long step);
#define STORED(type, rows, vectors, name) \
  static __attribute__((noinline)) void stored_##type##_##rows##_##name(long depth, const float *x, \
      long x_row, const void *w, const float *start, long start_row, float *y, long y_row, \
      const char *next, long step) { \
    stored_tile(type, rows, vectors, depth, x, x_row, w, start, start_row, y, y_row, next, step); }
#define STORED_TILES(type) \
  STORED(type, 1, WIDE, wide) STORED(type, 1, 2, two) STORED(type, 2, 2, two) STORED(type, 3, 2, two) \
  STORED(type, 4, 2, two) STORED(type, 5, 2, two) STORED(type, 6, 2, two) \
  STORED_FOUR(type)
#if VECTORS == 4
#define STORED_FOUR(type) STORED(type, 2, 4, four) STORED(type, 3, 4, four) STORED(type, 4, 4, four) \
  STORED(type, 5, 4, four) STORED(type, 6, 4, four)
#else
#define STORED_FOUR(type)
#endif
STORED_TILES(0) STORED_TILES(1) STORED_TILES(2)
#define LIST(type, first, name) {first, stored_##type##_2_##name, stored_##type##_3_##name, \
    stored_##type##_4_##name, stored_##type##_5_##name, stored_##type##_6_##name}
static const stored stored_two[3][ROWS] = {LIST(0, stored_0_1_two, two), LIST(1, stored_1_1_two, two),
    LIST(2, stored_2_1_two, two)};
static const stored stored_wide[3] = {stored_0_1_wide, stored_1_1_wide, stored_2_1_wide};
#if VECTORS == 4
static const stored stored_four[3][ROWS] = {LIST(0, stored_0_1_wide, four),
    LIST(1, stored_1_1_wide, four), LIST(2, stored_2_1_wide, four)};
#endif
#undef LIST
#undef STORED_TILES
#undef STORED_FOUR
#undef STORED

/* All of a panel from column 0 on, or its half where no more is wanted. Strips of a whole panel go through some of its rows
 * at a time, which stay in the first cache, and ask for the lines of the next ones in their order: memory is read in one
 * stream, as tiles of the panel's width read it. */
INLINE void stored_rows(int type, int rows, long columns, long depth, const float *x, long x_row,
    const void *w, const float *start, long start_row, float *y, long y_row) {
#if VECTORS == 4
  if (columns > 2 * LANES) {
    stored_four[type][rows - 1](depth, x, x_row, w, start, start_row, y, y_row, 0, 0);
    return;
  }
#endif
  int isWide = rows == 1 && columns >= WIDE * LANES;
  stored tile = isWide ? stored_wide[type] : stored_two[type][rows - 1];
  long width = (isWide ? WIDE : 2) * LANES;
  int isStrip = width < PANEL && columns == PANEL;
  long piece = isStrip ? STRIP_DEPTH : depth;
  long step = isStrip ? width * (type == AIGC_F32 ? 4 : 2) : 0;
  long k = 0;
  do {
    long count = depth - k < piece ? depth - k : piece;
    const char *part = weights_from(type, w, k * PANEL);
    const char *next = weights_from(type, part, STRIP_DEPTH * PANEL);
    for (long j = 0; j < columns; j += width, next += STRIP_DEPTH * step)
      tile(count, x + k, x_row, weights_from(type, part, j), k ? y + j : start ? start + j : 0,
          k ? y_row : start_row, y + j, y_row, isStrip ? next : part, step);
    k += piece;
  } while (k < depth);
}

static void k_panel_product(int type, long rows, long depth, const float *x, long x_row, const void *w,
    const float *start, long start_row, float *y, long y_row, long columns) {
  for (long i = 0; i < rows; i += ROWS) {
    int count = rows - i < ROWS ? (int)(rows - i) : ROWS;
    const float *begin = start ? start + i * start_row : 0;
    if (columns == PANEL || columns == PANEL / 2) {
      stored_rows(type, count, columns, depth, x + i * x_row, x_row, w, begin, start_row,
          y + i * y_row, y_row);
      continue;
    }
    /* Fewer columns go through memory of full width. */
    long width = columns > PANEL / 2 ? PANEL : PANEL / 2;
    float whole[ROWS * PANEL];
    unsigned long size = (unsigned long)columns * sizeof(float);
    memset(whole, 0, sizeof whole);
    if (begin)
      for (int r = 0; r < count; r++) memcpy(whole + r * PANEL, begin + r * start_row, size);
    stored_rows(type, count, width, depth, x + i * x_row, x_row, w, whole, PANEL, whole, PANEL);
    for (int r = 0; r < count; r++) memcpy(y + (i + r) * y_row, whole + r * PANEL, size);
  }
}

/* As pack_panel, of values of 16 bits. */
static void k_pack_panel_16(long depth, long columns, const void *b, long b_depth, long b_column,
    void *panel) {
  const unsigned short *from = b;
  unsigned short *to = panel;
  for (long k = 0; k < depth && columns < PANEL; k++)
    memset(to + k * PANEL + columns, 0, (unsigned long)(PANEL - columns) * 2);
  if (b_column == 1) {
    for (long k = 0; k < depth; k++)
      memcpy(to + k * PANEL, from + k * b_depth, (unsigned long)columns * 2);
    return;
  }
  /* Thirty-two values of k at a time: a line of what lies the other way. */
  for (long k0 = 0; k0 < depth; k0 += 32) {
    long end = k0 + 32 < depth ? k0 + 32 : depth;
    for (long j = 0; j < columns; j++)
      for (long k = k0; k < end; k++) to[k * PANEL + j] = from[k * b_depth + j * b_column];
  }
}

/* To the nearest value of 16 bits, ties to even; what is too large for half precision becomes its largest value,
 * but infinities stay, so that damage is seen. */
INLINE unsigned short to_half(float x) {
  unsigned bits;
  memcpy(&bits, &x, 4);
  unsigned sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return (unsigned short)(sign | 0x7E00);
  if (magnitude == 0x7F800000) return (unsigned short)(sign | 0x7C00);
  if (magnitude >= 0x477FF000) return (unsigned short)(sign | 0x7BFF);
  if (magnitude < 0x38800000) {
    /* Subnormal: the addition rounds to multiples of 2^-24. */
    float rest;
    memcpy(&rest, &magnitude, 4);
    rest += 0.5f;
    memcpy(&magnitude, &rest, 4);
    return (unsigned short)(sign | (magnitude - 0x3F000000));
  }
  magnitude += 0xFFF + (magnitude >> 13 & 1);
  return (unsigned short)(sign | (magnitude - 0x38000000) >> 13);
}
INLINE unsigned short to_brain(float x) {
  unsigned bits;
  memcpy(&bits, &x, 4);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return (unsigned short)(bits >> 16 | 0x40);
  return (unsigned short)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}
static void k_narrow(int type, long n, const float *x, void *y) {
  unsigned short *to = y;
  if (type == AIGC_F16) for (long i = 0; i < n; i++) to[i] = to_half(x[i]);
  else for (long i = 0; i < n; i++) to[i] = to_brain(x[i]);
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
