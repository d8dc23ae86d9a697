#ifndef AIGC_LOWBIT_H
#define AIGC_LOWBIT_H
/*
 * Products with weights of 2 to 8 bits. Weights are codes of blocks of 32 inputs with one or two scales each
 * (GGUF's types); activations are int8 codes with one scale for 32 inputs.
 *
 * The arithmetic is the same at every level, for any number of rows, and wherever a matrix is cut: in a block (or
 * each half of it, where a scale belongs to 16 inputs) whole numbers are summed exactly; then
 *     y = fma((float)sum, scale_w * scale_x, y), and where weights have a minimum
 *     y = fma(minimum_w, scale_x * (float)sum_x, y)
 * in float32, block after block from the first on, beginning with the bias.
 *
 * A few blocks of a row of activations hold values far above the rest, and most of the error of rounding is theirs:
 * those have second codes, of what rounding left, which are multiplied and added in the same way, behind the first
 * ones of the block (or half).
 */
#include <stdint.h>

/* GGUF's types of blocks. */
enum {
  AIGC_Q8_0, AIGC_Q4_0, AIGC_Q4_1, AIGC_Q5_0, AIGC_Q5_1, AIGC_Q2_K, AIGC_Q3_K, AIGC_Q4_K, AIGC_Q5_K, AIGC_Q6_K,
  AIGC_IQ4_NL, AIGC_IQ4_XS, AIGC_BLOCK_TYPES
};

/* What the codes and scales of a type are. */
typedef struct {
  int bits;    /* of a code */
  int offset;  /* a value is scale * (code - offset) */
  int table;   /* or scale * table[code] */
  int minimum; /* or scale * code + minimum */
  int super;   /* scales (and minima) are whole numbers, multiplied by one of float16 for 256 inputs */
  int halves;  /* each 16 inputs have their scale */
} aigc_lowbit_layout;

static const aigc_lowbit_layout aigc_lowbit_layouts[AIGC_BLOCK_TYPES] = {
    [AIGC_Q8_0] = {.bits = 8, .offset = 128},
    [AIGC_Q4_0] = {.bits = 4, .offset = 8},
    [AIGC_Q4_1] = {.bits = 4, .minimum = 1},
    [AIGC_Q5_0] = {.bits = 5, .offset = 16},
    [AIGC_Q5_1] = {.bits = 5, .minimum = 1},
    [AIGC_Q2_K] = {.bits = 2, .minimum = 1, .super = 1, .halves = 1},
    [AIGC_Q3_K] = {.bits = 3, .offset = 4, .super = 1, .halves = 1},
    [AIGC_Q4_K] = {.bits = 4, .minimum = 1, .super = 1},
    [AIGC_Q5_K] = {.bits = 5, .minimum = 1, .super = 1},
    [AIGC_Q6_K] = {.bits = 6, .offset = 32, .super = 1, .halves = 1},
    [AIGC_IQ4_NL] = {.bits = 4, .offset = 128, .table = 1},
    [AIGC_IQ4_XS] = {.bits = 4, .offset = 128, .table = 1, .super = 1},
};

/*
 * Weights in groups of 16 outputs. A group has three parts, each from a multiple of 64 bytes on:
 *   tops: for each 256 inputs float16 [16], the factor of scales, and [16], that of minima; only with `super`;
 *   scales: for each block float16 [16], and [16] minima; with `super` int8 [16], and uint8 [16] minima; with
 *     halves int8 [2][16], or, with minima, 4 bits of each [2][16];
 *   codes: for each block `bits` words of [16 outputs][4 bytes]. Byte k of an output holds codes of the inputs
 *     4 j + k, j = 0 ... 7. Eight bits: word j. Four bits: word j % 4, low bits for j < 4. Two bits: word j / 4,
 *     bits 2 (j % 4). One bit: bit j. Six bits are words of four and then two, five of four and one, three of two
 *     and one.
 */
typedef struct {
  int type;
  long blocks;  /* of 32 inputs */
  long outputs; /* without those that fill the last group */
  const unsigned char *groups;
} aigc_lowbit_matrix;

static inline long aigc_lowbit_rounded(long bytes) { return (bytes + 63) / 64 * 64; }
/* Bytes of a group's parts. */
static inline long aigc_lowbit_tops(int type, long blocks) {
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[type];
  return l->super ? aigc_lowbit_rounded(blocks / 8 * 32 * (1 + l->minimum)) : 0;
}
static inline long aigc_lowbit_scale_bytes(int type) {
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[type];
  return !l->super ? 32 * (1 + l->minimum) : l->halves ? 32 : 16 * (1 + l->minimum);
}
static inline long aigc_lowbit_scales(int type, long blocks) {
  return aigc_lowbit_rounded(blocks * aigc_lowbit_scale_bytes(type));
}
static inline long aigc_lowbit_group_bytes(int type, long blocks) {
  const long codes = blocks * 64 * aigc_lowbit_layouts[type].bits;
  return aigc_lowbit_tops(type, blocks) + aigc_lowbit_scales(type, blocks) + codes;
}

/* A block has second codes where the square of its scale is above this many times the mean of the row's. */
#define AIGC_LOWBIT_OUTLIERS 4.0f

/* Activations of several rows, row after row. The second codes of a block, and all that belongs to them, stand
 * `second` blocks behind it; their scale is 0 where it has none, and the rest undefined then. */
typedef struct {
  long blocks;
  long second;
  int8_t *codes;        /* [rows][blocks][32] */
  float *scales;        /* [rows][blocks]: the largest magnitude / 127; of second codes 1 / 254 of that */
  int32_t *starts;      /* [rows][blocks]: -128 times the sum of the codes */
  int32_t *half_starts; /* [rows][blocks][2] */
  float *sums;          /* [rows][blocks]: scale * sum of the codes */
  float *half_sums;     /* [rows][blocks][2] */
} aigc_lowbit_rows;

/* Levels, lowest first. The first exists everywhere (NEON on ARM), the next three on x86-64, the last on ARM. */
enum {
  AIGC_LOWBIT_PLAIN, AIGC_LOWBIT_AVX2, AIGC_LOWBIT_AVX_VNNI, AIGC_LOWBIT_AVX512_VNNI, AIGC_LOWBIT_DOT_PRODUCT,
  AIGC_LOWBIT_LEVELS
};
/* What multiplies prompts: vectors, the processor's tiles (AMX), or a twin of these in plain C (tests). */
enum { AIGC_TILES_NONE, AIGC_TILES_PLAIN, AIGC_TILES_AMX, AIGC_TILES_COUNT };

/* The level in use, whether this processor has one, and taking one (not while other threads compute; 0 where it is
 * not supported). */
int aigc_lowbit_level(void);
int aigc_lowbit_level_is_supported(int level);
int aigc_lowbit_set_level(int level);
/* The same for tiles. The system is asked for them once, when that is first of interest. */
int aigc_lowbit_tiles(void);
int aigc_lowbit_set_tiles(int tiles);

/* Rows of x [rows][32 blocks] as codes, from row `first` of `to` on. Infinite and not-a-number values give a scale
 * that is none. */
void aigc_lowbit_quantize(long first, long rows, const float *x, long x_row, const aigc_lowbit_rows *to);
/* y[r][o] = start[r][o] + sum over inputs of x[first_row + r] w[o], for the outputs o of `groups` groups from
 * `first` on. `start`, which may be y, and y are whole rows, of which the outputs' own places are used; with
 * start_row 0 one row starts all, and start 0 is zeros. */
void aigc_lowbit_multiply(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long first_row, long rows, const float *start, long start_row, float *y, long y_row);
/* Group after group from `rows`, GGUF's blocks of `outputs` outputs `row_bytes` apart. */
void aigc_lowbit_repack(int type, long blocks, long first, long groups, long outputs, const unsigned char *rows,
    long row_bytes, unsigned char *to);

#endif
