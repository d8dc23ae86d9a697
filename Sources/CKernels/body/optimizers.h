/* Optimizer steps, one pass over the memory of each parameter. */

/* velocity may be 0: no momentum. `first` starts the velocity with the gradient, as PyTorch does. */
static void k_sgd(long n, float *p, const float *g, float *velocity, float rate, float momentum,
    float decay, float scale, int first) {
  if (!velocity) {
    MAP2(p, g, p, n, a - rate * (b * scale + decay * a));
    return;
  }
  float kept = first ? 0.0f : momentum;
  for (long i = 0; i < n; i += LANES) {
    long rest = n - i < LANES ? n - i : LANES;
    V value = rest == LANES ? load(p + i) : load_part(p + i, rest);
    V slope = rest == LANES ? load(g + i) : load_part(g + i, rest);
    V speed = rest == LANES ? load(velocity + i) : load_part(velocity + i, rest);
    speed = speed * kept + (slope * scale + value * decay);
    value -= speed * rate;
    if (rest == LANES) {
      store(velocity + i, speed), store(p + i, value);
    } else {
      store_part(velocity + i, speed, rest), store_part(p + i, value, rest);
    }
  }
}

static void k_adam(long n, float *p, const float *g, float *m, float *v, const aigc_adam_settings *s) {
  float coupled = s->decoupled ? 0.0f : s->decay;
  float shrink = s->decoupled ? 1.0f - s->rate * s->decay : 1.0f;
  float step = s->rate / s->correction1, inverse = 1.0f / s->correction2_sqrt;
  float keep1 = 1.0f - s->beta1, keep2 = 1.0f - s->beta2;
  for (long i = 0; i < n; i += LANES) {
    long rest = n - i < LANES ? n - i : LANES;
    int whole = rest == LANES;
    V value = whole ? load(p + i) : load_part(p + i, rest);
    V slope = whole ? load(g + i) : load_part(g + i, rest);
    V first = whole ? load(m + i) : load_part(m + i, rest);
    V second = whole ? load(v + i) : load_part(v + i, rest);
    slope = slope * s->scale + value * coupled;
    first += (slope - first) * keep1;
    second = second * s->beta2 + slope * slope * keep2;
    V root = __builtin_elementwise_sqrt(second) * inverse + s->epsilon;
    value = value * shrink - first / root * step;
    if (whole) {
      store(m + i, first), store(v + i, second), store(p + i, value);
    } else {
      store_part(m + i, first, rest), store_part(v + i, second, rest), store_part(p + i, value, rest);
    }
  }
}
