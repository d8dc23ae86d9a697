/* Minimal filtering F(4x4, 2x2): 16 outputs of a window of 2 x 2 from 5 x 5 inputs by 25 products in
 * place of 64 (Winograd 1980; Lavin and Gray 2016). The points are 0, -1, 1/2, 2 and infinity: with them
 * errors are half of those of 0, 1, -1, 2. Each place of the 5 x 5 has a plane of its own, rows of PANEL
 * channels, so that the products of all tiles are one matrix product a plane. */
#define POINTS 5

/* Inputs (B transposed), weights (G), outputs (A transposed), and for the gradient of the weights the
 * transposes of the last two. */
INLINE void points_of_input(const V d[5], V *v) {
  v[0] = d[0] + d[3] - 1.5f * (d[1] + d[2]);
  v[1] = d[1] + d[3] - 2.5f * d[2];
  v[2] = d[3] - d[2] - 2.0f * d[1];
  v[3] = d[3] + 0.5f * (d[2] - d[1]);
  v[4] = d[1] + d[4] - 1.5f * (d[2] + d[3]);
}
#define G1 (-1.0f / 4.5f)
#define G2 (-1.0f / 1.125f)
#define G3 (1.0f / 9.0f)
INLINE void points_of_weights(V w0, V w1, V *u) {
  u[0] = w0;
  u[1] = G1 * (w0 - w1);
  u[2] = G2 * (w0 + 0.5f * w1);
  u[3] = G3 * (w0 + 2.0f * w1);
  u[4] = w1;
}
INLINE void weights_of_points(const V u[5], V *w) {
  V a = G1 * u[1], b = G2 * u[2], c = G3 * u[3];
  w[0] = u[0] + a + b + c;
  w[1] = u[4] - a + 0.5f * b + 2.0f * c;
}
INLINE void output_of_points(const V m[5], V *y) {
  y[0] = m[0] + m[1] + m[2] + m[3];
  y[1] = 0.5f * m[2] + 2.0f * m[3] - m[1];
  y[2] = m[1] + 0.25f * m[2] + 4.0f * m[3];
  y[3] = m[4] + 0.125f * m[2] + 8.0f * m[3] - m[1];
}
INLINE void points_of_output(const V y[4], V *z) {
  V even = y[0] + y[2], odd = y[1] + y[3];
  z[0] = y[0];
  z[1] = even - odd;
  z[2] = y[0] + 0.5f * y[1] + 0.25f * y[2] + 0.125f * y[3];
  z[3] = y[0] + 2.0f * y[1] + 4.0f * y[2] + 8.0f * y[3];
  z[4] = y[3];
}

/* The pixels of `size` x `size` places of a tile; `outside` for those beyond the map. */
INLINE void tile_pixels(const aigc_filter_tiles *t, long tile, int size, const float *map,
    const float *outside, const float *pixels[5][5]) {
  long across = tile % t->across, down = tile / t->across % t->down;
  const float *image = map + tile / (t->across * t->down) * t->height * t->width * t->pixel;
  for (int i = 0; i < size; i++) {
    long row = t->step * (4 * down + i) + t->row;
    for (int j = 0; j < size; j++) {
      long column = t->step * (4 * across + j) + t->column;
      int inside = row >= 0 && row < t->height && column >= 0 && column < t->width;
      pixels[i][j] = inside ? image + (row * t->width + column) * t->pixel : outside;
    }
  }
}

/* Whole panels: lanes from n on are 0. */
#define EACH_OF_PANEL(n) for (long i = 0, rest; i < PANEL; i += LANES) \
  if ((rest = (n) - i >= LANES ? LANES : (n) - i > 0 ? (n) - i : 0), 1)

static const float no_pixel[PANEL];

/* planes[point][tile][PANEL] of the windows of `count` tiles. */
static void k_filter_windows(const aigc_filter_tiles *t, long first, long count, long channels,
    const float *map, float *planes, long plane) {
  for (long tile = 0; tile < count; tile++) {
    const float *pixels[5][5];
    tile_pixels(t, first + tile, 5, map, no_pixel, pixels);
    EACH_OF_PANEL(channels) {
      V part[5][5];
#pragma clang loop unroll(full)
      for (int j = 0; j < 5; j++) {
        V column[5], points[5];
#pragma clang loop unroll(full)
        for (int r = 0; r < 5; r++) column[r] = GET(pixels[r][j] + i);
        points_of_input(column, points);
#pragma clang loop unroll(full)
        for (int r = 0; r < 5; r++) part[r][j] = points[r];
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < 5; r++) {
        V points[5];
        points_of_input(part[r], points);
#pragma clang loop unroll(full)
        for (int j = 0; j < 5; j++) store(planes + (5 * r + j) * plane + tile * PANEL + i, points[j]);
      }
    }
  }
}

/* The same of the gradients of the 4 x 4 outputs of tiles. */
static void k_filter_gradients(const aigc_filter_tiles *t, long first, long count, long channels,
    const float *map, float *planes, long plane) {
  for (long tile = 0; tile < count; tile++) {
    const float *pixels[5][5];
    tile_pixels(t, first + tile, 4, map, no_pixel, pixels);
    EACH_OF_PANEL(channels) {
      V part[5][4];
#pragma clang loop unroll(full)
      for (int j = 0; j < 4; j++) {
        V column[4], points[5];
#pragma clang loop unroll(full)
        for (int r = 0; r < 4; r++) column[r] = GET(pixels[r][j] + i);
        points_of_output(column, points);
#pragma clang loop unroll(full)
        for (int r = 0; r < 5; r++) part[r][j] = points[r];
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < 5; r++) {
        V points[5];
        points_of_output(part[r], points);
#pragma clang loop unroll(full)
        for (int j = 0; j < 5; j++) store(planes + (5 * r + j) * plane + tile * PANEL + i, points[j]);
      }
    }
  }
}

/* The outputs of tiles from their planes; pixels beyond the map are left out. */
static void k_filter_outputs(const aigc_filter_tiles *t, long first, long count, long channels,
    const float *planes, long plane, const float *bias, float *map) {
  for (long tile = 0; tile < count; tile++) {
    const float *pixels[5][5];
    tile_pixels(t, first + tile, 4, map, 0, pixels);
    EACH(channels) {
      V part[4][5];
#pragma clang loop unroll(full)
      for (int j = 0; j < 5; j++) {
        V column[5], sums[4];
#pragma clang loop unroll(full)
        for (int r = 0; r < 5; r++) column[r] = load(planes + (5 * r + j) * plane + tile * PANEL + i);
        output_of_points(column, sums);
#pragma clang loop unroll(full)
        for (int r = 0; r < 4; r++) part[r][j] = sums[r];
      }
      V start = bias ? GET(bias + i) : splat(0);
#pragma clang loop unroll(full)
      for (int r = 0; r < 4; r++) {
        V sums[4];
        output_of_points(part[r], sums);
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++)
          if (pixels[r][j]) PUT((float *)pixels[r][j] + i, sums[j] + start);
      }
    }
  }
}

/* planes[point][row][PANEL] of 2 x 2 weights: rows of `columns` values `row` apart, taps `down` and
 * `across` apart. */
static void k_filter_weights(long rows, long columns, const float *w, long row, long down, long across,
    float *planes, long plane) {
  for (long k = 0; k < rows; k++) {
    const float *tap = w + k * row;
    EACH_OF_PANEL(columns) {
      V part[2][5];
      points_of_weights(GET(tap + i), GET(tap + down + i), part[0]);
      points_of_weights(GET(tap + across + i), GET(tap + down + across + i), part[1]);
#pragma clang loop unroll(full)
      for (int r = 0; r < 5; r++) {
        V points[5];
        points_of_weights(part[0][r], part[1][r], points);
#pragma clang loop unroll(full)
        for (int j = 0; j < 5; j++) store(planes + (5 * r + j) * plane + k * PANEL + i, points[j]);
      }
    }
  }
}

/* The gradient of such weights from their planes. */
static void k_filter_weight_gradients(long rows, long columns, const float *planes, long plane, float *w,
    long row, long down, long across) {
  for (long k = 0; k < rows; k++) {
    float *tap = w + k * row;
    EACH(columns) {
      V part[2][5];
#pragma clang loop unroll(full)
      for (int j = 0; j < 5; j++) {
        V column[5], taps[2];
#pragma clang loop unroll(full)
        for (int r = 0; r < 5; r++) column[r] = load(planes + (5 * r + j) * plane + k * PANEL + i);
        weights_of_points(column, taps);
        part[0][j] = taps[0];
        part[1][j] = taps[1];
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < 2; r++) {
        V taps[2];
        weights_of_points(part[r], taps);
        PUT(tap + r * down + i, taps[0]);
        PUT(tap + r * down + across + i, taps[1]);
      }
    }
  }
}
