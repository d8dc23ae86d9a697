import Files

/// How the numbers of a column are spelled, beyond what all spellings have: a sign, decimals, an exponent, a
/// currency before or after, a percent sign, accountants' brackets for what is negative.
public enum NumberSpelling: String, Codable, Sendable, CaseIterable {
  /// 1234.5
  case plain
  /// 1,234.5 or 1 234.5 or 1'234.5: groups of three digits.
  case grouped
  /// 1234,5 or 1.234,5 or 1 234,5.
  case decimalComma = "decimal-comma"
}

/// What the cells of a column say of the spelling of its numbers.
public struct ColumnSpelling: Sendable, Equatable {
  /// The spelling that most of the column's numbers have.
  public var spelling = NumberSpelling.plain
  /// Whether some have a percent sign: they are read as shares.
  public var hasPercents = false

  /// Numbers as programs write them, none of them with a percent sign.
  public init() {}

  /// How the column is read, for the user; nil where it is as programs write numbers.
  public var note: String? {
    var parts: [String] = []
    switch spelling {
    case .plain: break
    case .grouped: parts.append("1,234.5 is read as 1234.5")
    case .decimalComma: parts.append("decimal commas: 1,5 is read as 1.5")
    }
    if hasPercents { parts.append("percent signs: 50% is read as 0.5") }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }
}

extension NumberSpelling {
  /// The number that a text without spaces around it spells; nil for none.
  public func number(in text: String) -> Double? { Self.number(Array(text.utf8), self) }

  /// The number that the bytes between spaces spell; nil for none.
  static func number(_ bytes: [UInt8], _ spelling: NumberSpelling) -> Double? {
    // Longer ones are no measurements; Double's parser would take its time.
    guard bytes.count <= 400, let cell = NumberCell(bytes),
      let text = cell.digits(spelling), let value = Double(text)
    else { return nil }
    let signed = (cell.isNegative ? -value : value) / (cell.isPercent ? 100 : 1)
    return signed.isFinite ? signed : nil
  }

  /// Whether the bytes end in a percent sign.
  static func isPercent(_ bytes: [UInt8]) -> Bool { bytes.last == UInt8(ascii: "%") }
}

/// A cell without what stands around its digits.
private struct NumberCell {
  private(set) var isNegative = false
  private(set) var isPercent = false
  private var body: ArraySlice<Unicode.Scalar>

  private static let currencies: Set<Unicode.Scalar> = ["$", "€", "£", "¥", "₹", "₽", "₩"]
  private static let minuses: Set<Unicode.Scalar> = ["-", "\u{2212}"]
  /// Spaces that do not break lines, as they stand in numbers, and the usual one.
  private static let spaces: Set<Unicode.Scalar> = [" ", "\u{A0}", "\u{202F}", "\u{2009}"]
  private static let apostrophes: Set<Unicode.Scalar> = ["'", "\u{2019}"]

  /// nil for what cannot be a number.
  init?(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    body = Array(text.unicodeScalars)[...]
    dropSpaces()
    if body.first == "(", body.last == ")" {
      isNegative = true
      body = body.dropFirst().dropLast()
    }
    let length = body.count
    takeSign()
    let hasSign = isNegative || body.count < length
    dropCurrency()
    if !hasSign { takeSign() }
    if body.last == "%" {
      isPercent = true
      body.removeLast()
      dropSpaces()
    }
    guard body.contains(where: { ("0"..."9").contains($0) }) else { return nil }
  }

  private mutating func dropSpaces() {
    while let first = body.first, Self.spaces.contains(first) { body.removeFirst() }
    while let last = body.last, Self.spaces.contains(last) { body.removeLast() }
  }

  private mutating func takeSign() {
    guard let first = body.first, first == "+" || Self.minuses.contains(first) else { return }
    isNegative = isNegative || first != "+"
    body.removeFirst()
  }

  private mutating func dropCurrency() {
    if let first = body.first, Self.currencies.contains(first) { body.removeFirst() }
    if let last = body.last, Self.currencies.contains(last) { body.removeLast() }
    dropSpaces()
  }

  /// Digits, point and exponent as Double reads them; nil for another spelling.
  func digits(_ spelling: NumberSpelling) -> String? {
    let point: Unicode.Scalar = spelling == .decimalComma ? "," : "."
    var rest = body
    let whole = Self.take(&rest) { $0 != point && $0 != "e" && $0 != "E" }
    guard let integer = Self.ungrouped(whole, spelling) else { return nil }
    var fraction = ""
    if rest.first == point {
      rest.removeFirst()
      fraction = Self.text(Self.take(&rest) { ("0"..."9").contains($0) })
    }
    guard !integer.isEmpty || !fraction.isEmpty else { return nil }
    var exponent = ""
    if let mark = rest.first, mark == "e" || mark == "E" {
      rest.removeFirst()
      if let sign = rest.first, sign == "+" || sign == "-" {
        exponent.unicodeScalars.append(rest.removeFirst())
      }
      let digits = Self.take(&rest) { ("0"..."9").contains($0) }
      guard !digits.isEmpty else { return nil }
      exponent += Self.text(digits)
    }
    guard rest.isEmpty else { return nil }
    return "\(integer.isEmpty ? "0" : integer).\(fraction.isEmpty ? "0" : fraction)"
      + (exponent.isEmpty ? "" : "e\(exponent)")
  }

  private static func take(
    _ rest: inout ArraySlice<Unicode.Scalar>, while isTaken: (Unicode.Scalar) -> Bool
  ) -> ArraySlice<Unicode.Scalar> {
    let taken = rest.prefix(while: isTaken)
    rest = rest.dropFirst(taken.count)
    return taken
  }

  private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  /// The digits of a whole number, whose groups of three may be divided by one separator.
  private static func ungrouped(
    _ scalars: ArraySlice<Unicode.Scalar>, _ spelling: NumberSpelling
  ) -> String? {
    let separators = Set(scalars.filter { !("0"..."9").contains($0) })
    guard let separator = separators.first else { return text(scalars) }
    let allowed: Set<Unicode.Scalar> =
      switch spelling {
      case .plain: []
      case .grouped: spaces.union(apostrophes).union([","])
      case .decimalComma: spaces.union(apostrophes).union(["."])
      }
    let groups = scalars.split(separator: separator, omittingEmptySubsequences: false)
    // No thousands begin with 0: 0,125 is an eighth.
    guard separators.count == 1, allowed.contains(separator), (1...3).contains(groups[0].count),
      groups[0].first != "0", groups.dropFirst().allSatisfy({ $0.count == 3 })
    else { return nil }
    return groups.map { text($0) }.joined()
  }
}
