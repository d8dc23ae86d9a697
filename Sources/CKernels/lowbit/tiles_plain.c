/* The tile functions in plain C: packing and blocking are tried on any processor. */
#include <string.h>
#include "table.h"
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

typedef struct {
  int quads;
  union {
    int8_t bytes[16][64];
    int32_t words[16][16];
  } tiles[8];
} plain_tiles;

static void load_tile(plain_tiles *t, int tile, const void *from, long stride) {
  const int rows = tile < 6 ? 16 : t->quads, bytes = tile < 6 ? t->quads * 4 : 64;
  for (int r = 0; r < rows; r++) memcpy(t->tiles[tile].bytes[r], (const char *)from + r * stride, (unsigned long)bytes);
}
static void dot_tiles(plain_tiles *t, int sum, int a, int b) {
  for (int r = 0; r < 16; r++)
    for (int c = 0; c < 16; c++)
      for (int k = 0; k < t->quads * 4; k++)
        t->tiles[sum].words[r][c] += t->tiles[a].bytes[r][k] * t->tiles[b].bytes[k / 4][c * 4 + k % 4];
}
static void store_tile(const plain_tiles *t, int tile, void *to, long stride) {
  for (int r = 0; r < 16; r++) memcpy((char *)to + r * stride, t->tiles[tile].words[r], 64);
}

static _Thread_local plain_tiles mine;
#define TILE_BEGIN(width) (mine.quads = (width))
#define TILE_END() ((void)0)
#define TILE_CLEAR(tile) memset(&mine.tiles[tile], 0, sizeof mine.tiles[tile])
#define TILE_LOAD(tile, from, stride) load_tile(&mine, tile, from, stride)
#define TILE_DOT(sum, a, b) dot_tiles(&mine, sum, a, b)
#define TILE_STORE(tile, to, stride) store_tile(&mine, tile, to, stride)

#define LANES 4
#define DOT DOT_TILES
#include "../body/lowbit/all.h"

void aigc_lowbit_plain_tiles(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long first_row, long rows, const float *start, long start_row, float *y, long y_row) {
  tiles_multiply(w, first, groups, x, first_row, rows, start, start_row, y, y_row);
}
