/* Softmax, its logarithm, cross-entropy and layer normalisation, row by row. */

/* y = exp(x - shift); returns the sum of y. */
INLINE float exp_row(long n, const float *x, float shift, float *y) {
  V sum = {0};
  long i = 0;
  for (; i + LANES <= n; i += LANES) {
    V e = v_exp(load(x + i) - shift);
    store(y + i, e);
    sum += e;
  }
  float rest = 0;
  if (i < n) {
    V e = v_exp(load_part(x + i, n - i) - shift);
    store_part(y + i, e, n - i);
    for (long l = 0; l < n - i; l++) rest += e[l];
  }
  return lane_sum(sum) + rest;
}

static void k_softmax(long rows, long columns, const float *x, float *y) {
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    float factor = 1.0f / exp_row(columns, x, row_max(columns, x), y);
    MAP1(y, y, columns, a * factor);
  }
}

/* The sum of exp(x - shift) without keeping the terms. */
INLINE float exp_sum(long n, const float *x, float shift) {
  V sum = {0};
  long i = 0;
  for (; i + LANES <= n; i += LANES) sum += v_exp(load(x + i) - shift);
  float rest = 0;
  if (i < n) {
    V e = v_exp(load_part(x + i, n - i) - shift);
    for (long l = 0; l < n - i; l++) rest += e[l];
  }
  return lane_sum(sum) + rest;
}

INLINE float scalar_log(float x) { return v_log(splat(x))[0]; }

static void k_log_softmax(long rows, long columns, const float *x, float *y) {
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    float top = row_max(columns, x);
    float offset = top + scalar_log(exp_sum(columns, x, top));
    MAP1(x, y, columns, a - offset);
  }
}

/* dx = y (dy - sum(dy y)). */
static void k_softmax_grad(long rows, long columns, const float *dy, const float *y, float *dx) {
  for (long r = 0; r < rows; r++, dy += columns, y += columns, dx += columns) {
    float total;
    k_dot(columns, dy, y, &total);
    MAP2(dy, y, dx, columns, b * (a - total));
  }
}

static void k_cross_entropy(
    long rows, long columns, float *x, const int *targets, float scale, float *losses) {
  for (long r = 0; r < rows; r++, x += columns) {
    int target = targets[r];
    if (target < 0) {
      losses[r] = 0;
      memset(x, 0, (unsigned long)columns * sizeof(float));
      continue;
    }
    float top = row_max(columns, x);
    float own = x[target];
    float sum = exp_row(columns, x, top, x);
    losses[r] = top + scalar_log(sum) - own;
    float factor = scale / sum;
    MAP1(x, x, columns, a * factor);
    x[target] -= scale;
  }
}

static void k_layer_norm(long rows, long columns, const float *x, const float *weight,
    const float *bias, float epsilon, float *y, float *means, float *inverses) {
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    float mean, variance;
    k_sum(columns, x, &mean);
    mean /= (float)columns;
    MAP1(x, y, columns, a - mean);
    k_dot(columns, y, y, &variance);
    float inverse = 1.0f / __builtin_sqrtf(variance / (float)columns + epsilon);
    means[r] = mean;
    inverses[r] = inverse;
    EACH(columns) PUT(y + i, GET(y + i) * inverse * GET(weight + i) + GET(bias + i));
  }
}

/* dx = inverse (g - mean(g) - n mean(g n)), g = dy weight, n = (x - mean) inverse. Adds dy n to dweight
 * and dy to dbias, row after row. */
static void k_layer_norm_grad(long rows, long columns, const float *dy, const float *x,
    const float *weight, const float *means, const float *inverses, float *dx, float *dweight,
    float *dbias) {
  for (long r = 0; r < rows; r++, dy += columns, x += columns, dx += columns) {
    float mean = means[r], inverse = inverses[r];
    V sum = {0}, product = {0};
    /* Behind the last column g is 0. */
    EACH(columns) {
      V g = GET(dy + i) * GET(weight + i);
      sum += g;
      product += g * (GET(x + i) - mean);
    }
    float total = lane_sum(sum) / (float)columns;
    float projection = lane_sum(product) * inverse / (float)columns;
    EACH(columns) {
      V slope = GET(dy + i), n = (GET(x + i) - mean) * inverse;
      PUT(dx + i, inverse * (slope * GET(weight + i) - total - n * projection));
      PUT(dweight + i, GET(dweight + i) + slope * n);
      PUT(dbias + i, GET(dbias + i) + slope);
    }
  }
}

static void k_rms_norm(long rows, long columns, const float *x, const float *weight, float offset,
    float epsilon, float *y, float *inverses) {
  for (long r = 0; r < rows; r++, x += columns, y += columns) {
    float square;
    k_dot(columns, x, x, &square);
    float inverse = 1.0f / __builtin_sqrtf(square / (float)columns + epsilon);
    inverses[r] = inverse;
    MAP2(x, weight, y, columns, a * inverse * (offset + b));
  }
}

/* dx = inverse (g - n mean(g n)), g = dy (offset + weight), n = x inverse. Adds dy n to dweight, row after row. */
static void k_rms_norm_grad(long rows, long columns, const float *dy, const float *x, const float *weight,
    float offset, const float *inverses, float *dx, float *dweight) {
  for (long r = 0; r < rows; r++, dy += columns, x += columns, dx += columns) {
    float inverse = inverses[r];
    V product = {0};
    /* Behind the last column dy is 0. */
    EACH(columns) product += GET(dy + i) * (offset + GET(weight + i)) * GET(x + i);
    float projection = lane_sum(product) * inverse / (float)columns;
    EACH(columns) {
      V slope = GET(dy + i), n = GET(x + i) * inverse;
      PUT(dx + i, inverse * (slope * (offset + GET(weight + i)) - n * projection));
      PUT(dweight + i, GET(dweight + i) + slope * n);
    }
  }
}

static void k_rotary(long heads, long half, float direction, const float *x, const float *cosines,
    const float *sines, float *y) {
  for (long h = 0; h < heads; h++, x += 2 * half, y += 2 * half)
    EACH(half) {
      V a = GET(x + i), b = GET(x + half + i), c = GET(cosines + i), s = GET(sines + i) * direction;
      PUT(y + i, a * c - b * s);
      PUT(y + half + i, b * c + a * s);
    }
}

/* log(1 + e^x) - x t in the form that does not overflow. */
INLINE V v_binary_cross_entropy(V x, V t) {
  return larger(x, splat(0)) - x * t + v_log(1.0f + v_exp(-larger(x, -x)));
}
static void k_binary_cross_entropy(
    long rows, long columns, const float *x, const float *t, long t_row, float *losses) {
  for (long r = 0; r < rows; r++, x += columns, t += t_row) {
    V s0 = {0}, s1 = {0};
    long i = 0;
    for (; i + 2 * LANES <= columns; i += 2 * LANES) {
      s0 += v_binary_cross_entropy(load(x + i), load(t + i));
      s1 += v_binary_cross_entropy(load(x + i + LANES), load(t + i + LANES));
    }
    float total = lane_sum(s0 + s1);
    for (; i < columns; i += LANES) {
      long count = columns - i < LANES ? columns - i : LANES;
      float part[LANES];
      V loss = v_binary_cross_entropy(load_part(x + i, count), load_part(t + i, count));
      store(part, loss);
      for (long l = 0; l < count; l++) total += part[l];
    }
    losses[r] = total;
  }
}
static void k_binary_cross_entropy_grad(
    long rows, long columns, const float *dy, const float *x, const float *t, long t_row,
    float *dx) {
  for (long r = 0; r < rows; r++, x += columns, t += t_row, dx += columns) {
    float scale = dy[r];
    MAP2(x, t, dx, columns, (v_sigmoid(a) - b) * scale);
  }
}
