import CKernels

/// The sizes of self-attention over a batch of sequences.
public struct AttentionShape: Sendable {
  /// The number of sequences.
  public let batch: Int
  /// Positions of each sequence.
  public let steps: Int
  /// The number of attention heads.
  public let heads: Int
  /// Values of a query, of a key and of a value.
  public let headSize: Int

  /// Creates the sizes for `batch` sequences of `steps` positions, with `heads` heads of `headSize`
  /// values.
  public init(batch: Int, steps: Int, heads: Int, headSize: Int) {
    self.batch = batch
    self.steps = steps
    self.heads = heads
    self.headSize = headSize
  }

  /// Values of a position in the output; the input has three times as many.
  public var width: Int { heads * headSize }
  /// Rows of scores.
  public var rows: Int { batch * heads * steps }

  /// Keys are taken in blocks of this size: the width of a panel.
  static let block = PackedPanels.width
  var blocks: Int { (steps + Self.block - 1) / Self.block }
  /// Positions of block `index`.
  func size(_ index: Int) -> Int { min(Self.block, steps - index * Self.block) }
  /// Queries are taken in strips of half that: the first half of a block sees half of its own keys.
  static let strip = block / 2
  var strips: Int { (steps + Self.strip - 1) / Self.strip }
  var scale: Float { headSize == 0 ? 1 : 1 / Float(headSize).squareRoot() }
}

/// Causal self-attention, softmax(q kᵀ / √d) v where each position sees itself and those before it.
/// Scores exist for one block of queries and one of keys at a time, with a running maximum and sum;
/// the gradient computes them anew (FlashAttention, Dao et al. 2022; FlashAttention-2, Dao 2023).
///
/// A head of one sequence is one task; where there are few of them, a part of its queries. Keys and
/// values of a task are packed into panels: OpenBLAS would pack them anew for each block.
public struct CausalAttention: @unchecked Sendable {
  private let shape: AttentionShape
  private let qkv: UnsafePointer<Float>

  /// - Parameters:
  ///   - shape: the sizes.
  ///   - qkv: [batch, steps, 3 · width]: queries, keys, values, in each the heads side by side.
  public init(_ shape: AttentionShape, qkv: UnsafePointer<Float>) {
    self.shape = shape
    self.qkv = qkv
  }

  /// - Parameters:
  ///   - output: [batch, steps, width].
  ///   - logSums: [batch, heads, steps]: the logarithm of each row's sum of exp(score), which the
  ///     gradient needs.
  public func forward(
    output: UnsafeMutablePointer<Float>, logSums: UnsafeMutablePointer<Float>
  ) {
    let heads = shape.batch * shape.heads
    guard heads > 0, shape.steps > 0, shape.headSize > 0 else { return }
    // By the sizes alone. The last queries see the most keys: they go first.
    let parts = min(shape.blocks, (7 + heads) / heads)
    let size = (shape.blocks + parts - 1) / parts
    nonisolated(unsafe) let memory = (output: output, logSums: logSums)
    parallelFor(heads * parts) { task in
      let part = parts - 1 - task / heads
      let blocks = part * size..<min((part + 1) * size, shape.blocks)
      guard !blocks.isEmpty else { return }
      let head = AttentionHead(shape, qkv, task % heads)
      head.forward(
        blocks, output: memory.output + head.outputOffset,
        logSums: memory.logSums + task % heads * shape.steps)
    }
  }

  /// - Parameters:
  ///   - dy: the gradient of the output.
  ///   - output: from ``forward(output:logSums:)``.
  ///   - logSums: from there.
  ///   - dqkv: the gradient of qkv, all of it written.
  public func backward(
    dy: UnsafePointer<Float>, output: UnsafePointer<Float>, logSums: UnsafePointer<Float>,
    dqkv: UnsafeMutablePointer<Float>
  ) {
    guard shape.rows > 0, shape.headSize > 0 else { return }
    nonisolated(unsafe) let memory = (dy: dy, output: output, logSums: logSums, dqkv: dqkv)
    parallelFor(shape.batch * shape.heads) { task in
      let head = AttentionHead(shape, qkv, task)
      head.backward(
        dy: memory.dy + head.outputOffset, output: memory.output + head.outputOffset,
        logSums: memory.logSums + task * shape.steps, dqkv: memory.dqkv + head.inputOffset)
    }
  }
}

/// Values from the pool for the length of a task.
struct AttentionMemory: ~Copyable {
  let base: UnsafeMutablePointer<Float>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    base = MemoryPool.take(count)
  }

  deinit { MemoryPool.give(base, count: count) }
}
