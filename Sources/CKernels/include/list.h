#ifndef AIGC_LIST_H
#define AIGC_LIST_H
/*
 * Every kernel: its name, parameters and arguments. One line here, the loop in `body`.
 *
 * Element by element: y = f(x) and the like, n values.
 *   *_grad: dx from dy and the function's own output y; gelu_*_grad, silu_grad,
 *     leaky_relu_grad: from dy and its input x.
 *   normal_cdf: the normal distribution's share below x.
 *   axpy: y += a x.  scale_add: y = a x + b.
 * Reductions: *out of n values; *_double sum in double precision, lane by lane.
 *   column_sum: out[columns] (+)= the sum over rows.
 * Rows of `columns` values:
 *   cross_entropy: losses[r] = -log softmax(x_r)[target_r]; x_r becomes (softmax - one hot) * scale.
 *     A target below 0 is left out: loss 0, gradient 0.
 *   binary_cross_entropy: losses[r] = the sum of log(1 + e^x) - x t over the row; rows of t lie `t_row` values
 *     apart. Its gradient by x: dx = dy[r] (sigmoid(x) - t).
 *   layer_norm: y = (x - mean) / sqrt(var + epsilon) * weight + bias; keeps mean and 1/deviation.
 *     Its gradient adds to dweight and dbias.
 *   rms_norm: y = x / sqrt(mean(x^2) + epsilon) * (offset + weight); keeps the factor of x. Its gradient adds to
 *     dweight.
 *   rotary: the pairs (x[i], x[i + half]) of each of `heads` rows of 2 half values turned by angles i, whose
 *     cosines and sines are given; back with direction -1.
 * Maps of `rows` pixels with their channels side by side, for normalisation by channel:
 *   channel_moments: sums[c] += sum of x - shift, sums[channels + c] += sum of (x - shift)^2.
 *   channel_affine: y = f(x scale + offset), where f(v) = v above 0, else slope v.
 *   channel_grad_sums: g = dy f'(x scale + offset); sums[c] += sum of g, sums[channels + c] += sum of
 *     g (x - mean).  channel_grad: dx = g a + x b + c.
 * Windows of size x size pixels, `columns` of them beside each other, `stride` pixels apart, in rows of
 * x that lie x_row values apart:
 *   max_pool: y = the largest value of each window, places = its place in it (row by row, the first of
 *     equal ones; NaN counts as largest).
 *   pool_sum: y = the sum of a window, or with places the value there.
 *   pool_spread: the transposed: adds y to the window, or to the places.
 * style_activation: y[r][c] = gain f(x[r][c] scale[c] + noise[r] + bias[c]), f of channel_affine; each of the three
 *   may be 0. Its gradient: g = dy gain f', by the sign of y; dx = g scale; sums[c] += g, sums[channels + c] += g x,
 *   dnoise[r] = the sum of g; both may be 0.
 * resample: one line of finite impulse response: y[o] = the sum over t of taps[t] x[(o down + t - offset) / up], where
 *   the division leaves nothing over and the place is one of the `inputs`; x and y are places of `inner` values.
 * Attention, one block of queries by one of keys: weights from scores with running maximum and sum,
 *   the end of a row, the gradient of scores; see body/attention.h.
 * Optimizers update n parameters in place (Adam: Kingma and Ba 2015; AdamW: Loshchilov and Hutter
 *   2019), as PyTorch orders the operations.
 * gemm_panel: c[rows][columns] = start + a b, where b is one packed panel [depth][64], a is read with
 *   the strides a_row and a_depth. `start` may be 0 (then nothing is added), c itself, or with
 *   start_row 0 one row that is added to all.
 * gemm_panel_ahead: the same values for a whose columns lie side by side; meanwhile what lies behind the panel, as
 *   many bytes again, is brought nearer to the processor.
 * gemm_panel_at: the same where the places of a's rows and columns and of c's rows are listed:
 *   c[c_at[i] + j] = start + sum over k of a[row_at[i] + depth_at[k]] b[k * b_row + j]. `start` may be 0, c
 *   itself, or one row that is added to all. Of b whole vectors are read: 64 values a row, or 32 for up to 32
 *   columns.
 * pack_panel: one such panel from b[k * b_depth + j * b_column], zeros beyond `columns`.
 * winograd_*: minimal filtering F(4x4, 3x3), see body/winograd.h. Planes of `count` tiles from tile
 *   `first` on: input: v[plane][tile][v_row] from `channels` channels of x from `channel` on, with
 *   `padding` zeros around; gradient: z[plane] as panels [z_rows][64] from what lies like y; output: 64
 *   channels of y from m[plane][tile][64].
 *   weight: u[plane] as panels [channels][64] from `count` rows of w[3][3][channels][kernels];
 *   weight_turned: the input gradient's panels [kernels][64] from `count` kernels; weight_gradient:
 *   `count` channels of w from the sum of `parts` u[plane][count][kernels], which lie `part` apart.
 *   multiply: m = v u of all planes for one panel, of which `columns`, a multiple of 32, are wanted.
 * filter_*: minimal filtering of tiles of 4 x 4 outputs and windows of 2 x 2, see body/filtering.h; of 25
 *   planes[point][row][64], `plane` values apart, rows are tiles or rows of weights.
 *   filter_windows, filter_gradients: planes of the inputs and of the gradients of `count` tiles.
 *   filter_weights: planes of 2 x 2 weights, taps `down` and `across` apart, rows `row` apart.
 *   filter_outputs, filter_weight_gradients: the way back.
 * Recurrent cells, one row of n units: gates lie `stride` apart (i f g o; r z n), pre-activations in,
 *   activations out. *_grad writes the gradient of the pre-activations.
 * panel_product: y[rows][columns] = start + x w, where w is one panel [depth][64] of a type below, or its half
 *   from column 32 on; the bytes are those of gemm_panel. Made for few rows. `start` as there.
 * pack_panel_16: as pack_panel, of values of 16 bits.
 * narrow: y = x as values of one of the 16-bit types, to nearest even; half precision saturates.
 * widen: y[r][c] = w[r][c] as float32.
 * draw_normal: n values of a normal distribution from value `first`, a multiple of 32, of stream `key`.
 * fetch_rows: asks for `rows` pieces of `bytes` of memory, `stride` bytes apart, that are needed soon.
 */
#define AIGC_KERNELS(K) \
  K(exp, (long n, const float *x, float *y), (n, x, y)) \
  K(log, (long n, const float *x, float *y), (n, x, y)) \
  K(sqrt, (long n, const float *x, float *y), (n, x, y)) \
  K(tanh, (long n, const float *x, float *y), (n, x, y)) \
  K(sigmoid, (long n, const float *x, float *y), (n, x, y)) \
  K(relu, (long n, const float *x, float *y), (n, x, y)) \
  K(softplus, (long n, const float *x, float *y), (n, x, y)) \
  K(abs, (long n, const float *x, float *y), (n, x, y)) \
  K(sign, (long n, const float *x, float *y), (n, x, y)) \
  K(step, (long n, const float *x, float *y), (n, x, y)) \
  K(leaky_relu, (long n, float slope, const float *x, float *y), (n, slope, x, y)) \
  K(leaky_relu_grad, (long n, float slope, const float *dy, const float *x, float *dx), \
    (n, slope, dy, x, dx)) \
  K(scale_add, (long n, float a, float b, const float *x, float *y), (n, a, b, x, y)) \
  K(tanh_grad, (long n, const float *dy, const float *y, float *dx), (n, dy, y, dx)) \
  K(sigmoid_grad, (long n, const float *dy, const float *y, float *dx), (n, dy, y, dx)) \
  K(normal_cdf, (long n, const float *x, float *y), (n, x, y)) \
  K(gelu_tanh, (long n, const float *x, float *y), (n, x, y)) \
  K(gelu_erf, (long n, const float *x, float *y), (n, x, y)) \
  K(gelu_tanh_grad, (long n, const float *dy, const float *x, float *dx), (n, dy, x, dx)) \
  K(gelu_erf_grad, (long n, const float *dy, const float *x, float *dx), (n, dy, x, dx)) \
  K(silu, (long n, const float *x, float *y), (n, x, y)) \
  K(silu_grad, (long n, const float *dy, const float *x, float *dx), (n, dy, x, dx)) \
  K(add, (long n, const float *a, const float *b, float *y), (n, a, b, y)) \
  K(subtract, (long n, const float *a, const float *b, float *y), (n, a, b, y)) \
  K(multiply, (long n, const float *a, const float *b, float *y), (n, a, b, y)) \
  K(divide, (long n, const float *a, const float *b, float *y), (n, a, b, y)) \
  K(axpy, (long n, float a, const float *x, float *y), (n, a, x, y)) \
  K(sum, (long n, const float *x, float *out), (n, x, out)) \
  K(max, (long n, const float *x, float *out), (n, x, out)) \
  K(dot, (long n, const float *a, const float *b, float *out), (n, a, b, out)) \
  K(square_sum_double, (long n, const float *x, double *out), (n, x, out)) \
  K(column_sum, (long rows, long columns, const float *x, long stride, int accumulate, float *out), \
    (rows, columns, x, stride, accumulate, out)) \
  K(softmax, (long rows, long columns, const float *x, float *y), (rows, columns, x, y)) \
  K(log_softmax, (long rows, long columns, const float *x, float *y), (rows, columns, x, y)) \
  K(softmax_grad, (long rows, long columns, const float *dy, const float *y, float *dx), \
    (rows, columns, dy, y, dx)) \
  K(cross_entropy, (long rows, long columns, float *x, const int *targets, float scale, \
    float *losses), (rows, columns, x, targets, scale, losses)) \
  K(binary_cross_entropy, (long rows, long columns, const float *x, const float *t, long t_row, \
    float *losses), (rows, columns, x, t, t_row, losses)) \
  K(binary_cross_entropy_grad, (long rows, long columns, const float *dy, const float *x, \
    const float *t, long t_row, float *dx), (rows, columns, dy, x, t, t_row, dx)) \
  K(layer_norm, (long rows, long columns, const float *x, const float *weight, const float *bias, \
    float epsilon, float *y, float *mean, float *inverse), \
    (rows, columns, x, weight, bias, epsilon, y, mean, inverse)) \
  K(layer_norm_grad, (long rows, long columns, const float *dy, const float *x, \
    const float *weight, const float *mean, const float *inverse, float *dx, float *dweight, \
    float *dbias), (rows, columns, dy, x, weight, mean, inverse, dx, dweight, dbias)) \
  K(rms_norm, (long rows, long columns, const float *x, const float *weight, float offset, \
    float epsilon, float *y, float *inverse), \
    (rows, columns, x, weight, offset, epsilon, y, inverse)) \
  K(rms_norm_grad, (long rows, long columns, const float *dy, const float *x, const float *weight, \
    float offset, const float *inverse, float *dx, float *dweight), \
    (rows, columns, dy, x, weight, offset, inverse, dx, dweight)) \
  K(rotary, (long heads, long half, float direction, const float *x, const float *cosines, \
    const float *sines, float *y), (heads, half, direction, x, cosines, sines, y)) \
  K(channel_moments, (long rows, long channels, const float *x, const float *shift, float *sums), \
    (rows, channels, x, shift, sums)) \
  K(channel_affine, (long rows, long channels, const float *x, const float *scale, \
    const float *offset, float slope, float *y), (rows, channels, x, scale, offset, slope, y)) \
  K(channel_grad_sums, (long rows, long channels, const float *dy, const float *x, \
    const float *mean, const float *scale, const float *offset, float slope, float *sums), \
    (rows, channels, dy, x, mean, scale, offset, slope, sums)) \
  K(channel_grad, (long rows, long channels, const float *dy, const float *x, const float *scale, \
    const float *offset, float slope, const float *a, const float *b, const float *c, float *dx), \
    (rows, channels, dy, x, scale, offset, slope, a, b, c, dx)) \
  K(max_pool, (long columns, long size, long stride, long channels, const float *x, long x_row, \
    float *y, float *places), (columns, size, stride, channels, x, x_row, y, places)) \
  K(pool_sum, (long columns, long size, long stride, long channels, const float *x, long x_row, \
    const float *places, float *y), (columns, size, stride, channels, x, x_row, places, y)) \
  K(pool_spread, (long columns, long size, long stride, long channels, const float *y, \
    const float *places, float *x, long x_row), \
    (columns, size, stride, channels, y, places, x, x_row)) \
  K(style_activation, (long rows, long channels, const float *x, const float *scale, const float *noise, \
    const float *bias, float slope, float gain, float *y), \
    (rows, channels, x, scale, noise, bias, slope, gain, y)) \
  K(style_activation_grad, (long rows, long channels, const float *dy, const float *y, const float *x, \
    const float *scale, float slope, float gain, float *dx, float *sums, float *dnoise), \
    (rows, channels, dy, y, x, scale, slope, gain, dx, sums, dnoise)) \
  K(resample, (long outputs, long inputs, long inner, const float *taps, long count, long up, long down, \
    long offset, const float *x, float *y), \
    (outputs, inputs, inner, taps, count, up, down, offset, x, y)) \
  K(attention_weights, (long rows, long columns, long allowed, float scale, int first, float *s, \
    long s_row, float *maximum, float *sum, float *o, long o_row, long width), \
    (rows, columns, allowed, scale, first, s, s_row, maximum, sum, o, o_row, width)) \
  K(attention_finish, (long rows, const float *maximum, const float *sum, float *o, long o_row, \
    long width, float *log_sum), (rows, maximum, sum, o, o_row, width, log_sum)) \
  K(attention_grad, (long rows, long columns, long allowed, float scale, float *s, float *dp, \
    long s_row, const float *log_sum, const float *delta), \
    (rows, columns, allowed, scale, s, dp, s_row, log_sum, delta)) \
  K(sgd, (long n, float *p, const float *g, float *velocity, float rate, float momentum, \
    float decay, float scale, int first), \
    (n, p, g, velocity, rate, momentum, decay, scale, first)) \
  K(adam, (long n, float *p, const float *g, float *m, float *v, const aigc_adam_settings *s), \
    (n, p, g, m, v, s)) \
  K(gemm_panel, (long rows, long depth, const float *a, long a_row, long a_depth, const float *b, \
    const float *start, long start_row, float *c, long c_row, long columns), \
    (rows, depth, a, a_row, a_depth, b, start, start_row, c, c_row, columns)) \
  K(gemm_panel_ahead, (long rows, long depth, const float *a, long a_row, const float *b, \
    const float *start, long start_row, float *c, long c_row, long columns), \
    (rows, depth, a, a_row, b, start, start_row, c, c_row, columns)) \
  K(gemm_panel_at, (long rows, long depth, const float *a, const long *row_at, const long *depth_at, \
    const float *b, long b_row, const float *start, float *c, const long *c_at, long columns), \
    (rows, depth, a, row_at, depth_at, b, b_row, start, c, c_at, columns)) \
  K(pack_panel, (long depth, long columns, const float *b, long b_depth, long b_column, \
    float *panel), (depth, columns, b, b_depth, b_column, panel)) \
  K(winograd_input, (const aigc_winograd_tiles *s, long padding, long first, long count, \
    const float *x, long channel, long channels, float *v, long v_row), \
    (s, padding, first, count, x, channel, channels, v, v_row)) \
  K(winograd_gradient, (const aigc_winograd_tiles *s, long first, long count, const float *y, \
    float *z, long z_rows), (s, first, count, y, z, z_rows)) \
  K(winograd_output, (const aigc_winograd_tiles *s, long first, long count, const float *m, \
    long channel, const float *bias, float *y), (s, first, count, m, channel, bias, y)) \
  K(winograd_weight, (long channels, long kernels, long first, long count, const float *w, \
    float *u, long plane), (channels, kernels, first, count, w, u, plane)) \
  K(winograd_weight_turned, (long channels, long kernels, long first, long count, \
    const float *w, float *u, long plane), (channels, kernels, first, count, w, u, plane)) \
  K(winograd_weight_gradient, (long channels, long kernels, long first, long count, \
    const float *u, long plane, long parts, long part, float *w), \
    (channels, kernels, first, count, u, plane, parts, part, w)) \
  K(winograd_multiply, (long rows, long depth, long columns, const float *v, long v_row, \
    long v_plane, const float *u, long u_plane, float *m, long m_plane), \
    (rows, depth, columns, v, v_row, v_plane, u, u_plane, m, m_plane)) \
  K(filter_windows, (const aigc_filter_tiles *t, long first, long count, long channels, const float *map, \
    float *planes, long plane), (t, first, count, channels, map, planes, plane)) \
  K(filter_gradients, (const aigc_filter_tiles *t, long first, long count, long channels, const float *map, \
    float *planes, long plane), (t, first, count, channels, map, planes, plane)) \
  K(filter_outputs, (const aigc_filter_tiles *t, long first, long count, long channels, const float *planes, \
    long plane, const float *bias, float *map), (t, first, count, channels, planes, plane, bias, map)) \
  K(filter_weights, (long rows, long columns, const float *w, long row, long down, long across, \
    float *planes, long plane), (rows, columns, w, row, down, across, planes, plane)) \
  K(filter_weight_gradients, (long rows, long columns, const float *planes, long plane, float *w, \
    long row, long down, long across), (rows, columns, planes, plane, w, row, down, across)) \
  K(panel_product, (int type, long rows, long depth, const float *x, long x_row, const void *w, \
    const float *start, long start_row, float *y, long y_row, long columns), \
    (type, rows, depth, x, x_row, w, start, start_row, y, y_row, columns)) \
  K(pack_panel_16, (long depth, long columns, const void *b, long b_depth, long b_column, \
    void *panel), (depth, columns, b, b_depth, b_column, panel)) \
  K(narrow, (int type, long n, const float *x, void *y), (type, n, x, y)) \
  K(widen, (int type, long rows, long columns, const void *w, long w_row, float *y, long y_row), \
    (type, rows, columns, w, w_row, y, y_row)) \
  K(draw_normal, (long n, unsigned long key, long first, float mean, float deviation, float *y), \
    (n, key, first, mean, deviation, y)) \
  K(fetch_rows, (long rows, long bytes, const void *w, long stride), (rows, bytes, w, stride)) \
  K(lstm_cell, (long n, float *gates, long stride, const float *bias, const float *c_before, \
    float *c, float *h), (n, gates, stride, bias, c_before, c, h)) \
  K(lstm_cell_grad, (long n, const float *gates, long stride, const float *c_before, \
    const float *c, const float *dh, float *dc, float *dgates), \
    (n, gates, stride, c_before, c, dh, dc, dgates)) \
  K(gru_cell, (long n, float *gates, long stride, const float *bias, float *hidden, \
    const float *hidden_bias, const float *h_before, float *h), \
    (n, gates, stride, bias, hidden, hidden_bias, h_before, h)) \
  K(gru_cell_grad, (long n, const float *gates, long stride, const float *hidden_new, \
    const float *h_before, const float *dh, float *dgates, float *dhidden, float *dh_before), \
    (n, gates, stride, hidden_new, h_before, dh, dgates, dhidden, dh_before))

/* How a weight is stored: IEEE single or half precision, or bfloat16. */
enum { AIGC_F32, AIGC_F16, AIGC_BF16 };

/* A map [batch][height][width][channels], cut into rows x columns tiles of 4 x 4 outputs an image, and
 * the floats from one of the 36 planes of its tiles to the next. */
typedef struct {
  long height, width, channels, rows, columns, plane;
} aigc_winograd_tiles;

/* Where the tiles of a map [images][height][width][pixel] are: `down` x `across` of them in an image.
 * Pixel (i, j) of a tile in row r and column c of tiles is (step * (4 r + i) + row, step * (4 c + j) + column);
 * pixels beyond the map count as 0. */
typedef struct {
  long height, width, pixel;
  long down, across;
  long step, row, column;
} aigc_filter_tiles;

/* Settings of one Adam step. */
typedef struct {
  float rate, beta1, beta2, epsilon;
  /* Weight decay: added to the gradient (Adam), or taken from the parameter first (AdamW). */
  float decay;
  int decoupled;
  /* Factor of the gradient, for clipping by norm. */
  float scale;
  /* 1 - beta1^t and sqrt(1 - beta2^t). */
  float correction1, correction2_sqrt;
} aigc_adam_settings;

#endif
