import Files

/// A table of comma-separated values (RFC 4180), read column by column: only the text, as mapped or
/// unpacked, is kept, and each column is one pass over it.
///
/// The separator (tab, `;` or `,`) is found by itself. Fields may stand in double quotes and then
/// hold separators, line ends and doubled quotes. Lines end with LF, CRLF or CR; a byte order mark
/// is passed over. Empty lines are passed over too, except inside a table of one column, where they
/// are missing values.
public struct CSVReader: Sendable {
  /// Whether the first line names the columns.
  public enum Header: Sendable {
    case present
    case absent
    /// It does when none of its fields is a number and one at least is a word.
    case automatic
  }

  /// What a missing value becomes: an empty field, NA, N/A, #N/A, NaN, null, none, nil, ?, -, a point or a
  /// dash by itself, "missing", or an error of a spreadsheet, in any case.
  public enum MissingValues: Sendable {
    /// An error that names the line.
    case refuse
    /// A value on the straight line between its neighbours; at the ends the nearest value.
    case interpolate
  }

  /// The path of the file, or "stdin"; messages show it.
  public let path: String
  /// The names of the columns, when the first line has them.
  public let names: [String]?
  /// Fields of each record.
  public let columnCount: Int
  /// Records, without the header.
  public let rowCount: Int
  /// Comma, semicolon or tab.
  public let separator: UInt8
  private let text: Table<UInt8>

  /// Reads and checks the whole table.
  /// - Parameters:
  ///   - path: a .gz file is unpacked; "-" is standard input.
  ///   - header: whether the first line names the columns.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing or empty, a line has another
  ///   number of fields than the first, or a quote is wrong; it names the line.
  public init(path: String, header: Header = .automatic) throws(AIGCError) {
    let name = path == "-" ? "stdin" : path
    let text = try readText(path: path)
    try Self.check(text, name)
    let separator = Self.separator(of: text)
    var scanner = CSVScanner(text: text, separator: separator, name: name)
    guard try scanner.nextRecord() else { throw .badInput("\(name): the table is empty") }
    let first = scanner.fields.indices.map { scanner.string($0) }
    let isHeader =
      switch header {
      case .present: true
      case .absent: false
      case .automatic:
        !scanner.fields.indices.contains { scanner.isBareNumber($0) }
          && !scanner.fields.indices.allSatisfy { scanner.isMissing($0) }
      }
    var rows = isHeader ? 0 : 1
    while try scanner.nextRecord() {
      guard scanner.fields.count == first.count else {
        throw .badInput(
          "\(name): line \(scanner.line): \(counted(scanner.fields.count, "field")), but the first line has "
            + "\(first.count)")
      }
      rows += 1
    }
    self.path = name
    self.text = text
    self.separator = separator
    names = isHeader ? first : nil
    columnCount = first.count
    rowCount = rows
  }

  /// The index of a column from 0.
  /// - Parameter column: its name, or else its number from 1.
  /// - Throws: ``/Files/AIGCError`` (usage) when there is none or the name stands for two.
  public func index(of column: String) throws(AIGCError) -> Int {
    if let names, let index = names.firstIndex(of: column) {
      guard names.lastIndex(of: column) == index else {
        throw .usage("\(path): two columns are named '\(column)'; give the number: \(index + 1)")
      }
      return index
    }
    if let number = Int(column), number >= 1, number <= columnCount { return number - 1 }
    let known =
      names.map { $0.prefix(20).map { excerpt(of: $0) }.joined(separator: ", ") }
      ?? "1 to \(columnCount)"
    throw .usage("\(path): no column '\(column)'; there are \(known)")
  }

  /// "3 (sales)".
  private func title(_ index: Int) -> String {
    guard let names, !names[index].isEmpty else { return "\(index + 1)" }
    return "\(index + 1) (\(excerpt(of: names[index])))"
  }

  /// The values of a column.
  /// - Parameters:
  ///   - index: from 0.
  ///   - missing: what missing values become.
  /// - Returns: ``rowCount`` finite numbers.
  /// - Throws: ``/Files/AIGCError``: badInput for a field that is no decimal number, for a missing value
  ///   that is refused and for a column without numbers; usage when there is no such column.
  public func numbers(
    _ index: Int, missing: MissingValues = .refuse
  ) throws(AIGCError) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(rowCount)
    var gaps = 0
    let spelling = try spellings([index])[0].spelling
    try forEachRecord(index) { scanner throws(AIGCError) in
      func place() -> String {
        "\(path): line \(scanner.fieldLine(index)), column \(title(index))"
      }
      if let value = scanner.number(index, spelling) {
        values.append(value)
      } else if !scanner.isMissing(index) {
        throw .badInput("\(place()): '\(excerpt(of: scanner.string(index)))' is not a number")
      } else if missing == .refuse {
        throw .badInput("\(place()): the value is missing; fill it in, or have it interpolated")
      } else {
        values.append(.nan)
        gaps += 1
      }
    }
    guard values.count > gaps else {
      throw .badInput("\(path): column \(title(index)) holds no numbers")
    }
    if gaps > 0 { interpolate(&values) }
    return values
  }

  /// The line of the file where a row starts.
  /// - Parameter row: from 0, without the header.
  public func line(ofRow row: Int) throws(AIGCError) -> Int {
    var (line, place) = (0, 0)
    try forEachRecord(0) { scanner throws(AIGCError) in
      if place == row { line = scanner.line }
      place += 1
    }
    return line
  }

  /// The same by name, or else by number from 1.
  public func numbers(
    _ column: String, missing: MissingValues = .refuse
  ) throws(AIGCError) -> [Double] {
    try numbers(index(of: column), missing: missing)
  }

  /// The fields of a column as they stand there, unquoted.
  /// - Parameter index: from 0.
  /// - Throws: ``/Files/AIGCError`` (usage) when there is no such column.
  public func strings(_ index: Int) throws(AIGCError) -> [String] {
    var values: [String] = []
    values.reserveCapacity(rowCount)
    try forEachRecord(index) { scanner throws(AIGCError) in values.append(scanner.string(index)) }
    return values
  }

  /// The first column whose first value that is not missing is a number; nil without one.
  public func firstNumericColumn() throws(AIGCError) -> Int? { try firstColumn { $0 } }

  /// The first column whose first value that is not missing is no number (dates, names); nil without
  /// one.
  public func firstLabelColumn() throws(AIGCError) -> Int? { try firstColumn { !$0 } }

  /// The first column of which `accept(first value is a number)` is true.
  private func firstColumn(_ accept: (Bool) -> Bool) throws(AIGCError) -> Int? {
    var isNumber = [Bool?](repeating: nil, count: columnCount)
    var unknown = columnCount
    try forEachRecord(0) { scanner throws(AIGCError) in
      guard unknown > 0 else { return }
      for index in isNumber.indices where isNumber[index] == nil && !scanner.isMissing(index) {
        isNumber[index] = scanner.isNumber(index)
        unknown -= 1
      }
    }
    return isNumber.firstIndex { $0.map(accept) ?? false }
  }

  /// How the numbers of columns are spelled: as most of a column's numbers are.
  /// - Parameters:
  ///   - indices: of the columns, from 0.
  ///   - usual: for each what 1,234 is where nothing else tells; nil: with fields between commas it is
  ///     1234, else 1.234.
  public func spellings(
    _ indices: [Int], usual: [NumberSpelling?] = []
  ) throws(AIGCError) -> [ColumnSpelling] {
    var counts = [SpellingCounts](repeating: SpellingCounts(), count: indices.count)
    try forEachRecord(indices.first ?? 0) { scanner throws(AIGCError) in
      for (place, index) in indices.enumerated() { scanner.count(index, in: &counts[place]) }
    }
    let other: NumberSpelling = separator == UInt8(ascii: ",") ? .grouped : .decimalComma
    return counts.enumerated().map { place, found in
      found.best(usual: (place < usual.count ? usual[place] : nil) ?? other)
    }
  }

  /// Calls `body` with each record after the header.
  /// - Throws: ``/Files/AIGCError``: what `body` throws.
  public func forEachRow(_ body: (CSVRow) throws(AIGCError) -> Void) throws(AIGCError) {
    try forEachRecord(0) { scanner throws(AIGCError) in try body(CSVRow(scanner: scanner)) }
  }

  private func forEachRecord(
    _ index: Int, _ body: (CSVScanner) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    guard index >= 0, index < columnCount else {
      throw .usage("\(path): no column \(index + 1); there are 1 to \(columnCount)")
    }
    var scanner = CSVScanner(text: text, separator: separator, name: path)
    if names != nil { _ = try scanner.nextRecord() }
    while try scanner.nextRecord() { try body(scanner) }
  }

  private static func check(_ text: Table<UInt8>, _ name: String) throws(AIGCError) {
    guard text.count >= 2 else { return }
    if (text[0] == 0xFF && text[1] == 0xFE) || (text[0] == 0xFE && text[1] == 0xFF) {
      throw .badInput("\(name): the table is UTF-16; save it as UTF-8")
    }
  }

  /// The separator that stands equally often in each of the first lines. Tab and `;` go before `,`,
  /// which may also be a decimal comma there.
  private static func separator(of text: Table<UInt8>) -> UInt8 {
    var best = (separator: UInt8(ascii: ","), fields: 1)
    for separator in [UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: ",")] {
      var scanner = CSVScanner(text: text, separator: separator, name: "")
      guard (try? scanner.nextRecord()) == true, scanner.fields.count > 1 else { continue }
      let count = scanner.fields.count
      var isEven = true
      for _ in 0..<20 where isEven {
        guard (try? scanner.nextRecord()) == true else { break }
        isEven = scanner.fields.count == count
      }
      if isEven { return separator }
      if count > best.fields { best = (separator, count) }
    }
    return best.separator
  }
}

/// A record of a table. Columns are counted from 0, ``CSVReader/columnCount`` of them.
public struct CSVRow {
  let scanner: CSVScanner

  /// The line where the field starts.
  public func line(_ column: Int) -> Int { scanner.fieldLine(column) }

  /// The field without its quotes; what is not UTF-8 becomes U+FFFD.
  public func string(_ column: Int) -> String { scanner.string(column) }

  /// The line where the record starts.
  public var line: Int { scanner.line }

  /// The field as a finite decimal number; nil for anything else.
  public func number(_ column: Int) -> Double? { scanner.number(column) }

  /// The same as a column spells its numbers.
  public func number(_ column: Int, _ spelling: NumberSpelling) -> Double? {
    scanner.number(column, spelling)
  }

  /// The field without its quotes and the spaces around it.
  public func word(_ column: Int) -> String {
    let text = scanner.string(column)
    guard let first = text.firstIndex(where: { !$0.isWhitespace }),
      let last = text.lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(text[first...last])
  }

  /// Whether the field stands for a missing value: see ``CSVReader/MissingValues``.
  public func isMissing(_ column: Int) -> Bool { scanner.isMissing(column) }
}

/// Straight lines over the gaps (NaN); at the ends the nearest value.
private func interpolate(_ values: inout [Double]) {
  var last: Int?
  for index in values.indices where !values[index].isNaN {
    let value = values[index]
    if let last {
      let (from, steps) = (values[last], Double(index - last))
      for gap in last + 1..<max(index, last + 1) {
        let weight = Double(gap - last) / steps
        // Two products: the difference of two large values could overflow.
        values[gap] = from * (1 - weight) + value * weight
      }
    } else {
      for gap in 0..<index { values[gap] = value }
    }
    last = index
  }
  if let last { for gap in last + 1..<max(values.count, last + 1) { values[gap] = values[last] } }
}
