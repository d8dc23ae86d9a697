/* Finite impulse response filters along one axis, between zeros that are put in and places that are left out. */
static void k_resample(long outputs, long inputs, long inner, const float *taps, long count, long up,
    long down, long offset, const float *x, float *y) {
  enum { MOST = 32 };
  const float *places[MOST];
  float factors[MOST];
  for (long o = 0; o < outputs; o++, y += inner) {
    long start = o * down - offset, used = 0;
    /* The first tap that meets a value and not a zero between two. */
    for (long t = ((-start) % up + up) % up; t < count && used < MOST; t += up) {
      long place = (start + t) / up;
      if (start + t < 0 || place >= inputs) continue;
      places[used] = x + place * inner;
      factors[used++] = taps[t];
    }
    EACH(inner) {
      V sum = {0};
      for (long k = 0; k < used; k++) sum += factors[k] * GET(places[k] + i);
      PUT(y + i, sum);
    }
  }
}

/* What stands behind a modulated convolution, in one pass. */
static void k_style_activation(long rows, long channels, const float *x, const float *scale,
    const float *noise, const float *bias, float slope, float gain, float *y) {
  const float low = slope * gain;
  for (long r = 0; r < rows; r++, x += channels, y += channels) {
    const float start = noise ? noise[r] : 0;
    EACH(channels) {
      V value = scale ? GET(x + i) * GET(scale + i) : GET(x + i);
      value += bias ? GET(bias + i) + start : splat(start);
      PUT(y + i, select(value < 0.0f, value * low, value * gain));
    }
  }
}

static void k_style_activation_grad(long rows, long channels, const float *dy, const float *y,
    const float *x, const float *scale, float slope, float gain, float *dx, float *sums,
    float *dnoise) {
  const float low = slope * gain;
  for (long r = 0; r < rows; r++, dy += channels, y += channels, x += channels, dx += channels) {
    V total = {0};
    EACH(channels) {
      V g = GET(dy + i);
      g = select(GET(y + i) > 0.0f, g * gain, g * low);
      PUT(dx + i, scale ? g * GET(scale + i) : g);
      if (sums) {
        PUT(sums + i, GET(sums + i) + g);
        PUT(sums + channels + i, GET(sums + channels + i) + g * GET(x + i));
      }
      total += g;
    }
    if (dnoise) dnoise[r] = lane_sum(total);
  }
}
