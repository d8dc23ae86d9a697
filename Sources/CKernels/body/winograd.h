/* Minimal filtering F(4x4, 3x3) (Winograd 1980; Lavin and Gray 2016): 36 products give the 4 x 4 outputs
 * of a tile, where the definition takes 144. Points 0, +-sqrt(1/2), +-sqrt(2) and infinity: against the
 * usual 0, +-1, +-2 the errors are a quarter, since the matrices hold no large numbers.
 *
 * Input, weights and output are taken to the 36 places ("planes") and back by one small matrix along rows
 * and columns; in each plane it is a product of matrices. Channels are the lanes of the vectors. */
#define POINT1 0.70710678f
#define POINT2 1.41421356f
/* Panels of PANEL columns: where channel c of row r lies in one that has `rows` rows. */
#define IN_PANEL(rows, r, c) ((c) / PANEL * PANEL * (rows) + (r) * PANEL + (c) % PANEL)

/* B^T: six inputs of a line. */
INLINE void from_input(const V d[6], V v[6]) {
  V even1 = d[4] - 2.0f * d[2], odd1 = d[3] - 2.0f * d[1];
  V even2 = d[4] - 0.5f * d[2], odd2 = d[3] - 0.5f * d[1];
  v[0] = d[0] + (d[4] - 2.5f * d[2]);
  v[1] = even1 + POINT1 * odd1;
  v[2] = even1 - POINT1 * odd1;
  v[3] = even2 + POINT2 * odd2;
  v[4] = even2 - POINT2 * odd2;
  v[5] = d[1] + (d[5] - 2.5f * d[3]);
}
/* A^T: the four outputs of a line. */
INLINE void to_output(const V m[6], V y[4]) {
  V sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  V sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = (m[0] + sum1) + sum2;
  y[1] = POINT1 * difference1 + POINT2 * difference2;
  y[2] = 0.5f * sum1 + 2.0f * sum2;
  y[3] = (m[5] + 0.5f * POINT1 * difference1) + 2.0f * POINT2 * difference2;
}
/* A: the gradient of that. */
INLINE void from_output(const V y[4], V m[6]) {
  V even1 = y[0] + 0.5f * y[2], odd1 = y[1] + 0.5f * y[3];
  V even2 = y[0] + 2.0f * y[2], odd2 = y[1] + 2.0f * y[3];
  m[0] = y[0];
  m[1] = even1 + POINT1 * odd1;
  m[2] = even1 - POINT1 * odd1;
  m[3] = even2 + POINT2 * odd2;
  m[4] = even2 - POINT2 * odd2;
  m[5] = y[3];
}
/* G: three weights of a line. */
INLINE void from_weight(const V g[3], V u[6]) {
  V even1 = (-2.0f / 3) * g[0] - (1.0f / 3) * g[2], odd1 = (-2.0f / 3 * POINT1) * g[1];
  V even2 = (1.0f / 6) * g[0] + (1.0f / 3) * g[2], odd2 = (1.0f / 6 * POINT2) * g[1];
  u[0] = g[0];
  u[1] = even1 + odd1;
  u[2] = even1 - odd1;
  u[3] = even2 + odd2;
  u[4] = even2 - odd2;
  u[5] = g[2];
}
/* G^T: the gradient of that. */
INLINE void to_weight(const V u[6], V g[3]) {
  V sum1 = u[1] + u[2], difference1 = u[1] - u[2];
  V sum2 = u[3] + u[4], difference2 = u[3] - u[4];
  g[0] = (u[0] - (2.0f / 3) * sum1) + (1.0f / 6) * sum2;
  g[1] = (1.0f / 6 * POINT2) * difference2 - (2.0f / 3 * POINT1) * difference1;
  g[2] = (u[5] - (1.0f / 3) * sum1) + (1.0f / 3) * sum2;
}

/* The same along rows, then along columns, of one vector of channels. */
#define ALONG_BOTH(name, line, from, to) \
  INLINE void name(V in[from][from], V out[to][to]) { \
    V half[from][to]; \
    _Pragma("clang loop unroll(full)") \
    for (int i = 0; i < from; i++) line(in[i], half[i]); \
    _Pragma("clang loop unroll(full)") \
    for (int j = 0; j < to; j++) { \
      V column[from], result[to]; \
      for (int i = 0; i < from; i++) column[i] = half[i][j]; \
      line(column, result); \
      for (int i = 0; i < to; i++) out[i][j] = result[i]; \
    } \
  }
ALONG_BOTH(planes_of_input, from_input, 6, 6)
ALONG_BOTH(output_of_planes, to_output, 6, 4)
ALONG_BOTH(planes_of_output, from_output, 4, 6)
ALONG_BOTH(planes_of_weight, from_weight, 3, 6)
ALONG_BOTH(weight_of_planes, to_weight, 6, 3)

/* Where a tile lies in a map: its first pixel (that may be outside), and which of its rows and columns
 * are inside. */
typedef struct {
  float *base;
  long low_row, high_row, low_column, high_column;
  int is_whole;
} window;

INLINE window window_of(const aigc_winograd_tiles *s, long tile, long size, long padding,
    const float *map) {
  long image = tile / (s->rows * s->columns), place = tile % (s->rows * s->columns);
  long row = place / s->columns * 4 - padding, column = place % s->columns * 4 - padding;
  window w = {
    (float *)map + ((image * s->height + row) * s->width + column) * s->channels,
    row < 0 ? -row : 0, s->height - row < size ? s->height - row : size,
    column < 0 ? -column : 0, s->width - column < size ? s->width - column : size, 0};
  w.is_whole = !w.low_row && !w.low_column && w.high_row == size && w.high_column == size;
  return w;
}
/* A vector of channels from every pixel of a window, zeros outside. */
INLINE void read_window(window w, const aigc_winograd_tiles *s, int size, int whole, long c, long n,
    V *out) {
#pragma clang loop unroll(full)
  for (int i = 0; i < size; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < size; j++) {
      const float *p = w.base + (i * s->width + j) * s->channels + c;
      int inside = whole || (i >= w.low_row && i < w.high_row && j >= w.low_column && j < w.high_column);
      out[i * size + j] = !inside ? splat(0) : n >= LANES ? load(p) : load_part(p, n);
    }
}
/* Asks for what a window adds to the one on its left, 16 channels at a time: the runs of memory are too
 * short for the processor to foresee. */
INLINE void fetch_window(window w, const aigc_winograd_tiles *s, int size, int is_written, long c) {
  if (c % 16) return;
#pragma clang loop unroll(full)
  for (int i = 0; i < size; i++)
#pragma clang loop unroll(full)
    for (int j = size - 4; j < size; j++) {
      const float *p = w.base + (i * s->width + j) * s->channels + c;
      if (is_written) __builtin_prefetch(p, 1); else __builtin_prefetch(p);
    }
}
INLINE void store_planes(const aigc_winograd_tiles *s, V values[6][6], float *planes) {
#pragma clang loop unroll(full)
  for (int f = 0; f < 36; f++) store(planes + f * s->plane, values[f / 6][f % 6]);
}
/* The windows of tiles first, first + 1, ..., the next one with them: `body` sees t, w and next. */
#define EACH_WINDOW(size, padding, map) \
  window w, next = window_of(s, first, size, padding, map); \
  for (long t = 0; t < count; t++) \
    if (w = next, next = t + 1 < count ? window_of(s, first + t + 1, size, padding, map) : next, 1)

INLINE void tile_input(window w, const aigc_winograd_tiles *s, int whole, long c, long n, float *v) {
  V in[6][6], out[6][6];
  read_window(w, s, 6, whole, c, n, in[0]);
  planes_of_input(in, out);
  store_planes(s, out, v);
}
static void k_winograd_input(const aigc_winograd_tiles *s, long padding, long first, long count,
    const float *x, long channel, long channels, float *v, long v_row) {
  EACH_WINDOW(6, padding, x) {
    for (long c = 0; c < channels; c += LANES) {
      fetch_window(next, s, 6, 0, channel + c);
      float *row = v + t * v_row + c;
      if (w.is_whole && c + LANES <= channels) tile_input(w, s, 1, channel + c, LANES, row);
      else tile_input(w, s, 0, channel + c, channels - c, row);
    }
  }
}

INLINE void tile_gradient(window w, const aigc_winograd_tiles *s, int whole, long c, float *z) {
  V in[4][4], out[6][6];
  read_window(w, s, 4, whole, c, whole ? LANES : s->channels - c, in[0]);
  planes_of_output(in, out);
  store_planes(s, out, z);
}
static void k_winograd_gradient(const aigc_winograd_tiles *s, long first, long count, const float *y,
    float *z, long z_rows) {
  EACH_WINDOW(4, 0, y) {
    for (long c = 0; c < s->channels; c += LANES) {
      fetch_window(next, s, 4, 0, c);
      float *row = z + IN_PANEL(z_rows, t, c);
      if (w.is_whole && c + LANES <= s->channels) tile_gradient(w, s, 1, c, row);
      else tile_gradient(w, s, 0, c, row);
    }
  }
}

INLINE void tile_output(window w, const aigc_winograd_tiles *s, int whole, long c, const float *m,
    const float *bias) {
  long n = whole ? LANES : s->channels - c;
  V in[6][6], out[4][4];
#pragma clang loop unroll(full)
  for (int f = 0; f < 36; f++) in[f / 6][f % 6] = load(m + f * s->plane);
  output_of_planes(in, out);
  V start = !bias ? splat(0) : n >= LANES ? load(bias + c) : load_part(bias + c, n);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
      if (!whole && (i >= w.high_row || j >= w.high_column)) continue;
      float *p = w.base + (i * s->width + j) * s->channels + c;
      if (n >= LANES) store(p, out[i][j] + start); else store_part(p, out[i][j] + start, n);
    }
}
static void k_winograd_output(const aigc_winograd_tiles *s, long first, long count, const float *m,
    long channel, const float *bias, float *y) {
  long end = channel + PANEL < s->channels ? channel + PANEL : s->channels;
  EACH_WINDOW(4, 0, y) {
    for (long c = channel; c < end; c += LANES) {
      fetch_window(next, s, 4, 1, c);
      const float *row = m + t * PANEL + c - channel;
      if (w.is_whole && c + LANES <= end) tile_output(w, s, 1, c, row, bias);
      else tile_output(w, s, 0, c, row, bias);
    }
  }
}

INLINE void planes_of_weights(V g[3][3], float *u, long plane) {
  V out[6][6];
  planes_of_weight(g, out);
#pragma clang loop unroll(full)
  for (int f = 0; f < 36; f++) store(u + f * plane, out[f / 6][f % 6]);
}
static void k_winograd_weight(long channels, long kernels, long first, long count, const float *w,
    float *u, long plane) {
  for (long c = first; c < first + count; c++)
    for (long k = 0; k < (kernels + PANEL - 1) / PANEL * PANEL; k += LANES) {
      V g[3][3];
      for (int i = 0; i < 9; i++) {
        const float *p = w + (i * channels + c) * kernels + k;
        g[i / 3][i % 3] = k + LANES <= kernels ? load(p) : load_part(p, k < kernels ? kernels - k : 0);
      }
      planes_of_weights(g, u + IN_PANEL(channels, c, k), plane);
    }
}
/* The other way: rows are kernels, columns channels, and the window is turned by half a turn. */
static void k_winograd_weight_turned(long channels, long kernels, long first, long count,
    const float *w, float *u, long plane) {
  for (long k = first; k < first + count; k += LANES) {
    long rows = first + count - k < LANES ? first + count - k : LANES;
    for (long c = 0; c < (channels + PANEL - 1) / PANEL * PANEL; c += LANES) {
      V square[9][LANES];
      for (int i = 0; i < 9; i++) {
        for (long j = 0; j < LANES; j++) {
          const float *p = w + (i * channels + c + j) * kernels + k;
          square[i][j] = c + j >= channels ? splat(0) : rows == LANES ? load(p) : load_part(p, rows);
        }
        transpose(square[i]);
      }
      for (long r = 0; r < rows; r++) {
        V g[3][3];
        for (int i = 0; i < 9; i++) g[i / 3][i % 3] = square[8 - i][r];
        planes_of_weights(g, u + IN_PANEL(kernels, k + r, c), plane);
      }
    }
  }
}

/* `parts` sums, one after the other, are the gradient in the planes. */
static void k_winograd_weight_gradient(long channels, long kernels, long first, long count,
    const float *u, long plane, long parts, long part, float *w) {
  for (long c = first; c < first + count; c++)
    for (long k = 0; k < kernels; k += LANES) {
      long n = kernels - k < LANES ? kernels - k : LANES;
      V in[6][6], out[3][3];
      for (int f = 0; f < 36; f++) {
        const float *p = u + f * plane + (c - first) * kernels + k;
        V sum = splat(0);
        for (long i = 0; i < parts; i++, p += part) sum += n == LANES ? load(p) : load_part(p, n);
        in[f / 6][f % 6] = sum;
      }
      weight_of_planes(in, out);
      for (int i = 0; i < 9; i++) {
        float *p = w + (i * channels + c) * kernels + k;
        if (n == LANES) store(p, out[i / 3][i % 3]); else store_part(p, out[i / 3][i % 3], n);
      }
    }
}

/* The products of the 36 planes with one panel of each; `columns` of it are wanted. */
static void k_winograd_multiply(long rows, long depth, long columns, const float *v, long v_row,
    long v_plane, const float *u, long u_plane, float *m, long m_plane) {
  for (int f = 0; f < 36; f++)
    for (long i = 0; i < rows; i += ROWS)
      panel_rows(rows - i < ROWS ? (int)(rows - i) : ROWS, i > 0, columns, depth,
          v + f * v_plane + i * v_row, v_row, 1, u + f * u_plane, 0, 0,
          m + f * m_plane + i * PANEL, PANEL);
}
