/*
 * OpenBLAS starts a pool of threads while it is loaded, one a processor, and each spins for some
 * 20 ms before it sleeps: on two cores that doubles the time of a short command. We call OpenBLAS
 * with one thread only, so the pool is never used. OpenBLAS asks for the processors this process
 * may run on, once, in its constructor. The functions of .preinit_array run before the constructors
 * of shared libraries: here the process limits itself to one processor, and `main` takes the limit
 * back before anything else. Where the system refuses the limit, all works as before, more slowly.
 */
#define _GNU_SOURCE
#include "CStartup.h"

#if defined(__linux__)
#include <sched.h>

static cpu_set_t allowed;
static int is_limited;

static void limit_processors(int count, char **arguments, char **environment) {
  (void)count, (void)arguments, (void)environment;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    is_limited = sched_setaffinity(0, sizeof one, &one) == 0;
    return;
  }
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(
    int, char **, char **) = limit_processors;

void aigc_startup(void) {
  if (is_limited) sched_setaffinity(0, sizeof allowed, &allowed);
  is_limited = 0;
}
#else
void aigc_startup(void) {}
#endif
