import CKernels

/// The sizes of self-attention over a batch of sequences.
public struct AttentionShape: Sendable {
  /// The number of sequences.
  public let batch: Int
  /// Positions of each sequence.
  public let steps: Int
  /// The number of heads of queries.
  public let heads: Int
  /// The number of heads of keys and values, each of which serves `heads / keyValueHeads` neighbouring heads of
  /// queries (Ainslie et al. 2023).
  public let keyValueHeads: Int
  /// Values of a query, of a key and of a value.
  public let headSize: Int
  /// What scores are multiplied by.
  public let scale: Float
  /// The most positions that one sees, itself among them; nil: all before it.
  public let window: Int?

  /// Creates the sizes for some sequences.
  /// - Parameters:
  ///   - batch: how many sequences.
  ///   - steps: positions of each.
  ///   - heads: heads of queries.
  ///   - headSize: values of a head.
  ///   - keyValueHeads: a divisor of `heads`; nil: as many.
  ///   - scale: nil: 1 / √headSize.
  ///   - window: nil, or at least 1.
  public init(
    batch: Int, steps: Int, heads: Int, headSize: Int, keyValueHeads: Int? = nil,
    scale: Float? = nil,
    window: Int? = nil
  ) {
    self.batch = batch
    self.steps = steps
    self.heads = heads
    self.headSize = headSize
    self.keyValueHeads = keyValueHeads ?? heads
    self.scale = scale ?? (headSize == 0 ? 1 : 1 / Float(headSize).squareRoot())
    // A window of the whole sequence is none.
    self.window = window.flatMap { $0 < steps ? $0 : nil }
  }

  /// Values of a position in the output, and in the queries.
  public var width: Int { heads * headSize }
  /// Values of a position in the keys, and in the values.
  public var keyValueWidth: Int { keyValueHeads * headSize }
  /// Rows of scores.
  public var rows: Int { batch * heads * steps }

  /// Heads of queries that share keys and values.
  var group: Int { heads / max(keyValueHeads, 1) }
  /// Keys are taken in blocks of this size: the width of a panel.
  static let block = PackedPanels.width
  var blocks: Int { (steps + Self.block - 1) / Self.block }
  /// Positions of block `index`.
  func size(_ index: Int) -> Int { min(Self.block, steps - index * Self.block) }
  /// Queries are taken in strips of half that: the first half of a block sees half of its own keys.
  static let strip = block / 2
  var strips: Int { (steps + Self.strip - 1) / Self.strip }

  /// The first block of keys that the query at `position` sees, and so those behind it.
  func firstBlock(of position: Int) -> Int {
    window.map { max(0, position - $0 + 1) / Self.block } ?? 0
  }
  /// The last strip of queries that sees a key of the block that begins at `key`.
  func lastStrip(of key: Int) -> Int {
    window.map { min(strips - 1, (key + Self.block + $0 - 2) / Self.strip) } ?? strips - 1
  }
}

/// Where queries, keys and values lie: the first value of each, and how many values further the next position is.
public struct AttentionLayout<Pointer> {
  let queries: Pointer
  let keys: Pointer
  let values: Pointer
  let queryStride: Int
  let keyStride: Int

  /// Three tensors, [batch, steps, width] and twice [batch, steps, keyValueWidth].
  public init(_ shape: AttentionShape, queries: Pointer, keys: Pointer, values: Pointer) {
    (self.queries, self.keys, self.values) = (queries, keys, values)
    (queryStride, keyStride) = (shape.width, shape.keyValueWidth)
  }
}

/// What attention reads.
public typealias AttentionInputs = AttentionLayout<UnsafePointer<Float>>

extension AttentionLayout where Pointer: Strideable, Pointer.Stride == Int {
  /// One tensor, [batch, steps, width + 2 · keyValueWidth]: of each position the queries, the keys, the values.
  public init(_ shape: AttentionShape, fused: Pointer) {
    queries = fused
    keys = fused.advanced(by: shape.width)
    values = keys.advanced(by: shape.keyValueWidth)
    queryStride = shape.width + 2 * shape.keyValueWidth
    keyStride = queryStride
  }

  /// Of one sequence, from its head `head` of keys on, and the heads of queries that this serves.
  func part(_ shape: AttentionShape, sequence: Int, head: Int) -> Self {
    let query = sequence * shape.steps * queryStride + head * shape.group * shape.headSize
    let key = sequence * shape.steps * keyStride + head * shape.headSize
    return Self(
      queries: queries.advanced(by: query), keys: keys.advanced(by: key),
      values: values.advanced(by: key), queryStride: queryStride, keyStride: keyStride)
  }

  private init(queries: Pointer, keys: Pointer, values: Pointer, queryStride: Int, keyStride: Int) {
    (self.queries, self.keys, self.values) = (queries, keys, values)
    (self.queryStride, self.keyStride) = (queryStride, keyStride)
  }
}

/// Causal self-attention, softmax(q kᵀ · scale) v where each position sees itself and those before it, all or as
/// many as a window holds. Scores exist for one block of queries and one of keys at a time, with a running maximum
/// and sum; the gradient computes them anew (FlashAttention, Dao et al. 2022; FlashAttention-2, Dao 2023). Blocks
/// that lie outside of the window are not touched.
///
/// A head of one sequence is one task; where there are few of them, a part of its queries. Keys and
/// values of a task are packed into panels: OpenBLAS would pack them anew for each block.
public struct CausalAttention: @unchecked Sendable {
  private let shape: AttentionShape
  private let inputs: AttentionInputs

  /// - Parameters:
  ///   - shape: the sizes.
  ///   - inputs: queries, keys and values, in each the heads side by side.
  public init(_ shape: AttentionShape, _ inputs: AttentionInputs) {
    self.shape = shape
    self.inputs = inputs
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
      let (index, member) = (task % heads / shape.group, task % shape.group)
      let head = AttentionHead(shape, inputs, index)
      head.forward(
        blocks, member: member, output: memory.output + head.outputOffset(member),
        logSums: memory.logSums + task % heads * shape.steps)
    }
  }

  /// - Parameters:
  ///   - dy: the gradient of the output.
  ///   - output: from ``forward(output:logSums:)``.
  ///   - logSums: from there.
  ///   - gradients: of queries, keys and values, all of them written.
  public func backward(
    dy: UnsafePointer<Float>, output: UnsafePointer<Float>, logSums: UnsafePointer<Float>,
    gradients: AttentionLayout<UnsafeMutablePointer<Float>>
  ) {
    guard shape.rows > 0, shape.headSize > 0 else { return }
    nonisolated(unsafe) let memory = (dy: dy, output: output, logSums: logSums, all: gradients)
    parallelFor(shape.batch * shape.keyValueHeads) { task in
      let head = AttentionHead(shape, inputs, task)
      let first = head.outputOffset(0)
      head.backward(
        dy: memory.dy + first, output: memory.output + first,
        logSums: memory.logSums + task * shape.group * shape.steps,
        memory.all.part(
          shape, sequence: task / shape.keyValueHeads, head: task % shape.keyValueHeads))
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
