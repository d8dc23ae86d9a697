/// Puts tokens back together into text as they come, without stray spaces.
///
/// `word` and `auto` decide from the neighbours where a space belongs; `whitespace` puts one between
/// any two tokens; `char` and `byte` only string together, and `byte` never cuts a UTF-8 character.
public struct TextJoiner: Sendable {
  /// How the tokens were cut, which says where spaces belong.
  public let mode: TokenMode
  private var spacing = WordSpacing()
  private var isSentenceStart = true
  /// Bytes of a UTF-8 character that is not complete.
  private var pending: [UInt8] = []

  /// Creates a joiner at the beginning of a text.
  public init(mode: TokenMode) { self.mode = mode }

  /// The bytes that `token` adds to the text.
  public mutating func append(_ token: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    append(token, to: &output)
    return output
  }

  /// The same, appended to `output`.
  public mutating func append(_ token: [UInt8], to output: inout [UInt8]) {
    switch mode {
    case .char: output += token
    case .byte: appendBytes(token, to: &output)
    case .whitespace:
      if !isSentenceStart { output.append(32) }
      output += token
    case .word, .auto:
      if spacing.needsSpace(before: token) { output.append(32) }
      output += token
    }
    isSentenceStart = false
  }

  /// Ends the line.
  public mutating func endSentence() -> [UInt8] {
    let rest = finish()
    return rest + [10]
  }

  /// What was held back, at the end of the text.
  public mutating func finish() -> [UInt8] {
    let output = pending.isEmpty ? [] : replacementCharacter
    pending = []
    spacing = WordSpacing()
    isSentenceStart = true
    return output
  }

  private mutating func appendBytes(_ token: [UInt8], to output: inout [UInt8]) {
    pending += token
    var index = 0
    while index < pending.count {
      switch UTF8Prefix(pending[index...]) {
      case .character(let length):
        output += pending[index..<index + length]
        index += length
      case .invalid(let length):
        output += replacementCharacter
        index += length
      case .incomplete:
        pending.removeFirst(index)
        return
      }
    }
    pending.removeAll(keepingCapacity: true)
  }
}

/// U+FFFD.
private let replacementCharacter: [UInt8] = [0xEF, 0xBF, 0xBD]

/// What bytes start with. An invalid part is as long as it is the start of some character (the
/// practice that Unicode recommends for U+FFFD).
private enum UTF8Prefix {
  case character(Int)
  case incomplete
  case invalid(Int)

  init(_ bytes: ArraySlice<UInt8>) {
    let first = bytes[bytes.startIndex]
    let length: Int
    // Which second byte may follow: no overlong forms, no surrogates, at most U+10FFFF.
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0..<0x80: length = 1
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if first == 0xE0 { second = 0xA0...0xBF }
      if first == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if first == 0xF0 { second = 0x90...0xBF }
      if first == 0xF4 { second = 0x80...0x8F }
    default:
      self = .invalid(1)
      return
    }
    for index in 1..<max(length, 1) {
      guard index < bytes.count else {
        self = .incomplete
        return
      }
      let allowed = index == 1 ? second : 0x80...0xBF
      guard allowed.contains(bytes[bytes.startIndex + index]) else {
        self = .invalid(index)
        return
      }
    }
    self = .character(length)
  }
}
