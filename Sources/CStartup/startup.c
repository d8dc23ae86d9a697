/*
 * What the process does before its libraries and `main`.
 *
 * OpenBLAS starts a pool of threads while it is loaded, one a processor, and each spins for some
 * 20 ms before it sleeps: on two cores that doubles the time of a short command. We call OpenBLAS
 * with one thread only, so the pool is never used. OpenBLAS asks for the processors this process
 * may run on, once, in its constructor. The functions of .preinit_array run before the constructors
 * of shared libraries: here the process limits itself to one processor, and `main` takes the limit
 * back before anything else. Where the system refuses the limit, all works as before, more slowly.
 *
 * The arguments are kept here too: Swift's CommandLine reads them from /proc, which a chroot or a
 * container may not have; every command would then see none.
 */
#define _GNU_SOURCE
#include "CStartup.h"

#if defined(__linux__)
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

static cpu_set_t allowed;
static int is_limited;
static int argument_count = -1;
static char **arguments;

static void limit_processors(void) {
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

static void start(int count, char **values, char **environment) {
  (void)environment;
  argument_count = count;
  arguments = values;
  limit_processors();
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(
    int, char **, char **) = start;

#define STACK_ROOM (1 << 20)

static int has_room(size_t bytes) {
  void *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory != MAP_FAILED && munmap(memory, bytes) == 0;
}

__attribute__((noinline)) static void touch_stack(void) {
  volatile char room[STACK_ROOM];
  room[0] = 0;
}

/* Under a limit of address space a stack that must grow where none is left ends the process by
 * SIGSEGV. One touch far down makes it as large as the program needs it, while there is room. */
static void grow_stack(void) {
  struct rlimit space, stack;
  if (getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur == RLIM_INFINITY) return;
  if (getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur < 4 * STACK_ROOM) return;
  if (!has_room(2 * STACK_ROOM)) aigc_out_of_memory(2 * STACK_ROOM);
  touch_stack();
}

void aigc_startup(void) {
  if (is_limited) sched_setaffinity(0, sizeof allowed, &allowed);
  is_limited = 0;
  grow_stack();
}

int aigc_argument_count(void) { return argument_count; }

const char *aigc_argument(int index) {
  return index >= 0 && index < argument_count && arguments[index] ? arguments[index] : "";
}
#else
void aigc_startup(void) {}
int aigc_argument_count(void) { return -1; }
const char *aigc_argument(int index) { return (void)index, ""; }
#endif
