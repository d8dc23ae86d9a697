import Files

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
