/* GGUF's blocks of rows of weights to groups of 16 outputs (see lowbit.h). Four codes are handled at a time, a byte
 * each of a word. The types' formats are those that ggml documents. */
#include <string.h>
#include "table.h"

#define INLINE static inline __attribute__((always_inline))
typedef const unsigned char *bytes;

INLINE uint32_t word_at(bytes p) {
  uint32_t w;
  memcpy(&w, p, 4);
  return w;
}
INLINE uint32_t four(uint32_t w, int shift, uint32_t mask, int to) { return (w >> shift & mask) << to; }
/* Four bits, low ones first, each the bit `to` of a byte. */
INLINE uint32_t spread_bits(uint32_t bits, int to) {
  return ((bits & 1) | (bits & 2) << 7 | (bits & 4) << 14 | (bits & 8) << 21) << to;
}

/* Bytes of a file's block, and its inputs in blocks of 32. */
static const struct { int bytes, blocks; } blocks_of[AIGC_BLOCK_TYPES] = {
    [AIGC_Q8_0] = {34, 1}, [AIGC_Q4_0] = {18, 1}, [AIGC_Q4_1] = {20, 1}, [AIGC_Q5_0] = {22, 1}, [AIGC_Q5_1] = {24, 1},
    [AIGC_Q2_K] = {84, 8}, [AIGC_Q3_K] = {110, 8}, [AIGC_Q4_K] = {144, 8}, [AIGC_Q5_K] = {176, 8},
    [AIGC_Q6_K] = {210, 8}, [AIGC_IQ4_NL] = {18, 1}, [AIGC_IQ4_XS] = {136, 8}};

/* The 32 codes of block n (of 8 where a file's block has 256 inputs) of the block at p. */
INLINE void decode(int type, bytes p, int n, uint32_t quads[8]) {
  for (int j = 0; j < 8; j++) switch (type) {
    case AIGC_Q8_0: quads[j] = word_at(p + 2 + 4 * j) ^ 0x80808080; break;
    case AIGC_Q4_0: case AIGC_IQ4_NL: quads[j] = four(word_at(p + 2 + j % 4 * 4), j / 4 * 4, 0x0F0F0F0F, 0); break;
    case AIGC_Q4_1: quads[j] = four(word_at(p + 4 + j % 4 * 4), j / 4 * 4, 0x0F0F0F0F, 0); break;
    case AIGC_Q5_0: case AIGC_Q5_1: {
      bytes high = p + (type == AIGC_Q5_0 ? 2 : 4);
      quads[j] = four(word_at(high + 4 + j % 4 * 4), j / 4 * 4, 0x0F0F0F0F, 0)
          | spread_bits(word_at(high) >> 4 * j, 4);
      break;
    }
    case AIGC_Q2_K: quads[j] = four(word_at(p + 16 + n / 4 * 32 + 4 * j), n % 4 * 2, 0x03030303, 0); break;
    case AIGC_Q3_K:
      quads[j] = four(word_at(p + 32 + n / 4 * 32 + 4 * j), n % 4 * 2, 0x03030303, 0)
          | four(word_at(p + 4 * j), n, 0x01010101, 2);
      break;
    case AIGC_Q4_K: quads[j] = four(word_at(p + 16 + n / 2 * 32 + 4 * j), n % 2 * 4, 0x0F0F0F0F, 0); break;
    case AIGC_Q5_K:
      quads[j] = four(word_at(p + 48 + n / 2 * 32 + 4 * j), n % 2 * 4, 0x0F0F0F0F, 0)
          | four(word_at(p + 16 + 4 * j), n, 0x01010101, 4);
      break;
    case AIGC_Q6_K:
      quads[j] = four(word_at(p + n / 4 * 64 + n % 2 * 32 + 4 * j), n % 4 / 2 * 4, 0x0F0F0F0F, 0)
          | four(word_at(p + 128 + n / 4 * 32 + 4 * j), n % 4 * 2, 0x03030303, 4);
      break;
    default: quads[j] = four(word_at(p + 8 + n * 16 + j % 4 * 4), j / 4 * 4, 0x0F0F0F0F, 0);
    }
}

INLINE void put(unsigned char *codes, int word, int row, uint32_t value) {
  memcpy(codes + 64 * word + 4 * row, &value, 4);
}
/* The codes' bits from `from` on, as words of four, two or one bit. */
INLINE void put_nibbles(unsigned char *codes, int row, const uint32_t q[8]) {
  for (int k = 0; k < 4; k++) put(codes, k, row, (q[k] & 0x0F0F0F0F) | (q[k + 4] & 0x0F0F0F0F) << 4);
}
INLINE void put_crumbs(unsigned char *codes, int row, const uint32_t q[8], int from) {
  for (int k = 0; k < 2; k++) {
    uint32_t word = 0;
    for (int i = 0; i < 4; i++) word |= four(q[4 * k + i], from, 0x03030303, 2 * i);
    put(codes, k, row, word);
  }
}
INLINE void put_bits(unsigned char *codes, int row, const uint32_t q[8], int from) {
  uint32_t word = 0;
  for (int j = 0; j < 8; j++) word |= four(q[j], from, 0x01010101, j);
  put(codes, 0, row, word);
}
INLINE void encode(int bits, unsigned char *codes, int row, const uint32_t q[8]) {
  if (bits >= 4 && bits < 8) put_nibbles(codes, row, q);
  switch (bits) {
  case 2: put_crumbs(codes, row, q, 0); break;
  case 3: put_crumbs(codes, row, q, 0), put_bits(codes + 128, row, q, 2); break;
  case 4: break;
  case 5: put_bits(codes + 256, row, q, 4); break;
  case 6: put_crumbs(codes + 256, row, q, 4); break;
  default:
    for (int j = 0; j < 8; j++) put(codes, j, row, q[j]);
  }
}

/* Whole scale n, of 8 or 16, and its minimum, of a block of 256 inputs. */
INLINE int whole_scale(int type, bytes p, int n, int *minimum) {
  bytes s = p + (type == AIGC_Q3_K ? 96 : type == AIGC_Q6_K ? 192 : type == AIGC_Q2_K ? 0 : 4);
  switch (type) {
  case AIGC_Q2_K: return s[n];
  case AIGC_Q3_K: return ((n < 8 ? s[n] & 15 : s[n - 8] >> 4) | (s[8 + n % 4] >> n / 4 * 2 & 3) << 4) - 32;
  case AIGC_Q6_K: return (signed char)s[n];
  case AIGC_IQ4_XS: return ((s[n / 2] >> n % 2 * 4 & 15) | ((p[2] | p[3] << 8) >> 2 * n & 3) << 4) - 32;
  default: /* Q4_K and Q5_K */
    if (n < 4) return *minimum = s[n + 4] & 63, s[n] & 63;
    *minimum = s[n + 4] >> 4 | s[n] >> 6 << 4;
    return (s[n + 4] & 15) | s[n - 4] >> 6 << 4;
  }
}

/* The scales of one row's file block. */
INLINE void put_scales(int type, bytes p, int row, unsigned char *tops, unsigned char *scales) {
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[type];
  if (!l->super) {
    memcpy(scales + 2 * row, p, 2);
    if (l->minimum) memcpy(scales + 32 + 2 * row, p + 2, 2);
    return;
  }
  bytes top = p + (type == AIGC_Q2_K ? 80 : type == AIGC_Q3_K ? 108 : type == AIGC_Q6_K ? 208 : 0);
  memcpy(tops + 2 * row, top, 2);
  if (l->minimum) memcpy(tops + 32 + 2 * row, top + 2, 2);
  const long size = aigc_lowbit_scale_bytes(type);
  for (int n = 0; n < 8 * (1 + l->halves); n++) {
    int minimum = 0;
    unsigned char *to = scales + n / (1 + l->halves) * size + n % (1 + l->halves) * 16 + row;
    *to = (unsigned char)whole_scale(type, p, n, &minimum);
    if (l->minimum && !l->halves) to[16] = (unsigned char)minimum;
  }
}

INLINE void repack_group(int type, long blocks, int count, bytes rows, long row_bytes, unsigned char *group) {
  const aigc_lowbit_layout *l = &aigc_lowbit_layouts[type];
  const int wide = blocks_of[type].blocks;
  unsigned char *scales = group + aigc_lowbit_tops(type, blocks), *codes = scales + aigc_lowbit_scales(type, blocks);
  for (long b = 0; b < blocks / wide; b++)
    for (int r = 0; r < count; r++) {
      bytes p = rows + r * row_bytes + b * blocks_of[type].bytes;
      put_scales(type, p, r, group + b * 32 * (1 + l->minimum), scales + b * wide * aigc_lowbit_scale_bytes(type));
      for (int n = 0; n < wide; n++) {
        uint32_t quads[8];
        decode(type, p, n, quads);
        encode(l->bits, codes + (b * wide + n) * 64 * l->bits, r, quads);
      }
    }
}

/* Outputs that fill the last group have scales of 0. */
INLINE void repack(int type, long blocks, long first, long groups, long outputs, bytes rows, long row_bytes,
    unsigned char *to) {
  const long size = aigc_lowbit_group_bytes(type, blocks);
  for (long g = first; g < first + groups; g++) {
    const int count = outputs - 16 * g < 16 ? (int)(outputs - 16 * g) : 16;
    if (count < 16) memset(to + g * size, 0, (unsigned long)size);
    repack_group(type, blocks, count, rows + 16 * g * row_bytes, row_bytes, to + g * size);
  }
}

void aigc_lowbit_repack(int type, long blocks, long first, long groups, long outputs, bytes rows, long row_bytes,
    unsigned char *to) {
  switch (type) {
#define CASE(name) case name: repack(name, blocks, first, groups, outputs, rows, row_bytes, to); break;
    EACH_BLOCK_TYPE(CASE)
  }
}
