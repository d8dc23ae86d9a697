import Files

/// The words of a model, numbered: 0 `<unk>`, 1 `<s>`, 2 `</s>`, then in order of first occurrence.
///
/// Three flat tables that are used from a mapped file as they lie there.
public struct Vocabulary: @unchecked Sendable {
  /// The bytes of all words, one after the other.
  public let bytes: Table<UInt8>
  /// Where each word starts in ``bytes``; one more entry for the end.
  public let offsets: Table<UInt32>
  /// Open addressing, at most half full, a power of two long. An empty slot is 0; else the low 32
  /// bits are the id plus one and the high 32 bits those of the word's hash.
  public let slots: Table<UInt64>
  let tables: WordTables
  /// What is searched: ``slots``, or others in their place where long runs would take long.
  let searched: Table<UInt64>

  /// The id of `<unk>`, which stands for words that are not in the vocabulary.
  public static let unknown: UInt32 = 0
  /// The id of `<s>`, which begins a sentence.
  public static let sentenceStart: UInt32 = 1
  /// The id of `</s>`, which ends a sentence.
  public static let sentenceEnd: UInt32 = 2
  static let reservedWords = ["<unk>", "<s>", "</s>"].map { Array($0.utf8) }

  /// Takes tables as a model file holds them.
  /// - Parameters:
  ///   - bytes: see ``bytes``.
  ///   - offsets: see ``offsets``.
  ///   - slots: see ``slots``.
  ///   - name: the file, for messages.
  /// - Throws: ``/Files/AIGCError`` (badInput) when they do not make a vocabulary.
  public init(
    bytes: Table<UInt8>, offsets: Table<UInt32>, slots: Table<UInt64>, name: String
  ) throws(AIGCError) {
    self.bytes = bytes
    self.offsets = offsets
    self.slots = slots
    let reserved = Self.reservedWords.count
    guard offsets.count > reserved, slots.count >= 2 * (offsets.count - 1),
      slots.count & (slots.count - 1) == 0, bytes.count > 0, bytes.count <= Int(UInt32.max)
    else { throw Self.damaged(name, "its tables have wrong sizes") }
    let words = offsets.count - 1
    let tables = WordTables(bytes: bytes, offsets: offsets, slots: slots)
    let runs = try tables.validate(words: words, byteCount: bytes.count, name)
    if runs.longest > WordTables.longestProbe {
      searched = try Table(tables.secretSlots(words: words, count: slots.count))
      self.tables = WordTables(bytes: bytes, offsets: offsets, slots: searched, isSecret: true)
    } else {
      searched = slots
      self.tables = tables
    }
    try validateMarks(name)
  }

  static func damaged(_ name: String, _ what: String) -> AIGCError {
    .badInput("\(name): damaged vocabulary: \(what)")
  }

  private func validateMarks(_ name: String) throws(AIGCError) {
    for (index, word) in Self.reservedWords.enumerated() {
      guard self.bytes(of: UInt32(index)) == word, id(of: word) == UInt32(index) else {
        throw Self.damaged(name, "<unk>, <s>, </s> are not its first words")
      }
    }
  }

  /// Number of words, the three reserved ones included.
  public var count: Int { offsets.count - 1 }

  /// The word's id; nil when it is not in the vocabulary.
  public func id(of word: [UInt8]) -> UInt32? {
    word.withCursors { start, end in
      start < end ? id(of: WordKey(start, end - start, limit: end)) : nil
    }
  }

  /// The id of the word that lies in `text` at `range`.
  public func id(of text: Table<UInt8>, at range: Range<Int>) -> UInt32? {
    require(range.lowerBound >= 0 && range.upperBound <= text.count, "range outside the text")
    guard !range.isEmpty else { return nil }
    return withExtendedLifetime(text) {
      id(of: WordKey(text.start + range.lowerBound, range.count, limit: text.end))
    }
  }

  @inline(__always)
  func id(of word: WordKey) -> UInt32? {
    let found = tables.find(word)
    return found.emptySlot == nil ? found.id : nil
  }

  /// The bytes of word `id`; not always UTF-8.
  public func bytes(of id: UInt32) -> [UInt8] {
    var result: [UInt8] = []
    append(id, to: &result)
    return result
  }

  /// Appends the bytes of word `id`.
  public func append(_ id: UInt32, to output: inout [UInt8]) {
    require(Int(id) < count, "Vocabulary: id out of range")
    let start = Int(offsets[id])
    output.append(bytes.start + start, count: Int(offsets[id + 1]) - start)
  }

  /// The word as text; what is not UTF-8 shows as U+FFFD.
  public func text(of id: UInt32) -> String { String(decoding: bytes(of: id), as: UTF8.self) }
}
