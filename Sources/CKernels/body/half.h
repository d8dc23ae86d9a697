/* Values of IEEE half precision, LANES at a time. */
typedef unsigned short VS __attribute__((vector_size(LANES * 2)));
typedef unsigned short VSU __attribute__((vector_size(LANES * 2), aligned(2), may_alias));

INLINE V from_half(VS h) {
#if LANES >= 8 || defined(__aarch64__)
  typedef _Float16 VH __attribute__((vector_size(LANES * 2)));
  return __builtin_convertvector((VH)h, V);
#else
  /* The exponent is moved by a multiplication, which is right for subnormal numbers too; what was an
   * infinity or not a number comes out as 2^16 or more. */
  VI bits = __builtin_convertvector(h, VI);
  V magnitude = (V)((bits & 0x7FFF) << 13) * 0x1p112f;
  VI exponent = (magnitude >= 0x1p16f) & (0xFF << 23);
  return (V)((VI)magnitude | exponent | (bits & 0x8000) << 16);
#endif
}
