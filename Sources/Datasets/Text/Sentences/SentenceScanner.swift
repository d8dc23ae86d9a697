import Files

/// Where a sentence stands in its text.
public struct SentencePlace: Equatable, Sendable {
  /// Its bytes, without white space around them.
  public var range: Range<Int>
  /// The number of its paragraph, from 0.
  public var paragraph: Int
}

/// Cuts a text into sentences, from its beginning to its end, in memory for one of them.
///
/// A sentence ends with a full stop, question mark, exclamation mark or ellipsis, and the quotes and brackets
/// that close behind it, where white space follows and then no small letter; with a Chinese or Japanese stop wherever
/// it stands; and with its paragraph: at an empty line, or before a line that begins with a list's mark. Full
/// stops of abbreviations, initials, numbers, versions and addresses end none (`SentenceStops`). No model and no
/// download is needed; what is not UTF-8 is taken for letters.
public struct SentenceScanner {
  /// Longer sentences are cut at a space, or where they stand.
  public static let longest = 1 << 14

  private let text: Table<UInt8>
  private var position = 0
  private var paragraph = 0

  /// Creates a scanner at the beginning of a text.
  public init(_ text: Table<UInt8>) { self.text = text }

  /// All sentences of a text.
  /// - Throws: ``/Files/AIGCError``: failed without memory, interrupted.
  public static func sentences(of text: [UInt8]) throws(AIGCError) -> [SentencePlace] {
    var scanner = SentenceScanner(try Table(text))
    var found: [SentencePlace] = []
    while let next = try scanner.next() { found.append(next) }
    return found
  }

  /// The next sentence; nil after the last.
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  public mutating func next() throws(AIGCError) -> SentencePlace? {
    try Interruption.check()
    skipSpace()
    guard position < text.count else { return nil }
    let start = position
    let place = paragraph
    while position < text.count {
      guard position - start < Self.longest else {
        cut(start)
        break
      }
      if ends(from: start) { break }
    }
    var end = position
    while end > start, Self.isSpace(text[end - 1]) { end -= 1 }
    return SentencePlace(range: start..<end, paragraph: place)
  }

  // MARK: Steps

  private static func isSpace(_ byte: UInt8) -> Bool { byte <= 32 || byte == 0x7F }

  /// Passes over white space; an empty line in it ends the paragraph.
  private mutating func skipSpace() {
    var lines = 0
    while position < text.count {
      let length = spaceLength(position)
      guard length > 0 else { break }
      if text[position] == 10 { lines += 1 }
      if text[position] == 12 { lines += 2 }
      position += length
    }
    if lines > 1 { paragraph += 1 }
  }

  /// Bytes of the white space at a place; 0: there is none.
  private func spaceLength(_ index: Int) -> Int {
    let byte = text[index]
    if Self.isSpace(byte) { return 1 }
    if byte == 0xC2, index + 1 < text.count, text[index + 1] == 0xA0 { return 2 }
    // The wide space of Chinese texts.
    if byte == 0xE3, index + 2 < text.count, text[index + 1] == 0x80, text[index + 2] == 0x80 {
      return 3
    }
    return 0
  }

  /// Goes back to the last space of a sentence that is too long, else to the start of a character.
  private mutating func cut(_ start: Int) {
    let end = position
    while position > start + Self.longest / 2, !Self.isSpace(text[position - 1]) { position -= 1 }
    if position > start + Self.longest / 2 { return }
    position = end
    while position > end - 3, position < text.count, text[position] & 0xC0 == 0x80 { position -= 1 }
  }

  /// Takes the next character, and what belongs to a stop.
  /// - Returns: whether the sentence ends here.
  private mutating func ends(from start: Int) -> Bool {
    let byte = text[position]
    switch byte {
    case 10: return endsAtLine()
    case 12:
      position += 1
      return true
    case UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"): return endsAtStop(from: start)
    case 0..<0x80:
      position += 1
      return false
    default:
      let (scalar, length) = self.scalar(position)
      if length > 0 {
        if SentenceStops.isWideStop(scalar) { return endsAtWideStop() }
        if scalar == 0x2026 { return endsAtStop(from: start) }
        if scalar == 0x2029 {
          position += length
          return true
        }
      }
      position += max(length, 1)
      return false
    }
  }

  /// At a line end: the sentence goes on in the next line, unless that is empty or begins a point of a list.
  private mutating func endsAtLine() -> Bool {
    var place = position + 1
    while place < text.count, Self.isSpace(text[place]) {
      if text[place] == 10 {
        position = place
        paragraph += 1
        // The rest of the white space says the same again.
        while position < text.count, Self.isSpace(text[position]) { position += 1 }
        return true
      }
      place += 1
    }
    position += 1
    guard place + 1 < text.count else { return false }
    switch text[place] {
    case UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+"):
      return Self.isSpace(text[place + 1])
    case UInt8(ascii: "#"), UInt8(ascii: "|"), UInt8(ascii: ">"): return true
    case 0xE2: return scalar(place).scalar == 0x2022
    default: return false
    }
  }

  private mutating func endsAtWideStop() -> Bool {
    position += scalar(position).length
    passMarks()
    return true
  }

  /// At one of . ! ? …, which may be several.
  private mutating func endsAtStop(from start: Int) -> Bool {
    let stop = position
    let marks = passMarks()
    guard position < text.count else { return true }
    var next = position
    while next < text.count, case let length = spaceLength(next), length > 0 {
      // An empty line ends it anyway.
      if text[next] == 10, isEmptyLine(after: next) { return true }
      next += length
    }
    guard next > position else { return false }
    guard next < text.count else { return true }
    // A stop between spaces is a token of a text that was cut into words; several are an ellipsis.
    if stop > start + 1, Self.isSpace(text[stop - 1]), position == stop + 1 {
      if SentenceStops.isStop(text[next]) { return false }
      if !SentenceStops.isStop(text[stop - 2]) { return true }
    }
    let follows = SentenceStops.Following(text, next)
    if follows.isSmall { return false }
    guard !marks.isFinal else { return true }
    let word = SentenceStops.word(text, start..<stop)
    return SentenceStops.ends(
      word, isFirst: stop - start == word.count, isEllipsis: marks.isEllipsis, follows)
  }

  private func isEmptyLine(after index: Int) -> Bool {
    var place = index + 1
    while place < text.count, Self.isSpace(text[place]) {
      if text[place] == 10 { return true }
      place += 1
    }
    return place >= text.count
  }

  /// Passes over stops and what closes behind them.
  /// - Returns: whether a question or exclamation mark is among them, and whether there are dots only, several.
  @discardableResult
  private mutating func passMarks() -> (isFinal: Bool, isEllipsis: Bool) {
    var (dots, isFinal) = (0, false)
    while position < text.count {
      let byte = text[position]
      let (scalar, length) = byte < 0x80 ? (UInt32(byte), 1) : self.scalar(position)
      guard length > 0 else { break }
      switch scalar {
      case 0x2E: dots += 1
      case 0x2026: dots += 3
      case 0x21, 0x3F: isFinal = true
      case let mark where SentenceStops.isWideStop(mark): isFinal = true
      case let mark where SentenceStops.closes(mark): break
      default: return (isFinal, dots > 1 && !isFinal)
      }
      position += length
    }
    return (isFinal, dots > 1 && !isFinal)
  }

  private func scalar(_ index: Int) -> (scalar: UInt32, length: Int) {
    (text.start + index).scalar(before: text.end)
  }
}

extension Table<UInt8> {
  /// A copy of some of the bytes. A range that is not in ``/Files/Table/indices`` stops the program.
  public func bytes(_ range: Range<Int>) -> [UInt8] {
    require(range.lowerBound >= 0 && range.upperBound <= count, "Table: range out of bounds")
    return (start + range.lowerBound).bytes(range.count)
  }
}
