/*
 * The last resort where memory ends. Swift's own allocator ends the process by a signal when the
 * system refuses memory, with a stack trace, and nothing above it can answer: an array that grows does
 * not throw. So the program has its own malloc and its kin, which are glibc's and do nothing else than to
 * look at the answer. A refused request is then one line that names it, and exit code 1. Only an
 * allocation that has just failed comes here; every other trap stays what it is.
 *
 * C libraries that could live with a null pointer end here as well: what they would report (a damaged
 * image, an empty folder) is not what is wrong.
 *
 * Sanitizers bring an allocator of their own; other C libraries than glibc keep theirs as it is.
 */
#define _GNU_SOURCE
#include "CStartup.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void (*last_act)(void);

void aigc_set_last_act(void (*act)(void)) { last_act = act; }

/* A line that is put together without memory. */
struct line {
  char text[256];
  size_t count;
};

static void add(struct line *line, const char *text) {
  size_t size = strlen(text);
  if (size > sizeof line->text - line->count) size = sizeof line->text - line->count;
  memcpy(line->text + line->count, text, size);
  line->count += size;
}

static void add_size(struct line *line, unsigned long long bytes) {
  static const char *const units[] = {" B", " kB", " MB", " GB", " TB", " PB"};
  int unit = 0;
  while (bytes >= 10000 && unit < 5) bytes /= 1000, unit++;
  char digits[24];
  int place = sizeof digits;
  digits[--place] = 0;
  do digits[--place] = (char)('0' + bytes % 10);
  while (bytes /= 10);
  add(line, digits + place);
  add(line, units[unit]);
}

_Noreturn void aigc_out_of_memory(size_t bytes) {
  static atomic_flag is_ending = ATOMIC_FLAG_INIT;
  static __thread int is_mine;
  /* The last act itself found no memory. */
  if (is_mine) _exit(1);
  if (atomic_flag_test_and_set(&is_ending)) {
    for (;;) pause();
  }
  is_mine = 1;
  struct line line = {.count = 0};
  /* Over a progress line. */
  if (isatty(STDERR_FILENO)) add(&line, "\r\033[K");
  add(&line, "aigc: out of memory: ");
  add_size(&line, bytes);
  add(&line, " were refused");
  struct rlimit space;
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    add(&line, " under a limit of ");
    add_size(&line, space.rlim_cur);
    add(&line, " of address space (ulimit -v); raise it or");
  } else {
    add(&line, ";");
  }
  add(&line, " ask for less at once\n");
  if (write(STDERR_FILENO, line.text, line.count) < 0) { /* Nobody reads it. */
  }
  if (last_act) last_act();
  _exit(1);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define AIGC_IS_SANITIZED 1
#endif
#endif

#if defined(__GLIBC__) && !defined(AIGC_IS_SANITIZED)
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

#define AIGC_EXPORTED __attribute__((visibility("default"), used))

AIGC_EXPORTED void *malloc(size_t size) {
  void *memory = __libc_malloc(size);
  if (__builtin_expect(!memory, 0)) aigc_out_of_memory(size);
  return memory;
}

AIGC_EXPORTED void *calloc(size_t count, size_t size) {
  void *memory = __libc_calloc(count, size);
  if (__builtin_expect(!memory, 0)) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
    aigc_out_of_memory(bytes);
  }
  return memory;
}

AIGC_EXPORTED void *realloc(void *old, size_t size) {
  void *memory = __libc_realloc(old, size);
  /* With size 0 a null pointer says that the memory was given back. */
  if (__builtin_expect(!memory && size > 0, 0)) aigc_out_of_memory(size);
  return memory;
}

AIGC_EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
  void *memory = __libc_memalign(alignment, size);
  if (__builtin_expect(!memory, 0)) aigc_out_of_memory(size);
  return memory;
}

AIGC_EXPORTED void *memalign(size_t alignment, size_t size) {
  return aligned_alloc(alignment, size);
}

AIGC_EXPORTED int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
    return EINVAL;
  *memory = aligned_alloc(alignment, size);
  return 0;
}
#endif
