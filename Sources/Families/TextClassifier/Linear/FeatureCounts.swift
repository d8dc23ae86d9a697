import Checkpoints
import Files

/// What naive Bayes counts: more texts are learned by adding theirs.
struct FeatureCounts: Sendable {
  /// Texts of each class.
  var texts: [Float]
  /// For each class how often each feature stands in its texts.
  var features: [[Float]]

  init(texts: [Float], features: [[Float]]) { (self.texts, self.features) = (texts, features) }

  /// - Throws: ``/Files/AIGCError``: badInput for damaged counts, mismatch for those of another model.
  init(_ checkpoint: Checkpoint, _ classes: Int, _ count: Int) throws(AIGCError) {
    let (counts, texts) = (try checkpoint.tensor("counts"), try checkpoint.tensor("texts"))
    guard counts.shape == [classes, count], texts.shape == [classes] else {
      throw .mismatch(
        "\(checkpoint.path): 'counts' has the shape \(counts.shape) and 'texts' \(texts.shape), not "
          + "[\(classes), \(count)] and [\(classes)]")
    }
    let values = try counts.floats()
    self.texts = try texts.floats()
    guard values.allSatisfy({ $0 >= 0 && $0 < 1e15 }),
      self.texts.allSatisfy({ $0 >= 0 && $0 < 1e15 })
    else { throw .badInput("\(checkpoint.path): counts that are none; damaged") }
    features = (0..<classes).map { Array(values[$0 * count..<($0 + 1) * count]) }
  }
}

extension NGramScorer {
  /// Naive Bayes by its counts.
  init(
    _ configuration: TextClassifierConfiguration, _ index: FeatureIndex, _ counts: FeatureCounts
  ) {
    let scores = configuration.scoreCount
    var weights = [Float](repeating: 0, count: index.count * scores)
    var bias = [Float](repeating: 0, count: scores)
    let all = index.keys.indices.map { feature in
      counts.features.reduce(0.0) { $0 + Double($1[feature]) }
    }
    let texts = counts.texts.reduce(0.0) { $0 + Double($1) }
    for score in 0..<scores {
      // Of two classes the second against the first; of more each against the others.
      let label = scores == 1 ? 1 : score
      let inside = counts.features[label].map { Double($0) }
      let fit = NaiveBayes.weights(
        inside: inside, outside: zip(all, inside).map { $0 - $1 },
        texts: (Double(counts.texts[label]), texts - Double(counts.texts[label])))
      for (feature, weight) in fit.weights.enumerated() {
        weights[feature * scores + score] = Float(weight)
      }
      bias[score] = Float(fit.bias)
    }
    self.init(configuration, index, weights: weights, bias: bias, counts: counts)
  }
}
