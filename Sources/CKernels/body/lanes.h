/* Vectors of LANES floats, from memory and to it. */
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
typedef float V __attribute__((vector_size(LANES * 4)));
typedef int VI __attribute__((vector_size(LANES * 4)));
typedef float VU __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

INLINE V load(const float *p) { return *(const VU *)p; }
INLINE void store(float *p, V v) { *(VU *)p = v; }
INLINE V splat(float x) { return x - (V){0}; }

/* The last n < LANES values; the other lanes are 0. */
INLINE V load_part(const float *p, long n) {
  V v = {0};
  memcpy(&v, p, (unsigned long)n * sizeof(float));
  return v;
}
INLINE void store_part(float *p, V v, long n) { memcpy(p, &v, (unsigned long)n * sizeof(float)); }
