import Datasets
import Files
import Training

extension VAEFamily: AnomalyFamily {
  /// Scores images by their reconstruction or bound, or rows of tables, whose names are file and
  /// line.
  /// - Throws: ``/Files/AIGCError``: badInput for what cannot be read and for a damaged model, mismatch
  ///   for a table beside a model of images and for columns or classes that are not the model's,
  ///   usage for options of the other sort of data and for named classes that are not there.
  public func score(
    _ path: String, _ paths: [String], _ options: AnomalyOptions, _ notices: NoticeHandler
  ) throws(AIGCError) -> AnomalyReport {
    try withoutActuallyEscaping(notices) { (notices) throws(AIGCError) in
      let model = try VAEModel(folder: path)
      guard let table = model.configuration.table else {
        return try ImageAnomalies(model, path, options, notices).report(paths)
      }
      return try TableAnomalies(model, table, options, notices).report(paths)
    }
  }
}

/// Scores the tables that a user gave.
private struct TableAnomalies {
  private let table: VAETable
  private let options: AnomalyOptions
  private let notices: NoticeHandler
  private let scorer: AnomalyScorer<VAEModel>

  init(
    _ model: VAEModel, _ table: VAETable, _ options: AnomalyOptions,
    _ notices: @escaping NoticeHandler
  ) throws(AIGCError) {
    (self.table, self.options, self.notices) = (table, options, notices)
    if options.anomalousClasses != nil || options.reading.isGiven {
      throw .usage(
        "`anomalousClasses`, `images.badImages`, `images.ignoresOrientation` are of images; of tables: `label` and "
          + "`normal`")
    }
    if options.measure == .relative { throw .usage("`measure` relative is of images") }
    scorer = try AnomalyScorer(
      model, options.measure ?? model.usualMeasure, draws: options.draws, seed: options.seed)
  }

  func report(_ paths: [String]) throws(AIGCError) -> AnomalyReport {
    var report = AnomalyReport(
      scorer.measure, threshold: try options.threshold(scorer, notices, normalScores))
    for path in paths { try add(try rows(path), path, to: &report) }
    return report
  }

  private func normalScores(_ path: String) throws(AIGCError) -> [Double] {
    let source = try rows(path)
    return try scorer.scores(of: values(source, source.isNormal))
  }

  private func rows(_ path: String) throws(AIGCError) -> TableSource {
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
    _ source: TableSource, _ path: String, to report: inout AnomalyReport
  ) throws(AIGCError) {
    report.append(
      names: source.lines.map { "\(path):\($0)" },
      scores: try scorer.scores(of: values(source, nil)),
      truths: source.isAnomaly)
  }

  private func values(
    _ source: TableSource, _ isWanted: [Bool]?
  ) throws(AIGCError) -> TableRows {
    let (rows, notes) = try source.values(table, isWanted)
    notes.forEach { notices(.note($0)) }
    return rows
  }
}
