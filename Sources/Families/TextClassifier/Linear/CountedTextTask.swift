import Autograd
import Checkpoints
import Datasets
import Files
import NN
import Training

/// Training in one step: naive Bayes, and logistic regression on features that it weights.
final class CountedTextTask: ScorerTask {
  var configuration: TextClassifierConfiguration
  let data: TextClassifierData
  private let penalty: Double
  private let minCount: Int
  /// A model that learns further; nil: a new one.
  private let start: NGramScorer?
  private var model: NGramScorer
  var scorer: any TextScorer { model }
  /// Logits of the texts by models that did not learn from them, [texts, classes]: what a temperature is fitted on
  /// where nothing is held out.
  private(set) var crossFitted: [Float]?
  var itemsBefore: Int { start == nil ? 0 : configuration.trainingTexts }

  init(
    _ configuration: TextClassifierConfiguration, _ data: TextClassifierData,
    _ settings: TextClassifierSettings, start: NGramScorer? = nil
  ) {
    (self.configuration, self.data, self.start) = (configuration, data, start)
    (penalty, minCount) = (settings.l2, settings.minCount)
    model =
      start
      ?? NGramScorer(
        configuration, FeatureIndex(), weights: [],
        bias: [Float](repeating: 0, count: configuration.scoreCount),
        counts: configuration.method == .naiveBayes
          ? FeatureCounts(
            texts: configuration.classes.map { _ in 0 },
            features: configuration.classes.map { _ in [] })
          : nil)
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let texts = data.learned
    let matrix = try FeatureMatrix(
      texts.texts, configuration.features ?? TextFeatures(), minCount: minCount)
    if data.heldOut == nil, start == nil {
      crossFitted = try data.crossFitted { (weights, others) throws(AIGCError) in
        try fit(matrix, weights).logits(texts.texts.subset(others))
      }
    }
    model = try fit(matrix, data.textWeights)
    let loss = try measured(texts).loss(temperature: 1)
    return StepResult(metrics: [("loss", loss)], items: texts.count)
  }

  private func fit(_ matrix: FeatureMatrix, _ weights: [Double]) throws(AIGCError) -> NGramScorer {
    configuration.method == .naiveBayes
      ? try counted(matrix, weights) : try regressed(matrix, weights)
  }

  // MARK: Naive Bayes

  private func counted(_ matrix: FeatureMatrix, _ weights: [Double]) throws(AIGCError)
    -> NGramScorer
  {
    let labels = data.learned.labels
    var index = start.map { FeatureIndex(keys: $0.known(score: 0).keys) } ?? FeatureIndex()
    let places = matrix.index.keys.map { index.number(of: $0) }
    var counts = FeatureCounts(texts: [], features: [])
    for label in configuration.classes.indices {
      let own = labels.indices.map { Int(labels[$0]) == label ? weights[$0] : 0 }
      var features = start?.counts?.features[label] ?? []
      features += [Float](repeating: 0, count: index.count - features.count)
      for (place, count) in zip(places, matrix.presence(own)) { features[place] += Float(count) }
      counts.features.append(features)
      counts.texts.append((start?.counts?.texts[label] ?? 0) + Float(own.reduce(0, +)))
    }
    return NGramScorer(configuration, index, counts)
  }

  // MARK: Logistic regression

  private func regressed(
    _ matrix: FeatureMatrix, _ weights: [Double]
  ) throws(AIGCError) -> NGramScorer {
    let labels = data.learned.labels
    let scores = configuration.scoreCount
    var index = start.map { FeatureIndex(keys: $0.known(score: 0).keys) } ?? FeatureIndex()
    let places = matrix.index.keys.map { index.number(of: $0) }
    var all = [Float](repeating: 0, count: index.count * scores)
    var bias: [Float] = []
    for score in 0..<scores {
      let label = scores == 1 ? 1 : score
      let isOwn = labels.map { Int($0) == label }
      let inside = matrix.presence(zip(weights, isOwn).map { $1 ? $0 : 0 })
      let outside = matrix.presence(zip(weights, isOwn).map { $1 ? 0 : $0 })
      var scales = NaiveBayes.ratios(inside: inside, outside: outside)
        .map { abs($0) < 1e-3 ? 1e-3 : $0 }
      var before: (weights: [Double], bias: Double)?
      if let start {
        let known = start.known(score: score).weights
        for (feature, weight) in known.enumerated() {
          all[feature * scores + score] = Float(weight)
        }
        let own = places.map { $0 < known.count ? known[$0] : 0 }
        for column in own.indices where abs(own[column]) > abs(scales[column]) {
          scales[column] = own[column]
        }
        before = (own, Double(start.bias[score]))
      }
      let fit = try LogisticRegression(
        matrix: matrix, signs: isOwn.map { $0 ? 1 : -1 }, textWeights: weights, scales: scales,
        penalty: penalty
      ).fit(from: before)
      for (column, place) in places.enumerated() {
        all[place * scores + score] = Float(fit.weights[column])
      }
      bias.append(Float(fit.bias))
    }
    return NGramScorer(configuration, index, weights: all, bias: bias)
  }
}
