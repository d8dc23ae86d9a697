/* Sums of products of four bytes, LANES at a time. SIGNED_CODES: whether the level multiplies signed codes of 8
 * bits; else they are 128 more, and sums start from -128 times the sum of the activations. */
#if LANES == 4 && !defined(__aarch64__)
#define UNROLLED
#else
#define UNROLLED _Pragma("clang loop unroll(full)")
#endif
typedef unsigned int VW __attribute__((vector_size(LANES * 4)));
typedef unsigned int VWU __attribute__((vector_size(LANES * 4), aligned(1), may_alias));
typedef signed char VB __attribute__((vector_size(LANES * 4)));

INLINE VW words(const void *p) { return *(const VWU *)p; }
INLINE void store_words(void *p, VW v) { *(VWU *)p = v; }
/* A word of 4 bytes in all lanes. */
INLINE VW spread(const void *p) {
  unsigned int word;
  memcpy(&word, p, 4);
  return word - (VW){0};
}

#if DOT == DOT_TILES
#define SIGNED_CODES 1
#elif DOT == DOT_AVX512_VNNI
#define SIGNED_CODES 0
INLINE VI dot_codes(VI sum, VW w, VW x) { return (VI)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)w, (__m512i)x); }
INLINE VI dot_wide(VI sum, VW w, VW x) { return dot_codes(sum, w, x); }
#elif DOT == DOT_AVX_VNNI
#define SIGNED_CODES 0
INLINE VI dot_codes(VI sum, VW w, VW x) {
  return (VI)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)w, (__m256i)x);
}
INLINE VI dot_wide(VI sum, VW w, VW x) { return dot_codes(sum, w, x); }
#elif DOT == DOT_AVX2
#define SIGNED_CODES 1
/* Codes below 128, so that two products fit in 16 bits. */
INLINE VI dot_codes(VI sum, VW w, VW x) {
  __m256i pairs = _mm256_maddubs_epi16((__m256i)w, (__m256i)x);
  return sum + (VI)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
/* The sign of a weight goes to the activation: magnitudes up to 128 times 127, twice, fit as well. */
INLINE VI dot_wide(VI sum, VW w, VW x) {
  __m256i signs = (__m256i)w;
  return dot_codes(sum, (VW)_mm256_abs_epi8(signs), (VW)_mm256_sign_epi8((__m256i)x, signs));
}
#elif DOT == DOT_ARM
#define SIGNED_CODES 1
INLINE VI dot_wide(VI sum, VW w, VW x) { return (VI)vdotq_s32((int32x4_t)sum, (int8x16_t)w, (int8x16_t)x); }
INLINE VI dot_codes(VI sum, VW w, VW x) { return dot_wide(sum, w, x); }
#elif defined(__aarch64__)
#define SIGNED_CODES 1
INLINE VI dot_wide(VI sum, VW w, VW x) {
  int16x8_t low = vmull_s8(vget_low_s8((int8x16_t)w), vget_low_s8((int8x16_t)x));
  int16x8_t high = vmull_s8(vget_high_s8((int8x16_t)w), vget_high_s8((int8x16_t)x));
  return sum + (VI)vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high));
}
INLINE VI dot_codes(VI sum, VW w, VW x) { return dot_wide(sum, w, x); }
#else
#define SIGNED_CODES 1
INLINE VI dot_wide(VI sum, VW w, VW x) {
  for (int shift = 0; shift < 32; shift += 8) sum += ((VI)(w << (24 - shift)) >> 24) * ((VI)(x << (24 - shift)) >> 24);
  return sum;
}
INLINE VI dot_codes(VI sum, VW w, VW x) { return dot_wide(sum, w, x); }
#endif

INLINE V fused(V a, V b, V c) { return __builtin_elementwise_fma(a, b, c); }
INLINE V as_floats(VI v) { return __builtin_convertvector(v, V); }
