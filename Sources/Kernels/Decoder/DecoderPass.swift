import CKernels
import Files

/// Tokens through some layers of a decoder, of one sequence or of several, one or some hundred.
///
/// One parallel region for all layers. Few rows are normalised by each task anew, which is faster than to wait
/// for each other once more; many rows have stages for that. What a value is depends neither on the cut nor on the
/// number of rows.
struct DecoderPass: @unchecked Sendable {
  /// The most rows of which each task makes its own normalised copy.
  static let fewRows = 8
  /// Tasks of each thread for many rows, so that threads end together.
  private static let manyTasks = 8

  enum Stage {
    case normalizeAttention, project, attend, prepareMixed, output, addOutput
    case normalizeFeedForward, widen, prepareInner, down, addDown
  }

  let weights: DecoderWeights
  let runs: [DecoderRun]
  let rows: Int
  let layers: Range<Int>
  /// Rows that are wanted after the last layer: the last ones.
  let wanted: Range<Int>
  /// [wanted, vocabulary].
  let logits: UnsafeMutablePointer<Float>?
  let tasks: Int
  let rotary: DecoderRotary
  let buffers: DecoderBuffers
  /// The inputs of products in eight bits; nil where no matrix takes them.
  let codes: DecoderCodes?
  private let stages: [Stage]
  var shape: TransformerShape { weights.shape }
  var isWide: Bool { rows > Self.fewRows }

  /// - Parameters:
  ///   - weights: the decoder's.
  ///   - runs: whose caches have place for them.
  ///   - x: [rows, width]: what the first of `layers` gets; is changed. Where `wanted` is smaller than the rows, only
  ///     those rows are right after the last layer of the decoder.
  ///   - layers: which layers.
  ///   - wanted: how many of the last rows are wanted after the last layer.
  ///   - logits: gets the wanted rows' scores; nil: none are wanted.
  static func run(
    _ weights: DecoderWeights, _ runs: [DecoderRun], x: UnsafeMutablePointer<Float>,
    layers: Range<Int>, wanted: Int, logits: UnsafeMutablePointer<Float>?
  ) {
    let rows = runs.reduce(0) { $0 + $1.count }
    require(rows > 0 && wanted <= rows, "DecoderPass: \(rows) rows, \(wanted) wanted")
    let isWide = rows > fewRows
    let takesInt8 = weights.takesInt8
    let tasks = Threads.count * (isWide ? manyTasks : 1)
    let memory = PoolMemory(
      DecoderBuffers.size(weights, rows: rows, tasks: tasks, isWide: isWide))
    DecoderPass(
      weights: weights, runs: runs, rows: rows, layers: layers, wanted: rows - wanted..<rows,
      logits: logits, tasks: tasks, rotary: DecoderRotary(weights.shape, runs),
      buffers: DecoderBuffers(
        weights, rows: rows, isWide: isWide, x: x, memory: memory.base),
      codes: takesInt8
        ? DecoderCodes(weights.shape, rows: rows, copies: isWide ? 1 : tasks) : nil,
      stages: stages(
        weights.shape, isWide: isWide, prepares: takesInt8 || weights.narrowWidth > 0)
    ).run()
  }

  private static func stages(
    _ shape: TransformerShape, isWide: Bool, prepares: Bool
  ) -> [Stage] {
    let isPrepared = isWide && prepares
    var stages: [Stage] = isWide ? [.normalizeAttention] : []
    stages += [.project, .attend] + (isPrepared ? [.prepareMixed] : []) + [.output]
    stages += shape.hasSandwichNorms ? [.addOutput] : []
    stages += (isWide ? [.normalizeFeedForward] : []) + [.widen]
    stages += (isPrepared ? [.prepareInner] : []) + [.down]
    return stages + (shape.hasSandwichNorms ? [.addDown] : [])
  }

  private func run() {
    let ends = logits == nil || wanted.isEmpty ? 0 : isWide ? 2 : 1
    parallelSteps(layers.count * stages.count + ends, tasks: tasks) { step, task in
      // After Ctrl-C nobody asks for the result.
      if isWide, Interruption.isRequested { return }
      let (index, place) = step.quotientAndRemainder(dividingBy: stages.count)
      guard index < layers.count else {
        let isLast = step == layers.count * stages.count + ends - 1
        return isLast ? head(task) : normalize(weights.norm, wanted, task, [])
      }
      run(stages[place], layers.lowerBound + index, task)
    }
  }

  private func run(_ stage: Stage, _ index: Int, _ task: Int) {
    let layer = weights.layers[index]
    let active = activeRows(index)
    switch stage {
    case .normalizeAttention:
      normalize(layer.attentionNorm, 0..<rows, task, [layer.query, layer.key, layer.value])
    case .project: project(index, task)
    case .attend: attend(index, task)
    case .prepareMixed:
      prepare(codes?.mixed, buffers.mixed, shape.queryWidth, active, task, layer.output)
    case .output:
      let input = coded(codes?.mixed, buffers.mixed, shape.queryWidth, active, task)
      add(layer.output, input, active, task, isNormed: layer.outputNorm != nil)
      fetch(layer.up.matrix, task)
    case .addOutput: addNormed(layer.outputNorm, active, task)
    case .normalizeFeedForward:
      normalize(layer.feedForwardNorm, active, task, [layer.up] + [layer.gate].compactMap { $0 })
    case .widen: widen(index, task)
    case .prepareInner:
      prepare(codes?.inner, buffers.inner, shape.inner, active, task, layer.down)
    case .down:
      let input = coded(codes?.inner, buffers.inner, shape.inner, active, task)
      add(layer.down, input, active, task, isNormed: layer.downNorm != nil)
      fetchNext(index, task)
    case .addDown: addNormed(layer.downNorm, active, task)
    }
  }

  /// The rows that go on behind a layer's keys and values.
  func activeRows(_ layer: Int) -> Range<Int> {
    layer == shape.layers - 1 ? wanted : 0..<rows
  }

  // MARK: Parts of a task

  /// A task's part of some columns, in whole units of a matrix.
  func range(_ count: Int, unit: Int, _ task: Int) -> Range<Int> {
    let units = (count + unit - 1) / unit
    return min(count, units * task / tasks * unit)..<min(count, units * (task + 1) / tasks * unit)
  }

  func range(_ matrix: PackedMatrix, rows: Int, _ task: Int) -> Range<Int> {
    range(matrix.outputs, unit: matrix.unit(rows: rows), task)
  }

  private func part(_ range: Range<Int>, _ task: Int) -> Range<Int> {
    let count = range.count
    return range.lowerBound + count * task / tasks..<range.lowerBound + count * (task + 1) / tasks
  }

  private func fetch(_ matrix: PackedMatrix, _ task: Int) {
    if !isWide { matrix.fetch(range(matrix, rows: rows, task)) }
  }

  private func fetchNext(_ index: Int, _ task: Int) {
    if index + 1 < layers.upperBound {
      fetch(weights.layers[index + 1].query.matrix, task)
    } else if logits != nil {
      fetch(weights.head, task)
    }
  }

  // MARK: Norms

  /// Rows as a product takes them: of few rows a task's own, of many those of the stage before.
  func normed(_ norm: StoredNorm, _ range: Range<Int>, _ task: Int) -> ProductInput {
    let width = shape.width
    guard !isWide else {
      return coded(codes?.normed, buffers.normed, width, range, task)
    }
    let target = buffers.own(task)
    norm.apply(shape, rows: range.count, buffers.x + range.lowerBound * width, target)
    let own = codes?.normed?[task]
    own?.quantize(0..<range.count, target, stride: width)
    return ProductInput(rows: range.count, values: target, stride: width, codes: own)
  }

  /// A task's part of the rows for products of many.
  private func normalize(
    _ norm: StoredNorm, _ range: Range<Int>, _ task: Int, _ readers: [StoredLinear]
  ) {
    let part = part(range, task)
    guard !part.isEmpty else { return }
    let offset = part.lowerBound * shape.width
    norm.apply(shape, rows: part.count, buffers.x + offset, buffers.normed + offset)
    codes?.normed?[0].quantize(part, buffers.normed + offset, stride: shape.width)
    narrow(part, buffers.normed, shape.width, readers)
  }

  /// What adapters of the layers that read some rows make of them.
  private func narrow(
    _ part: Range<Int>, _ values: UnsafePointer<Float>, _ width: Int, _ readers: [StoredLinear]
  ) {
    let stride = weights.narrowWidth
    for change in readers.compactMap({ $0.change }) {
      change.narrow(
        rows: part.count, values + part.lowerBound * width, xStride: width,
        buffers.narrow + part.lowerBound * stride + change.place, stride: stride)
    }
  }

  /// The same of rows that are normalised already, or need not be.
  private func prepare(
    _ codes: [LowBitActivations]?, _ values: UnsafeMutablePointer<Float>, _ width: Int,
    _ range: Range<Int>, _ task: Int, _ reader: StoredLinear
  ) {
    let part = part(range, task)
    guard !part.isEmpty else { return }
    codes?[0].quantize(part, values + part.lowerBound * width, stride: width)
    narrow(part, values, width, [reader])
  }

  /// Rows as a product takes them: of few rows each task makes its own codes.
  private func coded(
    _ codes: [LowBitActivations]?, _ values: UnsafeMutablePointer<Float>, _ width: Int,
    _ range: Range<Int>, _ task: Int
  ) -> ProductInput {
    let first = values + range.lowerBound * width
    var input = ProductInput(rows: range.count, values: first, stride: width)
    input.codes = codes?[isWide ? 0 : task]
    if isWide {
      input.firstCode = range.lowerBound
      if weights.narrowWidth > 0 {
        input.narrow = UnsafePointer(buffers.narrow + range.lowerBound * weights.narrowWidth)
        input.narrowStride = weights.narrowWidth
      }
    } else {
      input.codes?.quantize(0..<range.count, first, stride: width)
    }
    return input
  }

  /// x += norm(result).
  private func addNormed(_ norm: StoredNorm?, _ range: Range<Int>, _ task: Int) {
    let part = part(range, task)
    guard let norm, !part.isEmpty else { return }
    let offset = part.lowerBound * shape.width
    let result = buffers.result + offset
    norm.apply(shape, rows: part.count, result, result)
    aigc_add(part.count * shape.width, buffers.x + offset, result, buffers.x + offset)
  }

  // MARK: Products

  /// x += input W + b, or what is normed before it is added.
  private func add(
    _ linear: StoredLinear, _ input: ProductInput, _ active: Range<Int>, _ task: Int,
    isNormed: Bool
  ) {
    let columns = range(linear.matrix, rows: active.count, task)
    guard !active.isEmpty, !columns.isEmpty else { return }
    let width = shape.width
    let result = buffers.result + active.lowerBound * width
    linear.apply(columns, input, result, yStride: width)
    guard !isNormed else { return }
    for row in active {
      let offset = row * width + columns.lowerBound
      aigc_add(columns.count, buffers.x + offset, buffers.result + offset, buffers.x + offset)
    }
  }

  private func widen(_ index: Int, _ task: Int) {
    let layer = weights.layers[index]
    let active = activeRows(index)
    guard !active.isEmpty else { return }
    let columns = range(layer.up.matrix, rows: active.count, task)
    let input = normed(layer.feedForwardNorm, active, task)
    guard !columns.isEmpty else { return }
    let inner = shape.inner
    let offset = active.lowerBound * inner
    layer.up.apply(columns, input, buffers.inner + offset, yStride: inner)
    layer.gate?.apply(columns, input, buffers.gate + offset, yStride: inner)
    fetch(layer.down.matrix, task)
    for row in active {
      let up = buffers.inner + row * inner + columns.lowerBound
      guard layer.gate != nil else {
        shape.activation.apply(columns.count, up)
        continue
      }
      let gate = buffers.gate + row * inner + columns.lowerBound
      shape.activation.apply(columns.count, gate)
      aigc_multiply(columns.count, gate, up, up)
    }
  }

  private func head(_ task: Int) {
    guard let logits else { return }
    let columns = range(weights.head, rows: wanted.count, task)
    let input = normed(weights.norm, wanted, task)
    weights.head.multiply(
      columns, input, start: nil, startStride: 0, logits, yStride: shape.vocabulary)
  }
}
