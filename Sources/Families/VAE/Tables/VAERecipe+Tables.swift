import Datasets
import Files
import Training

/// Which columns of a table are learned, and which of its rows.
public struct VAETableOptions: Codable, Equatable, Sendable {
  /// Names or numbers from 1; empty: all but the label.
  public var columns: [String] = []
  /// The column that says what is normal; nil: all rows are learned.
  public var label: String?
  /// What stands there at normal rows, which alone are learned.
  public var normal = VAETable.usualNormal

  /// Creates the options that learn all columns of all rows.
  public init() {}

  /// Those that a model was trained with.
  init(of table: VAETable) {
    columns = table.columns.map { $0.name }
    (label, normal) = (table.label, table.normal)
  }
}

extension VAERecipe {
  /// The model for the rows of a table, those to learn from and those to measure on. Only normal rows
  /// are either.
  func readTable(
    _ options: VAETableOptions, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> Data {
    let source = try TableSource(
      path: data, columns: options.columns, label: options.label, normal: options.normal)
    let normal = try normalRows(source, report)
    var isLearned = [Bool](repeating: false, count: source.rowCount)
    var isMeasured = isLearned
    let (rest, held) = splitPlaces(
      normal.count, share: run.heldOut?.path == nil ? run.heldOut?.share ?? 0 : 0,
      seed: run.trainer.seed)
    for place in rest { isLearned[normal[place]] = true }
    for place in held { isMeasured[normal[place]] = true }
    let (table, notes) = try source.learn(isLearned)
    let (learned, missing) = try source.values(table, isLearned)
    for note in notes + missing { report(.note(note)) }
    let measured = try measuredRows(source, table, isMeasured)
    let configuration = try configuration(of: table)
    return Data(configuration, learned, measured)
  }

  private func normalRows(
    _ source: TableSource, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> [Int] {
    guard let isAnomaly = source.isAnomaly else { return Array(0..<source.rowCount) }
    let normal = isAnomaly.indices.filter { isAnomaly[$0] == false }
    guard !normal.isEmpty else {
      throw .usage("\(source.path): no row is normal by its label: pass `normal` VALUE")
    }
    let unlabelled = isAnomaly.filter { $0 == nil }.count
    let others = isAnomaly.count - normal.count - unlabelled
    if others > 0 {
      report(
        .note("left out: \(counted(others, "row")) that \(others == 1 ? "is" : "are") not normal"))
    }
    if unlabelled > 0 { report(.note("left out: \(counted(unlabelled, "row")) without a label")) }
    return normal
  }

  private func measuredRows(
    _ source: TableSource, _ table: VAETable, _ isMeasured: [Bool]
  ) throws(AIGCError) -> TableRows? {
    guard let heldOut = run.heldOut?.path else {
      guard isMeasured.contains(true) else { return nil }
      return try source.values(table, isMeasured).rows
    }
    let other = try TableSource(path: heldOut, of: table, label: nil, normal: nil)
    let rows = try other.values(table, other.isNormal).rows
    guard rows.count > 0 else { throw .badInput("\(heldOut): no normal rows") }
    return rows
  }

  /// Smaller than for images: a table has few numbers.
  private func configuration(of table: VAETable) throws(AIGCError) -> VAEConfiguration {
    let model = settings.model
    var result = VAEConfiguration(kind, width: table.width, height: 1, channels: 1)
    result.kind = "table"
    result.table = table
    result.network = model.network
    result.layers = model.layers ?? [64, 32]
    result.latent = model.latent ?? min(8, max(2, table.width / 2))
    result.likelihood = model.likelihood ?? .gaussian
    if let problem = result.problem {
      throw .usage(
        "no model: \(problem): tables are of train vae, with linear layers and the gaussian likelihood"
      )
    }
    return result
  }
}
