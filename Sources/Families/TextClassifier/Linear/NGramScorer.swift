import Checkpoints
import Datasets
import Files
import Kernels

/// A weight for each feature and score: naive Bayes, logistic regression, and what the means of vectors and a linear
/// layer come to when they are multiplied out.
///
/// `weight` [scores, features] lies in 8 bits, each row with a scale of its own; of naive Bayes `counts`
/// [classes, features] are kept instead, so that more texts can be counted.
struct NGramScorer: TextScorer {
  static let file = "model.safetensors"

  let configuration: TextClassifierConfiguration
  private let features: TextFeatures
  private let index: FeatureIndex
  /// [features, scores].
  private let weights: [Float]
  let bias: [Float]
  /// Of naive Bayes: texts of each class, and how often each feature stands in them, [classes, features].
  let counts: FeatureCounts?
  private var scoreCount: Int { configuration.scoreCount }

  /// - Parameters:
  ///   - weights: [features, scores], for the keys of the index.
  ///   - bias: one a score.
  init(
    _ configuration: TextClassifierConfiguration, _ index: FeatureIndex, weights: [Float],
    bias: [Float], counts: FeatureCounts? = nil
  ) {
    self.configuration = configuration
    features = configuration.features ?? TextFeatures()
    (self.index, self.weights, self.bias, self.counts) = (index, weights, bias, counts)
  }

  /// The keys of the features, and the weights of one score.
  func known(score: Int) -> (keys: [UInt32], weights: [Double]) {
    (
      index.keys,
      index.keys.indices.map { Double(weights[$0 * scoreCount + score]) }
    )
  }

  // MARK: Scores

  func logits(_ texts: TextList) throws(AIGCError) -> [Float] {
    let classes = configuration.classes.count
    let slots = ParallelSlots<[Float]>(count: (texts.count + 255) / 256)
    parallelFor(slots.count) { block in
      if Interruption.isRequested { return }
      slots.set(
        block, (block * 256..<min(texts.count, block * 256 + 256)).flatMap { logits(texts[$0]) })
    }
    try Interruption.check()
    var result: [Float] = []
    result.reserveCapacity(texts.count * classes)
    for block in 0..<slots.count { result += slots.take(block) ?? [] }
    return result
  }

  private func logits(_ text: ArraySlice<UInt8>) -> [Float] {
    var scores = [Float](repeating: 0, count: scoreCount)
    let words = TextWords(text).words
    let found = known(words)
    for (row, value) in found {
      for score in scores.indices { scores[score] += value * weights[row * scoreCount + score] }
    }
    let scale = scale(found.map { $0.value })
    for score in scores.indices { scores[score] = scores[score] * scale + bias[score] }
    return scoreCount == 1 ? [-scores[0] / 2, scores[0] / 2] : scores
  }

  /// The rows and values of a text's features; of means every place where one stands.
  private func known(_ words: [TextWords.Word]) -> [(row: Int, value: Float)] {
    guard configuration.method == .linear else {
      return features.features(words).compactMap { feature in
        index.find(feature.key).map { ($0, feature.value) }
      }
    }
    return features.occurrences(words).compactMap { feature in
      index.find(feature.key).map { ($0, feature.isNegated ? -features.negation : 1) }
    }
  }

  /// By what the sum over a text's features is multiplied.
  private func scale(_ values: [Float]) -> Float {
    if configuration.method == .linear { return 1 / Float(max(values.count, 1)) }
    guard features.isNormalized == true else { return 1 }
    return 1 / TextFeatures.norm(values.reduce(0) { $0 + $1 * $1 })
  }

  // MARK: Explanations

  func contributions(
    _ text: ArraySlice<UInt8>, _ words: [TextWords.Word], to label: Int
  ) -> [Double] {
    let found = features.occurrences(words)
    // A feature counts once however often it stands there, but for means: its places share what it adds.
    var standing: [UInt64: Int] = [:]
    if configuration.method != .linear {
      for feature in found { standing[place(feature), default: 0] += 1 }
    }
    let scale = Double(scale(known(words).map { $0.value }))
    var result = [Double](repeating: 0, count: words.count)
    for feature in found {
      guard let row = index.find(feature.key) else { continue }
      let value = feature.isNegated ? -Double(features.negation) : 1
      let amount = value * margin(row, label) * scale / Double(standing[place(feature)] ?? 1)
      let (first, last) = (Int(feature.first), Int(feature.last))
      if feature.isPair {
        result[first] += amount / 2
        result[last] += amount / 2
      } else {
        for word in first...last { result[word] += amount / Double(last - first + 1) }
      }
    }
    return result
  }

  private func place(_ feature: TextFeatures.Occurrence) -> UInt64 {
    UInt64(feature.key) << 1 | (feature.isNegated ? 1 : 0)
  }

  /// What a feature gives a class more than the mean of the others.
  private func margin(_ row: Int, _ label: Int) -> Double {
    if scoreCount == 1 { return Double(weights[row]) * (label == 1 ? 1 : -1) }
    let scores = weights[row * scoreCount..<(row + 1) * scoreCount].map { Double($0) }
    let others = scores.reduce(0, +) - scores[label]
    return scores[label] - others / Double(scoreCount - 1)
  }

  // MARK: Files

  func write(to path: (String) -> String) throws(AIGCError) {
    var tensors = [
      NewTensor(
        name: "keys", shape: [index.count], bytes: try Table(index.keys).rawBytes, type: .i32)
    ]
    if let counts {
      let classes = configuration.classes.count
      tensors += [
        NewTensor(
          name: "counts", shape: [classes, index.count], floats: counts.features.flatMap { $0 }),
        NewTensor(name: "texts", shape: [classes], floats: counts.texts),
      ]
    } else {
      let rows = (0..<scoreCount).map { score in
        index.keys.indices.map { weights[$0 * scoreCount + score] }
      }
      tensors += try EightBitRows(rows).tensors(named: "weight")
      tensors.append(NewTensor(name: "bias", shape: [scoreCount], floats: bias))
    }
    try SafetensorsWriter.write(tensors, to: path(Self.file), sync: true)
  }

  /// Reads the weights of a model folder.
  /// - Throws: ``/Files/AIGCError``: badInput for damaged files, mismatch for those of another model.
  init(folder: String, _ configuration: TextClassifierConfiguration) throws(AIGCError) {
    let checkpoint = try Checkpoint.open("\(folder)/\(Self.file)")
    let keys = try checkpoint.tensor("keys")
    let place = checkpoint.path
    let index = FeatureIndex(
      keys: try keys.integers().map { UInt32(bitPattern: Int32(truncatingIfNeeded: $0)) })
    guard keys.shape.count == 1, index.count == keys.count else {
      throw .badInput("\(place): 'keys' is no list of different features; damaged")
    }
    if configuration.method == .naiveBayes {
      let counts = try FeatureCounts(checkpoint, configuration.classes.count, index.count)
      self.init(configuration, index, counts)
      return
    }
    let scores = configuration.scoreCount
    let rows = try EightBitRows.read(
      checkpoint, named: "weight", rows: scores, columns: index.count)
    let bias = try checkpoint.tensor("bias")
    guard bias.shape == [scores] else {
      throw .mismatch("\(place): 'bias' has the shape \(bias.shape), not [\(scores)]")
    }
    var weights = [Float](repeating: 0, count: index.count * scores)
    for (score, row) in rows.enumerated() {
      for (feature, value) in row.enumerated() { weights[feature * scores + score] = value }
    }
    let biases = try bias.floats()
    guard biases.allSatisfy({ $0.isFinite }), weights.allSatisfy({ $0.isFinite }) else {
      throw .badInput("\(place): weights that are no numbers; damaged")
    }
    self.init(configuration, index, weights: weights, bias: biases)
  }
}
