/* Takes the best level once, by what the processor says of itself. */
#include "table.h"

extern const aigc_lowbit_table aigc_lowbit_plain;
#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
extern const aigc_lowbit_table aigc_lowbit_avx2, aigc_lowbit_avx_vnni, aigc_lowbit_avx512_vnni;
static const aigc_lowbit_table *const tables[AIGC_LOWBIT_LEVELS] = {
    &aigc_lowbit_plain, &aigc_lowbit_avx2, &aigc_lowbit_avx_vnni, &aigc_lowbit_avx512_vnni, 0};

/* Leaf 7, part 1: the compiler's own question does not know AVX-VNNI everywhere. */
static int has_avx_vnni(void) {
  unsigned int a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}
int aigc_lowbit_level_is_supported(int level) {
  __builtin_cpu_init();
  switch (level) {
  case AIGC_LOWBIT_PLAIN: return 1;
  case AIGC_LOWBIT_AVX2: return __builtin_cpu_supports("x86-64-v3") != 0;
  case AIGC_LOWBIT_AVX_VNNI: return __builtin_cpu_supports("x86-64-v3") != 0 && has_avx_vnni();
  case AIGC_LOWBIT_AVX512_VNNI:
    return __builtin_cpu_supports("x86-64-v4") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
  default: return 0;
  }
}
#elif defined(__aarch64__)
#include <sys/auxv.h>
extern const aigc_lowbit_table aigc_lowbit_dot_product;
static const aigc_lowbit_table *const tables[AIGC_LOWBIT_LEVELS] = {
    [AIGC_LOWBIT_PLAIN] = &aigc_lowbit_plain, [AIGC_LOWBIT_DOT_PRODUCT] = &aigc_lowbit_dot_product};
int aigc_lowbit_level_is_supported(int level) {
  const unsigned long dot_product = 1ul << 20; /* HWCAP_ASIMDDP */
  return level == AIGC_LOWBIT_PLAIN || (level == AIGC_LOWBIT_DOT_PRODUCT && getauxval(AT_HWCAP) & dot_product);
}
#else
static const aigc_lowbit_table *const tables[AIGC_LOWBIT_LEVELS] = {[AIGC_LOWBIT_PLAIN] = &aigc_lowbit_plain};
int aigc_lowbit_level_is_supported(int level) { return level == AIGC_LOWBIT_PLAIN; }
#endif

static int level = AIGC_LOWBIT_PLAIN;
static const aigc_lowbit_table *active = &aigc_lowbit_plain;

int aigc_lowbit_level(void) { return level; }
int aigc_lowbit_set_level(int wanted) {
  if (!aigc_lowbit_level_is_supported(wanted)) return 0;
  level = wanted;
  active = tables[wanted];
  return 1;
}
__attribute__((constructor)) static void choose(void) {
  for (int best = AIGC_LOWBIT_LEVELS - 1; best >= 0; best--)
    if (aigc_lowbit_set_level(best)) return;
}

/* What multiplies prompts; -1 until that is of interest. */
static int tiles = -1;

/* Whether the processor has int8 tiles, the system keeps their registers, and lets this process have them: Linux wants
 * to be asked (arch_prctl, ARCH_REQ_XCOMP_PERM), else the first tile instruction is illegal. */
static int amx_is_granted(void) {
#if defined(__x86_64__) && defined(__linux__)
  unsigned int a, b, c, d, low, high;
  if (!aigc_lowbit_level_is_supported(AIGC_LOWBIT_AVX512_VNNI) || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  if (!(d >> 24 & 1) || !(d >> 25 & 1)) return 0; /* AMX-TILE, AMX-INT8 */
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low >> 17 & 3) != 3) return 0; /* XTILECFG, XTILEDATA */
  return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
  return 0;
#endif
}

int aigc_lowbit_tiles(void) {
  int known = __atomic_load_n(&tiles, __ATOMIC_RELAXED);
  if (known < 0) {
    /* Threads that ask at the same time get the same answer. */
    known = amx_is_granted() ? AIGC_TILES_AMX : AIGC_TILES_NONE;
    __atomic_store_n(&tiles, known, __ATOMIC_RELAXED);
  }
  return known;
}
int aigc_lowbit_set_tiles(int wanted) {
  if (wanted == AIGC_TILES_AMX && !amx_is_granted()) return 0;
  __atomic_store_n(&tiles, wanted, __ATOMIC_RELAXED);
  return 1;
}

void aigc_lowbit_quantize(long first, long rows, const float *x, long x_row, const aigc_lowbit_rows *to) {
  active->quantize(first, rows, x, x_row, to);
}
void aigc_lowbit_multiply(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long first_row, long rows, const float *start, long start_row, float *y, long y_row) {
  /* Tiles have 16 rows. Where scales and minima belong to 16 inputs these take longer than the products do. */
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[w->type];
  const int by = rows < 16 || (l->halves && l->minimum) ? AIGC_TILES_NONE : aigc_lowbit_tiles();
  aigc_lowbit_product *multiply = by == AIGC_TILES_PLAIN ? aigc_lowbit_plain_tiles : active->multiply;
#if defined(__x86_64__)
  if (by == AIGC_TILES_AMX) multiply = aigc_lowbit_amx_tiles;
#endif
  multiply(w, first, groups, x, first_row, rows, start, start_row, y, y_row);
}
