#ifndef AIGC_CKERNELS_H
#define AIGC_CKERNELS_H
/*
 * Vector loops that Swift cannot dispatch by processor. Every function exists once for each level of
 * the instruction set (`body` folder); the first call takes the best one this processor has.
 *
 * All arrays are float32 and may be unaligned. Output may be the same memory as an input of the same
 * size, not an overlapping part of it. Sums run in an order that depends on the level and the size
 * only. NaN and infinities pass through.
 */
#include "list.h"
#include "lowbit.h"

/* Levels, lowest first. On other processors than x86-64 there is the first only. */
enum { AIGC_LEVEL_BASE, AIGC_LEVEL_V3, AIGC_LEVEL_V4, AIGC_LEVEL_COUNT };

/* The level in use. */
int aigc_level(void);
/* Whether this processor has `level`. */
int aigc_level_is_supported(int level);
/* Takes `level` from now on (tests); not while other threads compute. Returns 0 where unsupported. */
int aigc_set_level(int level);

#define AIGC_DECLARE(name, parameters, arguments) void aigc_##name parameters;
AIGC_KERNELS(AIGC_DECLARE)
#undef AIGC_DECLARE

/* Asks for the cache line of `address`, which is read soon. */
static inline void aigc_prefetch(const void *address) { __builtin_prefetch(address); }

/* Tells the processor that this is a waiting loop. */
static inline void aigc_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
