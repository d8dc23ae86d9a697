import Datasets
import Files

/// A table to learn from or to score: which of its columns, and which of its rows are normal.
struct TableSource {
  private let csv: CSVReader
  /// The columns of the table that count, from 0.
  private let indices: [Int]
  /// Whether they were named.
  private let areNamed: Bool
  /// For each row whether the label calls it an anomaly; nil without labels.
  let isAnomaly: [Bool]?
  private let label: String?
  private let normal: [String]

  var path: String { csv.path }
  var rowCount: Int { csv.rowCount }

  /// The most numbers of all rows: 1 GiB.
  private static let mostValues = 1 << 28

  /// - Parameters:
  ///   - path: a CSV file, packed by gzip or not; "-" for standard input.
  ///   - columns: names or numbers from 1; empty: all but the label.
  ///   - label: the column that says what is normal; nil: none does.
  ///   - normal: what stands there at normal rows.
  /// - Throws: ``AIGCError``: badInput for what is no table, usage for columns that it has not.
  init(
    path: String, columns: [String], label: String?, normal: [String]
  ) throws(AIGCError) {
    try self.init(CSVReader(path: path), columns: columns, label: label, normal: normal)
  }

  private init(
    _ csv: CSVReader, columns: [String], label: String?, normal: [String]
  ) throws(AIGCError) {
    self.csv = csv
    guard csv.rowCount > 0 else { throw .badInput("\(csv.path): a table without rows") }
    (self.label, self.normal) = (label, normal)
    areNamed = !columns.isEmpty
    let labelIndex: Int? = if let label { try csv.index(of: label) } else { nil }
    if let labelIndex {
      isAnomaly = try csv.strings(labelIndex).map { !normal.contains($0) }
    } else {
      isAnomaly = nil
    }
    guard columns.isEmpty else {
      var chosen: [Int] = []
      for column in columns { chosen.append(try csv.index(of: column)) }
      guard Set(chosen).count == chosen.count, labelIndex.map({ !chosen.contains($0) }) ?? true
      else { throw .usage("\(csv.path): a column is named twice, or is the label too") }
      indices = chosen
      return
    }
    indices = (0..<csv.columnCount).filter { $0 != labelIndex }
  }

  /// The columns that a model learned, of another table.
  /// - Parameters:
  ///   - label: nil: the one that the model was trained with, where the table has it.
  ///   - normal: nil: what was normal in training.
  /// - Throws: ``AIGCError``: mismatch when the table has not all columns of the model.
  init(
    path: String, of table: VAETable, label: String?, normal: [String]?
  ) throws(AIGCError) {
    let names = table.columns.map { $0.name }
    let csv = try CSVReader(path: path)
    let own = table.label.flatMap { csv.names?.contains($0) == true ? $0 : nil }
    do throws(AIGCError) {
      try self.init(
        csv, columns: names, label: label ?? own, normal: normal ?? table.normal)
    } catch  where error.code == .usage {
      throw .mismatch("\(error); the model needs \(names.prefix(20).joined(separator: ", "))")
    }
  }

  /// How rows become numbers, by what stands in the given ones.
  /// - Parameter isLearned: for each row whether it counts.
  /// - Returns: the columns, and what was left out, in words for the user.
  /// - Throws: ``AIGCError``: badInput for a table without columns to learn, usage for one of too many,
  ///   and for a named column that is neither numbers nor few words.
  func learn(_ isLearned: [Bool]) throws(AIGCError) -> (table: VAETable, notes: [String]) {
    guard indices.count <= VAETable.largestWidth else {
      throw .usage("\(path): \(indices.count) columns are too many: pass --columns")
    }
    var statistics = [TableColumnStatistics](repeating: .init(), count: indices.count)
    var row = 0
    try csv.forEachRow { record throws(AIGCError) in
      if isLearned[row] {
        for place in indices.indices {
          try statistics[place].add(record, indices[place], path)
        }
      }
      row += 1
      if row & 0xFFFF == 0 { try Interruption.check() }
    }
    var (table, notes) = (VAETable(label: label, normal: normal), [String]())
    for (index, column) in zip(indices, statistics) {
      let name = name(of: index)
      if let learned = column.column(name) {
        table.columns.append(learned)
        continue
      }
      let reason = "neither numbers nor at most \(VAETable.mostWords) different words"
      guard !areNamed else { throw .usage("\(path): column \(excerpt(of: name)): \(reason)") }
      notes.append("left out: column \(excerpt(of: name)): \(reason)")
    }
    guard !table.columns.isEmpty else { throw .badInput("\(path): no column to learn from") }
    if let problem = table.problem { throw .usage("\(path): \(problem): pass --columns") }
    return (table, notes)
  }

  /// The rows as numbers.
  /// - Parameter isWanted: for each row whether it is read; nil: all are.
  /// - Returns: [rows, ``VAETable/width``], and what was missing or unknown, in words for the user.
  /// - Throws: ``AIGCError``: badInput for a word in a column of numbers, usage for a table beyond memory.
  func values(
    _ table: VAETable, _ isWanted: [Bool]? = nil
  ) throws(AIGCError) -> (values: [Float], notes: [String]) {
    let rows = isWanted.map { $0.reduce(0) { $0 + ($1 ? 1 : 0) } } ?? rowCount
    guard rows <= Self.mostValues / table.width else {
      throw .usage("\(path): \(rows) rows of \(table.width) numbers are too many: cut the file")
    }
    // A table that was just learned may have left out columns.
    let places = try places(of: table)
    var values: [Float] = []
    values.reserveCapacity(rows * table.width)
    var missing = [Int](repeating: 0, count: places.count)
    var unknown = missing
    var row = 0
    try csv.forEachRow { record throws(AIGCError) in
      if isWanted?[row] ?? true {
        for (place, column) in table.columns.enumerated() {
          switch try column.append(record, places[place], to: &values, path) {
          case .known: break
          case .missing: missing[place] += 1
          case .unknown: unknown[place] += 1
          }
        }
      }
      row += 1
      if row & 0xFFFF == 0 { try Interruption.check() }
    }
    return (values, notes(table, missing, unknown))
  }

  private func places(of table: VAETable) throws(AIGCError) -> [Int] {
    var result: [Int] = []
    for column in table.columns { result.append(try csv.index(of: column.name)) }
    return result
  }

  private func notes(_ table: VAETable, _ missing: [Int], _ unknown: [Int]) -> [String] {
    var notes: [String] = []
    for (place, column) in table.columns.enumerated() {
      let name = excerpt(of: column.name)
      if missing[place] > 0 {
        let instead = column.words.isEmpty ? "the mean" : "no word"
        notes.append(
          "\(path): column \(name): \(missing[place]) missing values: \(instead) is taken")
      }
      if unknown[place] > 0 {
        notes.append(
          "\(path): column \(name): \(unknown[place]) values that were not learned: no word is taken"
        )
      }
    }
    return notes
  }

  /// A name that finds the column again: its number where the header has none, or the same twice.
  private func name(of index: Int) -> String {
    guard let names = csv.names, !names[index].isEmpty,
      names.firstIndex(of: names[index]) == names.lastIndex(of: names[index])
    else { return "\(index + 1)" }
    return names[index]
  }
}
