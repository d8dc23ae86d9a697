#define _GNU_SOURCE
#include "CSystem.h"

#if defined(__linux__)
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/sysinfo.h>

int aigc_allowed_processors(void) {
  /* The kernel refuses a mask that is too small for the machine. */
  for (int most = 1024; most <= 1 << 20; most *= 4) {
    cpu_set_t *set = CPU_ALLOC(most);
    if (!set) return 0;
    size_t size = CPU_ALLOC_SIZE(most);
    int status = sched_getaffinity(0, size, set), reason = errno;
    int count = status == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (status == 0 || reason != EINVAL) return count;
  }
  return 0;
}

int aigc_machine_memory(long long *memory, long long *swap) {
  struct sysinfo information;
  if (sysinfo(&information) != 0) return 0;
  *memory = (long long)information.totalram * information.mem_unit;
  *swap = (long long)information.totalswap * information.mem_unit;
  return 1;
}

void aigc_return_freed_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

const char *aigc_executed_path(void) { return (const char *)(uintptr_t)getauxval(AT_EXECFN); }
#else
int aigc_allowed_processors(void) { return 0; }
int aigc_machine_memory(long long *memory, long long *swap) { return (void)memory, (void)swap, 0; }
void aigc_return_freed_memory(void) {}
const char *aigc_executed_path(void) { return 0; }
#endif

static _Thread_local const void *cancellation;
const void *aigc_cancellation(void) { return cancellation; }
void aigc_set_cancellation(const void *value) { cancellation = value; }
