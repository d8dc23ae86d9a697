import CKernels

/// Where a pass of a decoder keeps what its stages leave: [rows, …] each.
struct DecoderBuffers: @unchecked Sendable {
  let x: UnsafeMutablePointer<Float>
  /// Queries, then keys, then values of a row.
  let qkv: UnsafeMutablePointer<Float>
  /// What the heads give.
  let mixed: UnsafeMutablePointer<Float>
  let inner: UnsafeMutablePointer<Float>
  let gate: UnsafeMutablePointer<Float>
  /// What is added to x.
  let result: UnsafeMutablePointer<Float>
  /// Of many rows.
  let normed: UnsafeMutablePointer<Float>
  /// Of many rows: what adapters make of an input, `narrowWidth` values a row.
  let narrow: UnsafeMutablePointer<Float>
  private let tasks: UnsafeMutablePointer<Float>
  private let sizes: Sizes

  private struct Sizes {
    let width: Int
    let queries: Int
    let qkv: Int
    let inner: Int
    let gate: Int
    /// Normalised rows of a task, and its whole memory with what attention needs.
    let normed: Int
    let narrow: Int
    let task: Int

    init(_ weights: DecoderWeights, rows: Int, isWide: Bool) {
      let shape = weights.shape
      width = rows * shape.width
      queries = rows * shape.queryWidth
      qkv = rows * (shape.queryWidth + 2 * shape.keyValueWidth)
      inner = rows * shape.inner
      gate = shape.isGated ? inner : 0
      normed = isWide ? 0 : (width + 15) / 16 * 16
      narrow = isWide ? rows * weights.narrowWidth : 0
      // Whole cache lines, so that no two tasks write to one.
      task = normed + (CachedAttention.memorySize(headSize: shape.headSize) + 15) / 16 * 16
    }
  }

  /// Floats of the buffers of a pass.
  static func size(_ weights: DecoderWeights, rows: Int, tasks: Int, isWide: Bool) -> Int {
    let sizes = Sizes(weights, rows: rows, isWide: isWide)
    return sizes.qkv + sizes.queries + sizes.inner + sizes.gate + sizes.width * (isWide ? 2 : 1)
      + sizes.narrow + tasks * sizes.task + 16
  }

  init(
    _ weights: DecoderWeights, rows: Int, isWide: Bool, x: UnsafeMutablePointer<Float>,
    memory: UnsafeMutablePointer<Float>
  ) {
    sizes = Sizes(weights, rows: rows, isWide: isWide)
    self.x = x
    qkv = memory
    mixed = qkv + sizes.qkv
    inner = mixed + sizes.queries
    gate = inner + sizes.inner
    result = gate + sizes.gate
    normed = result + sizes.width
    narrow = normed + (isWide ? sizes.width : 0)
    let end = narrow + sizes.narrow
    tasks = end + (16 - (end - memory) % 16) % 16
  }

  /// A task's own normalised rows.
  func own(_ task: Int) -> UnsafeMutablePointer<Float> { tasks + task * sizes.task }

  /// A task's memory for ``CachedAttention``.
  func attention(_ task: Int) -> UnsafeMutablePointer<Float> { own(task) + sizes.normed }
}

extension TransformerActivation {
  /// x = f(x).
  @inline(__always)
  func apply(_ count: Int, _ x: UnsafeMutablePointer<Float>) {
    switch self {
    case .geluTanh: aigc_gelu_tanh(count, x, x)
    case .gelu: aigc_gelu_erf(count, x, x)
    case .relu: aigc_relu(count, x, x)
    case .silu: aigc_silu(count, x, x)
    }
  }
}
