/// Finds the end of the first sentence in a stream of text, for models without a token for it.
///
/// A sentence ends behind `. ! ? …` and closing quotes or brackets where white space follows, and
/// behind `。 ！ ？` and closing marks whatever follows. An abbreviation before a space counts as an
/// end. White space at the start does not.
struct SentenceMatcher {
  private enum State { case inside, afterLatinEnd, afterWideEnd }
  private var state = State.inside
  private(set) var isMatched = false

  /// - Returns: `bytes`, whole characters, up to the end of the sentence.
  mutating func append(_ bytes: [UInt8]) -> [UInt8] {
    if isMatched { return [] }
    var end = 0
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let encoded):
        if endsSentence(before: Unicode.UTF8.decode(encoded)) {
          isMatched = true
          return Array(bytes.prefix(end))
        }
        end += encoded.count
      case .error(let length):
        state = .inside
        end += length
      case .emptyInput:
        return bytes
      }
    }
  }

  private mutating func endsSentence(before scalar: Unicode.Scalar) -> Bool {
    switch state {
    case .afterWideEnd where !Self.continuesEnd(scalar): return true
    case .afterLatinEnd where scalar.properties.isWhitespace: return true
    default: break
    }
    switch scalar {
    case ".", "!", "?", "…": if state != .afterWideEnd { state = .afterLatinEnd }
    case "。", "！", "？": state = .afterWideEnd
    default: if !Self.continuesEnd(scalar) { state = .inside }
    }
    return false
  }

  /// Marks that belong to the end of a sentence.
  private static func continuesEnd(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case ".", "!", "?", "…", "。", "！", "？", "\"", "'", ")", "]", "}", "”", "’", "»", "」", "』",
      "）", "】":
      true
    default: false
    }
  }
}
