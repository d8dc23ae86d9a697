/* Products of one row: weights are read once, as they come from memory, 16 outputs at a time. */
#define GROUP_VECTORS (16 / LANES)

/* What sums of codes start from: -offset times the sum of the activations. */
INLINE VI start_of(int type, const int32_t *starts) {
  const int offset = aigc_lowbit_layouts[type].offset;
  if (!offset || (is_wide(type) && SIGNED_CODES)) return (VI){0};
  const int shift = offset == 128 ? 0 : offset == 32 ? 2 : offset == 16 ? 3 : offset == 8 ? 4 : 5;
  return (VI)spread(starts) >> shift;
}

/* Block or half `h` of LANES outputs, whose codes are `codes`, times the codes of place `at`. */
INLINE V one_part(int type, const unsigned char *codes, int h, V scale, V minimum, const aigc_lowbit_rows *x, long at,
    V sums) {
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[type];
  const int8_t *values = x->codes + at * 32;
  VI sum = start_of(type, l->halves ? x->half_starts + 2 * at + h : x->starts + at);
UNROLLED
  for (int j = h * 4; j < (l->halves ? h * 4 + 4 : 8); j++) {
    VW four = spread(values + 4 * j);
    sum = is_wide(type) ? dot_wide(sum, wide_at(type, codes, j), four)
                        : dot_codes(sum, codes_at(type, codes, j), four);
  }
  sums = fused(as_floats(sum), scale * (V)spread(x->scales + at), sums);
  return l->minimum ? fused(minimum, (V)spread(l->halves ? x->half_sums + 2 * at + h : x->sums + at), sums) : sums;
}

INLINE void one_block(int type, parts p, long block, const aigc_lowbit_rows *x, long at, V *sums) {
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[type];
  const int has_second = x->scales[at + x->second] != 0;
UNROLLED
  for (int v = 0; v < GROUP_VECTORS; v++) {
    const unsigned char *codes = p.codes + block * 64 * l->bits + v * LANES * 4;
    V scales[2], minima[2];
    scales_at(type, p, block, v * LANES, scales, minima);
UNROLLED
    for (int h = 0; h <= l->halves; h++) {
      sums[v] = one_part(type, codes, h, scales[h], minima[h], x, at, sums[v]);
      if (has_second) sums[v] = one_part(type, codes, h, scales[h], minima[h], x, at + x->second, sums[v]);
    }
  }
}

INLINE void one_row(int type, const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long row, const float *start, float *y) {
  for (long g = first; g < first + groups; g++) {
    const parts p = parts_of(w, type, g);
    V sums[GROUP_VECTORS];
    for (int v = 0; v < GROUP_VECTORS; v++) sums[v] = part_of_row(start, 16 * g + v * LANES, w->outputs);
    for (long b = 0; b < w->blocks; b++) one_block(type, p, b, x, row * w->blocks + b, sums);
    for (int v = 0; v < GROUP_VECTORS; v++) store_part_of_row(y, 16 * g + v * LANES, w->outputs, sums[v]);
  }
}

typedef void (*one_row_of_type)(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long row, const float *start, float *y);
#define ONE_ROW(type) \
  static void one_row_##type(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x, \
      long row, const float *start, float *y) { one_row(type, w, first, groups, x, row, start, y); }
EACH_BLOCK_TYPE(ONE_ROW)
#undef ONE_ROW
#define ENTRY(type) [type] = one_row_##type,
static const one_row_of_type one_rows[AIGC_BLOCK_TYPES] = {EACH_BLOCK_TYPE(ENTRY)};
#undef ENTRY
