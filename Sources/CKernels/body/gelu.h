/* The Gaussian error linear unit x P(X <= x) (Hendrycks and Gimpel 2016), exact and with the
 * approximation by tanh that GPT-2 uses. */

/* (1 + tanh u) / 2 = sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3). */
#define GELU_SLOPE 1.5957691216f
#define GELU_CUBE 0.044715f

/* Below -20 the factor is 0 in single precision, and -infinity times 0 would be NaN. */
INLINE V gelu_bounded(V x) { return select(x < -20.0f, splat(-20), x); }

INLINE V gelu_tanh(V x) {
  return gelu_bounded(x) * v_sigmoid(GELU_SLOPE * (x + GELU_CUBE * x * x * x));
}
INLINE V gelu_tanh_slope(V x) {
  /* Beyond 20 it stays 0 and 1. */
  V b = select(x > 20.0f, splat(20), gelu_bounded(x));
  V square = b * b;
  V s = v_sigmoid(GELU_SLOPE * b * (1.0f + GELU_CUBE * square));
  return s + b * s * (1.0f - s) * (GELU_SLOPE * (1.0f + 3.0f * GELU_CUBE * square));
}

/* P(X <= x) = (1 + erf(x / sqrt 2)) / 2. Near 0 by a polynomial for erf; else erfc by exp of one, so
 * that the lower tail keeps its precision. Relative error below 1e-4 down to -5, absolute 1e-7. */
INLINE V normal_cdf(V x) {
  V a = x * 0.70710678f;
  V t = larger(a, -a);
  t = select(t > 10.0f, splat(10), t);
  V s = t * t;
  V p = s * -5.96761703e-4f + 4.99119423e-3f;
  p = p * s - 2.67681349e-2f;
  p = p * s + 1.12819925e-1f;
  p = p * s - 3.76125336e-1f;
  p = p * s + 1.28379166e-1f;
  V near = 0.5f + 0.5f * (p * a + a);
  V q = (t * -1.72853470e-5f + 3.83197126e-4f) * s + (t * -3.88396438e-3f + 2.42546219e-2f);
  q = q * t - 1.06777877e-1f;
  q = q * t - 6.34846687e-1f;
  q = q * t - 1.28717512e-1f;
  V tail = 0.5f * v_exp(q * t - t);
  V far = select(x < 0.0f, tail, 1.0f - tail);
  return select(x == x, select(t < 0.9277f, near, far), x);
}
INLINE V gelu_erf_slope(V x) {
  V b = select(x > 20.0f, splat(20), gelu_bounded(x));
  return normal_cdf(b) + b * v_exp(-0.5f * b * b) * 0.39894228f;
}

static void k_normal_cdf(long n, const float *x, float *y) { MAP1(x, y, n, normal_cdf(a)); }
static void k_gelu_tanh(long n, const float *x, float *y) { MAP1(x, y, n, gelu_tanh(a)); }
static void k_gelu_erf(long n, const float *x, float *y) {
  MAP1(x, y, n, gelu_bounded(a) * normal_cdf(a));
}
static void k_gelu_tanh_grad(long n, const float *dy, const float *x, float *dx) {
  MAP2(dy, x, dx, n, a * gelu_tanh_slope(b));
}
static void k_gelu_erf_grad(long n, const float *dy, const float *x, float *dx) {
  MAP2(dy, x, dx, n, a * gelu_erf_slope(b));
}
