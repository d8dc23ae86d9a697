import Files
import CKernels

/// One token on its way through a decoder.
struct DecoderRow {
  let cache: KeyValueCache
  let position: Int
}

/// Up to eight tokens through some layers of a decoder, of as many sequences or of one: each weight is
/// read once for all of them, at the speed at which memory gives it.
///
/// One parallel region for all layers, four stages each: norm, queries, keys, values and attention of
/// a task's heads; attention's output; norm and inner layer; its output. A task keeps its columns,
/// heads and rows of the vocabulary; what a value is does not depend on the cut, so that the number
/// of threads does not matter.
struct DecoderStep: @unchecked Sendable {
  /// The most rows.
  static let largest = 8

  private let weights: DecoderWeights
  private let rows: [DecoderRow]
  private let firstLayer: Int
  private let tasks: Int
  /// Floats of one task's own memory: normalised rows, and attention weights.
  private let taskSize: Int
  private let scoresOffset: Int
  // [rows, …] each.
  private let x: UnsafeMutablePointer<Float>
  private let qkv: UnsafeMutablePointer<Float>
  private let mixed: UnsafeMutablePointer<Float>
  private let inner: UnsafeMutablePointer<Float>
  private let own: UnsafeMutablePointer<Float>
  /// [logitRows, vocabulary], of the last rows.
  private let logits: UnsafeMutablePointer<Float>?
  private let logitRows: Int

  /// - Parameters:
  ///   - weights: the decoder's.
  ///   - rows: whose caches have place for them, those of one sequence in order.
  ///   - x: [rows, width]: what layer `firstLayer` gets; is changed.
  ///   - firstLayer: the layers before are done.
  ///   - logits: gets scores of the last `logitRows` rows; nil: none are wanted.
  static func run(
    _ weights: DecoderWeights, _ rows: [DecoderRow], x: UnsafeMutablePointer<Float>,
    firstLayer: Int = 0, logits: UnsafeMutablePointer<Float>?, logitRows: Int = 0
  ) {
    require(
      !rows.isEmpty && rows.count <= largest && logitRows <= rows.count,
      "DecoderStep: \(rows.count) rows, \(logitRows) with logits")
    let (count, width, inner) = (rows.count, weights.width, weights.inner)
    let tasks = min(Threads.count, weights.heads)
    let longest = rows.reduce(0) { max($0, $1.position + 1) }
    let scores = (longest + KeyValueCache.blockSize - 1) / KeyValueCache.blockSize
    // Whole cache lines, so that no two tasks write to one.
    let scoresOffset = (count * width + 15) / 16 * 16
    let taskSize = scoresOffset + scores * KeyValueCache.blockSize
    let memory = PoolMemory(count * (4 * width + inner) + tasks * taskSize)
    let base = memory.base
    DecoderStep(
      weights: weights, rows: rows, firstLayer: firstLayer, tasks: tasks, taskSize: taskSize,
      scoresOffset: scoresOffset, x: x, qkv: base, mixed: base + 3 * count * width,
      inner: base + 4 * count * width, own: base + count * (4 * width + inner), logits: logits,
      logitRows: logitRows
    ).run()
  }

  private func run() {
    let steps = 4 * (weights.layers.count - firstLayer) + (logits == nil ? 0 : 1)
    parallelSteps(steps, tasks: tasks) { step, task in
      let layer = firstLayer + step / 4
      guard layer < weights.layers.count else { return head(task) }
      switch step % 4 {
      case 0: attend(layer, task)
      case 1:
        project(weights.layers[layer].attentionOutput, mixed, task)
        fetch(weights.layers[layer].inner.matrix, task)
      case 2: widen(layer, task)
      default:
        project(weights.layers[layer].innerOutput, inner, task)
        if layer + 1 < weights.layers.count {
          let heads = headRange(task)
          let next = heads.lowerBound * weights.headSize..<heads.upperBound * weights.headSize
          weights.layers[layer + 1].attention.matrix.fetch(next)
        } else if logits != nil {
          fetch(weights.head, task)
        }
      }
    }
  }

  // MARK: Parts of a task

  private func headRange(_ task: Int) -> Range<Int> {
    weights.heads * task / tasks..<weights.heads * (task + 1) / tasks
  }

  /// A task's part of some columns, in whole cache lines of 16-bit weights.
  private func range(_ count: Int, _ task: Int) -> Range<Int> {
    let lines = (count + 31) / 32
    return min(count, lines * task / tasks * 32)..<min(count, lines * (task + 1) / tasks * 32)
  }

  private func fetch(_ matrix: StoredMatrix, _ task: Int) {
    matrix.fetch(range(matrix.outputs, task))
  }

  // MARK: Stages

  private func attend(_ index: Int, _ task: Int) {
    let (layer, width, size) = (weights.layers[index], weights.width, weights.headSize)
    let heads = headRange(task)
    let normed = own + task * taskSize
    layer.norm1.apply(rows: rows.count, epsilon: weights.epsilon, x, normed)
    for part in 0..<3 {
      let first = part * width
      layer.attention.apply(
        first + heads.lowerBound * size..<first + heads.upperBound * size, rows: rows.count, normed,
        stride: width, adds: false, qkv, yStride: 3 * width)
    }
    fetch(layer.attentionOutput.matrix, task)
    for head in heads {
      for (row, entry) in rows.enumerated() {
        let line = qkv + row * 3 * width + head * size
        entry.cache.store(
          index, head, position: entry.position, rows: 1, keys: line + width,
          values: line + 2 * width, stride: 3 * width)
      }
      for (row, entry) in rows.enumerated() {
        Self.attend(
          entry, index, head, size: size, qkv + row * 3 * width + head * size,
          normed + scoresOffset, mixed + row * width + head * size)
      }
    }
  }

  /// One query of one head: softmax(q kᵀ / √d) v over all positions up to its own.
  static func attend(
    _ row: DecoderRow, _ layer: Int, _ head: Int, size: Int, _ q: UnsafeMutablePointer<Float>,
    _ scores: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>
  ) {
    let block = KeyValueCache.blockSize
    let count = row.position + 1
    aigc_scale_add(size, 1 / Float(size).squareRoot(), 0, q, q)
    for index in 0...row.position / block {
      aigc_gemm_panel(
        1, size, q, size, 1, row.cache.keys(layer, head, block: index), nil, 0,
        scores + index * block, block, block)
    }
    aigc_softmax(1, count, scores, scores)
    for index in 0...row.position / block {
      let values = row.cache.values(layer, head, block: index)
      for first in stride(from: 0, to: size, by: block) {
        aigc_gemm_panel(
          1, min(block, count - index * block), scores + index * block, block, 1,
          values + first * block, index == 0 ? nil : UnsafePointer(output + first), size,
          output + first, size, min(block, size - first))
      }
    }
  }

  private func project(
    _ linear: StoredLinear, _ input: UnsafeMutablePointer<Float>, _ task: Int
  ) {
    linear.apply(
      range(weights.width, task), rows: rows.count, input, stride: linear.matrix.inputs, adds: true,
      x, yStride: weights.width)
  }

  private func widen(_ index: Int, _ task: Int) {
    let layer = weights.layers[index]
    let normed = own + task * taskSize
    layer.norm2.apply(rows: rows.count, epsilon: weights.epsilon, x, normed)
    let columns = range(weights.inner, task)
    layer.inner.apply(
      columns, rows: rows.count, normed, stride: weights.width, adds: false, inner,
      yStride: weights.inner)
    fetch(layer.innerOutput.matrix, task)
    for row in 0..<rows.count {
      weights.activation.apply(columns.count, inner + row * weights.inner + columns.lowerBound)
    }
  }

  private func head(_ task: Int) {
    guard let logits else { return }
    let (width, skipped) = (weights.width, rows.count - logitRows)
    let normed = own + task * taskSize
    weights.norm.apply(rows: logitRows, epsilon: weights.epsilon, x + skipped * width, normed)
    StoredLinear(weights.head, bias: nil).apply(
      range(weights.vocabulary, task), rows: logitRows, normed, stride: width, adds: false, logits,
      yStride: weights.vocabulary)
  }
}
