#define _GNU_SOURCE
#include "CSystem.h"

#if defined(__linux__)
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
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

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int aigc_spawn(const char *command, int *process, int *to, int *from) {
  int input[2], output[2];
  /* What another thread starts meanwhile gets no end of these. */
  if (pipe2(input, O_CLOEXEC) != 0) return errno;
  if (pipe2(output, O_CLOEXEC) != 0) {
    int reason = errno;
    return close(input[0]), close(input[1]), reason;
  }
  fcntl(input[1], F_SETFL, O_NONBLOCK);
  fcntl(output[0], F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  posix_spawnattr_init(&attributes);
  /* Signals that the program ignores are what they usually are for others. */
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  sigaddset(&signals, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  char *arguments[] = {"/bin/sh", "-c", (char *)command, 0};
  pid_t pid = 0;
  int reason = posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(input[0]);
  close(output[1]);
  if (reason != 0) return close(input[1]), close(output[0]), reason;
  return *process = pid, *to = input[1], *from = output[0], 0;
}

long aigc_write(int descriptor, const void *bytes, long count) {
  sigset_t pipe, before, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigpending(&pending);
  int was_pending = sigismember(&pending, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  long written = write(descriptor, bytes, (size_t)count);
  int reason = errno;
  if (written < 0 && reason == EPIPE && !was_pending) {
    struct timespec none = {0, 0};
    sigtimedwait(&pipe, 0, &none);
  }
  pthread_sigmask(SIG_SETMASK, &before, 0);
  return errno = reason, written;
}

int aigc_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
