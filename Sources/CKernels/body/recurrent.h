/* Pointwise parts of recurrent cells for one row of n units. */
/* i f g o: c = f c' + i g, h = o tanh c (Hochreiter and Schmidhuber 1997; Gers et al. 2000). */
static void k_lstm_cell(long n, float *gates, long stride, const float *bias,
    const float *c_before, float *c, float *h) {
  EACH(n) {
    float *p = gates + i;
    const float *q = bias + i;
    V in = v_sigmoid(GET(p) + GET(q));
    V forget = v_sigmoid(GET(p + stride) + GET(q + stride));
    V new = v_tanh(GET(p + 2 * stride) + GET(q + 2 * stride));
    V out = v_sigmoid(GET(p + 3 * stride) + GET(q + 3 * stride));
    V cell = forget * GET(c_before + i) + in * new;
    PUT(p, in);
    PUT(p + stride, forget);
    PUT(p + 2 * stride, new);
    PUT(p + 3 * stride, out);
    PUT(c + i, cell);
    PUT(h + i, out * v_tanh(cell));
  }
}

/* dc: the gradient of c from the later step in, of c_before out. */
static void k_lstm_cell_grad(long n, const float *gates, long stride, const float *c_before,
    const float *c, const float *dh, float *dc, float *dgates) {
  EACH(n) {
    const float *p = gates + i;
    float *q = dgates + i;
    V in = GET(p), forget = GET(p + stride), new = GET(p + 2 * stride), out = GET(p + 3 * stride);
    V squashed = v_tanh(GET(c + i)), slope = GET(dh + i);
    V cell = GET(dc + i) + slope * out * (1.0f - squashed * squashed);
    PUT(q, cell * new * in * (1.0f - in));
    PUT(q + stride, cell * GET(c_before + i) * forget * (1.0f - forget));
    PUT(q + 2 * stride, cell * in * (1.0f - new * new));
    PUT(q + 3 * stride, slope * squashed * out * (1.0f - out));
    PUT(dc + i, cell * forget);
  }
}

/* r z n: n = tanh(x_n + r (U h' + b)), h = (1 - z) n + z h' (Cho et al. 2014, in cuDNN's and
 * PyTorch's form). gates: the input's part in, activations out; hidden: U h' in; its third part keeps
 * U_n h' + b_n for the gradient. */
static void k_gru_cell(long n, float *gates, long stride, const float *bias, float *hidden,
    const float *hidden_bias, const float *h_before, float *h) {
  EACH(n) {
    float *p = gates + i, *q = hidden + i;
    const float *s = bias + i, *t = hidden_bias + i;
    V reset = v_sigmoid(GET(p) + GET(s) + (GET(q) + GET(t)));
    V update = v_sigmoid(GET(p + stride) + GET(s + stride) + (GET(q + stride) + GET(t + stride)));
    V kept = GET(q + 2 * stride) + GET(t + 2 * stride);
    V new = v_tanh(GET(p + 2 * stride) + GET(s + 2 * stride) + reset * kept);
    PUT(p, reset);
    PUT(p + stride, update);
    PUT(p + 2 * stride, new);
    PUT(q + 2 * stride, kept);
    PUT(h + i, new + update * (GET(h_before + i) - new));
  }
}

/* dgates: of the input's part; dhidden: of U h'; dh_before: what passes by the gates only. */
static void k_gru_cell_grad(long n, const float *gates, long stride, const float *hidden_new,
    const float *h_before, const float *dh, float *dgates, float *dhidden, float *dh_before) {
  EACH(n) {
    const float *p = gates + i;
    float *q = dgates + i, *t = dhidden + i;
    V reset = GET(p), update = GET(p + stride), new = GET(p + 2 * stride), slope = GET(dh + i);
    V inner = slope * (1.0f - update) * (1.0f - new * new);
    V gate = slope * (GET(h_before + i) - new) * update * (1.0f - update);
    V opening = inner * GET(hidden_new + i) * reset * (1.0f - reset);
    PUT(q, opening);
    PUT(t, opening);
    PUT(q + stride, gate);
    PUT(t + stride, gate);
    PUT(q + 2 * stride, inner);
    PUT(t + 2 * stride, inner * reset);
    PUT(dh_before + i, slope * update);
  }
}
