/* Pooling: one row of windows of size x size pixels, `stride` pixels apart. */
#define EACH_PLACE(size) for (long row = 0, place = 0; row < (size); row++) \
  for (long column = 0; column < (size); column++, place++)

static void k_max_pool(long columns, long size, long stride, long channels, const float *x,
    long x_row, float *y, float *places) {
  for (long w = 0; w < columns; w++, x += stride * channels, y += channels, places += channels)
    EACH(channels) {
      V best = GET(x + i), best_place = {0};
      EACH_PLACE(size) {
        V value = GET(x + row * x_row + column * channels + i);
        VI is_better = (value > best) | (value != value);
        best = select(is_better, value, best);
        best_place = select(is_better, splat((float)place), best_place);
      }
      PUT(y + i, best);
      PUT(places + i, best_place);
    }
}

static void k_pool_sum(long columns, long size, long stride, long channels, const float *x,
    long x_row, const float *places, float *y) {
  for (long w = 0; w < columns; w++, x += stride * channels, y += channels) {
    EACH(channels) {
      V sum = {0}, chosen = places ? GET(places + i) : (V){0};
      EACH_PLACE(size) {
        V value = GET(x + row * x_row + column * channels + i);
        sum += places ? select(chosen == (float)place, value, splat(0)) : value;
      }
      PUT(y + i, sum);
    }
    if (places) places += channels;
  }
}

static void k_pool_spread(long columns, long size, long stride, long channels, const float *y,
    const float *places, float *x, long x_row) {
  for (long w = 0; w < columns; w++, x += stride * channels, y += channels) {
    EACH(channels) {
      V value = GET(y + i), chosen = places ? GET(places + i) : (V){0};
      EACH_PLACE(size) {
        float *to = x + row * x_row + column * channels + i;
        PUT(to, GET(to) + (places ? select(chosen == (float)place, value, splat(0)) : value));
      }
    }
    if (places) places += channels;
  }
}
#undef EACH_PLACE
