/// Inputs of the products of a pass in eight bits: one of each kind that all tasks share, or one a task; nil where a
/// row has no whole blocks, and so no matrix takes its codes.
struct DecoderCodes {
  let normed: [LowBitActivations]?
  let mixed: [LowBitActivations]?
  let inner: [LowBitActivations]?

  init(_ shape: TransformerShape, rows: Int, copies: Int) {
    func make(_ inputs: Int) -> [LowBitActivations]? {
      guard inputs % LowBitActivations.blockSize == 0 else { return nil }
      return (0..<copies).map { _ in LowBitActivations(rows: rows, inputs: inputs) }
    }
    (normed, mixed, inner) = (make(shape.width), make(shape.queryWidth), make(shape.inner))
  }
}
