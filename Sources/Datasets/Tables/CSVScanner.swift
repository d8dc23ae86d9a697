import Files

/// Goes through a table record by record and holds the places of the fields of one.
struct CSVScanner {
  /// A field's bytes, between its quotes when it has them.
  struct Field {
    var range: Range<Int>
    var isQuoted: Bool
    /// Line ends inside the record before it.
    var linesBefore: Int
  }

  private(set) var fields: [Field] = []
  /// The line, from 1, where the record starts.
  private(set) var line = 0
  private let text: Table<UInt8>
  private let separator: UInt8
  private let name: String
  private var place = 0
  private var nextLine = 1
  /// Up to here the lines are known to be empty.
  private var emptyEnd = 0
  private static let quote = UInt8(ascii: "\"")

  init(text: Table<UInt8>, separator: UInt8, name: String) {
    self.text = text
    self.separator = separator
    self.name = name
  }

  /// Finds the fields of the next record.
  /// - Returns: false at the end.
  mutating func nextRecord() throws(AIGCError) -> Bool {
    // Empty lines are missing values in a table of one column, unless nothing comes after them.
    let isOneColumn = fields.count == 1
    if !isOneColumn || place >= emptyEnd {
      let (before, lineBefore) = (place, nextLine)
      while place < text.count, isLineEnd(text[place]) { passLineEnd() }
      guard place < text.count else { return false }
      if isOneColumn {
        emptyEnd = place
        place = before
        nextLine = lineBefore
      }
    }
    fields.removeAll(keepingCapacity: true)
    line = nextLine
    try Interruption.check(at: line)
    while true {
      fields.append(try field())
      guard place < text.count else { break }
      if text[place] == separator {
        place += 1
        continue
      }
      passLineEnd()
      break
    }
    return true
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }

  private mutating func passLineEnd() {
    if text[place] == 13, place + 1 < text.count, text[place + 1] == 10 { place += 1 }
    place += 1
    nextLine += 1
  }

  /// Up to the separator, line end or end of the text behind it.
  private mutating func field() throws(AIGCError) -> Field {
    let linesBefore = nextLine - line
    let start = place
    guard place < text.count, text[place] == Self.quote else {
      while place < text.count, text[place] != separator, !isLineEnd(text[place]) { place += 1 }
      return Field(range: start..<place, isQuoted: false, linesBefore: linesBefore)
    }
    place += 1
    while true {
      guard place < text.count else {
        throw .badInput("\(name): line \(line + linesBefore): a quote is not closed")
      }
      if text[place] == Self.quote {
        guard place + 1 < text.count, text[place + 1] == Self.quote else { break }
        place += 2
      } else if isLineEnd(text[place]) {
        passLineEnd()
      } else {
        place += 1
      }
    }
    let range = start + 1..<place
    place += 1
    guard place == text.count || text[place] == separator || isLineEnd(text[place]) else {
      throw .badInput("\(name): line \(nextLine): text after a closing quote")
    }
    return Field(range: range, isQuoted: true, linesBefore: linesBefore)
  }

  // MARK: One field of the record

  /// The line where the field starts.
  func fieldLine(_ index: Int) -> Int { line + fields[index].linesBefore }

  /// The field's text; what is not UTF-8 becomes U+FFFD.
  func string(_ index: Int) -> String {
    let field = fields[index]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(field.range.count)
    var isFirstOfTwo = false
    for place in field.range {
      isFirstOfTwo = field.isQuoted && text[place] == Self.quote && !isFirstOfTwo
      if !isFirstOfTwo { bytes.append(text[place]) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The field without spaces around it.
  private func trimmed(_ index: Int) -> Range<Int> {
    var range = fields[index].range
    while let first = range.first, text[first] == 32 || text[first] == 9 {
      range = first + 1..<range.upperBound
    }
    while let last = range.last, text[last] == 32 || text[last] == 9 {
      range = range.lowerBound..<last
    }
    return range
  }

  /// What spreadsheets, statistics programs and public data sets write for nothing.
  private static let missing: Set<String> = [
    "", "na", "n/a", "n.a.", "nan", "-nan", "null", "none", "nil", "<na>", "#n/a", "#na", "?", "-",
    "--", ".", "…", "–", "—", "missing", "#value!", "#div/0!", "#null!", "#num!", "#ref!",
  ]

  func isMissing(_ index: Int) -> Bool {
    let range = trimmed(index)
    guard range.count <= 8 else { return false }
    let word = String(decoding: range.map { text[$0] }, as: UTF8.self)
    return Self.missing.contains(word.lowercased())
  }

  /// The number as a column spells its numbers; nil for anything else.
  func number(_ index: Int, _ spelling: NumberSpelling) -> Double? {
    // What programs write is the same in the first two, and read without detours.
    if spelling != .decimalComma, let value = number(index) { return value }
    return NumberSpelling.number(trimmed(index).map { text[$0] }, spelling)
  }

  /// Whether it is a number without a sign of what it counts: "5%" and "$5" may be the names of columns.
  func isBareNumber(_ index: Int) -> Bool {
    number(index) != nil
      || trimmed(index).allSatisfy { Self.bare.contains(text[$0]) } && isNumber(index)
  }
  private static let bare = Set("0123456789+-.,eE'".utf8)

  /// Whether it is a number in some spelling.
  func isNumber(_ index: Int) -> Bool {
    number(index) != nil
      || NumberSpelling.allCases.contains { number(index, $0) != nil }
  }

  /// Counts in which spellings the field is a number.
  func count(_ index: Int, in counts: inout SpellingCounts) {
    guard number(index) == nil || fields[index].range.contains(where: { text[$0] == 46 }) else {
      return counts.addPlain()
    }
    counts.add(trimmed(index).map { text[$0] })
  }

  /// A decimal number: sign, digits, point, exponent; nil for anything else, and for a number beyond
  /// the range of doubles. Hexadecimals, infinities and thousands separators are none.
  func number(_ index: Int) -> Double? {
    let range = trimmed(index)
    // Longer ones are no measurements; Double's parser would take its time.
    guard range.count <= 400 else { return nil }
    var place = range.lowerBound
    func take(_ a: UInt8, _ b: UInt8) -> Bool {
      guard place < range.upperBound, text[place] == a || text[place] == b else { return false }
      place += 1
      return true
    }
    func digits() -> Int {
      let start = place
      while place < range.upperBound, text[place] >= 48, text[place] <= 57 { place += 1 }
      return place - start
    }
    _ = take(UInt8(ascii: "+"), UInt8(ascii: "-"))
    var count = digits()
    if take(UInt8(ascii: "."), UInt8(ascii: ".")) { count += digits() }
    guard count > 0 else { return nil }
    if take(UInt8(ascii: "e"), UInt8(ascii: "E")) {
      _ = take(UInt8(ascii: "+"), UInt8(ascii: "-"))
      guard digits() > 0 else { return nil }
    }
    guard place == range.upperBound else { return nil }
    let value = Double(String(decoding: range.map { text[$0] }, as: UTF8.self))
    return value.flatMap { $0.isFinite ? $0 : nil }
  }
}

/// The start of a text of a user's file, for a message of one line.
public func excerpt(of text: String) -> String {
  let start = text.prefix(40)
  var short = ""
  for character in start {
    let isControl = character.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
    short.append(isControl || character.isNewline ? " " : character)
  }
  return start.endIndex < text.endIndex ? short + "…" : short
}

/// How many cells of a column are numbers in each spelling.
struct SpellingCounts {
  private var counts: [NumberSpelling: Int] = [:]
  private var percents = 0

  /// A whole number of plain digits: one in all spellings.
  mutating func addPlain() {
    for spelling in NumberSpelling.allCases { counts[spelling, default: 0] += 1 }
  }

  mutating func add(_ bytes: [UInt8]) {
    var isNumber = false
    for spelling in NumberSpelling.allCases where NumberSpelling.number(bytes, spelling) != nil {
      counts[spelling, default: 0] += 1
      isNumber = true
    }
    if isNumber, NumberSpelling.isPercent(bytes) { percents += 1 }
  }

  /// The spelling of most cells.
  /// - Parameter usual: where 1,234 may be either.
  func best(usual: NumberSpelling) -> ColumnSpelling {
    let most = counts.values.max() ?? 0
    var result = ColumnSpelling()
    result.hasPercents = percents > 0
    let best = NumberSpelling.allCases.filter { counts[$0, default: 0] == most }
    result.spelling =
      best.contains(.plain) || best.isEmpty ? .plain : best.contains(usual) ? usual : best[0]
    return result
  }
}
