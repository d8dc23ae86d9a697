import CKernels

/// One head of keys and values of one sequence, with the heads of queries that it serves.
struct AttentionHead {
  private let shape: AttentionShape
  /// From the head's first query, key and value on.
  private let inputs: AttentionInputs
  private let index: Int

  init(_ shape: AttentionShape, _ inputs: AttentionInputs, _ index: Int) {
    self.shape = shape
    self.index = index
    let (sequence, head) = index.quotientAndRemainder(dividingBy: shape.keyValueHeads)
    self.inputs = inputs.part(shape, sequence: sequence, head: head)
  }

  /// Where the outputs of its head `member` of queries begin.
  func outputOffset(_ member: Int) -> Int {
    let (sequence, head) = index.quotientAndRemainder(dividingBy: shape.keyValueHeads)
    return sequence * shape.steps * shape.width + (head * shape.group + member) * shape.headSize
  }

  /// Outputs and sums of one head of queries for some blocks of them; `output` and `logSums` are that head's own.
  func forward(
    _ blocks: Range<Int>, member: Int, output: UnsafeMutablePointer<Float>,
    logSums: UnsafeMutablePointer<Float>
  ) {
    let (block, strip, stride) = (AttentionShape.block, AttentionShape.strip, inputs.queryStride)
    let earliest = shape.firstBlock(of: blocks.lowerBound * block)
    let seen = earliest..<blocks.upperBound
    let keys = AttentionPanels(
      shape, seen, inputs.keys, stride: inputs.keyStride, isTransposed: true)
    let values = AttentionPanels(
      shape, seen, inputs.values, stride: inputs.keyStride, isTransposed: false)
    let memory = AttentionMemory(strip * block + 2 * strip)
    let (scores, maximum) = (memory.base, memory.base + strip * block)
    let sum = maximum + strip
    let q = inputs.queries + member * shape.headSize
    let end = min(blocks.upperBound * block, shape.steps)
    for first in Swift.stride(from: blocks.lowerBound * block, to: end, by: strip) {
      let rows = min(strip, end - first)
      let target = output + first * shape.width
      let (own, start) = ((first + rows - 1) / block, shape.firstBlock(of: first))
      for step in 0...own - start {
        // With a window from the queries' own block back: there each row has a maximum that is a number.
        let key = (shape.window == nil ? step : own - step) * block
        let columns = min(block, first + rows - key)
        keys.multiply(
          key..<key + columns, rows: rows, q + first * stride, stride, 1, adds: false, scores,
          block)
        hide(rows, columns, first: first, key: key, scores)
        aigc_attention_weights(
          rows, columns, first - key + 1, shape.scale, step == 0 ? 1 : 0, scores, block, maximum,
          sum, target, shape.width, shape.headSize)
        values.multiply(
          key..<key + columns, rows: rows, scores, block, 1, adds: step > 0, target, shape.width)
      }
      aigc_attention_finish(
        rows, maximum, sum, target, shape.width, shape.headSize, logSums + first)
    }
  }

  /// Gives scores of keys before the window the weight 0.
  /// - Parameters:
  ///   - first: the position of the first row.
  ///   - key: that of the first column.
  private func hide(
    _ rows: Int, _ columns: Int, first: Int, key: Int, _ scores: UnsafeMutablePointer<Float>
  ) {
    guard let window = shape.window, first + rows - window > key else { return }
    for row in 0..<rows {
      let hidden = min(columns, max(0, first + row - window + 1 - key))
      (scores + row * AttentionShape.block).update(repeating: -.infinity, count: hidden)
    }
  }

  /// The gradients of the head's queries, keys and values, block of keys after block.
  func backward(
    dy: UnsafePointer<Float>, output: UnsafePointer<Float>, logSums: UnsafePointer<Float>,
    _ gradients: AttentionLayout<UnsafeMutablePointer<Float>>
  ) {
    let all = 0..<shape.blocks
    let (k, stride) = (inputs.keys, inputs.keyStride)
    let keys = AttentionPanels(shape, all, k, stride: stride, isTransposed: true)
    let values = AttentionPanels(shape, all, inputs.values, stride: stride, isTransposed: true)
    let keyRows = AttentionPanels(shape, all, k, stride: stride, isTransposed: false)
    for member in 0..<shape.group {
      let offset = member * shape.headSize
      backward(
        member, keys, values, keyRows, dy: dy + offset, output: output + offset,
        logSums: logSums + member * shape.steps, gradients)
    }
  }

  /// The part of one head of queries, which the gradients of keys and values begin with or grow by.
  private func backward(
    _ member: Int, _ keys: borrowing AttentionPanels, _ values: borrowing AttentionPanels,
    _ keyRows: borrowing AttentionPanels, dy: UnsafePointer<Float>, output: UnsafePointer<Float>,
    logSums: UnsafePointer<Float>, _ gradients: AttentionLayout<UnsafeMutablePointer<Float>>
  ) {
    let (block, strip, width) = (AttentionShape.block, AttentionShape.strip, shape.width)
    let (stride, all) = (inputs.queryStride, 0..<shape.blocks)
    let q = inputs.queries + member * shape.headSize
    let queryRows = AttentionPanels(shape, all, q, stride: stride, isTransposed: false)
    let slopeRows = AttentionPanels(shape, all, dy, stride: width, isTransposed: false)
    let memory = AttentionMemory(2 * strip * block + shape.steps)
    let (p, ds) = (memory.base, memory.base + strip * block)
    // Of each row what its weights' gradients have in common: dy · output.
    let delta = ds + strip * block
    for row in 0..<shape.steps {
      aigc_dot(shape.headSize, dy + row * width, output + row * width, delta + row)
    }
    let dq = gradients.queries + member * shape.headSize
    let (queryStride, keyStride) = (gradients.queryStride, gradients.keyStride)
    for key in Swift.stride(from: 0, to: shape.steps, by: block) {
      let (dk, dv) = (gradients.keys + key * keyStride, gradients.values + key * keyStride)
      // The last strip first: it meets all keys of the block, whose gradients begin with it.
      let last = shape.lastStrip(of: key)
      for index in (key / strip...last).reversed() {
        let first = index * strip
        let (rows, isFirst) = (min(strip, shape.steps - first), member == 0 && index == last)
        let columns = min(block, first + rows - key)
        let (seen, taken) = (key..<key + columns, first..<first + rows)
        keys.multiply(seen, rows: rows, q + first * stride, stride, 1, adds: false, p, block)
        values.multiply(
          seen, rows: rows, dy + first * width, width, 1, adds: false, ds, block)
        hide(rows, columns, first: first, key: key, p)
        aigc_attention_grad(
          rows, columns, first - key + 1, shape.scale, p, ds, block, logSums + first,
          delta + first)
        // The transposed products read p and ds the other way round.
        slopeRows.multiply(taken, rows: columns, p, 1, block, adds: !isFirst, dv, keyStride)
        queryRows.multiply(taken, rows: columns, ds, 1, block, adds: !isFirst, dk, keyStride)
        keyRows.multiply(
          seen, rows: rows, ds, block, 1, adds: key > shape.firstBlock(of: first) * block,
          dq + first * queryStride, queryStride)
      }
    }
  }
}

/// Blocks of 64 positions of one operand, packed for ``aigc_gemm_panel``: as right operands [position,
/// value], or transposed [value, position].
struct AttentionPanels: ~Copyable {
  private let shape: AttentionShape
  private let isTransposed: Bool
  private let firstBlock: Int
  private let memory: AttentionMemory
  /// Panels of a block and values of one.
  private let panels: Int
  private let panelSize: Int

  /// Packs some blocks of `source`, rows `stride` apart.
  init(
    _ shape: AttentionShape, _ blocks: Range<Int>, _ source: UnsafePointer<Float>, stride: Int,
    isTransposed: Bool
  ) {
    self.shape = shape
    self.isTransposed = isTransposed
    firstBlock = blocks.lowerBound
    let block = AttentionShape.block
    // A head wider than a panel takes several, side by side; transposed it is a deeper one.
    panels = isTransposed ? 1 : (shape.headSize + block - 1) / block
    panelSize = block * (isTransposed ? shape.headSize : block)
    memory = AttentionMemory(blocks.count * panels * panelSize)
    for index in blocks {
      let rows = source + index * block * stride
      for panel in 0..<panels {
        let target = memory.base + ((index - firstBlock) * panels + panel) * panelSize
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
        memory.base + ((block - firstBlock) * panels + panel) * panelSize + row * width,
        adds ? UnsafePointer(target) : nil, cRow, target, cRow,
        min(width, columns - panel * width))
    }
  }
}
