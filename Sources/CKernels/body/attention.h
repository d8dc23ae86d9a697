/* Rows of attention scores, block by block (FlashAttention-2, Dao 2023). In row r the first `allowed` + r
 * keys of the block count, of at most `columns`; the others get weight 0. */
INLINE long allowed_keys(long allowed, long r, long columns) {
  long n = allowed + r;
  return n < 0 ? 0 : n < columns ? n : columns;
}

/* s = exp(s scale - maximum), where maximum grows with the block; `sum` and the row of outputs `o` shrink
 * by as much. With `first` they start here, and o is not read. */
static void k_attention_weights(long rows, long columns, long allowed, float scale, int first, float *s,
    long s_row, float *maximum, float *sum, float *o, long o_row, long width) {
  for (long r = 0; r < rows; r++, s += s_row, o += o_row) {
    long n = allowed_keys(allowed, r, columns);
    float before = first ? -__builtin_inff() : maximum[r];
    float top = row_max(n, s) * scale;
    top = before > top ? before : top;
    V total = {0};
    for (long i = 0; i < n; i += LANES) {
      long rest = n - i < LANES ? n - i : LANES;
      V e = v_exp((rest == LANES ? load(s + i) : load_part(s + i, rest)) * scale - top);
      if (rest == LANES) {
        store(s + i, e);
      } else {
        /* Back through memory, for zeros behind the rest. */
        float lanes[LANES] = {0};
        store_part(lanes, e, rest);
        e = load(lanes);
        store_part(s + i, e, rest);
      }
      total += e;
    }
    memset(s + n, 0, (unsigned long)(columns - n) * sizeof(float));
    maximum[r] = top;
    if (first) {
      sum[r] = lane_sum(total);
      continue;
    }
    float shrink = before == top ? 1.0f : v_exp(splat(before - top))[0];
    sum[r] = sum[r] * shrink + lane_sum(total);
    if (shrink != 1.0f) MAP1(o, o, width, a * shrink);
  }
}

/* o /= sum; log_sum = maximum + log(sum). */
static void k_attention_finish(long rows, const float *maximum, const float *sum, float *o, long o_row,
    long width, float *log_sum) {
  for (long r = 0; r < rows; r++, o += o_row) {
    float factor = 1.0f / sum[r];
    MAP1(o, o, width, a * factor);
    log_sum[r] = maximum[r] + scalar_log(sum[r]);
  }
}

/* From scores s and the gradient of the weights dp: the weights p = exp(s scale - log_sum) in s, and the
 * gradient of the scores p (dp - delta) scale in dp. */
static void k_attention_grad(long rows, long columns, long allowed, float scale, float *s, float *dp,
    long s_row, const float *log_sum, const float *delta) {
  for (long r = 0; r < rows; r++, s += s_row, dp += s_row) {
    long n = allowed_keys(allowed, r, columns);
    float shift = log_sum[r], mean = delta[r];
    MAP1(s, s, n, v_exp(a * scale - shift));
    MAP2(s, dp, dp, n, a * (b - mean) * scale);
    memset(s + n, 0, (unsigned long)(columns - n) * sizeof(float));
    memset(dp + n, 0, (unsigned long)(columns - n) * sizeof(float));
  }
}
