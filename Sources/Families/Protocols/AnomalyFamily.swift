import Datasets
import Files
import Training

/// A family whose models say how little an example is like what they learned: `aigc score`.
public protocol AnomalyFamily: Family {
  /// Scores the images, or the rows of tables, at `paths`.
  /// - Throws: ``/Files/AIGCError``: badInput for what cannot be read, mismatch for what is not the model's,
  ///   usage for options that are not of it.
  func score(
    _ model: String, _ paths: [String], _ options: AnomalyOptions, _ notices: NoticeHandler
  ) throws(AIGCError) -> AnomalyReport
}

/// How examples are scored, and what is known of them.
public struct AnomalyOptions: Sendable {
  /// nil: ``AnomalyMeasure/relative`` for images, ``AnomalyMeasure/elbo`` for tables.
  public var measure: AnomalyMeasure?
  /// Latents drawn for each; nil: what is usual for the measure.
  public var draws: Int?
  /// The random seed of the latents that are drawn.
  public var seed: UInt64 = 0
  /// Normal data, to find the threshold on; nil: the model's own threshold.
  public var fit: String?
  /// Share of ``fit`` that is not above the threshold; nil: 0.95.
  public var quantile: Double?
  /// Scores above it are anomalies'.
  public var threshold: Double?
  /// Classes of images that are anomalies, by name or number.
  public var anomalousClasses: [String]?
  /// Classes that are normal; of a table what the label says of normal rows.
  public var normal: [String]?
  /// The column of a table that says what is normal; nil: that of the training.
  public var label: String?
  /// How images are read; a model of tables takes no such choice.
  public var reading = ImageReading()

  /// Creates the options of a model's usual measure and its own threshold.
  public init() {}

  /// Which images of a set are anomalies; nil where nothing says it.
  func anomalies(in set: ImageSet) throws(AIGCError) -> [Bool]? {
    guard let names = anomalousClasses ?? normal else { return nil }
    let isNamed = try ClassChoice.named(names, of: set.classes, set.path)
    return (set.labels ?? []).map { isNamed[Int($0)] == (anomalousClasses != nil) }
  }
}

/// Scores of examples, and where they are known, how well these tell anomalies from the rest.
public struct AnomalyReport: Sendable {
  /// By what the examples were scored.
  public let measure: AnomalyMeasure
  /// Above it are anomalies; nil: none is known.
  public let threshold: Double?
  /// Of each example.
  public private(set) var names: [String] = []
  /// The score of each example, in the order of the names: the higher, the less it is like what was
  /// learned. Infinite where it is not a number.
  public private(set) var scores: [Double] = []
  /// Whether each is an anomaly; nil where it is not known.
  public private(set) var truths: [Bool?] = []

  init(_ measure: AnomalyMeasure, threshold: Double?) {
    (self.measure, self.threshold) = (measure, threshold)
  }

  mutating func append(names: [String], scores: [Double], truths: [Bool?]?) {
    self.names += names
    // What overflows is as far from what was learned as can be.
    self.scores += scores.map { $0.isNaN ? .infinity : $0 }
    self.truths += truths ?? [Bool?](repeating: nil, count: names.count)
  }

  /// nil without a threshold.
  public func isAnomaly(_ index: Int) -> Bool? { threshold.map { !(scores[index] <= $0) } }

  /// Of those whose truth is known; nil where these are all the same.
  public var curve: ROCCurve? {
    let known = truths.indices.filter { truths[$0] != nil }
    return ROCCurve(scores: known.map { scores[$0] }, isAnomaly: known.map { truths[$0] == true })
  }

  /// How many are in no curve because nothing says what they are.
  private var unknownCount: Int { truths.reduce(0) { $0 + ($1 == nil ? 1 : 0) } }

  /// Shares of the anomalies and of the normal ones that are called anomalies.
  private func rates(_ curve: ROCCurve) -> (found: Double, wrong: Double)? {
    guard threshold != nil else { return nil }
    let called = truths.indices.filter { truths[$0] != nil && isAnomaly($0) ?? false }
    let found = called.reduce(0) { $0 + (truths[$1] == true ? 1 : 0) }
    return (
      Double(found) / Double(curve.positives),
      Double(called.count - found) / Double(curve.negatives)
    )
  }

  /// For `--json`, before the results.
  public func members(_ curve: ROCCurve?) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("measure", .string(measure.rawValue)), .init("threshold", JSONValue(threshold)),
    ]
    guard let curve else { return members }
    members += [
      .init("roc_auc", .double(curve.area)),
      .init("average_precision", .double(curve.averagePrecision)),
      .init("anomalies", .int(curve.positives)), .init("normal", .int(curve.negatives)),
      .init("without_label", .int(unknownCount)),
    ]
    guard let rates = rates(curve) else { return members }
    return members + [
      .init("true_positive_rate", .double(rates.found)),
      .init("false_positive_rate", .double(rates.wrong)),
    ]
  }

  /// For people, on standard error.
  public func notes(_ curve: ROCCurve?) -> [String] {
    func percent(_ share: Double) -> String { "\(Format.fixed(share * 100, 2))%" }
    guard let curve else { return [] }
    var notes = [
      "area under the ROC curve \(Format.fixed(curve.area, 4)), average precision "
        + "\(Format.fixed(curve.averagePrecision, 4)): \(counted(curve.positives, "anomaly", plural: "anomalies")), "
        + "\(curve.negatives) normal"
    ]
    if unknownCount > 0 {
      notes.append("\(counted(unknownCount, "example")) without a label: not in these figures")
    }
    if let rates = rates(curve), let threshold {
      notes.append(
        "above the threshold \(Format.fixed(threshold, 4)): \(percent(rates.found)) of the anomalies, "
          + "\(percent(rates.wrong)) of the normal ones")
    }
    return notes
  }

  /// "path TAB score TAB normal", "anomaly" or, without a threshold, "-".
  public func line(_ index: Int) -> String {
    let verdict = isAnomaly(index).map { $0 ? "anomaly" : "normal" } ?? "-"
    return "\(names[index])\t\(Format.fixed(scores[index], 4))\t\(verdict)\n"
  }

  /// The path, score and verdict of one example, for `--json`; the verdict is null without a
  /// threshold.
  public func json(_ index: Int) -> JSONValue {
    .object([
      .init("path", .string(names[index])), .init("score", .double(scores[index])),
      .init("anomaly", isAnomaly(index).map { .bool($0) } ?? .null),
    ])
  }
}
