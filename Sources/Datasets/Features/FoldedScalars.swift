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

  private typealias Entry = (kind: Kind, lower: UInt32)

  // `Unicode.Scalar.Properties` is slow: characters are looked up. A table of all takes 6 ms to make, so those of most
  // texts have small ones: European scripts, typographic marks, Chinese and Japanese marks and kana, wide forms.
  private static let european: [Entry] = (0..<0x590).map { classify($0) }
  private static let marks: [Entry] = (0x2000..<0x2070).map { classify($0) }
  private static let kana: [Entry] = (0x3000..<0x3100).map { classify($0) }
  private static let wide: [Entry] = (0xFF00..<0xFFF0).map { classify($0) }
  private static let all: [Entry] = (0..<0x10000).map { classify($0) }

  /// Kind and lower case of a character.
  static func read(_ scalar: UInt32) -> (kind: Kind, lower: UInt32) {
    switch scalar {
    case 0..<0x590: european[Int(scalar)]
    case 0x2000..<0x2070: marks[Int(scalar) - 0x2000]
    case 0x3000..<0x3100: kana[Int(scalar) - 0x3000]
    // Han, every one of them a letter.
    case 0x4E00..<0x9FA6: (.character, scalar)
    case 0xFF00..<0xFFF0: wide[Int(scalar) - 0xFF00]
    case 0..<0x10000: all[Int(scalar)]
    default: classify(scalar)
    }
  }

  static func classify(_ value: UInt32) -> (kind: Kind, lower: UInt32) {
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
