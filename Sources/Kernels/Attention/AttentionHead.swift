import CKernels

/// One head of one sequence.
struct AttentionHead {
  private let shape: AttentionShape
  /// The head's first query, key and value, each `stride` from one position to the next.
  private let q: UnsafePointer<Float>
  private let k: UnsafePointer<Float>
  private let v: UnsafePointer<Float>
  private let stride: Int
  /// Where the head begins in qkv, and in the output.
  let inputOffset: Int
  let outputOffset: Int

  init(_ shape: AttentionShape, _ qkv: UnsafePointer<Float>, _ index: Int) {
    let (sequence, head) = (index / shape.heads, index % shape.heads)
    self.shape = shape
    stride = 3 * shape.width
    inputOffset = sequence * shape.steps * stride + head * shape.headSize
    outputOffset = sequence * shape.steps * shape.width + head * shape.headSize
    q = qkv + inputOffset
    k = q + shape.width
    v = k + shape.width
  }

  /// Outputs and sums for some blocks of queries; `output` and `logSums` are the head's own.
  func forward(
    _ blocks: Range<Int>, output: UnsafeMutablePointer<Float>, logSums: UnsafeMutablePointer<Float>
  ) {
    let (block, strip) = (AttentionShape.block, AttentionShape.strip)
    let keys = AttentionPanels(shape, blocks.upperBound, k, stride: stride, isTransposed: true)
    let values = AttentionPanels(shape, blocks.upperBound, v, stride: stride, isTransposed: false)
    let memory = AttentionMemory(strip * block + 2 * strip)
    let (scores, maximum) = (memory.base, memory.base + strip * block)
    let sum = maximum + strip
    let end = min(blocks.upperBound * block, shape.steps)
    for first in Swift.stride(from: blocks.lowerBound * block, to: end, by: strip) {
      let rows = min(strip, end - first)
      let target = output + first * shape.width
      for key in Swift.stride(from: 0, to: first + rows, by: block) {
        let columns = min(block, first + rows - key)
        keys.multiply(
          key..<key + columns, rows: rows, q + first * stride, stride, 1, adds: false, scores,
          block)
        aigc_attention_weights(
          rows, columns, first - key + 1, shape.scale, key == 0 ? 1 : 0, scores, block, maximum,
          sum, target, shape.width, shape.headSize)
        values.multiply(
          key..<key + columns, rows: rows, scores, block, 1, adds: key > 0, target, shape.width)
      }
      aigc_attention_finish(
        rows, maximum, sum, target, shape.width, shape.headSize, logSums + first)
    }
  }

  /// The gradient of the head's part of qkv, block of keys after block.
  func backward(
    dy: UnsafePointer<Float>, output: UnsafePointer<Float>, logSums: UnsafePointer<Float>,
    dqkv: UnsafeMutablePointer<Float>
  ) {
    let (block, strip, width) = (AttentionShape.block, AttentionShape.strip, shape.width)
    let keys = AttentionPanels(shape, shape.blocks, k, stride: stride, isTransposed: true)
    let values = AttentionPanels(shape, shape.blocks, v, stride: stride, isTransposed: true)
    let keyRows = AttentionPanels(shape, shape.blocks, k, stride: stride, isTransposed: false)
    let queryRows = AttentionPanels(shape, shape.blocks, q, stride: stride, isTransposed: false)
    let slopeRows = AttentionPanels(shape, shape.blocks, dy, stride: width, isTransposed: false)
    let memory = AttentionMemory(2 * strip * block + shape.steps)
    let (p, ds) = (memory.base, memory.base + strip * block)
    // Of each row what its weights' gradients have in common: dy · output.
    let delta = ds + strip * block
    for row in 0..<shape.steps {
      aigc_dot(shape.headSize, dy + row * width, output + row * width, delta + row)
    }
    let (dq, dk, dv) = (dqkv, dqkv + width, dqkv + 2 * width)
    for key in Swift.stride(from: 0, to: shape.steps, by: block) {
      // The last strip first: it meets all keys of the block, whose gradients begin with it.
      for index in (key / strip..<shape.strips).reversed() {
        let first = index * strip
        let (rows, isFirst) = (min(strip, shape.steps - first), index == shape.strips - 1)
        let columns = min(block, first + rows - key)
        let (seen, taken) = (key..<key + columns, first..<first + rows)
        keys.multiply(seen, rows: rows, q + first * stride, stride, 1, adds: false, p, block)
        values.multiply(
          seen, rows: rows, dy + first * width, width, 1, adds: false, ds, block)
        aigc_attention_grad(
          rows, columns, first - key + 1, shape.scale, p, ds, block, logSums + first,
          delta + first)
        // The transposed products read p and ds the other way round.
        slopeRows.multiply(
          taken, rows: columns, p, 1, block, adds: !isFirst, dv + key * stride, stride)
        queryRows.multiply(
          taken, rows: columns, ds, 1, block, adds: !isFirst, dk + key * stride, stride)
        keyRows.multiply(
          seen, rows: rows, ds, block, 1, adds: key > 0, dq + first * stride, stride)
      }
    }
  }
}

/// Blocks of 64 positions of one operand, packed for ``aigc_gemm_panel``: as right operands [position,
/// value], or transposed [value, position].
struct AttentionPanels: ~Copyable {
  private let shape: AttentionShape
  private let isTransposed: Bool
  private let memory: AttentionMemory
  /// Panels of a block and values of one.
  private let panels: Int
  private let panelSize: Int

  /// Packs the first `blocks` blocks of `source`, rows `stride` apart.
  init(
    _ shape: AttentionShape, _ blocks: Int, _ source: UnsafePointer<Float>, stride: Int,
    isTransposed: Bool
  ) {
    self.shape = shape
    self.isTransposed = isTransposed
    let block = AttentionShape.block
    // A head wider than a panel takes several, side by side; transposed it is a deeper one.
    panels = isTransposed ? 1 : (shape.headSize + block - 1) / block
    panelSize = block * (isTransposed ? shape.headSize : block)
    memory = AttentionMemory(blocks * panels * panelSize)
    for index in 0..<blocks {
      let rows = source + index * block * stride
      for panel in 0..<panels {
        let target = memory.base + (index * panels + panel) * panelSize
        if isTransposed {
          aigc_pack_panel(shape.headSize, shape.size(index), rows, 1, stride, target)
        } else {
          aigc_pack_panel(
            shape.size(index), min(block, shape.headSize - panel * block), rows + panel * block,
            stride, 1, target)
        }
      }
    }
  }

  /// c (+)= a · positions.
  /// - Parameters:
  ///   - positions: of one block; transposed, from its first on.
  ///   - rows: of `a` and `c`.
  ///   - a: read with `aRow` from one row to the next and `aDepth` along the sums.
  ///   - adds: whether `c` holds something already.
  ///   - c: rows `cRow` apart.
  @inline(__always)
  func multiply(
    _ positions: Range<Int>, rows: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ aDepth: Int,
    adds: Bool, _ c: UnsafeMutablePointer<Float>, _ cRow: Int
  ) {
    let width = AttentionShape.block
    let (block, row) = positions.lowerBound.quotientAndRemainder(dividingBy: width)
    let (depth, columns) =
      isTransposed ? (shape.headSize, positions.count) : (positions.count, shape.headSize)
    for panel in 0..<panels {
      let target = c + panel * width
      aigc_gemm_panel(
        rows, depth, a, aRow, aDepth,
        memory.base + (block * panels + panel) * panelSize + row * width,
        adds ? UnsafePointer(target) : nil, cRow, target, cRow,
        min(width, columns - panel * width))
    }
  }
}
