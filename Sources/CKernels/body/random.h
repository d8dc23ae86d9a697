/* Numbers from the normal distribution by the formula of Box and Muller (1958), from the numbers of
 * SplitMix64 (Steele et al. 2014). They are the same at every level: no product is joined with a sum,
 * and where a number stands does not depend on LANES. */
#pragma clang fp contract(off)

/* A block: 16 pairs, the first numbers of all of them and then the second ones. */
#define PAIRS 16
typedef unsigned long long VL __attribute__((vector_size(LANES * 8)));

/* The logarithm of 0 < x <= 1 as v_log has it. */
INLINE V separate_log(V x) {
  VI bits = (VI)x;
  VI e = (bits - 0x3F3504F3) >> 23;
  V m = (V)(bits - (e << 23));
  V s = (m - 1.0f) / (m + 1.0f);
  V s2 = s * s;
  V p = s2 * (1.0f / 9) + 1.0f / 7;
  p = p * s2 + 1.0f / 5;
  p = p * s2 + 1.0f / 3;
  return 2.0f * s * s2 * p + 2.0f * s + __builtin_convertvector(e, V) * 0.693147181f;
}

/* Cosine and sine of an angle of 0 to 2^30 parts of a turn, from their series within an eighth of it. */
INLINE void turn(VI angle, V *cosine, V *sine) {
  VI quarter = (angle + (1 << 27)) >> 28;
  V x = __builtin_convertvector(angle - (quarter << 28), V) * (1.57079633f / (1 << 28));
  V x2 = x * x;
  V s = x2 * (1.0f / 362880) - 1.0f / 5040;
  s = s * x2 + 1.0f / 120;
  s = s * x2 - 1.0f / 6;
  s = s * x2 * x + x;
  V c = x2 * (1.0f / 40320) - 1.0f / 720;
  c = c * x2 + 1.0f / 24;
  c = c * x2 - 0.5f;
  c = c * x2 + 1.0f;
  VI odd = (quarter & 1) != 0;
  V first = select(odd, s, c), second = select(odd, c, s);
  *cosine = (V)((VI)first ^ (((quarter + 1) & 2) << 30));
  *sine = (V)((VI)second ^ ((quarter & 2) << 30));
}

static void k_draw_normal(long n, unsigned long key, long first, float mean, float deviation,
    float *y) {
  const unsigned long long step = 0x9E3779B97F4A7C15;
  VL lanes = {0};
  for (int i = 0; i < LANES; i++) lanes[i] = (unsigned long long)(i + 1) * step;
  for (long i = 0; i < n; i += 2 * PAIRS) {
    float block[2 * PAIRS];
    float *out = n - i < 2 * PAIRS ? block : y + i;
    for (long j = 0; j < PAIRS; j += LANES) {
      VL z = lanes + (key + (unsigned long)((first + i) / 2 + j) * step);
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
      z ^= z >> 31;
      /* 31 bits for the radius, 30 for the angle: signed numbers. */
      V share = __builtin_convertvector(__builtin_convertvector(z & 0x7FFFFFFF, VI), V);
      V radius = __builtin_elementwise_sqrt(separate_log((share + 0.5f) * 0x1p-31f) * -2.0f);
      V cosine, sine;
      turn(__builtin_convertvector(z >> 34, VI), &cosine, &sine);
      store(out + j, radius * cosine * deviation + mean);
      store(out + PAIRS + j, radius * sine * deviation + mean);
    }
    if (out == block) memcpy(y + i, block, (unsigned long)(n - i) * sizeof(float));
  }
}
#pragma clang fp contract(fast)
