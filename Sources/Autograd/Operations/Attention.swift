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
/// - Returns: [batch, steps, width].
public func attention(_ qkv: Tensor, heads: Int) -> Tensor {
  require(
    qkv.rank == 3 && heads > 0 && qkv.shape[2] % (3 * heads) == 0,
    "attention: \(qkv.shape) with \(heads) heads")
  let shape = AttentionShape(
    batch: qkv.shape[0], steps: qkv.shape[1], heads: heads,
    headSize: qkv.shape[2] / (3 * heads))
  let (output, logSums) = (
    Storage(count: shape.batch * shape.steps * shape.width), Storage(count: shape.rows)
  )
  CausalAttention(shape, qkv: qkv.pointer).forward(output: output.base, logSums: logSums.base)
  return Tensor(output, [shape.batch, shape.steps, shape.width]).recorded(
    from: [qkv], keepsOutput: true
  ) { dy, context in
    Tensor.requireFirstOrder(context, "attention")
    let qkv = context.input(0)
    let gradient = Storage(count: qkv.count)
    CausalAttention(shape, qkv: qkv.pointer).backward(
      dy: dy.pointer, output: context.output.pointer, logSums: logSums.base,
      dqkv: gradient.base)
    return [Tensor(gradient, qkv.shape)]
  }
}
