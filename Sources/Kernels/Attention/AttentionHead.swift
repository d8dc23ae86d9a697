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
    let block = AttentionShape.block
    let keys = AttentionPanels(shape, blocks.upperBound, k, stride: stride, isTransposed: true)
    let values = AttentionPanels(shape, blocks.upperBound, v, stride: stride, isTransposed: false)
    let memory = AttentionMemory(block * block + 2 * block)
    let (scores, maximum) = (memory.base, memory.base + block * block)
    let sum = maximum + block
    for i in blocks {
      let (first, rows) = (i * block, shape.size(i))
      let target = output + first * shape.width
      for j in 0...i {
        keys.multiply(
          j, rows: rows, q + first * stride, stride, 1, adds: false, scores, block)
        aigc_attention_weights(
          rows, shape.size(j), first - j * block + 1, shape.scale, j == 0 ? 1 : 0, scores, block,
          maximum, sum, target, shape.width, shape.headSize)
        values.multiply(
          j, rows: rows, scores, block, 1, adds: j > 0, target, shape.width)
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
    let (block, blocks, width) = (AttentionShape.block, shape.blocks, shape.width)
    let keys = AttentionPanels(shape, blocks, k, stride: stride, isTransposed: true)
    let values = AttentionPanels(shape, blocks, v, stride: stride, isTransposed: true)
    let keyRows = AttentionPanels(shape, blocks, k, stride: stride, isTransposed: false)
    let queryRows = AttentionPanels(shape, blocks, q, stride: stride, isTransposed: false)
    let slopeRows = AttentionPanels(shape, blocks, dy, stride: width, isTransposed: false)
    let memory = AttentionMemory(2 * block * block + shape.steps)
    let (p, ds) = (memory.base, memory.base + block * block)
    // Of each row what its weights' gradients have in common: dy · output.
    let delta = ds + block * block
    for row in 0..<shape.steps {
      aigc_dot(shape.headSize, dy + row * width, output + row * width, delta + row)
    }
    let (dq, dk, dv) = (dqkv, dqkv + width, dqkv + 2 * width)
    for j in 0..<blocks {
      let (key, columns) = (j * block, shape.size(j))
      for i in j..<blocks {
        let (first, rows) = (i * block, shape.size(i))
        keys.multiply(j, rows: rows, q + first * stride, stride, 1, adds: false, p, block)
        values.multiply(j, rows: rows, dy + first * width, width, 1, adds: false, ds, block)
        aigc_attention_grad(
          rows, columns, first - key + 1, shape.scale, p, ds, block, logSums + first,
          delta + first)
        // The transposed products read p and ds the other way round.
        slopeRows.multiply(
          i, rows: columns, p, 1, block, adds: i > j, dv + key * stride, stride)
        queryRows.multiply(
          i, rows: columns, ds, 1, block, adds: i > j, dk + key * stride, stride)
        keyRows.multiply(
          j, rows: rows, ds, block, 1, adds: j > 0, dq + first * stride, stride)
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

  /// c (+)= a · block `index`.
  /// - Parameters:
  ///   - index: which block.
  ///   - rows: of `a` and `c`.
  ///   - a: read with `aRow` from one row to the next and `aDepth` along the sums.
  ///   - adds: whether `c` holds something already.
  ///   - c: rows `cRow` apart.
  @inline(__always)
  func multiply(
    _ index: Int, rows: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ aDepth: Int, adds: Bool,
    _ c: UnsafeMutablePointer<Float>, _ cRow: Int
  ) {
    let block = AttentionShape.block
    let (depth, columns) =
      isTransposed
      ? (shape.headSize, shape.size(index)) : (shape.size(index), shape.headSize)
    for panel in 0..<panels {
      let target = c + panel * block
      aigc_gemm_panel(
        rows, depth, a, aRow, aDepth, memory.base + (index * panels + panel) * panelSize,
        adds ? UnsafePointer(target) : nil, cRow, target, cRow,
        min(block, columns - panel * block))
    }
  }
}
