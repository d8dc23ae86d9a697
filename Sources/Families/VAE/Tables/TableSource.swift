import Datasets
import Files

/// A table to learn from or to score: which of its columns, and which of its rows are normal.
struct TableSource {
  private let csv: CSVReader
  /// The columns of the table that count, from 0.
  private let indices: [Int]
  /// Whether they were named.
  private let areNamed: Bool
  /// For each row whether the label calls it an anomaly, nil where it says nothing; nil without labels.
  let isAnomaly: [Bool?]?
  /// The lines of the file where rows start.
  let lines: [Int]
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
  /// - Throws: ``/Files/AIGCError``: badInput for what is no table, usage for columns that it has not.
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
    (isAnomaly, lines) = try Self.read(csv, label: labelIndex, normal: normal)
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

  /// What labels say of rows, and where these start. Labels are compared as numbers where both are:
  /// 0.0 is 0. One that is missing says nothing, unless that is what normal rows have.
  private static func read(
    _ csv: CSVReader, label: Int?, normal: [String]
  ) throws(AIGCError) -> (isAnomaly: [Bool?]?, lines: [Int]) {
    let numbers = normal.compactMap { NumberSpelling.plain.number(in: $0) }
    let spelling = try label.map { (label) throws(AIGCError) in try csv.spellings([label])[0] }
    var (labels, lines): ([Bool?], [Int]) = ([], [])
    try csv.forEachRow { row throws(AIGCError) in
      lines.append(row.line)
      guard let label, let spelling else { return }
      let word = row.word(label)
      let number = row.number(label, spelling.spelling)
      let isNormal = normal.contains(word) || number.map { numbers.contains($0) } ?? false
      labels.append(!isNormal && row.isMissing(label) ? nil : !isNormal)
    }
    return (label == nil ? nil : labels, lines)
  }

  /// For each row whether the label calls it normal; nil without labels.
  var isNormal: [Bool]? { isAnomaly.map { $0.map { $0 == false } } }

  /// The columns that a model learned, of another table.
  /// - Parameters:
  ///   - label: nil: the one that the model was trained with, where the table has it.
  ///   - normal: nil: what was normal in training.
  /// - Throws: ``/Files/AIGCError``: mismatch when the table has not all columns of the model.
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
  /// - Throws: ``/Files/AIGCError``: badInput for a table without columns to learn, usage for one of too many,
  ///   and for a named column that is neither numbers nor few words.
  func learn(_ isLearned: [Bool]) throws(AIGCError) -> (table: VAETable, notes: [String]) {
    guard indices.count <= VAETable.largestWidth else {
      throw .usage(
        "\(path): \(counted(indices.count, "column")) are too many: pass `table.columns`")
    }
    var statistics = try csv.spellings(indices).map { TableColumnStatistics($0) }
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
        if let note = column.spellingNote { notes.append("column \(excerpt(of: name)): \(note)") }
        if let reason = column.wordsAmongNumbers {
          notes.append("column \(excerpt(of: name)) is learned as words: \(reason)")
        }
        continue
      }
      var reason = "neither numbers nor at most \(VAETable.mostWords) different words"
      if let words = column.wordsAmongNumbers { reason += " (\(words))" }
      guard !areNamed else { throw .usage("\(path): column \(excerpt(of: name)): \(reason)") }
      notes.append("left out: column \(excerpt(of: name)): \(reason)")
    }
    guard !table.columns.isEmpty else {
      throw .badInput(
        (["\(path): no column to learn from"] + notes.prefix(1)).joined(separator: "; "))
    }
    if let problem = table.problem { throw .usage("\(path): \(problem): pass `table.columns`") }
    return (table, notes)
  }

  /// The rows as numbers.
  /// - Parameter isWanted: for each row whether it is read; nil: all are.
  /// - Returns: [rows, ``VAETable/width``] with the columns of each row whose words were not learned, and
  ///   what was missing or unknown, in words for the user.
  /// - Throws: ``/Files/AIGCError``: badInput for a word in a column of numbers, usage for a table beyond memory.
  func values(
    _ table: VAETable, _ isWanted: [Bool]? = nil
  ) throws(AIGCError) -> (rows: TableRows, notes: [String]) {
    let rows = isWanted.map { $0.reduce(0) { $0 + ($1 ? 1 : 0) } } ?? rowCount
    guard rows <= Self.mostValues / table.width else {
      throw .usage(
        "\(path): \(counted(rows, "row")) of \(table.width) numbers are too many: cut the file")
    }
    // A table that was just learned may have left out columns.
    let places = try places(of: table)
    let spellings = try csv.spellings(places, usual: table.columns.map { $0.spelling })
    var unlearned: [Int: [Int]] = [:]
    var (values, count): ([Float], Int) = ([], 0)
    values.reserveCapacity(rows * table.width)
    var missing = [Int](repeating: 0, count: places.count)
    var unknown = missing
    var row = 0
    try csv.forEachRow { record throws(AIGCError) in
      if isWanted?[row] ?? true {
        for (place, column) in table.columns.enumerated() {
          let spelling = spellings[place].spelling
          switch try column.append(record, places[place], spelling, to: &values, path) {
          case .known: break
          case .missing: missing[place] += 1
          case .unknown:
            unknown[place] += 1
            unlearned[count, default: []].append(place)
          }
        }
        count += 1
      }
      row += 1
      if row & 0xFFFF == 0 { try Interruption.check() }
    }
    let all = TableRows(values, width: table.width, unlearned: unlearned)
    return (all, notes(table, missing, unknown))
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
          "\(path): column \(name): \(counted(missing[place], "missing value")): \(instead) is taken"
        )
      }
      if unknown[place] > 0 {
        notes.append(
          "\(path): column \(name): \(counted(unknown[place], "word")) that "
            + "\(unknown[place] == 1 ? "was" : "were") not learned, more unusual than the rarest known one"
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
