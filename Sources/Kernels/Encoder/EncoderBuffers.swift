/// Where a pass of an encoder keeps what its stages leave: [rows, …] each.
struct EncoderBuffers: @unchecked Sendable {
  /// Tokens' states.
  let x: UnsafeMutablePointer<Float>
  /// Queries, then keys, then values of a row.
  let qkv: UnsafeMutablePointer<Float>
  /// What the heads give.
  let mixed: UnsafeMutablePointer<Float>
  let inner: UnsafeMutablePointer<Float>
  /// What is added to x.
  let result: UnsafeMutablePointer<Float>
  private let tasks: UnsafeMutablePointer<Float>
  private let taskSize: Int

  /// Floats of the buffers of a pass.
  static func size(_ shape: EncoderShape, rows: Int, longest: Int, tasks: Int) -> Int {
    rows * (6 * shape.width + shape.inner) + 16
      + tasks * EncoderAttention.memorySize(headSize: shape.headSize, longest: longest)
  }

  init(_ shape: EncoderShape, rows: Int, longest: Int, memory: UnsafeMutablePointer<Float>) {
    let part = rows * shape.width
    x = memory
    qkv = x + part
    mixed = qkv + 3 * part
    result = mixed + part
    inner = result + part
    let end = inner + rows * shape.inner
    // Whole cache lines, so that no two tasks write to one.
    tasks = end + (16 - (end - memory) % 16) % 16
    taskSize = EncoderAttention.memorySize(headSize: shape.headSize, longest: longest)
  }

  /// A task's memory for ``EncoderAttention``.
  func attention(_ task: Int) -> UnsafeMutablePointer<Float> { tasks + task * taskSize }
}

/// Inputs of products in eight bits; nil where a row has no whole blocks, and so no matrix takes its codes.
struct EncoderCodes {
  let x: LowBitActivations?
  let mixed: LowBitActivations?
  let inner: LowBitActivations?

  init(_ shape: EncoderShape, rows: Int) {
    func make(_ inputs: Int) -> LowBitActivations? {
      inputs % LowBitActivations.blockSize == 0
        ? LowBitActivations(rows: rows, inputs: inputs) : nil
    }
    (x, mixed, inner) = (make(shape.width), make(shape.width), make(shape.inner))
  }
}
