import Files

/// Words of texts in any script, for measures and for what is told of sentences: letters and digits in small
/// letters, Chinese and Japanese characters one by one. What is not UTF-8 separates words.
public struct ScriptWords: Sendable {
  /// What counts as a letter.
  public enum Letters: Sendable {
    /// Letters and digits of every script.
    case all
    /// Those of rouge-score, a to z and digits, where other Latin letters and symbols separate words; and
    /// scripts that it knows nothing of: words of Cyrillic, Arabic, Hangul, …, Greek ones from two letters on (one
    /// alone stands in a formula), each Chinese and Japanese character. Words end where scripts change.
    case rouge
  }

  private let letters: Letters

  /// Creates a scanner.
  public init(_ letters: Letters) { self.letters = letters }

  /// Calls `body` with each word, and whether it is a Chinese or Japanese character.
  /// - Parameters:
  ///   - bytes: the text.
  ///   - range: what is read of it.
  ///   - body: takes a word in small letters.
  public func scan(
    _ bytes: [UInt8], _ range: Range<Int>, _ body: (_ word: [UInt8], _ isCharacter: Bool) -> Void
  ) {
    bytes[range].withCursors { start, limit in
      var place = start
      var run = Run()
      while place < limit {
        let byte = place.byte
        if byte < 0x80 {
          place += 1
          guard let letter = Self.small(byte) else {
            run.end(body)
            continue
          }
          if run.kind != .ascii { run.end(body) }
          run.kind = .ascii
          run.word.append(letter)
          continue
        }
        let (scalar, length) = place.scalar(before: limit)
        place += max(length, 1)
        let next = length == 0 ? Kind.separator : kind(scalar)
        if next != run.kind || next == .character { run.end(body) }
        run.kind = next
        switch next {
        case .separator: break
        case .character: body(Self.small(scalar), true)
        case .ascii:
          run.word += Self.small(scalar).prefix(letters == .all ? .max : 1)
          // Its small letter carries a dot that is no letter.
          if scalar == 0x130, letters == .rouge { run.end(body) }
        case .greek, .other: run.word += Self.small(scalar)
        }
      }
      run.end(body)
    }
  }

  /// The same over a whole text.
  public func scan(_ bytes: [UInt8], _ body: (_ word: [UInt8], _ isCharacter: Bool) -> Void) {
    scan(bytes, 0..<bytes.count, body)
  }

  private enum Kind { case separator, ascii, greek, other, character }

  /// The letters of the word that is being read.
  private struct Run {
    var word: [UInt8] = []
    var kind = Kind.separator

    mutating func end(_ body: (_ word: [UInt8], _ isCharacter: Bool) -> Void) {
      if !word.isEmpty, kind != .greek || word.count > 2 { body(word, false) }
      word.removeAll(keepingCapacity: true)
    }
  }

  private func kind(_ scalar: UInt32) -> Kind {
    // Two letters whose small ones are ASCII.
    if scalar == 0x212A { return .ascii }
    if letters == .rouge {
      if scalar == 0x130 { return .ascii }
      if Self.separates(scalar) { return .separator }
    }
    guard let value = Unicode.Scalar(scalar), isWordCategory(value.properties.generalCategory)
    else {
      return .separator
    }
    if isCJK(scalar) { return .character }
    if letters == .all { return .ascii }
    switch scalar {
    case 0x370...0x3FF, 0x1F00...0x1FFF: return .greek
    default: return .other
    }
  }

  /// Latin letters beyond ASCII, marks over them, and symbols that are letters to Unicode.
  private static func separates(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x80...0x36F, 0x1D00...0x1EFF, 0x2000...0x24FF, 0x2C60...0x2C7F, 0xA700...0xA7FF,
      0xAB30...0xAB6F, 0xFB00...0xFB06, 0x1D400...0x1D7FF, 0x1F000...0x1FFFF:
      true
    default: false
    }
  }

  private static func small(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
    default: nil
    }
  }

  private static func small(_ scalar: UInt32) -> [UInt8] {
    guard let value = Unicode.Scalar(scalar) else { return [] }
    return Array(value.properties.lowercaseMapping.utf8)
  }
}
