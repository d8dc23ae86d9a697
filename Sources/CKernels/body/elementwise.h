/* Element by element. */
#define UNARY(name, EXPRESSION) \
  static void k_##name(long n, const float *x, float *y) { MAP1(x, y, n, EXPRESSION); }
UNARY(exp, v_exp(a))
UNARY(log, v_log(a))
UNARY(sqrt, __builtin_elementwise_sqrt(a))
UNARY(tanh, v_tanh(a))
UNARY(sigmoid, v_sigmoid(a))
/* Written so that NaN passes. */
UNARY(relu, select(a < 0.0f, splat(0), a))
UNARY(silu, a * v_sigmoid(a))
UNARY(softplus, larger(a, splat(0)) + v_log(1.0f + v_exp(-larger(a, -a))))
UNARY(abs, __builtin_elementwise_abs(a))
UNARY(sign, select(a > 0.0f, splat(1), select(a < 0.0f, splat(-1), a)))
UNARY(step, select(a > 0.0f, splat(1), splat(0)))
#undef UNARY

static void k_leaky_relu(long n, float slope, const float *x, float *y) {
  MAP1(x, y, n, select(a < 0.0f, a * slope, a));
}
static void k_leaky_relu_grad(
    long n, float slope, const float *dy, const float *x, float *dx) {
  MAP2(dy, x, dx, n, select(b > 0.0f, a, a * slope));
}
static void k_scale_add(long n, float factor, float offset, const float *x, float *y) {
  MAP1(x, y, n, a * factor + offset);
}

#define BINARY(name, EXPRESSION) \
  static void k_##name(long n, const float *p, const float *q, float *y) { \
    MAP2(p, q, y, n, EXPRESSION); }
BINARY(add, a + b)
BINARY(subtract, a - b)
BINARY(multiply, a * b)
BINARY(divide, a / b)
BINARY(tanh_grad, a * (1.0f - b * b))
BINARY(sigmoid_grad, a * b * (1.0f - b))
BINARY(silu_grad, a * v_sigmoid(b) * (1.0f + b * (1.0f - v_sigmoid(b))))
#undef BINARY

static void k_axpy(long n, float factor, const float *x, float *y) {
  MAP2(x, y, y, n, a * factor + b);
}
