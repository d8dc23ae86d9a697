import Files

/// The tokens by which the characters of a text begin, where a vocabulary is one of characters (SentencePiece's
/// BPE) and not of bytes.
struct CharacterTokens: Sendable {
  /// The ids of characters.
  private(set) var ids = ScalarMap()
  /// The ids of `<0x00>` to `<0xFF>`, which spell a character that is no token; -1 where one is missing. Empty
  /// without byte fallback.
  private(set) var byteTokens: [Int32] = []
  /// The token of a character that has no other; nil: such a character is left out.
  var unknown: Int32?
  /// Whether one unknown token stands for all that follow each other.
  var fusesUnknown = true

  /// - Parameters:
  ///   - vocabulary: the tokens as files have them.
  ///   - hasByteFallback: whether `<0x0A>` and its like spell characters.
  ///   - isNormal: whether a token may come of text.
  init(
    _ vocabulary: VocabularyJSON, hasByteFallback: Bool, isNormal: (Int32) -> Bool = { _ in true }
  ) {
    vocabulary.forEach { id, token in
      guard token.count <= 4, isNormal(id) else { return }
      token.withCursors { start, end in
        guard start < end else { return }
        let (scalar, length) = start.scalar(before: end)
        if length > 0, length == end - start { ids[scalar] = id }
      }
    }
    guard hasByteFallback else { return }
    byteTokens = (UInt8.min...UInt8.max).map { vocabulary.id(of: Self.spelled($0)) ?? -1 }
  }

  /// A byte as vocabularies spell it.
  static func spelled(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
  }

  /// The byte of each token that spells one.
  var bytes: [Int32: UInt8] {
    var bytes: [Int32: UInt8] = [:]
    for (byte, id) in byteTokens.enumerated() where id >= 0 { bytes[id] = UInt8(byte) }
    return bytes
  }

  /// Appends the tokens of a piece of UTF-8, none of them merged.
  func append(_ piece: ByteCursor, _ length: Int, to output: inout [Int32]) {
    let end = piece + length
    var position = piece
    // Unknown characters are written before the next token that a character itself has.
    var unknowns = 0
    func flush() {
      guard unknowns > 0, let unknown else { return }
      output.append(contentsOf: repeatElement(unknown, count: fusesUnknown ? 1 : unknowns))
      unknowns = 0
    }
    while position < end {
      let (scalar, count) = position.scalar(before: end)
      let id = count > 0 ? ids[scalar] : -1
      let size = max(1, count)
      if id >= 0 {
        flush()
        output.append(id)
      } else if !byteTokens.isEmpty, (0..<size).allSatisfy({ byteTokens[Int(position[$0])] >= 0 }) {
        for index in 0..<size { output.append(byteTokens[Int(position[index])]) }
      } else {
        unknowns += 1
      }
      position += size
    }
    flush()
  }

  /// How many bytes of a prepared text a token stands for that is no text of its own: unknown characters, and
  /// for nil those that are left out before the next token.
  func unknownLength(_ text: Table<UInt8>, _ position: Int, isToken: Bool) -> Int {
    withExtendedLifetime(text) {
      let (begin, end) = (text.start + position, text.end)
      var place = begin
      while place < end, place.byte != TokenMark.first {
        let (scalar, length) = place.scalar(before: end)
        guard length > 0, ids[scalar] < 0 else { break }
        place += length
        if isToken, !fusesUnknown { break }
      }
      return place - begin
    }
  }
}
