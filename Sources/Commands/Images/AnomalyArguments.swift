import ArgumentParser
import Datasets
import Families
import Files
import Training

/// The flags of `aigc score` for images and tables.
struct AnomalyArguments: ParsableArguments {
  @Option(
    help: """
      Images, tables: elbo (the negative evidence lower bound, the default of tables), \
      reconstruction (its first part), iw (the importance-weighted bound), deviance (the \
      reconstruction less that of a perfect one) or, the default of images, relative (the deviance \
      in proportion to their contours).
      """)
  var measure: AnomalyMeasure?
  @Option(
    parsing: .unconditional,
    help: "Images, tables: latents drawn for each (default 0: their mean; iw: 64).")
  var draws: Int?
  @Option(
    name: .customLong("seed"), parsing: .unconditional,
    help: "Images, tables: the seed of these draws (default 0).")
  var givenSeed: UInt64?
  @Option(
    help: "Images, tables: normal data, to find the threshold on (default: the model's own).",
    completion: .file())
  var fit: String?
  @Option(
    parsing: .unconditional,
    help: "Images, tables: share of --fit that is not above the threshold (default 0.95).")
  var quantile: Double?
  @Option(parsing: .unconditional, help: "Images, tables: scores above it are anomalies'.")
  var threshold: Double?
  @Option(help: "Images: the classes, by name or number, that are anomalies: 3 or cracks,dents.")
  var anomaly: String?
  @Option(
    help: "The classes that are normal; of a table what the label says of normal rows.")
  var normal: String?
  @Option(help: "Tables: the column that says what is normal (default: that of the training).")
  var label: String?
  @Option(help: "With known anomalies: draw the ROC curve (.png).", completion: .file())
  var roc: String?
  @OptionGroup(title: "Anomalies") var reading: ImageReadingFlags

  /// Whether something was given that texts have not.
  var isGiven: Bool {
    measure != nil || draws != nil || givenSeed != nil || fit != nil || quantile != nil
      || threshold != nil || anomaly != nil || normal != nil || label != nil || roc != nil
      || reading.reading.isGiven
  }

  var seed: UInt64 { givenSeed ?? 0 }

  func validate() throws {
    if givenSeed != nil, measure != .iw, draws ?? 0 == 0 {
      throw ValidationError("--seed goes with --draws above 0: without them nothing is drawn")
    }
    if let draws, !((measure == .iw ? 1 : 0)...10_000).contains(draws) {
      throw ValidationError("--draws \(draws): \(measure == .iw ? 1 : 0) to 10000")
    }
    if let quantile, !(0...1).contains(quantile) {
      throw ValidationError("--quantile \(quantile): 0 to 1")
    }
    if quantile != nil, fit == nil { throw ValidationError("--quantile goes with --fit") }
    if fit != nil, threshold != nil { throw ValidationError("--fit or --threshold, not both") }
    if let threshold, !threshold.isFinite {
      throw ValidationError("--threshold \(threshold): a number is needed")
    }
    if anomaly != nil, normal != nil || label != nil {
      throw ValidationError("--anomaly, or --normal (of tables with --label), not both")
    }
    if let roc, !roc.lowercased().hasSuffix(".png") {
      throw ValidationError("--roc \(roc): a name that ends in .png")
    }
  }

  var options: AnomalyOptions {
    var result = AnomalyOptions()
    (result.measure, result.draws, result.seed) = (measure, draws, seed)
    (result.fit, result.quantile, result.threshold) = (fit, quantile, threshold)
    result.anomalousClasses = anomaly.map { commaSeparated($0) }
    result.normal = normal.map { commaSeparated($0) }
    (result.label, result.reading) = (label, reading.reading)
    return result
  }
}

extension AnomalyMeasure: ExpressibleByArgument {}
