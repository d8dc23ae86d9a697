import Kernels

/// Causal self-attention (Vaswani et al. 2017) of several heads: each position takes a mean of the
/// values at itself and before it, weighted by softmax(q kᵀ / √d). The weights of a whole sequence
/// never exist; see ``/Kernels/CausalAttention``.
///
/// First derivative only: differentiating its gradient stops the program.
/// - Parameters:
///   - qkv: [batch, steps, 3 · width]: queries, keys and values, in each the heads side by side, as
///     GPT-2's `c_attn` gives them.
///   - heads: divides the width.
///   - scale: what scores are multiplied by, above 0; nil: 1 / √d.
///   - window: the most positions that one sees, itself among them; nil: all before it.
/// - Returns: [batch, steps, width].
public func attention(
  _ qkv: Tensor, heads: Int, scale: Float? = nil, window: Int? = nil
) -> Tensor {
  require(
    qkv.rank == 3 && heads > 0 && qkv.shape[2] % (3 * heads) == 0,
    "attention: \(qkv.shape) with \(heads) heads")
  require(
    (scale ?? 1) > 0 && (window ?? 1) > 0, "attention: the scale or the window is not above 0")
  let shape = AttentionShape(
    batch: qkv.shape[0], steps: qkv.shape[1], heads: heads,
    headSize: qkv.shape[2] / (3 * heads), scale: scale, window: window)
  let inputs = AttentionLayout(shape, fused: qkv.pointer)
  let (output, logSums) = attentionOutput(shape, inputs)
  return Tensor(output, [shape.batch, shape.steps, shape.width]).recorded(
    from: [qkv], keepsOutput: true
  ) { dy, context in
    Tensor.requireFirstOrder(context, "attention")
    let qkv = context.input(0)
    let gradient = Storage(count: qkv.count)
    CausalAttention(shape, AttentionLayout(shape, fused: qkv.pointer)).backward(
      dy: dy.pointer, output: context.output.pointer, logSums: logSums.base,
      gradients: AttentionLayout(shape, fused: gradient.base))
    return [Tensor(gradient, qkv.shape)]
  }
}

/// The same of queries, keys and values that stand apart. There may be fewer heads of keys and values than of
/// queries: each then serves as many neighbouring ones (grouped-query attention, Ainslie et al. 2023).
///
/// First derivative only.
/// - Parameters:
///   - queries: [batch, steps, heads · d].
///   - keys: [batch, steps, keyValueHeads · d], where the number of heads divides that of the queries.
///   - values: as the keys.
///   - headSize: d.
///   - scale: what scores are multiplied by, above 0; nil: 1 / √d.
///   - window: the most positions that one sees, itself among them; nil: all before it.
/// - Returns: [batch, steps, heads · d].
public func attention(
  _ queries: Tensor, _ keys: Tensor, _ values: Tensor, headSize: Int, scale: Float? = nil,
  window: Int? = nil
) -> Tensor {
  require(
    headSize > 0 && queries.rank == 3 && keys.rank == 3 && keys.shape == values.shape
      && queries.shape[0] == keys.shape[0] && queries.shape[1] == keys.shape[1]
      && queries.shape[2] % headSize == 0 && keys.shape[2] % headSize == 0,
    "attention: \(queries.shape), \(keys.shape), \(values.shape) with heads of \(headSize)")
  let (heads, keyValueHeads) = (queries.shape[2] / headSize, keys.shape[2] / headSize)
  require(
    keyValueHeads > 0 && heads % keyValueHeads == 0,
    "attention: \(heads) heads of queries for \(keyValueHeads) of keys")
  require(
    (scale ?? 1) > 0 && (window ?? 1) > 0, "attention: the scale or the window is not above 0")
  let shape = AttentionShape(
    batch: queries.shape[0], steps: queries.shape[1], heads: heads, headSize: headSize,
    keyValueHeads: keyValueHeads, scale: scale, window: window)
  let (output, logSums) = attentionOutput(
    shape,
    AttentionLayout(
      shape, queries: queries.pointer, keys: keys.pointer, values: values.pointer))
  return Tensor(output, queries.shape).recorded(
    from: [queries, keys, values], keepsOutput: true
  ) { dy, context in
    Tensor.requireFirstOrder(context, "attention")
    let (q, k, v) = (context.input(0), context.input(1), context.input(2))
    let (dq, dk, dv) = (Storage(count: q.count), Storage(count: k.count), Storage(count: v.count))
    let inputs = AttentionLayout(shape, queries: q.pointer, keys: k.pointer, values: v.pointer)
    CausalAttention(shape, inputs).backward(
      dy: dy.pointer, output: context.output.pointer, logSums: logSums.base,
      gradients: AttentionLayout(shape, queries: dq.base, keys: dk.base, values: dv.base))
    return [Tensor(dq, q.shape), Tensor(dk, k.shape), Tensor(dv, v.shape)]
  }
}

/// Outputs, and for the gradient the logarithm of each row's sum of exp(score).
private func attentionOutput(
  _ shape: AttentionShape, _ inputs: AttentionInputs
) -> (output: Storage, logSums: Storage) {
  let (output, logSums) = (
    Storage(count: shape.batch * shape.steps * shape.width), Storage(count: shape.rows)
  )
  CausalAttention(shape, inputs).forward(output: output.base, logSums: logSums.base)
  return (output, logSums)
}
