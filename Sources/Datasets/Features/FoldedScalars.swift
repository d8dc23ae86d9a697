/// What classifiers of texts take a character for, and its lower case.
enum FoldedScalars {
  /// What a character is.
  enum Kind: UInt8 {
    /// Not looked at yet.
    case unknown
    case space
    /// A letter, mark or digit.
    case word
    /// A character of a script without spaces: a word by itself.
    case character
    /// Punctuation and symbols, each by itself.
    case mark
  }

  /// Kind and lower case of the characters below U+10000: `Unicode.Scalar.Properties` is slow.
  private static let table: [(kind: Kind, lower: UInt32)] = (0..<0x10000).map { classify($0) }

  /// Kind and lower case of a character.
  static func read(_ scalar: UInt32) -> (kind: Kind, lower: UInt32) {
    scalar < 0x10000 ? table[Int(scalar)] : classify(scalar)
  }

  private static func classify(_ value: UInt32) -> (kind: Kind, lower: UInt32) {
    guard let scalar = Unicode.Scalar(value) else { return (.mark, value) }
    let properties = scalar.properties
    if properties.isWhitespace || value == 0x200B || value == 0xFEFF { return (.space, value) }
    let isWord = isWordCategory(properties.generalCategory) || value == 0x200C || value == 0x200D
    if isCJK(value) || isSpaceless(value) { return (isWord ? .character : .mark, value) }
    guard isWord else { return (.mark, value) }
    let lower = properties.lowercaseMapping.unicodeScalars
    return (.word, lower.count == 1 ? lower.first?.value ?? value : value)
  }

  /// Thai, Lao, Myanmar, Khmer: written without spaces between words.
  private static func isSpaceless(_ value: UInt32) -> Bool {
    (0x0E00...0x0EFF).contains(value) || (0x1000...0x109F).contains(value)
      || (0x1780...0x17FF).contains(value)
  }
}
