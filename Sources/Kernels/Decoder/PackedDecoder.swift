import CKernels
import Files

/// A decoder whose weights are packed once, to take many sequences further by a token each at a time: where a
/// policy writes, weights stay as they are for some thousand tokens, and 64 sequences meet each panel of them
/// while it is in the cache. ``TransformerDecoder`` reads weights where they lie, for eight sequences at most.
///
/// A value depends neither on the number of threads nor on the other sequences.
public final class PackedDecoder: @unchecked Sendable {
  private struct Layer {
    let attention: PackedPanels
    let attentionOutput: PackedPanels
    let inner: PackedPanels
    let innerOutput: PackedPanels
  }

  /// The same weights as they lie.
  public let decoder: TransformerDecoder
  private let layers: [Layer]
  private let head: PackedPanels
  private var weights: DecoderWeights { decoder.weights }

  /// Sequences that go through the layers together.
  private static let largest = 64

  /// Packs the weights of a decoder, which have to be in 32 bits.
  public init(_ decoder: TransformerDecoder) {
    self.decoder = decoder
    layers = decoder.weights.layers.map { layer in
      Layer(
        attention: Self.packed(layer.attention.matrix),
        attentionOutput: Self.packed(layer.attentionOutput.matrix),
        inner: Self.packed(layer.inner.matrix), innerOutput: Self.packed(layer.innerOutput.matrix))
    }
    head = Self.packed(decoder.weights.head)
  }

  private static func packed(_ matrix: StoredMatrix) -> PackedPanels {
    require(matrix.type == .f32, "PackedDecoder: weights of 16 bits")
    let isByInput = matrix.layout == .byInput
    return PackedPanels(
      depth: matrix.inputs, columns: matrix.outputs,
      matrix.address(row: 0).assumingMemoryBound(to: Float.self),
      depthStride: isByInput ? matrix.outputs : 1, columnStride: isByInput ? 1 : matrix.inputs)
  }

  /// One more token for each of several sequences.
  /// - Parameters:
  ///   - entries: the tokens, each with its sequence's cache, which grows by one; all different.
  ///   - scores: resized to [entries, vocabulary]: unnormalised scores of the tokens that follow.
  public func step(_ entries: [(token: Int32, cache: KeyValueCache)], scores: inout [Float]) {
    let vocabulary = weights.vocabulary
    if scores.count != entries.count * vocabulary {
      scores = [Float](repeating: 0, count: entries.count * vocabulary)
    }
    scores.withUnsafeMutableBufferPointer { scores in
      guard let base = scores.baseAddress else { return }
      for first in stride(from: 0, to: entries.count, by: Self.largest) {
        let part = entries[first..<min(first + Self.largest, entries.count)]
        step(Array(part), base + first * vocabulary)
      }
    }
  }

  private func step(
    _ entries: [(token: Int32, cache: KeyValueCache)], _ logits: UnsafeMutablePointer<Float>
  ) {
    let (count, width, inner) = (entries.count, weights.width, weights.inner)
    let longest = entries.reduce(0) { max($0, $1.cache.count + 1) }
    let blocks = (longest + KeyValueCache.blockSize - 1) / KeyValueCache.blockSize
    let tasks = Threads.count
    let memory = PoolMemory(
      count * (6 * width + inner) + tasks * blocks * KeyValueCache.blockSize)
    let base = memory.base
    let rows = entries.enumerated().map { index, entry in
      decoder.check(entry.cache, 1)
      entry.cache.reserve(entry.cache.count + 1)
      decoder.embed(entry.token, entry.cache.count, base + index * width)
      return DecoderRow(cache: entry.cache, position: entry.cache.count)
    }
    let pass = Pass(
      decoder: self, rows: rows, tasks: tasks, x: base, normed: base + count * width,
      qkv: base + 2 * count * width, mixed: base + 5 * count * width,
      inner: base + 6 * count * width, scores: base + count * (6 * width + inner),
      scoreSize: blocks * KeyValueCache.blockSize, logits: logits)
    parallelSteps(7 * layers.count + 2, tasks: tasks) { step, task in pass.run(step, task) }
    for entry in entries { entry.cache.count += 1 }
  }

  /// One token of some sequences on their way through the layers.
  private struct Pass: @unchecked Sendable {
    let decoder: PackedDecoder
    let rows: [DecoderRow]
    let tasks: Int
    // [rows, …] each.
    let x: UnsafeMutablePointer<Float>
    let normed: UnsafeMutablePointer<Float>
    let qkv: UnsafeMutablePointer<Float>
    let mixed: UnsafeMutablePointer<Float>
    let inner: UnsafeMutablePointer<Float>
    /// Attention weights of a task's query: [tasks, scoreSize].
    let scores: UnsafeMutablePointer<Float>
    let scoreSize: Int
    let logits: UnsafeMutablePointer<Float>

    private var weights: DecoderWeights { decoder.weights }

    func run(_ step: Int, _ task: Int) {
      let index = step / 7
      guard index < weights.layers.count else {
        return step % 7 == 0
          ? normalize(weights.norm, task)
          : multiply(
            decoder.head, nil, normed, logits, task)
      }
      let (layer, panels) = (weights.layers[index], decoder.layers[index])
      switch step % 7 {
      case 0: normalize(layer.norm1, task)
      case 1: multiply(panels.attention, layer.attention.bias, normed, qkv, task)
      case 2: attend(index, task)
      case 3:
        multiply(
          panels.attentionOutput, layer.attentionOutput.bias, mixed, x, task, adds: true)
      case 4: normalize(layer.norm2, task)
      case 5:
        multiply(
          panels.inner, layer.inner.bias, normed, inner, task, activation: weights.activation)
      default:
        multiply(panels.innerOutput, layer.innerOutput.bias, inner, x, task, adds: true)
      }
    }

    private func part(_ count: Int, _ task: Int) -> Range<Int> {
      count * task / tasks..<count * (task + 1) / tasks
    }

    private func normalize(_ norm: StoredNorm, _ task: Int) {
      let range = part(rows.count, task)
      let first = range.lowerBound * weights.width
      norm.apply(rows: range.count, epsilon: weights.epsilon, x + first, normed + first)
    }

    /// The columns of a task's panels.
    private func multiply(
      _ panels: PackedPanels, _ bias: StoredVector?, _ input: UnsafeMutablePointer<Float>,
      _ output: UnsafeMutablePointer<Float>, _ task: Int, adds: Bool = false,
      activation: DecoderActivation? = nil
    ) {
      for panel in part(panels.count, task) {
        let first = panel * PackedPanels.width
        let count = min(PackedPanels.width, panels.columns - first)
        let target = output + first
        if adds, let bias {
          for row in 0..<rows.count {
            let line = target + row * panels.columns
            aigc_add(count, line, bias.base + first, line)
          }
        }
        panels.multiply(
          panel: panel, rows: rows.count, input, stride: panels.depth,
          start: adds ? UnsafePointer(target) : bias.map { $0.base + first },
          startStride: adds ? panels.columns : 0, target, cStride: panels.columns)
        guard let activation else { continue }
        for row in 0..<rows.count { activation.apply(count, target + row * panels.columns) }
      }
    }

    private func attend(_ layer: Int, _ task: Int) {
      let (width, size, heads) = (weights.width, weights.headSize, weights.heads)
      for item in part(rows.count * heads, task) {
        let (row, head) = (item / heads, item % heads)
        let line = qkv + row * 3 * width + head * size
        let entry = rows[row]
        entry.cache.store(
          layer, head, position: entry.position, rows: 1, keys: line + width,
          values: line + 2 * width, stride: 3 * width)
        DecoderStep.attend(
          entry, layer, head, size: size, line, scores + task * scoreSize,
          mixed + row * width + head * size)
      }
    }
  }
}
