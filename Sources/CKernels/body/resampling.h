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
