import Files

/// A vocabulary that grows: words get ids in the order in which they come.
public struct VocabularyBuilder: Sendable {
  private var bytes: [UInt8] = []
  private var offsets: [UInt32] = [0]
  private var slots: [UInt64]
  /// See ``WordTables/isSecret``.
  private var isSecret = false
  /// Set when the words no longer fit into 32-bit offsets; ``freeze()`` then refuses.
  private var isTooLarge = false

  /// Only the three reserved words.
  public init() {
    slots = [UInt64](repeating: 0, count: 1024)
    for word in Vocabulary.reservedWords { _ = id(for: word) }
  }

  /// Starts with the words of `vocabulary`, under the same ids.
  public init(_ vocabulary: Vocabulary) {
    bytes = Array(vocabulary.bytes)
    offsets = Array(vocabulary.offsets)
    slots = Array(vocabulary.searched)
    isSecret = vocabulary.tables.isSecret
  }

  /// Number of words, the three reserved ones included.
  public var count: Int { offsets.count - 1 }

  /// The bytes of word `id`.
  func bytes(of id: Int) -> ArraySlice<UInt8> { bytes[Int(offsets[id])..<Int(offsets[id + 1])] }

  /// The id of `word`, a new one if it was not there. The empty word is unknown.
  public mutating func id(for word: [UInt8]) -> UInt32 {
    word.withCursors { start, end in
      start < end ? id(for: WordKey(start, end - start, limit: end)) : Vocabulary.unknown
    }
  }

  /// Makes room for about so many words.
  mutating func reserve(_ words: Int) {
    while slots.count < words * 2 { grow() }
    offsets.reserveCapacity(words)
    bytes.reserveCapacity(words * 8)
  }

  /// The id of a word that is there.
  @inline(__always)
  func existing(_ word: WordKey) -> UInt32? {
    let found = find(word)
    return found.emptySlot == nil ? found.id : nil
  }

  /// Adds the words of `other` that are missing.
  /// - Returns: for each id of `other` its id here.
  public mutating func merge(_ other: Vocabulary) -> [UInt32] {
    withExtendedLifetime(other) {
      let tables = other.tables
      return (0..<other.count).map { index in
        let word = tables.word(index)
        return word.length > 0 ? id(for: word) : Vocabulary.unknown
      }
    }
  }

  /// The finished vocabulary.
  /// - Throws: ``/Files/AIGCError`` (failed) for more than 4 GiB of distinct words or without memory.
  public func freeze() throws(AIGCError) -> Vocabulary {
    guard !isTooLarge else {
      throw .failed("more than 4 GiB of distinct words; cut the text into shorter words")
    }
    return try Vocabulary(
      bytes: Table(bytes), offsets: Table(offsets), slots: Table(isSecret ? openSlots() : slots),
      name: "vocabulary")
  }

  /// The hash table as files hold it.
  private func openSlots() -> [UInt64] {
    var open = [UInt64](repeating: 0, count: slots.count)
    var free = FreeSlots(count: open.count)
    withTables { tables in
      for id in 0..<count {
        let hash = tables.word(id).hash
        open[free.take(hash)] = slotValue(hash, UInt32(id))
      }
    }
    return open
  }

  /// For a table that will be asked for words which it does not have: no question takes longer than
  /// by chance, whatever the words are.
  mutating func partLongRuns() {
    if isSecret { return }
    var runs = SlotRuns()
    for slot in slots { runs.add(slot) }
    runs.finish()
    if runs.longest > WordTables.longestProbe { hideSlots() }
  }

  private mutating func hideSlots() {
    slots = withTables { $0.secretSlots(words: count, count: slots.count) }
    isSecret = true
  }

  mutating func id(for word: WordKey) -> UInt32 {
    let found = find(word)
    guard let slot = found.emptySlot else { return found.id }
    let hash = isSecret ? word.secretHash : word.hash
    if !isSecret,
      (slot &- Int(truncatingIfNeeded: hash)) & (slots.count - 1) > WordTables.longestProbe
    {
      hideSlots()
      return id(for: word)
    }
    guard bytes.count + word.length <= Int(UInt32.max), count < Int(UInt32.max) - 2 else {
      isTooLarge = true
      return Vocabulary.unknown
    }
    let id = UInt32(count)
    bytes.append(word.start, count: word.length)
    offsets.append(UInt32(bytes.count))
    slots[slot] = slotValue(hash, id)
    if count * 2 > slots.count { grow() }
    return id
  }

  private func find(_ word: WordKey) -> (id: UInt32, emptySlot: Int?) {
    withTables { $0.find(word) }
  }

  @inline(__always)
  private func withTables<R>(_ body: (WordTables) -> R) -> R {
    // Only the very first word meets empty `bytes`, and no slot then leads to it.
    WordTables.with(bytes: bytes, offsets: offsets, slots: slots, isSecret: isSecret, body)
  }

  /// Doubles the hash table. Words go in by id, so the table depends on the words alone.
  private mutating func grow() {
    let larger = withTables { $0.slots(words: count, count: slots.count * 2) }
    slots = larger.slots
    if larger.longest > WordTables.longestProbe, !isSecret { hideSlots() }
  }
}
