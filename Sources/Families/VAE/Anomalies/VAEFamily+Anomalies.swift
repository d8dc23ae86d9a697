import Console
import Datasets
import Files
import Training

extension VAEFamily: AnomalyFamily {
  func score(
    _ path: String, _ paths: [String], _ arguments: AnomalyArguments
  ) throws(AIGCError) -> AnomalyReport {
    try AnomalySearch(VAEModel(folder: path), path, arguments).report(paths)
  }
}

/// Scores what a user gave.
private struct AnomalySearch {
  private let model: VAEModel
  private let path: String
  private let arguments: AnomalyArguments
  private let scorer: AnomalyScorer

  init(_ model: VAEModel, _ path: String, _ arguments: AnomalyArguments) throws(AIGCError) {
    (self.model, self.path, self.arguments) = (model, path, arguments)
    if model.configuration.table != nil, arguments.anomaly != nil || arguments.reading.isGiven {
      throw .usage(
        "--anomaly, --bad-pictures, --ignore-orientation are of pictures; of tables: --label and "
          + "--normal")
    }
    if model.configuration.table != nil, arguments.measure == .relative {
      throw .usage("--measure relative is of pictures")
    }
    if model.configuration.table == nil, arguments.label != nil {
      throw .usage("--label is of tables; of pictures: --anomaly or --normal with their classes")
    }
    scorer = AnomalyScorer(
      model, arguments.measure ?? .usual(model.configuration), draws: arguments.draws,
      seed: arguments.seed)
  }

  func report(_ paths: [String]) throws(AIGCError) -> AnomalyReport {
    var report = AnomalyReport(scorer.measure, threshold: try threshold())
    if let table = model.configuration.table {
      for path in paths { try add(try rows(path, table), path, table, to: &report) }
      return report
    }
    try forPictures(paths, pictureOptions(paths[0])) { (set) throws(AIGCError) in
      report.append(
        names: (0..<set.count).map { set.name(of: $0) },
        scores: try scorer.scores(of: set, labels: model.labels(of: set)),
        truths: try arguments.anomalies(in: set))
    }
    return report
  }

  private func threshold() throws(AIGCError) -> Double? {
    if let threshold = arguments.threshold { return threshold }
    guard let fit = arguments.fit else {
      // That of the model is one of the usual scores.
      guard let saved = model.configuration.threshold, saved.measure == scorer.measure,
        arguments.draws == nil, arguments.seed == 0
      else { return nil }
      return saved.value
    }
    let scores = try normalScores(fit)
    guard !scores.isEmpty else { throw .badInput("\(fit): nothing normal to find a threshold on") }
    let quantile = arguments.quantile ?? AnomalyThreshold.usualQuantile
    SampleSize.ofQuantile(quantile, of: scores.count).map { Diagnostics.warning($0) }
    return AnomalyThreshold(scorer.measure, of: scores, quantile: quantile).value
  }

  private func normalScores(_ path: String) throws(AIGCError) -> [Double] {
    if let table = model.configuration.table {
      let source = try rows(path, table)
      let isNormal = source.isAnomaly.map { $0.map { !$0 } }
      return try scorer.scores(values(source, table, isNormal), labels: [])
    }
    let set = try openPictures(path, pictureOptions(path))
    let scores = try scorer.scores(of: set, labels: model.labels(of: set))
    guard !set.classes.isEmpty, let isAnomaly = try arguments.anomalies(in: set) else {
      return scores
    }
    return scores.indices.filter { !isAnomaly[$0] }.map { scores[$0] }
  }

  // MARK: Pictures

  private func pictureOptions(_ path: String) throws(AIGCError) -> PictureOptions {
    var options = try model.pictureOptions(path)
    arguments.reading.apply(to: &options, isIgnored: options.ignoresOrientation)
    return options
  }

  // MARK: Tables

  private func rows(_ path: String, _ table: VAETable) throws(AIGCError) -> TableSource {
    try TableSource(
      path: path, of: table, label: arguments.label,
      normal: arguments.normal.map { commaSeparated($0) })
  }

  /// Rows are counted from 1, without the header.
  private func add(
    _ source: TableSource, _ path: String, _ table: VAETable, to report: inout AnomalyReport
  ) throws(AIGCError) {
    report.append(
      names: (1...source.rowCount).map { "\(path):\($0)" },
      scores: try scorer.scores(values(source, table, nil), labels: []),
      truths: source.isAnomaly)
  }

  private func values(
    _ source: TableSource, _ table: VAETable, _ isWanted: [Bool]?
  ) throws(AIGCError) -> [Float] {
    let (values, notes) = try source.values(table, isWanted)
    notes.forEach { Diagnostics.note($0) }
    return values
  }
}
