/* Two groups of outputs and DEPTH blocks of inputs as the level multiplies them, read by many rows then. */
#define DEPTH 24
typedef struct {
  /* [16 outputs][4 inputs] eight times a block. */
  unsigned char codes[2][DEPTH][512] __attribute__((aligned(64)));
  /* With halves two of each a block. */
  float scales[2][2 * DEPTH][16] __attribute__((aligned(64)));
  float minima[2][2 * DEPTH][16] __attribute__((aligned(64)));
} unpacked;

/* One group, of which blocks from `first` on, to place `n`. */
INLINE void unpack(int type, const aigc_lowbit_matrix *w, long group, long first, long count, int n, unpacked *to) {
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[type];
  const parts p = parts_of(w, type, group);
  for (long b = 0; b < count; b++)
    for (int v = 0; v < 16; v += LANES) {
      const unsigned char *codes = p.codes + (first + b) * 64 * l->bits + v * 4;
      V scales[2], minima[2];
      scales_at(type, p, first + b, v, scales, minima);
UNROLLED
      for (int j = 0; j < 8; j++) store_words(to->codes[n][b] + 64 * j + 4 * v, values_at(type, codes, j));
      for (int h = 0; h <= l->halves; h++) {
        store(to->scales[n][(1 + l->halves) * b + h] + v, scales[h]);
        if (l->minimum) store(to->minima[n][(1 + l->halves) * b + h] + v, minima[h]);
      }
    }
}

typedef void (*unpack_type)(
    const aigc_lowbit_matrix *w, long group, long first, long count, int n, unpacked *to);
#define UNPACK(type) \
  static void unpack_##type( \
      const aigc_lowbit_matrix *w, long group, long first, long count, int n, unpacked *to) { \
    unpack(type, w, group, first, count, n, to); }
EACH_BLOCK_TYPE(UNPACK)
#undef UNPACK
#define ENTRY(type) [type] = unpack_##type,
static const unpack_type unpacks[AIGC_BLOCK_TYPES] = {EACH_BLOCK_TYPE(ENTRY)};
#undef ENTRY
