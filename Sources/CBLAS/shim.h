#ifndef AIGC_CBLAS_SHIM_H
#define AIGC_CBLAS_SHIM_H
#if __has_include(<cblas.h>)
#include <cblas.h>
#else
#error "OpenBLAS headers are missing. Install them with: sudo apt-get install libopenblas-dev (or run Scripts/setup)"
#endif

#include <stdlib.h>
#include <string.h>

/*
 * OpenBLAS takes its kernels by the processor's model number, and an older OpenBLAS takes those of 2004
 * (Prescott, SSE3) on a processor it does not know: a fifth of the speed on a server of 2023. Where
 * the processor has AVX-512 or AVX2 and OpenBLAS took a core without, it is told to choose again.
 * OPENBLAS_CORETYPE in the environment stays the last word. Builds for one processor only do not
 * have these functions.
 */
__attribute__((weak)) void gotoblas_dynamic_init(void);
__attribute__((weak)) void gotoblas_dynamic_quit(void);

static inline void aigc_choose_blas_core(void) {
#if defined(__x86_64__)
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit || getenv("OPENBLAS_CORETYPE")) return;
  const char *core = openblas_get_corename();
  static const char *const wide[] = {"SkylakeX", "Cooperlake", "SapphireRapids", "Zen4"};
  static const char *const medium[] = {"Haswell", "Zen", "Excavator"};
  int has_wide = 0, has_medium = 0;
  for (unsigned i = 0; i < sizeof wide / sizeof *wide; i++) has_wide |= !strcmp(core, wide[i]);
  for (unsigned i = 0; i < sizeof medium / sizeof *medium; i++) has_medium |= !strcmp(core, medium[i]);
  __builtin_cpu_init();
  const char *better = 0;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    if (!has_wide) better = "SkylakeX";
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    if (!has_medium && !has_wide) better = "Haswell";
  }
  if (!better) return;
  setenv("OPENBLAS_CORETYPE", better, 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  unsetenv("OPENBLAS_CORETYPE");
#endif
}
#endif
