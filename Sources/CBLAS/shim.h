#ifndef AIGC_CBLAS_SHIM_H
#define AIGC_CBLAS_SHIM_H
#if __has_include(<cblas.h>)
#include <cblas.h>
#else
#error "OpenBLAS headers are missing. Install them with: sudo apt-get install libopenblas-dev (or run Scripts/setup)"
#endif

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

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

/*
 * OpenBLAS gives each call a work buffer, kept for later calls, and maps a new one when all are in use.
 * A mapping that is refused it asks for again, for ever (driver/others/memory.c, all versions to
 * 0.3.28). So buffers are made before they are needed, after it was tried whether there is room.
 * Builds whose buffers are larger than those we know are caught by the time that this may take.
 */
__attribute__((weak)) void *blas_memory_alloc(int);
__attribute__((weak)) void blas_memory_free(void *);

/* BUFFER_SIZE of x86-64 and of the larger arm64 builds is 32 << 22. */
enum { aigc_blas_buffer_size = 32 << 22 };

/*
 * Makes OpenBLAS map work buffers for `count` calls at a time, at most 64. Before its first call, by one
 * thread. Returns how many it has now: fewer than `count` where the system has no room for more.
 * `refused` is called where OpenBLAS does not come back; it must not return.
 */
static inline int aigc_map_blas_buffers(int count, void (*refused)(void)) {
  /* Another thread may take memory between our try and OpenBLAS's, and buffers after the first take no
   * more than half of what there is: the work itself needs some. */
  const size_t size = aigc_blas_buffer_size, spare = 16 << 20;
  void *held[64];
  int found = 0;
  if (count > 64) count = 64;
  if (!blas_memory_alloc || !blas_memory_free) return count;
  struct sigaction action, former;
  memset(&action, 0, sizeof action);
  action.sa_handler = (void (*)(int))refused;
  struct itimerval limit = {{0, 0}, {2, 0}}, none = {{0, 0}, {0, 0}};
  sigaction(SIGPROF, &action, &former);
  /* Processor time of the process: a system that is slow or stopped is none of our business. */
  setitimer(ITIMER_PROF, &limit, 0);
  while (found < count) {
    size_t needed = size + (found ? found * size : spare);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *room = mmap(0, needed, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (room == MAP_FAILED) break;
    munmap(room, needed);
    held[found] = blas_memory_alloc(0);
    if (!held[found]) break;
    found++;
  }
  setitimer(ITIMER_PROF, &none, 0);
  sigaction(SIGPROF, &former, 0);
  for (int i = 0; i < found; i++) blas_memory_free(held[i]);
  return found;
}
#endif
