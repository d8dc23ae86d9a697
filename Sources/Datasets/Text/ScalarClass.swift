import Files

/// What a character is to the word scanner.
enum ScalarClass: UInt8 {
  /// In tables: not looked at yet.
  case unknown
  case letter
  case digit
  case space
  case newline
  /// Joins inside a word, and a run of it is one token: `-`, `_`.
  case hyphen
  /// Joins inside a word: `'`, `’`.
  case apostrophe
  /// Joins inside a number, and a run of it is one token: `.`.
  case fullStop
  /// Joins inside a number: `,`.
  case comma
  /// A run of it is one token: `—`, `…`, `*`, `=`.
  case run
  /// A token by itself.
  case other
  /// `<`, which may start `<s>`, `</s>` or `<unk>`.
  case lessThan
  /// Not allowed in text.
  case null
  case invalid

  @inline(__always)
  var isWord: Bool { rawValue <= ScalarClass.digit.rawValue }
}

/// Classes of all scalars, filled as they are met: `Unicode.Scalar.Properties` is slow.
struct ScalarClasses: ~Copyable {
  /// Whether Chinese and Japanese characters stand each by itself.
  let splitsCJK: Bool
  private let ascii = Self.asciiClasses
  private var table: MutableTable<UInt8>?

  init(splitsCJK: Bool) { self.splitsCJK = splitsCJK }

  /// Class and length in bytes of the character at `start`; ``ScalarClass/invalid`` for what is not
  /// UTF-8.
  @inline(__always)
  mutating func read(
    _ start: ByteCursor, _ end: ByteCursor
  ) -> (kind: ScalarClass, length: Int) {
    let byte = start.byte
    if byte < 0x80 { return (ascii[Int(byte)], 1) }
    return readLong(start, end)
  }

  @inline(never)
  private mutating func readLong(
    _ start: ByteCursor, _ end: ByteCursor
  ) -> (kind: ScalarClass, length: Int) {
    let (scalar, length) = start.scalar(before: end)
    guard length > 0 else { return (.invalid, 1) }
    // Memory of pages that are not touched is none. Without memory no class is kept.
    if table == nil { table = try? MutableTable(count: 0x110000) }
    if let known = table?[Int(scalar)], known != 0, let kind = ScalarClass(rawValue: known) {
      return (kind, length)
    }
    let kind = Self.classify(scalar, splitsCJK: splitsCJK)
    table?[Int(scalar)] = kind.rawValue
    return (kind, length)
  }

  private static func classify(_ value: UInt32, splitsCJK: Bool) -> ScalarClass {
    switch value {
    case 0x2019, 0x2010, 0x2011: return .apostrophe
    case 0x2014, 0x2026: return .run
    case 0x200B, 0xFEFF: return .space
    // Soft hyphen, zero-width non-joiner and joiner belong to the word they stand in.
    case 0xAD, 0x200C, 0x200D: return .letter
    default: break
    }
    guard let scalar = Unicode.Scalar(value) else { return .other }
    if scalar.properties.isWhitespace { return .space }
    if splitsCJK, isCJK(value) { return .other }
    return isWordCategory(scalar.properties.generalCategory) ? .letter : .other
  }

  private static let asciiClasses = InlineArray<128, ScalarClass> { byte in
    switch UInt8(byte) {
    case 0: .null
    case 10: .newline
    case 9, 11, 12, 13, 32: .space
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): .letter
    case UInt8(ascii: "-"), UInt8(ascii: "_"): .hyphen
    case UInt8(ascii: "'"): .apostrophe
    case UInt8(ascii: "."): .fullStop
    case UInt8(ascii: ","): .comma
    case UInt8(ascii: "*"), UInt8(ascii: "="): .run
    case UInt8(ascii: "<"): .lessThan
    default: .other
    }
  }
}

/// Letters, marks and numbers.
func isWordCategory(_ category: Unicode.GeneralCategory) -> Bool {
  switch category {
  case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
    .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
    true
  default: false
  }
}

/// Han, kana, Bopomofo, their punctuation and the full-width forms (blocks of Unicode 16).
func isCJK(_ scalar: UInt32) -> Bool {
  switch scalar {
  case 0x2E80...0x2FFF, 0x3001...0x312F, 0x3190...0x31FF, 0x3200...0x4DBF, 0x4E00...0x9FFF,
    0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF01...0xFF9F, 0xFFE0...0xFFEE, 0x1AFF0...0x1B16F,
    0x20000...0x3FFFD:
    true
  default: false
  }
}
