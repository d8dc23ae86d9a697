import Plots
import Files

/// The receiver operating characteristic: how well scores tell anomalies (positives) from the rest, over all
/// thresholds. A score at or above the threshold calls for an anomaly.
public struct ROCCurve: Sendable {
  /// The rates at one threshold.
  public struct Point: Sendable, Equatable {
    /// Infinity at the start of the curve, where nothing is called an anomaly.
    public let threshold: Double
    /// Share of the normal ones that are called anomalies.
    public let falsePositiveRate: Double
    /// Share of the anomalies that are found.
    public let truePositiveRate: Double
  }

  /// From (0, 0) to (1, 1): one for each different score, from the largest down.
  public let points: [Point]
  /// The area under the curve, equal scores joined by a straight line: the probability that an anomaly's
  /// score is above that of a normal one, where equal ones count one half (Hanley and McNeil 1982).
  public let area: Double
  /// The precisions at the thresholds, weighted by the share of anomalies that each adds.
  public let averagePrecision: Double
  /// Anomalies.
  public let positives: Int
  /// All others.
  public let negatives: Int

  /// - Parameters:
  ///   - scores: the higher, the more of an anomaly; one that is no number counts as infinite.
  ///   - isAnomaly: what each is.
  /// - Returns: nil without anomalies, or with nothing else.
  public init?(scores: [Double], isAnomaly: [Bool]) {
    require(
      scores.count == isAnomaly.count,
      "ROCCurve: \(scores.count) scores of \(isAnomaly.count) examples")
    positives = isAnomaly.reduce(0) { $0 + ($1 ? 1 : 0) }
    negatives = isAnomaly.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let sorted = zip(scores, isAnomaly).map { (score: $0.isNaN ? .infinity : $0, isAnomaly: $1) }
      .sorted { $0.score > $1.score }
    var points = [Point(threshold: .infinity, falsePositiveRate: 0, truePositiveRate: 0)]
    var (found, wrong) = (0, 0)
    // Twice the area, in pairs of an anomaly and a normal one.
    var (pairs, precisions) = (0, 0.0)
    var start = 0
    while start < sorted.count {
      let (foundBefore, wrongBefore) = (found, wrong)
      let score = sorted[start].score
      while start < sorted.count, sorted[start].score == score {
        if sorted[start].isAnomaly { found += 1 } else { wrong += 1 }
        start += 1
      }
      pairs += (wrong - wrongBefore) * (found + foundBefore)
      precisions += Double(found - foundBefore) * Double(found) / Double(found + wrong)
      points.append(
        Point(
          threshold: score, falsePositiveRate: Double(wrong) / Double(negatives),
          truePositiveRate: Double(found) / Double(positives)))
    }
    self.points = points
    area = Double(pairs) / (2 * Double(positives) * Double(negatives))
    averagePrecision = precisions / Double(positives)
  }

  /// The rates at a threshold.
  public func rates(at threshold: Double) -> Point {
    // Thresholds fall along the curve: the last one that is not below.
    let point = points.last { $0.threshold >= threshold } ?? points[0]
    return Point(
      threshold: threshold, falsePositiveRate: point.falsePositiveRate,
      truePositiveRate: point.truePositiveRate)
  }

  /// The curve as a figure, beside that of chance.
  /// - Parameters:
  ///   - title: of the figure.
  ///   - threshold: is marked; nil: none.
  public func plot(title: String, threshold: Double? = nil) -> LinePlot {
    var plot = LinePlot(
      title: title, xLabel: "false positive rate", yLabel: "true positive rate")
    (plot.width, plot.height) = (640, 640)
    plot.series = [
      .init(
        "area \(LossCurve.digits(area))",
        points.map { .init($0.falsePositiveRate, $0.truePositiveRate) }),
      .init("chance: 0.5", [.init(0, 0), .init(1, 1)], width: 1, isDashed: true),
    ]
    if let threshold {
      // An anomaly is what is above it.
      let rates = rates(at: threshold.nextUp)
      plot.notes = [
        .init(
          .init(rates.falsePositiveRate, rates.truePositiveRate),
          "threshold \(LossCurve.digits(threshold))")
      ]
    }
    return plot
  }
}
