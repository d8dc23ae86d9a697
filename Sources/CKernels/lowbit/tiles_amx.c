/* The tile functions as AMX has them, with AVX-512 for the scales. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>
#include "table.h"

#define LANES 16
#define DOT DOT_TILES
#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4,avx512vnni,amx-tile,amx-int8"))), apply_to = function)

/* Tiles 0 to 3 are sums, 4 and 5 activations, 6 and 7 weights. */
static void configure(int quads) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  } shape;
  memset(&shape, 0, sizeof shape);
  shape.palette = 1;
  for (int tile = 0; tile < 8; tile++) {
    shape.rows[tile] = (uint8_t)(tile < 6 ? 16 : quads);
    shape.bytes[tile] = (uint16_t)(tile == 4 || tile == 5 ? quads * 4 : 64);
  }
  _tile_loadconfig(&shape);
}
#define TILE_BEGIN(quads) configure(quads)
#define TILE_END() _tile_release()
#define TILE_CLEAR(tile) _tile_zero(tile)
#define TILE_LOAD(tile, from, stride) _tile_loadd(tile, from, stride)
#define TILE_DOT(sum, a, b) _tile_dpbssd(sum, a, b)
#define TILE_STORE(tile, to, stride) _tile_stored(tile, to, stride)

#include "../body/lowbit/all.h"

void aigc_lowbit_amx_tiles(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long first_row, long rows, const float *start, long start_row, float *y, long y_row) {
  tiles_multiply(w, first, groups, x, first_row, rows, start, start_row, y, y_row);
}
#pragma clang attribute pop
#endif
