import Datasets
import Files
import Training

/// By what an anomaly is told from what was learned, in nats: the higher, the more of one.
public enum AnomalyMeasure: String, Codable, CaseIterable, Sendable {
  /// The negative evidence lower bound: reconstruction and divergence.
  case elbo
  /// The reconstruction alone.
  case reconstruction
  /// The importance-weighted bound (Burda et al. 2016).
  case iw
  /// The reconstruction less that of a perfect one: grey values and deviations cost something
  /// whatever a model knows of them.
  case deviance
  /// The deviance divided by the image's total variation. An image of few contours is easy to
  /// reconstruct whether it is normal or not (Serrà et al. 2020), and errors lie at contours: this is the
  /// share of them that the model misses. Of images only.
  case relative

  /// What is taken without a flag: the one that tells left-out classes of MNIST and Fashion-MNIST apart
  /// best, and for tables the bound.
  static func usual(_ configuration: VAEConfiguration) -> AnomalyMeasure {
    configuration.table == nil ? .relative : .elbo
  }
}

/// From which score on something is an anomaly: part of `config.json`, found on what was held out.
public struct AnomalyThreshold: Codable, Equatable, Sendable {
  /// By what the scores were measured; the threshold is of no use for another measure.
  public var measure: AnomalyMeasure
  /// Share of the normal examples whose score is not above.
  public var quantile: Double
  /// Nats; a score above is an anomaly's.
  public var value: Double
  /// Normal examples that it was found on.
  public var examples: Int

  /// The share without a flag.
  static let usualQuantile = 0.95

  /// The quantile of the scores of normal examples, on the straight line between its neighbours.
  /// - Parameters:
  ///   - scores: at least one; one that is no number counts as infinite.
  ///   - quantile: 0 to 1.
  init(_ measure: AnomalyMeasure, of scores: [Double], quantile: Double) {
    require(!scores.isEmpty, "AnomalyThreshold: no scores")
    let sorted = scores.map { $0.isNaN ? .infinity : $0 }.sorted()
    let place = quantile * Double(sorted.count - 1)
    let below = sorted[Int(place)]
    let above = sorted[min(Int(place) + 1, sorted.count - 1)]
    let share = place - place.rounded(.down)
    self.measure = measure
    self.quantile = quantile
    value = share > 0 && below < above ? below * (1 - share) + above * share : below
    examples = sorted.count
  }
}

extension AnomalyThreshold {
  /// Finds it for the model in `folder` on normal examples that were held out, and puts it into the
  /// model's configuration.
  static func save(in folder: String, of heldOut: any ExampleSet) throws(AIGCError) {
    let model = try VAEModel(folder: folder)
    let measure = AnomalyMeasure.usual(model.configuration)
    let scorer = AnomalyScorer(model, measure)
    let scores =
      if let rows = heldOut as? TableRows {
        try scorer.scores(of: rows)
      } else {
        try scorer.scores(of: heldOut, labels: model.classes.isEmpty ? nil : heldOut.labels)
      }
    var configuration = model.configuration
    configuration.threshold = AnomalyThreshold(
      measure, of: scores, quantile: AnomalyThreshold.usualQuantile)
    try ModelConfiguration.write(configuration, to: "\(folder)/\(ModelConfiguration.fileName)")
  }
}
