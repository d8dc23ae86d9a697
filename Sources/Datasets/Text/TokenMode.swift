/// How text is cut into tokens. A line is a sentence in every mode.
public enum TokenMode: String, Codable, CaseIterable, Sendable {
  /// ``word``, but Chinese and Japanese (Han, kana, their punctuation and full-width forms) one
  /// character a token.
  case auto
  /// Runs of letters, digits and marks, with the apostrophes, hyphens and underscores inside a word
  /// and the point or comma inside a number; every other character by itself, except that runs of
  /// the same of `- . — … * _ =` stay together.
  case word
  /// One token a Unicode scalar, spaces included.
  case char
  /// One token a byte.
  case byte
  /// What KenLM's lmplz reads: tokens lie between space, tab, CR and NUL, as raw bytes; every line
  /// is a sentence, empty ones too.
  case whitespace

  /// Whether text must be UTF-8 without NUL.
  public var needsUTF8: Bool {
    switch self {
    case .auto, .word, .char: true
    case .byte, .whitespace: false
    }
  }
}
