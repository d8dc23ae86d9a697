import Datasets
import Files
import Inference
import Kernels
import Synchronization

/// Which states of a language model, or vectors of an encoder, a classifier reads.
public struct TextBackbone: Codable, Equatable, Sendable {
  /// The name or path of the model.
  public var model: String
  /// After how many of its layers; an encoder counts as one.
  public var layer: Int
  /// Values of a state.
  public var width: Int

  /// Why it is none; nil: it is one.
  var problem: String? {
    (0...100_000).contains(layer) && (1...1 << 20).contains(width)
      ? nil : "'backbone' with layer \(layer) and width \(width)"
  }
}

/// The states of texts in a language model, the mean over each text's tokens; or an encoder's vectors of texts.
struct PooledStates: Sendable {
  /// What the states are of.
  enum Source: Sendable {
    case languageModel(any LanguageModel)
    case encoder(any TextEmbedder)
  }

  let source: Source
  /// How many layers there are to choose from.
  let layers: Int
  private let cache = StateCache()
  /// Tokens of a text that are read, where the model could read more.
  private static let mostTokens = 512
  /// Texts that an encoder reads at once.
  private static let batch = 256

  /// Opens a language model or an encoder by name or path.
  /// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for one without states.
  init(_ nameOrPath: String) throws(AIGCError) {
    let path = try embedderPath(nameOrPath)
    if EncoderFamily(of: path) != nil {
      (source, layers) = (.encoder(try loadEmbedder(path)), 1)
      return
    }
    let model = try textFamily(of: path).load(path)
    guard let layers = model.stateLayers else {
      throw .mismatch(
        "\(path): a language model without hidden states; a neural one or an encoder is needed")
    }
    (source, self.layers) = (.languageModel(model), layers)
  }

  /// The tokens of a text that are read.
  func tokens(
    _ text: ArraySlice<UInt8>, _ model: any LanguageModel
  ) throws(AIGCError) -> [Int32] {
    let tokens = try model.encode(String(decoding: text, as: UTF8.self))
    return Array(tokens.prefix(min(model.contextSize ?? Self.mostTokens, Self.mostTokens)))
  }

  /// For each layer the mean state of each text, [layers][texts · width]; not numbers for texts without tokens.
  /// - Throws: ``/Files/AIGCError``: what the model says of damaged weights, interrupted after Ctrl-C.
  func means(
    _ texts: TextList, layers: [Int]
  ) throws(AIGCError) -> [[Float]] {
    var result = [[Float]](repeating: [], count: layers.count)
    let model: any LanguageModel
    switch source {
    case .languageModel(let found): model = found
    case .encoder(let encoder): return [try vectors(texts, encoder)]
    }
    for index in 0..<texts.count {
      try Interruption.check()
      let found = try cache.means(texts[index], layers) { () throws(AIGCError) in
        try means(texts[index], layers, model)
      }
      for place in layers.indices { result[place] += found[place] }
    }
    return result
  }

  /// [texts · width].
  private func vectors(
    _ texts: TextList, _ encoder: any TextEmbedder
  ) throws(AIGCError) -> [Float] {
    var result: [Float] = []
    for first in stride(from: 0, to: texts.count, by: Self.batch) {
      let places = first..<min(first + Self.batch, texts.count)
      let unknown = places.filter { cache.mean(texts[$0]) == nil }
      var tables: [Table<UInt8>] = []
      for index in unknown {
        tables.append(
          try Table(Array(String(decoding: texts[index], as: UTF8.self).utf8)))
      }
      let made = try encoder.embed(tables, batch: 32) { "text \(unknown[$0] + 1)" }
      let new = Dictionary(uniqueKeysWithValues: zip(unknown, made))
      for index in places {
        if let vector = new[index] {
          cache.keep(texts[index], [(1, vector)])
          result += vector
        } else {
          result += cache.mean(texts[index]) ?? []
        }
      }
    }
    return result
  }

  private func means(
    _ text: ArraySlice<UInt8>, _ layers: [Int], _ model: any LanguageModel
  ) throws(AIGCError) -> [[Float]] {
    let tokens = try tokens(text, model)
    if !tokens.isEmpty, let states = try model.hiddenStates(of: tokens, layers: layers) {
      return states.map { Self.mean($0) }
    }
    var result: [[Float]] = []
    for layer in layers { result.append(try empty(layer, model)) }
    return result
  }

  /// What stands for a text without tokens, in whose place the mean of all texts is taken.
  private func empty(_ layer: Int, _ model: any LanguageModel) throws(AIGCError) -> [Float] {
    guard model.vocabularySize > 0, let states = try model.hiddenStates(of: [0], layer: layer)
    else { return [] }
    return [Float](repeating: .nan, count: states.width)
  }

  private static func mean(_ states: HiddenStates) -> [Float] {
    var sums = [Float](repeating: 0, count: states.width)
    for token in 0..<states.count {
      for (place, value) in states[token].enumerated() { sums[place] += value }
    }
    return sums.map { $0 / Float(max(states.count, 1)) }
  }
}

/// The mean states of texts that were read already: choosing a layer, learning and measuring ask for them again.
private final class StateCache: Sendable {
  /// By text and layer.
  private let known = Mutex<[[UInt8]: [Int: [Float]]]>([:])
  /// Values that are kept: 1 GiB of them.
  private static let most = 1 << 28
  private let count = Atomic<Int>(0)

  func means(
    _ text: ArraySlice<UInt8>, _ layers: [Int],
    _ compute: () throws(AIGCError) -> [[Float]]
  ) throws(AIGCError) -> [[Float]] {
    let key = Array(text)
    let found = known.withLock { known in layers.compactMap { known[key]?[$0] } }
    if found.count == layers.count { return found }
    let result = try compute()
    keep(text, Array(zip(layers, result)))
    return result
  }

  /// What is known of a text after the first layer, which is an encoder's only one.
  func mean(_ text: ArraySlice<UInt8>) -> [Float]? {
    known.withLock { $0[Array(text)]?[1] }
  }

  func keep(_ text: ArraySlice<UInt8>, _ means: [(layer: Int, mean: [Float])]) {
    let size = means.reduce(0) { $0 + $1.mean.count } + text.count / 4
    guard count.add(size, ordering: .relaxed).newValue < Self.most else { return }
    known.withLock { known in
      for (layer, mean) in means { known[Array(text), default: [:]][layer] = mean }
    }
  }
}

/// Mean states as rows, moved and scaled so that each column has mean 0 and deviation 1.
struct StateMatrix: DesignMatrix {
  let rowCount: Int
  let columnCount: Int
  /// Of each column.
  let mean: [Float]
  let deviation: [Float]
  private let values: [Float]

  /// - Parameters:
  ///   - states: [rows, width]; rows that are no numbers count as the mean.
  ///   - width: values of a row.
  init(_ states: [Float], width: Int) {
    (columnCount, rowCount) = (width, states.count / max(width, 1))
    let count = rowCount
    func average(_ value: @Sendable (Float, Int) -> Double) -> [Float] {
      (0..<width).map { column in
        var (sum, known) = (0.0, 0)
        for row in 0..<count where states[row * width + column].isFinite {
          sum += value(states[row * width + column], column)
          known += 1
        }
        return Float(sum / Double(max(known, 1)))
      }
    }
    let mean = average { value, _ in Double(value) }
    let deviation = average { value, column in
      let distance = Double(value - mean[column])
      return distance * distance
    }.map { max($0.squareRoot(), 1e-6) }
    values = parallelValues(states.count, block: 1 << 16) { index in
      let column = index % width
      return states[index].isFinite ? (states[index] - mean[column]) / deviation[column] : 0
    }
    (self.mean, self.deviation) = (mean, deviation)
  }

  func products(_ weights: [Double], bias: Double) -> [Double] {
    parallelValues(rowCount, block: 64) { row in
      var sum = bias
      for column in 0..<columnCount {
        sum += weights[column] * Double(values[row * columnCount + column])
      }
      return sum
    }
  }

  func transposedProducts(_ factors: [Double]) -> [Double] {
    // Blocks of columns, each over all rows: sums are taken in the order of the rows.
    let block = 16
    let blocks = (columnCount + block - 1) / block
    let slots = ParallelSlots<[Double]>(count: blocks)
    parallelFor(blocks) { number in
      let first = number * block
      var sums = [Double](repeating: 0, count: min(block, columnCount - first))
      for row in 0..<rowCount where factors[row] != 0 {
        for place in sums.indices {
          sums[place] += factors[row] * Double(values[row * columnCount + first + place])
        }
      }
      slots.set(number, sums)
    }
    return (0..<blocks).flatMap { slots.take($0) ?? [] }
  }
}
