/* Products of several rows with unpacked weights: ROWS x 2 vectors of sums stay in registers. */
#if LANES == 16
#define ROWS 6
#else
#define ROWS 3
#endif

/* What one product of a few rows needs. */
typedef struct {
  const unpacked *w;
  int vector;        /* the first vector of outputs in w */
  long first, count; /* blocks */
  const aigc_lowbit_rows *x;
  long row, column, outputs;
  const float *start;
  long start_row;
  float *y;
  long y_row;
} rows_product;

/* A block or half `h` of LANES outputs times the second codes of place `at`. */
INLINE V second_part(int halves, int minimum, const unsigned char *codes, V scale, V least, const aigc_lowbit_rows *x,
    long at, int h, V sums) {
  const int quads = halves ? 4 : 8;
  const long place = halves ? 2 * at + h : at;
  VI total = SIGNED_CODES ? (VI){0} : (VI)spread((halves ? x->half_starts : x->starts) + place);
UNROLLED
  for (int j = 0; j < quads; j++)
    total = dot_wide(total, words(codes + j * 64), spread(x->codes + at * 32 + (h * quads + j) * 4));
  sums = fused(as_floats(total), scale * (V)spread(x->scales + at), sums);
  return minimum ? fused(least, (V)spread((halves ? x->half_sums : x->sums) + place), sums) : sums;
}

INLINE void some_rows(int rows, int vectors, int halves, int minimum, const rows_product *p) {
  V sums[ROWS][2];
  const unsigned char *codes[2];
  const float *scales[2], *minima[2];
  const long at = p->row * p->x->blocks + p->first, row = p->x->blocks, second = p->x->second;
  for (int v = 0; v < vectors; v++) {
    const int vector = p->vector + v, group = vector * LANES / 16, lane = vector * LANES % 16;
    codes[v] = p->w->codes[group][0] + lane * 4;
    scales[v] = p->w->scales[group][0] + lane;
    minima[v] = p->w->minima[group][0] + lane;
    for (int r = 0; r < rows; r++)
      sums[r][v] = part_of_row(p->start ? p->start + r * p->start_row : 0, p->column + v * LANES, p->outputs);
  }
  const int parts = 1 + halves, quads = halves ? 4 : 8;
  for (long b = 0; b < p->count * parts; b++) {
    const long place = at * parts + b;
    VI totals[ROWS][2];
UNROLLED
    for (int r = 0; r < rows; r++)
      for (int v = 0; v < vectors; v++)
        totals[r][v] = SIGNED_CODES ? (VI){0}
            : (VI)spread((halves ? p->x->half_starts : p->x->starts) + place + r * row * parts);
UNROLLED
    for (int j = 0; j < quads; j++) {
      VW four[2];
      for (int v = 0; v < vectors; v++) four[v] = words(codes[v] + (b * quads + j) * 64);
      for (int r = 0; r < rows; r++) {
        VW values = spread(p->x->codes + (at + r * row) * 32 + (b * quads + j) * 4);
        for (int v = 0; v < vectors; v++) totals[r][v] = dot_wide(totals[r][v], four[v], values);
      }
    }
UNROLLED
    for (int v = 0; v < vectors; v++) {
      V scale = load(scales[v] + 16 * b), least = minimum ? load(minima[v] + 16 * b) : scale;
      for (int r = 0; r < rows; r++) {
        V factor = (V)spread(p->x->scales + at + r * row + b / parts);
        sums[r][v] = fused(as_floats(totals[r][v]), scale * factor, sums[r][v]);
        if (minimum)
          sums[r][v] = fused(
              least, (V)spread((halves ? p->x->half_sums : p->x->sums) + place + r * row * parts), sums[r][v]);
      }
    }
    float any = 0;
    for (int r = 0; r < rows; r++) any += p->x->scales[at + second + r * row + b / parts];
    if (any == 0) continue;
UNROLLED
    for (int r = 0; r < rows; r++) {
      const long own = at + second + r * row + b / parts;
      if (p->x->scales[own] == 0) continue;
      for (int v = 0; v < vectors; v++)
        sums[r][v] = second_part(halves, minimum, codes[v] + b * quads * 64, load(scales[v] + 16 * b),
            minimum ? load(minima[v] + 16 * b) : splat(0), p->x, own, (int)(b % parts), sums[r][v]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++)
      store_part_of_row(p->y + r * p->y_row, p->column + v * LANES, p->outputs, sums[r][v]);
}

typedef void (*some_rows_kernel)(const rows_product *p);
#define KERNEL(rows, vectors, kind) \
  static void rows_##rows##_##vectors##_##kind(const rows_product *p) { \
    some_rows(rows, vectors, (kind) / 2, (kind) % 2, p); }
#define KERNELS(rows, vectors) KERNEL(rows, vectors, 0) KERNEL(rows, vectors, 1) KERNEL(rows, vectors, 2) \
  KERNEL(rows, vectors, 3)
#define NAMES(rows, vectors) {rows_##rows##_##vectors##_0, rows_##rows##_##vectors##_1, rows_##rows##_##vectors##_2, \
    rows_##rows##_##vectors##_3}
KERNELS(1, 2) KERNELS(2, 2) KERNELS(3, 2)
#if LANES == 16
KERNELS(1, 1) KERNELS(2, 1) KERNELS(3, 1)
KERNELS(4, 1) KERNELS(5, 1) KERNELS(6, 1) KERNELS(4, 2) KERNELS(5, 2) KERNELS(6, 2)
static const some_rows_kernel kernels[2][ROWS][4] = {
    {NAMES(1, 1), NAMES(2, 1), NAMES(3, 1), NAMES(4, 1), NAMES(5, 1), NAMES(6, 1)},
    {NAMES(1, 2), NAMES(2, 2), NAMES(3, 2), NAMES(4, 2), NAMES(5, 2), NAMES(6, 2)}};
#else
/* A group is at least two vectors here. */
static const some_rows_kernel kernels[2][ROWS][4] = {{{0}}, {NAMES(1, 2), NAMES(2, 2), NAMES(3, 2)}};
#endif
#undef NAMES
#undef KERNELS
#undef KERNEL

/* All rows with what is unpacked of `groups` (1 or 2) groups. */
static void all_rows(rows_product p, int kind, long groups, long rows) {
  const long vectors = groups * GROUP_VECTORS, width = vectors > 1 ? 2 : 1, column = p.column;
  const long passes = (rows + ROWS - 1) / ROWS;
  for (long pass = 0; pass < passes; pass++) {
    /* Of equal size, as nearly as can be: few rows use the processor badly. */
    const long count = rows * (pass + 1) / passes - rows * pass / passes;
    for (long v = 0; v < vectors; v += width) {
      p.vector = (int)v;
      p.column = column + v * LANES;
      kernels[width - 1][count - 1][kind](&p);
    }
    p.row += count;
    p.y += count * p.y_row;
    p.start = p.start ? p.start + count * p.start_row : 0;
  }
}

static void lowbit_multiply(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long first_row, long rows, const float *start, long start_row, float *y, long y_row) {
  if (rows == 1) {
    one_rows[w->type](w, first, groups, x, first_row, start, y);
    return;
  }
  unpacked scratch;
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[w->type];
  for (long g = first; g < first + groups; g += 2) {
    const long pair = first + groups - g < 2 ? 1 : 2;
    for (long b = 0; b < w->blocks; b += DEPTH) {
      const long count = w->blocks - b < DEPTH ? w->blocks - b : DEPTH;
      for (int n = 0; n < pair; n++) unpacks[w->type](w, g + n, b, count, n, &scratch);
      /* Later blocks go on from what stands in y. */
      all_rows((rows_product){&scratch, 0, b, count, x, first_row, 16 * g, w->outputs, b ? y : start,
                   b ? y_row : start_row, y, y_row}, l->halves * 2 + l->minimum, pair, rows);
    }
  }
}
