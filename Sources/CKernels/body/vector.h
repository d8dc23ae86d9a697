/* Vectors of LANES floats, and the functions that the loops are made of. No intrinsics: vector types
 * of clang, which become SSE, AVX or NEON by the level's target. */
#include "../include/list.h"
#include "lanes.h"

#pragma clang fp contract(fast)

INLINE V select(VI mask, V yes, V no) { return (V)(((VI)yes & mask) | ((VI)no & ~mask)); }
INLINE V smaller(V a, V b) { return select(a < b, a, b); }
INLINE V larger(V a, V b) { return select(a > b, a, b); }

/* The lanes of a and b in turn, from the first on, and from the middle on. */
#if LANES == 4
#define ZIP(a, b, n) __builtin_shufflevector(a, b, n, n + 4, n + 1, n + 5)
#elif LANES == 8
#define ZIP(a, b, n) __builtin_shufflevector(a, b, n, n + 8, n + 1, n + 9, n + 2, n + 10, n + 3, n + 11)
#else
#define ZIP(a, b, n) __builtin_shufflevector(a, b, n, n + 16, n + 1, n + 17, n + 2, n + 18, n + 3, \
    n + 19, n + 4, n + 20, n + 5, n + 21, n + 6, n + 22, n + 7, n + 23)
#endif

/* A square of vectors, rows and columns exchanged: each round of zips moves one bit of the place. */
INLINE void transpose(V square[LANES]) {
#pragma clang loop unroll(full)
  for (int round = 1; round < LANES; round *= 2) {
    V next[LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES / 2; i++) {
      next[2 * i] = ZIP(square[i], square[i + LANES / 2], 0);
      next[2 * i + 1] = ZIP(square[i], square[i + LANES / 2], LANES / 2);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++) square[i] = next[i];
  }
}

/* The lanes as a tree: the same order at every call. */
INLINE float lane_sum(V v) {
  float lanes[LANES];
  memcpy(lanes, &v, sizeof v);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
  return lanes[0];
}
INLINE float lane_max(V v) {
  float best = v[0];
  for (int i = 1; i < LANES; i++) best = v[i] > best ? v[i] : best;
  return best;
}

/* exp by x = n ln 2 + r, |r| <= ln 2 / 2, and seven terms of the series of exp r; relative error
 * below 2e-7. Below -87.3 it is 0, above 88.7 infinite. n joins the exponent as a whole number: as a
 * factor 2^n it would be infinite from 88.4 on, where n is 128. */
INLINE V v_exp(V x) {
  const V low = splat(-87.3f), high = splat(88.7f);
  V bounded = select(x < low, low, select(x > high, high, x));
  /* Adding 1.5 * 2^23 rounds to a whole number, which then stands in the low bits. */
  V shifted = bounded * 1.44269504f + 12582912.0f;
  V n = shifted - 12582912.0f;
  V r = bounded - n * 0.693359375f + n * 2.12194440e-4f;
  V p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  p = (V)((VI)p + (((VI)shifted - 0x4B400000) << 23));
  p = select(x < low, splat(0), p);
  /* The product is infinite, or NaN for NaN. */
  return select(x <= high, p, x * __builtin_inff());
}

/* log by x = 2^e m with m in [sqrt 1/2, sqrt 2): 2 atanh((m - 1) / (m + 1)) + e ln 2. Denormal
 * numbers count as 0, whose logarithm is -infinity; below 0 NaN. */
INLINE V v_log(V x) {
  VI bits = (VI)x;
  VI e = ((bits - 0x3F3504F3) >> 23);
  V m = (V)(bits - (e << 23));
  V s = (m - 1.0f) / (m + 1.0f);
  V s2 = s * s;
  V p = s2 * (1.0f / 9) + 1.0f / 7;
  p = p * s2 + 1.0f / 5;
  p = p * s2 + 1.0f / 3;
  V ef = __builtin_convertvector(e, V);
  V y = ef * 2.12194440e-4f * -1.0f + 2.0f * s * s2 * p + 2.0f * s + ef * 0.693359375f;
  y = select(x < 1.17549435e-38f, splat(-__builtin_inff()), y);
  y = select(x < 0.0f, splat(__builtin_nanf("")), y);
  return select(x < __builtin_inff(), y, x);
}

INLINE V v_sigmoid(V x) { return 1.0f / (1.0f + v_exp(-x)); }

/* tanh by exp(-2|x|); near 0, where that cancels, by its series. */
INLINE V v_tanh(V x) {
  V magnitude = larger(x, -x);
  V e = v_exp(magnitude * -2.0f);
  V far = (1.0f - e) / (1.0f + e);
  far = select(x < 0.0f, -far, far);
  V x2 = x * x;
  V p = x2 * (62.0f / 2835) - 17.0f / 315;
  p = p * x2 + 2.0f / 15;
  p = p * x2 - 1.0f / 3;
  V y = select(magnitude < 0.3f, x + x * x2 * p, far);
  return select(x == x, y, x);
}

/* Loops over whole vectors and the rest: EXPRESSION of a, of a and b, of a, b and c. */
#define MAP1(x, y, n, EXPRESSION) do { \
  long i = 0; \
  for (; i + LANES <= (n); i += LANES) { V a = load((x) + i); store((y) + i, EXPRESSION); } \
  if (i < (n)) { V a = load_part((x) + i, (n) - i); store_part((y) + i, EXPRESSION, (n) - i); } \
} while (0)
#define MAP2(x1, x2, y, n, EXPRESSION) do { \
  long i = 0; \
  for (; i + LANES <= (n); i += LANES) { \
    V a = load((x1) + i), b = load((x2) + i); store((y) + i, EXPRESSION); } \
  if (i < (n)) { \
    V a = load_part((x1) + i, (n) - i), b = load_part((x2) + i, (n) - i); \
    store_part((y) + i, EXPRESSION, (n) - i); } \
} while (0)

/* Loops of more operands: the body sees i, and GET and PUT take whole vectors or the rest. */
#define EACH(n) for (long i = 0, rest; i < (n); i += LANES) \
  if ((rest = (n) - i < LANES ? (n) - i : LANES), 1)
#define GET(p) (rest == LANES ? load(p) : load_part(p, rest))
#define PUT(p, v) do { V out_ = (v); \
  if (rest == LANES) store(p, out_); else store_part(p, out_, rest); } while (0)
