/* Sums and maxima. Four running vectors hide the additions' latency. */
static void k_sum(long n, const float *x, float *out) {
  V s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  long i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    s0 += load(x + i);
    s1 += load(x + i + LANES);
    s2 += load(x + i + 2 * LANES);
    s3 += load(x + i + 3 * LANES);
  }
  for (; i + LANES <= n; i += LANES) s0 += load(x + i);
  if (i < n) s1 += load_part(x + i, n - i);
  *out = lane_sum((s0 + s1) + (s2 + s3));
}

static void k_dot(long n, const float *p, const float *q, float *out) {
  V s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  long i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    s0 += load(p + i) * load(q + i);
    s1 += load(p + i + LANES) * load(q + i + LANES);
    s2 += load(p + i + 2 * LANES) * load(q + i + 2 * LANES);
    s3 += load(p + i + 3 * LANES) * load(q + i + 3 * LANES);
  }
  for (; i + LANES <= n; i += LANES) s0 += load(p + i) * load(q + i);
  if (i < n) s1 += load_part(p + i, n - i) * load_part(q + i, n - i);
  *out = lane_sum((s0 + s1) + (s2 + s3));
}

/* The largest value; -infinity for none. NaN is left out. */
INLINE float row_max(long n, const float *x) {
  V best = splat(-__builtin_inff());
  long i = 0;
  for (; i + LANES <= n; i += LANES) best = larger(load(x + i), best);
  float result = lane_max(best);
  for (; i < n; i++) result = x[i] > result ? x[i] : result;
  return result;
}
static void k_max(long n, const float *x, float *out) { *out = row_max(n, x); }

static void k_square_sum_double(long n, const float *x, double *out) {
  double lanes[LANES] = {0};
  long i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] += (double)x[i + l] * x[i + l];
  for (int l = 0; i < n; i++, l++) lanes[l] += (double)x[i] * x[i];
  double total = 0;
  for (int l = 0; l < LANES; l++) total += lanes[l];
  *out = total;
}

static void k_column_sum(
    long rows, long columns, const float *x, long stride, int accumulate, float *out) {
  long j = 0;
  for (; j + 4 * LANES <= columns; j += 4 * LANES) {
    V s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    for (long r = 0; r < rows; r++) {
      const float *p = x + r * stride + j;
      s0 += load(p);
      s1 += load(p + LANES);
      s2 += load(p + 2 * LANES);
      s3 += load(p + 3 * LANES);
    }
    float *o = out + j;
    store(o, accumulate ? load(o) + s0 : s0);
    store(o + LANES, accumulate ? load(o + LANES) + s1 : s1);
    store(o + 2 * LANES, accumulate ? load(o + 2 * LANES) + s2 : s2);
    store(o + 3 * LANES, accumulate ? load(o + 3 * LANES) + s3 : s3);
  }
  for (; j + LANES <= columns; j += LANES) {
    V sum = {0};
    for (long r = 0; r < rows; r++) sum += load(x + r * stride + j);
    store(out + j, accumulate ? load(out + j) + sum : sum);
  }
  for (; j < columns; j++) {
    float sum = 0;
    for (long r = 0; r < rows; r++) sum += x[r * stride + j];
    out[j] = accumulate ? out[j] + sum : sum;
  }
}
