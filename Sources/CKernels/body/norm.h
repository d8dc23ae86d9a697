/* Normalisation by channel: maps of [rows, channels], the sums over rows and the passes that use them. */

/* Two sums over rows of the channels from j on, at most `vectors` vectors of them; TERM(i) names what is
 * added. Several running vectors hide the additions' latency. */
#define CHANNEL_SUMS(vectors, FIRST, SECOND) do { \
  V s[vectors], q[vectors]; \
  for (int v = 0; v < vectors; v++) s[v] = q[v] = (V){0}; \
  for (long r = 0; r < rows; r++) \
    _Pragma("clang loop unroll(full)") \
    for (int v = 0; v < vectors; v++) { \
      const long i = j + v * LANES, at = r * channels + i; \
      V first = FIRST, second = SECOND; \
      s[v] += first; \
      q[v] += second; \
    } \
  for (int v = 0; v < vectors; v++) { \
    const long i = j + v * LANES; \
    PUT(sums + i, GET(sums + i) + s[v]); \
    PUT(sums + channels + i, GET(sums + channels + i) + q[v]); \
  } \
} while (0)

#define EVERY_CHANNEL(FIRST, SECOND) do { \
  long j = 0, rest = LANES; \
  for (; j + 4 * LANES <= channels; j += 4 * LANES) CHANNEL_SUMS(4, FIRST, SECOND); \
  for (; j < channels; j += LANES) { \
    rest = channels - j < LANES ? channels - j : LANES; \
    CHANNEL_SUMS(1, FIRST, SECOND); \
  } \
} while (0)

static void k_channel_moments(
    long rows, long channels, const float *x, const float *shift, float *sums) {
  EVERY_CHANNEL(GET(x + at) - GET(shift + i), first * first);
}

static void k_channel_affine(long rows, long channels, const float *x, const float *scale,
    const float *offset, float slope, float *y) {
  for (long r = 0; r < rows; r++, x += channels, y += channels)
    EACH(channels) {
      V v = GET(x + i) * GET(scale + i) + GET(offset + i);
      PUT(y + i, select(v < 0.0f, v * slope, v));
    }
}

/* dy behind the activation of x scale + offset. */
INLINE V behind(V dy, V x, V scale, V offset, float slope) {
  return select(x * scale + offset > 0.0f, dy, dy * slope);
}

static void k_channel_grad_sums(long rows, long channels, const float *dy, const float *x,
    const float *mean, const float *scale, const float *offset, float slope, float *sums) {
  EVERY_CHANNEL(
      behind(GET(dy + at), GET(x + at), GET(scale + i), GET(offset + i), slope),
      first * (GET(x + at) - GET(mean + i)));
}
#undef EVERY_CHANNEL
#undef CHANNEL_SUMS

static void k_channel_grad(long rows, long channels, const float *dy, const float *x,
    const float *scale, const float *offset, float slope, const float *a, const float *b,
    const float *c, float *dx) {
  for (long r = 0; r < rows; r++, dy += channels, x += channels, dx += channels)
    EACH(channels) {
      V value = GET(x + i);
      V g = behind(GET(dy + i), value, GET(scale + i), GET(offset + i), slope);
      PUT(dx + i, g * GET(a + i) + value * GET(b + i) + GET(c + i));
    }
}
