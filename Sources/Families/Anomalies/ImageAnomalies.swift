import Datasets
import Files
import Training

/// Scores the images that a user gave.
struct ImageAnomalies<Model: AnomalyAutoencoder> {
  private let model: Model
  private let path: String
  private let options: AnomalyOptions
  private let notices: NoticeHandler
  private let scorer: AnomalyScorer<Model>

  /// - Parameter path: of the model, for messages.
  /// - Throws: ``/Files/AIGCError``: usage for options of tables and for those that the model does not have.
  init(
    _ model: Model, _ path: String, _ options: AnomalyOptions, _ notices: @escaping NoticeHandler
  ) throws(AIGCError) {
    (self.model, self.path) = (model, path)
    (self.options, self.notices) = (options, notices)
    if options.label != nil {
      throw .usage(
        "`label` is of tables; of images: `anomalousClasses` or `normal` with their classes")
    }
    try model.check(options)
    scorer = try AnomalyScorer(
      model, options.measure ?? model.usualMeasure, draws: options.draws, seed: options.seed)
  }

  /// - Throws: ``/Files/AIGCError``: badInput for what cannot be read, mismatch for tables, usage for named
  ///   classes that are not there.
  func report(_ paths: [String]) throws(AIGCError) -> AnomalyReport {
    var report = AnomalyReport(
      scorer.measure, threshold: try options.threshold(scorer, notices, normalScores))
    for path in paths { try refuseTable(path, by: self.path) }
    try forImages(paths, imageOptions, notices) { (set) throws(AIGCError) in
      report.append(
        names: (0..<set.count).map { set.name(of: $0) },
        scores: try scorer.scores(of: set, labels: model.labels(of: set)),
        truths: try options.anomalies(in: set).map { $0.map { Optional($0) } })
    }
    return report
  }

  private func normalScores(_ path: String) throws(AIGCError) -> [Double] {
    let set = try openImages(path, imageOptions, notices)
    let scores = try scorer.scores(of: set, labels: model.labels(of: set))
    guard !set.classes.isEmpty, let isAnomaly = try options.anomalies(in: set) else {
      return scores
    }
    return scores.indices.filter { !isAnomaly[$0] }.map { scores[$0] }
  }

  private var imageOptions: ImageOptions {
    var result = model.imageOptions
    options.reading.apply(to: &result, isIgnored: result.ignoresOrientation)
    return result
  }
}

extension AnomalyOptions {
  /// The threshold that was given, that of the data of ``fit``, or that of the model where the scores are
  /// the usual ones.
  /// - Parameter normalScores: scores of the normal data at a path.
  func threshold<Model>(
    _ scorer: AnomalyScorer<Model>, _ notices: NoticeHandler,
    _ normalScores: (String) throws(AIGCError) -> [Double]
  ) throws(AIGCError) -> Double? {
    if let threshold { return threshold }
    guard let fit else {
      guard let saved = scorer.model.threshold, saved.measure == scorer.measure, draws == nil,
        seed == 0
      else { return nil }
      return saved.value
    }
    let scores = try normalScores(fit)
    guard !scores.isEmpty else { throw .badInput("\(fit): nothing normal to find a threshold on") }
    let quantile = quantile ?? AnomalyThreshold.usualQuantile
    SampleSize.ofQuantile(quantile, of: scores.count).map { notices(.warning($0)) }
    return AnomalyThreshold(scorer.measure, of: scores, quantile: quantile).value
  }
}

extension VAEConfiguration {
  /// Writes the configuration anew, with the threshold that the scores of normal examples give which were
  /// held out.
  func save<Model>(
    thresholdOf scores: [Double], _ scorer: AnomalyScorer<Model>, in folder: String,
    _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) {
    let quantile = AnomalyThreshold.usualQuantile
    var configuration = self
    configuration.threshold = AnomalyThreshold(scorer.measure, of: scores, quantile: quantile)
    try ModelConfiguration.write(configuration, to: "\(folder)/\(ModelConfiguration.fileName)")
    SampleSize.ofQuantile(quantile, of: scores.count).map { report(.warning($0)) }
  }
}
