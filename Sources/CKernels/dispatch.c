/* Takes the best level once, by what the processor says of itself. Written with plain function
 * pointers: ifuncs (target_clones) crash under thread sanitizer. */
#include "table.h"

extern const aigc_table aigc_table_base;
#if defined(__x86_64__)
extern const aigc_table aigc_table_v3, aigc_table_v4;
static const aigc_table *const tables[] = {&aigc_table_base, &aigc_table_v3, &aigc_table_v4};

int aigc_level_is_supported(int level) {
  __builtin_cpu_init();
  switch (level) {
  case AIGC_LEVEL_BASE: return 1;
  case AIGC_LEVEL_V3: return __builtin_cpu_supports("x86-64-v3") != 0;
  case AIGC_LEVEL_V4: return __builtin_cpu_supports("x86-64-v4") != 0;
  default: return 0;
  }
}
#else
static const aigc_table *const tables[] = {&aigc_table_base};
int aigc_level_is_supported(int level) { return level == AIGC_LEVEL_BASE; }
#endif

static int level = 0;
static const aigc_table *active = &aigc_table_base;

int aigc_set_level(int wanted) {
  if (!aigc_level_is_supported(wanted)) return 0;
  level = wanted;
  active = tables[wanted];
  return 1;
}

/* Before `main`, so that no call needs to ask whether the choice was made. */
__attribute__((constructor)) static void choose(void) {
  for (int best = AIGC_LEVEL_COUNT - 1; best >= 0; best--)
    if (aigc_set_level(best)) return;
}

int aigc_level(void) { return level; }

#define AIGC_FORWARD(name, parameters, arguments) \
  void aigc_##name parameters { active->name arguments; }
AIGC_KERNELS(AIGC_FORWARD)
