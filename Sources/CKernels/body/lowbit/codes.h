/* Codes and scales of a block as they lie in memory, see lowbit.h. Types are constants wherever these are used. */

/* IQ4_NL's values. */
static const signed char iq4_values[16] = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/* iq4_values of 4-bit codes. */
INLINE VW look_up(VW codes) {
#if LANES == 16
  __m128i table = _mm_loadu_si128((const __m128i *)iq4_values);
  return (VW)_mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), (__m512i)codes);
#elif LANES == 8
  __m128i table = _mm_loadu_si128((const __m128i *)iq4_values);
  return (VW)_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), (__m256i)codes);
#elif defined(__aarch64__)
  return (VW)vqtbl1q_s8(vld1q_s8(iq4_values), (uint8x16_t)codes);
#else
  VB values = (VB)codes;
  for (int i = 0; i < LANES * 4; i++) values[i] = iq4_values[values[i] & 15];
  return (VW)values;
#endif
}

/* Bits of w, moved from bit `from` to bit `to` of each byte. */
INLINE VW moved(VW w, int from, int to, unsigned int mask) {
  return (to >= from ? w << (to - from) : w >> (from - to)) & (mask << to);
}
INLINE VW nibble(const unsigned char *p, int j) { return moved(words(p + j % 4 * 64), j / 4 * 4, 0, 0x0F0F0F0F); }
INLINE VW crumb(const unsigned char *p, int j, int to) {
  return moved(words(p + j / 4 * 64), j % 4 * 2, to, 0x03030303);
}
INLINE VW bit(const unsigned char *p, int j, int to) { return moved(words(p), j, to, 0x01010101); }

/* Codes of the inputs 4 j ... 4 j + 3 of LANES outputs. */
INLINE VW codes_at(int type, const unsigned char *p, int j) {
  switch (aigc_lowbit_layouts[type].bits) {
  case 2: return crumb(p, j, 0);
  case 3: return crumb(p, j, 0) | bit(p + 128, j, 2);
  case 4: return nibble(p, j);
  case 5: return nibble(p, j) | bit(p + 256, j, 4);
  case 6: return nibble(p, j) | crumb(p + 256, j, 4);
  default: return words(p + j * 64);
  }
}

/* Whether a value takes 8 bits with its sign. */
INLINE int is_wide(int type) { return aigc_lowbit_layouts[type].bits == 8 || aigc_lowbit_layouts[type].table; }

/* Signed values of wide types, as the level multiplies them. */
INLINE VW wide_at(int type, const unsigned char *p, int j) {
  VW codes = codes_at(type, p, j);
  if (aigc_lowbit_layouts[type].table) {
    VW values = look_up(codes);
    return SIGNED_CODES ? values : values ^ 0x80808080;
  }
  return SIGNED_CODES ? codes ^ 0x80808080 : codes;
}

/* Values of any type, as the level multiplies them. */
INLINE VW values_at(int type, const unsigned char *p, int j) {
  if (is_wide(type)) return wide_at(type, p, j);
  const int added = (SIGNED_CODES ? 0 : 128) - aigc_lowbit_layouts[type].offset;
  return (VW)((VB)codes_at(type, p, j) + (signed char)added);
}

/* Where a group's parts are. */
typedef struct {
  const unsigned char *tops, *scales, *codes;
} parts;
INLINE parts parts_of(const aigc_lowbit_matrix *w, int type, long group) {
  const unsigned char *tops = w->groups + group * aigc_lowbit_group_bytes(type, w->blocks);
  const unsigned char *scales = tops + aigc_lowbit_tops(type, w->blocks);
  return (parts){tops, scales, scales + aigc_lowbit_scales(type, w->blocks)};
}

INLINE V half_at(const unsigned char *p) { return from_half(*(const VSU *)p); }
INLINE V from_bytes(const unsigned char *p, int is_signed) {
  typedef signed char VC __attribute__((vector_size(LANES), aligned(1), may_alias));
  typedef unsigned char VUC __attribute__((vector_size(LANES), aligned(1), may_alias));
  return is_signed ? as_floats(__builtin_convertvector(*(const VC *)p, VI))
                   : as_floats(__builtin_convertvector(*(const VUC *)p, VI));
}

/* A block's scales, and its minima, of LANES outputs from `lane` on; with halves two of each. Products of a float16
 * and at most 8 bits are exact. */
INLINE void scales_at(int type, parts p, long block, int lane, V *scales, V *minima) {
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[type];
  const unsigned char *own = p.scales + block * aigc_lowbit_scale_bytes(type);
  if (!l->super) {
    scales[0] = half_at(own + 2 * lane);
    if (l->minimum) minima[0] = half_at(own + 32 + 2 * lane);
    return;
  }
  const unsigned char *top = p.tops + block / 8 * 32 * (1 + l->minimum) + 2 * lane;
  V factor = half_at(top), minimum = l->minimum ? -half_at(top + 32) : splat(0);
  for (int h = 0; h <= l->halves; h++) {
    const unsigned char *mine = own + 16 * h + lane;
    if (l->halves && l->minimum) {
      typedef unsigned char VUC __attribute__((vector_size(LANES), aligned(1), may_alias));
      VI both = __builtin_convertvector(*(const VUC *)mine, VI);
      scales[h] = factor * as_floats(both & 15);
      minima[h] = minimum * as_floats(both >> 4);
    } else {
      scales[h] = factor * from_bytes(mine, 1);
      if (l->minimum) minima[h] = minimum * from_bytes(mine + 16, 0);
    }
  }
}

INLINE V part_of_row(const float *row, long column, long outputs) {
  if (!row || column >= outputs) return splat(0);
  return outputs - column >= LANES ? load(row + column) : load_part(row + column, outputs - column);
}
INLINE void store_part_of_row(float *row, long column, long outputs, V v) {
  if (column + LANES <= outputs) store(row + column, v);
  else if (column < outputs) store_part(row + column, v, outputs - column);
}
