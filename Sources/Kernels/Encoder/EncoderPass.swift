import CKernels
import Files

/// Some texts through all layers of an encoder: on one thread, where many such passes run side by side, or with each
/// stage cut into tasks. What a value is depends neither on the cut nor on the other texts.
struct EncoderPass: @unchecked Sendable {
  private enum Stage {
    case project, attend, quantizeMixed, output, addOutput, widen, quantizeInner, down, addDown
  }

  let weights: EncoderWeights
  let texts: [[Int32]]
  /// Where each text's rows begin.
  let starts: [Int]
  let rows: Int
  let tasks: Int
  let buffers: EncoderBuffers
  private let codes: EncoderCodes?
  private let stages: [Stage]
  private var shape: EncoderShape { weights.shape }

  /// - Parameters:
  ///   - weights: the encoder's.
  ///   - texts: tokens, at least one of each and at most as many as there are positions.
  ///   - tasks: how many parts each stage has; 1: all is done on the calling thread.
  ///   - body: gets the states of the last layer, [rows, width], and where each text's begin.
  static func run(
    _ weights: EncoderWeights, _ texts: [[Int32]], tasks: Int,
    _ body: (_ states: UnsafeMutablePointer<Float>, _ starts: [Int]) -> Void
  ) {
    var (starts, rows, longest): ([Int], Int, Int) = ([], 0, 0)
    for text in texts {
      require(
        !text.isEmpty && text.count <= weights.shape.context
          && text.allSatisfy { $0 >= 0 && $0 < weights.shape.vocabulary },
        "EncoderPass: a text without tokens, with too many, or with one outside of the vocabulary")
      starts.append(rows)
      rows += text.count
      longest = max(longest, text.count)
    }
    guard rows > 0 else { return }
    let shape = weights.shape
    let memory = PoolMemory(
      EncoderBuffers.size(shape, rows: rows, longest: longest, tasks: tasks))
    let takesInt8 = weights.takesInt8
    let pass = EncoderPass(
      weights: weights, texts: texts, starts: starts, rows: rows, tasks: tasks,
      buffers: EncoderBuffers(shape, rows: rows, longest: longest, memory: memory.base),
      codes: takesInt8 ? EncoderCodes(shape, rows: rows) : nil,
      stages: takesInt8
        ? [
          .project, .attend, .quantizeMixed, .output, .addOutput, .widen, .quantizeInner, .down,
          .addDown,
        ] : [.project, .attend, .output, .addOutput, .widen, .down, .addDown])
    pass.run()
    body(pass.buffers.x, starts)
  }

  private func run() {
    parallelSteps(1 + shape.layers * stages.count, tasks: tasks) { step, task in
      // After Ctrl-C nobody asks for the result.
      if Interruption.isRequested { return }
      guard step > 0 else { return embed(task) }
      let (layer, stage) = (step - 1).quotientAndRemainder(dividingBy: stages.count)
      run(stages[stage], weights.layers[layer], task)
    }
  }

  private func run(_ stage: Stage, _ layer: EncoderLayer, _ task: Int) {
    let (width, inner) = (shape.width, shape.inner)
    switch stage {
    case .project: project(layer, task)
    case .attend: attend(task)
    case .quantizeMixed: quantize(codes?.mixed, buffers.mixed, width, task)
    case .output:
      apply(layer.output, input(buffers.mixed, width, codes?.mixed), buffers.result, task)
    case .addOutput: add(layer.attentionNorm, task)
    case .widen:
      apply(layer.up, input(buffers.x, width, codes?.x), buffers.inner, task) { columns in
        for row in 0..<rows {
          shape.activation.apply(columns.count, buffers.inner + row * inner + columns.lowerBound)
        }
      }
    case .quantizeInner: quantize(codes?.inner, buffers.inner, inner, task)
    case .down:
      apply(layer.down, input(buffers.inner, inner, codes?.inner), buffers.result, task)
    case .addDown: add(layer.outputNorm, task)
    }
  }

  // MARK: Parts of a task

  private func part(_ count: Int, unit: Int = 1, _ task: Int) -> Range<Int> {
    let units = (count + unit - 1) / unit
    return min(count, units * task / tasks * unit)..<min(count, units * (task + 1) / tasks * unit)
  }

  private func input(
    _ values: UnsafeMutablePointer<Float>, _ width: Int, _ codes: LowBitActivations?
  ) -> ProductInput {
    ProductInput(rows: rows, values: values, stride: width, codes: codes)
  }

  // MARK: Rows

  /// norm(embedding + position + kind).
  private func embed(_ task: Int) {
    let (width, own) = (shape.width, part(rows, task))
    guard !own.isEmpty else { return }
    let memory = PoolMemory(width)
    for (text, start) in zip(texts, starts) {
      for row in own.clamped(to: start..<start + text.count) {
        let line = buffers.x + row * width
        weights.embeddings.copyRow(Int(text[row - start]), to: line)
        weights.positions.copyRow(row - start, to: memory.base)
        aigc_add(width, line, weights.kind.base, line)
        aigc_add(width, line, memory.base, line)
      }
    }
    normalize(weights.norm, own)
  }

  /// x = norm(x + result).
  private func add(_ norm: StoredNorm, _ task: Int) {
    let own = part(rows, task)
    guard !own.isEmpty else { return }
    let offset = own.lowerBound * shape.width
    aigc_add(
      own.count * shape.width, buffers.x + offset, buffers.result + offset, buffers.x + offset)
    normalize(norm, own)
  }

  private func normalize(_ norm: StoredNorm, _ range: Range<Int>) {
    let line = buffers.x + range.lowerBound * shape.width
    norm.applyLayer(shape.epsilon, rows: range.count, line, line)
    codes?.x?.quantize(range, line, stride: shape.width)
  }

  private func quantize(
    _ codes: LowBitActivations?, _ values: UnsafeMutablePointer<Float>, _ width: Int, _ task: Int
  ) {
    let own = part(rows, task)
    guard !own.isEmpty else { return }
    codes?.quantize(own, values + own.lowerBound * width, stride: width)
  }

  // MARK: Products

  private func apply(
    _ linear: StoredLinear, _ input: ProductInput, _ result: UnsafeMutablePointer<Float>,
    _ task: Int, then: (Range<Int>) -> Void = { _ in }
  ) {
    let matrix = linear.matrix
    let columns = part(matrix.outputs, unit: matrix.unit(rows: rows), task)
    guard !columns.isEmpty else { return }
    linear.apply(columns, input, result, yStride: matrix.outputs)
    then(columns)
  }

  /// Queries, keys and values.
  private func project(_ layer: EncoderLayer, _ task: Int) {
    let (width, input) = (shape.width, input(buffers.x, shape.width, codes?.x))
    for (place, linear) in [layer.query, layer.key, layer.value].enumerated() {
      let columns = part(width, unit: linear.matrix.unit(rows: rows), task)
      guard !columns.isEmpty else { continue }
      linear.apply(columns, input, buffers.qkv + place * width, yStride: 3 * width)
    }
  }

  private func attend(_ task: Int) {
    let (width, size) = (shape.width, shape.headSize)
    let attention = EncoderAttention(
      size: size, stride: 3 * width, outputStride: width,
      scale: 1 / Float(size).squareRoot())
    for item in part(texts.count * shape.heads, task) {
      let (text, head) = item.quotientAndRemainder(dividingBy: shape.heads)
      let queries = buffers.qkv + starts[text] * 3 * width + head * size
      attention.run(
        texts[text].count, queries: queries, keys: queries + width, values: queries + 2 * width,
        buffers.mixed + starts[text] * width + head * size, memory: buffers.attention(task))
    }
  }
}
