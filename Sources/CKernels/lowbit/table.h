#ifndef AIGC_LOWBIT_TABLE_H
#define AIGC_LOWBIT_TABLE_H
#include "../include/lowbit.h"

/* How four bytes are multiplied and summed. */
#define DOT_PLAIN 0
#define DOT_AVX2 1
#define DOT_AVX_VNNI 2
#define DOT_AVX512_VNNI 3
#define DOT_ARM 4
#define DOT_TILES 5 /* not by vectors */

#define EACH_BLOCK_TYPE(M) M(AIGC_Q8_0) M(AIGC_Q4_0) M(AIGC_Q4_1) M(AIGC_Q5_0) M(AIGC_Q5_1) M(AIGC_Q2_K) M(AIGC_Q3_K) \
  M(AIGC_Q4_K) M(AIGC_Q5_K) M(AIGC_Q6_K) M(AIGC_IQ4_NL) M(AIGC_IQ4_XS)

typedef void aigc_lowbit_product(const aigc_lowbit_matrix *w, long first, long groups, const aigc_lowbit_rows *x,
    long first_row, long rows, const float *start, long start_row, float *y, long y_row);

/* The kernels of one level. */
typedef struct {
  void (*quantize)(long first, long rows, const float *x, long x_row, const aigc_lowbit_rows *to);
  aigc_lowbit_product *multiply;
} aigc_lowbit_table;

/* Products of 16 rows or more with tiles. */
aigc_lowbit_product aigc_lowbit_plain_tiles, aigc_lowbit_amx_tiles;

#endif
