import Files

/// BERT's tokenizer: words of normalized text, each cut into the longest pieces of the vocabulary from its start on
/// (WordPiece: Wu et al. 2016, section 4.1), as the package `tokenizers` has it.
public struct WordPieceTokenizer: Sendable {
  let vocabulary: VocabularyJSON
  let normalization: BertNormalization
  private let added: AddedTokenMatcher?
  /// What added tokens that are not in the vocabulary are called, by their ids.
  private let addedTexts: [Int32: [UInt8]]
  /// What pieces inside of a word begin with in the vocabulary.
  let continuation: [UInt8]
  /// Words of more characters are unknown.
  private let longestWord: Int
  private let unknown: Int32
  /// Characters that are normalized together, and the rest of a word: a long text takes no more memory.
  private static let window = 4096
  /// Tokens before a text: `[CLS]`.
  public let prefix: [Int32]
  /// Tokens behind a text: `[SEP]`.
  public let suffix: [Int32]
  /// The number of tokens, those that were added among them.
  public let vocabularySize: Int

  /// What files say of a tokenizer.
  struct Settings {
    var normalization = BertNormalization()
    var added: [AddedToken] = []
    var continuation = Array("##".utf8)
    var longestWord = 100
    var unknown = "[UNK]"
    var prefix: [Int32] = []
    var suffix: [Int32] = []
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) for settings that do not fit the vocabulary.
  init(_ vocabulary: VocabularyJSON, _ settings: Settings, path: String) throws(AIGCError) {
    var list = AddedTokenList(vocabulary)
    for token in settings.added {
      guard !token.isNormalized else {
        throw .badInput(
          "\(path): added token \(shown(String(decoding: token.content, as: UTF8.self))) is looked "
            + "for in normalized text; that is not supported")
      }
      try list.add(token, path: path)
    }
    let unknown = Array(settings.unknown.utf8)
    guard let unknownID = vocabulary.id(of: unknown) ?? list.token(unknown)?.id else {
      throw .badInput("\(path): the unknown token \(shown(settings.unknown)) has no id")
    }
    let size = vocabulary.count + list.tokens.count { $0.id >= vocabulary.count }
    for id in settings.prefix + settings.suffix where !(0..<size).contains(Int(id)) {
      throw .badInput("\(path): the token \(id) around a text is none of \(size)")
    }
    (self.vocabulary, self.unknown, vocabularySize) = (vocabulary, unknownID, size)
    (normalization, continuation) = (settings.normalization, settings.continuation)
    (longestWord, prefix, suffix) = (settings.longestWord, settings.prefix, settings.suffix)
    added = try AddedTokenMatcher(list.tokens)
    addedTexts = Dictionary(list.tokens.map { ($0.id, $0.content) }) { first, _ in first }
  }

  /// The ids of a text, with the tokens around it.
  /// - Parameters:
  ///   - text: the bytes of the text.
  ///   - limit: the most ids, those around the text among them, which stay: the text is cut behind what fits.
  ///   - name: the text, for messages.
  /// - Throws: ``/Files/AIGCError``: badInput for what is not UTF-8, usage for a limit that leaves no place.
  public func encode(
    _ text: Table<UInt8>, limit: Int = .max, name: String
  ) throws(AIGCError) -> [Int32] {
    let around = prefix.count + suffix.count
    guard limit > around else {
      throw .usage("a limit of \(limit): \(around) tokens stand around each text")
    }
    var ids = prefix
    let most = limit - suffix.count
    var wrong: Int?
    withExtendedLifetime(text) {
      let begin = text.start
      func take(_ start: ByteCursor, _ end: ByteCursor, _ isToken: Bool) -> Bool {
        if isToken, let id = added?.id(of: WordKey(start, end - start, limit: text.end)) {
          ids.append(id)
        } else {
          wrong = appendWords(start, end, most, &ids).map { $0 - begin }
        }
        return wrong == nil && ids.count < most
      }
      if let added {
        _ = added.split(begin, text.end, take)
      } else {
        _ = take(begin, text.end, false)
      }
    }
    if let wrong { throw .badInput("\(name): byte \(text.bytesBefore + wrong) is not UTF-8") }
    if ids.count > most { ids.removeSubrange(most...) }
    return ids + suffix
  }

  /// The bytes of one token as the vocabulary has them; none for ids out of range.
  public func bytes(of id: Int32) -> [UInt8] {
    id >= 0 && id < vocabulary.count ? vocabulary.token(Int(id)) : addedTexts[id] ?? []
  }

  /// - Returns: the place of what is not UTF-8; nil when all is.
  private func appendWords(
    _ start: ByteCursor, _ end: ByteCursor, _ most: Int, _ ids: inout [Int32]
  ) -> ByteCursor? {
    var scalars: [UInt32] = []
    scalars.reserveCapacity(min(end - start, 2 * Self.window))
    var position = start
    while position < end, ids.count < most {
      scalars.removeAll(keepingCapacity: true)
      while position < end {
        let byte = position.byte
        // White space parts words, and nothing that is normalized reaches over it.
        if byte == 32 || byte == 10, scalars.count >= Self.window { break }
        if byte < 0x80 {
          scalars.append(UInt32(byte))
          position += 1
          continue
        }
        let (scalar, length) = position.scalar(before: end)
        if length == 0 { return position }
        scalars.append(scalar)
        position += length
      }
      normalization.apply(to: &scalars)
      appendWords(of: scalars, most, &ids)
    }
    return nil
  }

  private func appendWords(of scalars: [UInt32], _ most: Int, _ ids: inout [Int32]) {
    var word: [UInt8] = []
    BertNormalization.forEachWord(scalars) { characters in
      word.removeAll(keepingCapacity: true)
      for scalar in characters { Self.append(scalar, to: &word) }
      if characters.count > longestWord {
        ids.append(unknown)
      } else {
        appendPieces(word, &ids)
      }
      return ids.count < most
    }
  }

  private func appendPieces(_ word: [UInt8], _ ids: inout [Int32]) {
    if let id = vocabulary.id(of: word) {
      ids.append(id)
      return
    }
    let count = ids.count
    var piece: [UInt8] = []
    var start = 0
    while start < word.count {
      piece = (start > 0 ? continuation : []) + word[start...]
      let first = start > 0 ? continuation.count : 0
      var end = min(piece.count, vocabulary.longest)
      var found: Int32?
      while end > first {
        // Pieces end between characters.
        if end == piece.count || piece[end] & 0xC0 != 0x80 {
          found = vocabulary.id(of: piece[..<end])
          if found != nil { break }
        }
        end -= 1
      }
      guard let found else {
        ids.removeSubrange(count...)
        ids.append(unknown)
        return
      }
      ids.append(found)
      start += end - first
    }
  }

  private static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    switch scalar {
    case ..<0x80: bytes.append(UInt8(scalar))
    case ..<0x800: bytes += [0xC0 | UInt8(scalar >> 6), 0x80 | UInt8(scalar & 0x3F)]
    case ..<0x10000:
      bytes += [
        0xE0 | UInt8(scalar >> 12), 0x80 | UInt8(scalar >> 6 & 0x3F), 0x80 | UInt8(scalar & 0x3F),
      ]
    default:
      bytes += [
        0xF0 | UInt8(scalar >> 18 & 7), 0x80 | UInt8(scalar >> 12 & 0x3F),
        0x80 | UInt8(scalar >> 6 & 0x3F), 0x80 | UInt8(scalar & 0x3F),
      ]
    }
  }
}
