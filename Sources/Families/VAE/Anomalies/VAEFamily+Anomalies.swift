import Datasets
import Files
import Training

extension VAEFamily: AnomalyFamily {
  /// Scores images by their reconstruction or bound, or rows of tables, whose names are file and
  /// line.
  /// - Throws: ``AIGCError``: badInput for what cannot be read and for a damaged model, mismatch
  ///   for a table beside a model of images and for columns or classes that are not the model's,
  ///   usage for options of the other sort of data and for named classes that are not there.
  public func score(
    _ path: String, _ paths: [String], _ options: AnomalyOptions, _ notices: NoticeHandler
  ) throws(AIGCError) -> AnomalyReport {
    try withoutActuallyEscaping(notices) { (notices) throws(AIGCError) in
      try AnomalySearch(VAEModel(folder: path), path, options, notices).report(paths)
    }
  }
}

/// Scores what a user gave.
private struct AnomalySearch {
  private let model: VAEModel
  private let path: String
  private let options: AnomalyOptions
  private let notices: NoticeHandler
  private let scorer: AnomalyScorer

  init(
    _ model: VAEModel, _ path: String, _ options: AnomalyOptions,
    _ notices: @escaping NoticeHandler
  ) throws(AIGCError) {
    (self.model, self.path) = (model, path)
    (self.options, self.notices) = (options, notices)
    if model.configuration.table != nil, options.anomalousClasses != nil || options.reading.isGiven
    {
      throw .usage(
        "`anomalousClasses`, `images.badImages`, `images.ignoresOrientation` are of images; of tables: `label` and "
          + "`normal`")
    }
    if model.configuration.table != nil, options.measure == .relative {
      throw .usage("`measure` relative is of images")
    }
    if model.configuration.table == nil, options.label != nil {
      throw .usage(
        "`label` is of tables; of images: `anomalousClasses` or `normal` with their classes")
    }
    scorer = AnomalyScorer(
      model, options.measure ?? .usual(model.configuration), draws: options.draws,
      seed: options.seed)
  }

  func report(_ paths: [String]) throws(AIGCError) -> AnomalyReport {
    var report = AnomalyReport(scorer.measure, threshold: try threshold())
    if let table = model.configuration.table {
      for path in paths { try add(try rows(path, table), path, table, to: &report) }
      return report
    }
    for path in paths { try refuseTable(path, by: self.path) }
    try forImages(paths, imageOptions(paths[0]), notices) { (set) throws(AIGCError) in
      report.append(
        names: (0..<set.count).map { set.name(of: $0) },
        scores: try scorer.scores(of: set, labels: model.labels(of: set)),
        truths: try options.anomalies(in: set).map { $0.map { Optional($0) } })
    }
    return report
  }

  private func threshold() throws(AIGCError) -> Double? {
    if let threshold = options.threshold { return threshold }
    guard let fit = options.fit else {
      // That of the model is one of the usual scores.
      guard let saved = model.configuration.threshold, saved.measure == scorer.measure,
        options.draws == nil, options.seed == 0
      else { return nil }
      return saved.value
    }
    let scores = try normalScores(fit)
    guard !scores.isEmpty else { throw .badInput("\(fit): nothing normal to find a threshold on") }
    let quantile = options.quantile ?? AnomalyThreshold.usualQuantile
    SampleSize.ofQuantile(quantile, of: scores.count).map { notices(.warning($0)) }
    return AnomalyThreshold(scorer.measure, of: scores, quantile: quantile).value
  }

  private func normalScores(_ path: String) throws(AIGCError) -> [Double] {
    if let table = model.configuration.table {
      let source = try rows(path, table)
      return try scorer.scores(of: values(source, table, source.isNormal))
    }
    let set = try openImages(path, imageOptions(path), notices)
    let scores = try scorer.scores(of: set, labels: model.labels(of: set))
    guard !set.classes.isEmpty, let isAnomaly = try options.anomalies(in: set) else {
      return scores
    }
    return scores.indices.filter { !isAnomaly[$0] }.map { scores[$0] }
  }

  // MARK: Images

  private func imageOptions(_ path: String) throws(AIGCError) -> ImageOptions {
    var result = try model.imageOptions(path)
    options.reading.apply(to: &result, isIgnored: result.ignoresOrientation)
    return result
  }

  // MARK: Tables

  private func rows(_ path: String, _ table: VAETable) throws(AIGCError) -> TableSource {
    let source = try TableSource(
      path: path, of: table, label: options.label,
      normal: options.normal)
    if options.normal != nil, let labels = source.isAnomaly, !labels.contains(false) {
      notices(
        .warning("\(path): no row is normal by its label: see `normal` and `label`"))
    }
    guard options.normal == nil || source.isAnomaly != nil else {
      throw .usage("`normal`: \(path) has no column of labels that the model knows; pass `label`")
    }
    return source
  }

  /// Rows are called by the lines of the file where they start, as messages call them.
  private func add(
    _ source: TableSource, _ path: String, _ table: VAETable, to report: inout AnomalyReport
  ) throws(AIGCError) {
    report.append(
      names: source.lines.map { "\(path):\($0)" },
      scores: try scorer.scores(of: values(source, table, nil)),
      truths: source.isAnomaly)
  }

  private func values(
    _ source: TableSource, _ table: VAETable, _ isWanted: [Bool]?
  ) throws(AIGCError) -> TableRows {
    let (rows, notes) = try source.values(table, isWanted)
    notes.forEach { notices(.note($0)) }
    return rows
  }
}
