import Files

/// The three tables of a vocabulary as plain memory, which must stay alive as long as they are used.
///
/// A slot is 0 when empty, else `(hash >> 32) << 32 | (id + 1)`; a word's probing starts at the
/// low bits of its hash and goes up by one. The hash of files is an open one, for which anybody can
/// find words that meet: a table in which words stand more than ``longestProbe`` from their places
/// is built anew with a secret hash, in memory only.
struct WordTables {
  private let bytes: ByteCursor
  private let offsets: UnsafePointer<UInt32>
  private let slots: UnsafePointer<UInt64>
  /// End of `bytes`.
  private let limit: ByteCursor
  /// Number of slots less one.
  private let mask: Int
  /// Whether words stand where ``WordKey/secretHash`` puts them.
  private(set) var isSecret: Bool

  /// By chance a table of 2³² words that is half full has no longer run of taken slots.
  static let longestProbe = 256

  /// - Parameters:
  ///   - bytes: the bytes of all words.
  ///   - offsets: where each begins, and the end: not empty.
  ///   - slots: a power of two of them.
  ///   - isSecret: see ``isSecret``.
  @inline(__always)
  private init(
    _ bytes: UnsafeBufferPointer<UInt8>, _ offsets: UnsafeBufferPointer<UInt32>,
    _ slots: UnsafeBufferPointer<UInt64>, isSecret: Bool
  ) {
    self.bytes = ByteCursor(bytes)
    limit = self.bytes + bytes.count
    self.offsets = offsets.baseAddress.unsafelyUnwrapped
    self.slots = slots.baseAddress.unsafelyUnwrapped
    mask = slots.count - 1
    self.isSecret = isSecret
  }

  /// Tables that the owner keeps beside these.
  init(
    bytes: Table<UInt8>, offsets: Table<UInt32>, slots: Table<UInt64>, isSecret: Bool = false
  ) {
    self = bytes.withUnsafeBuffer { bytes in
      offsets.withUnsafeBuffer { offsets in
        slots.withUnsafeBuffer { WordTables(bytes, offsets, $0, isSecret: isSecret) }
      }
    }
  }

  /// Hands tables that lie in arrays to `body`; they are valid inside of it only.
  @inline(__always)
  static func with<R>(
    bytes: [UInt8], offsets: [UInt32], slots: [UInt64], isSecret: Bool, _ body: (WordTables) -> R
  ) -> R {
    bytes.withUnsafeBufferPointer { bytes in
      offsets.withUnsafeBufferPointer { offsets in
        slots.withUnsafeBufferPointer { body(WordTables(bytes, offsets, $0, isSecret: isSecret)) }
      }
    }
  }

  /// Word `id`, which must be there.
  @inline(__always)
  func word(_ id: Int) -> WordKey {
    WordKey(bytes + Int(offsets[id]), Int(offsets[id + 1] &- offsets[id]), limit: limit)
  }

  @inline(__always)
  func hash(_ word: WordKey) -> UInt64 { isSecret ? word.secretHash : word.hash }

  /// The word's id, or the empty slot where it belongs.
  @inline(__always)
  func find(_ word: WordKey) -> (id: UInt32, emptySlot: Int?) {
    let hash = hash(word)
    var index = Int(truncatingIfNeeded: hash) & mask
    while true {
      let slot = slots[index]
      if slot == 0 { return (0, index) }
      if slot >> 32 == hash >> 32 {
        let id = UInt32(truncatingIfNeeded: slot) &- 1
        let start = offsets[Int(id)]
        let length = Int(offsets[Int(id) + 1] &- start)
        let candidate = bytes + Int(start)
        if length == word.length,
          word.matches(candidate, length, loadHead(candidate, length, limit))
        {
          return (id, nil)
        }
      }
      index = (index + 1) & mask
    }
  }

  /// The slots of all words in a table of `count` slots, filled by id, so that they depend on the words
  /// alone, and how far from its place a word stands at most. With the open hash it ends when that is
  /// more than ``longestProbe``: the slots are then worthless.
  func slots(words: Int, count: Int) -> (slots: [UInt64], longest: Int) {
    var slots = [UInt64](repeating: 0, count: count)
    let mask = count - 1
    var longest = 0
    slots.withUnsafeMutableBufferPointer { slots in
      for id in 0..<words where isSecret || longest <= Self.longestProbe {
        let hash = hash(word(id))
        let place = Int(truncatingIfNeeded: hash) & mask
        var index = place
        while slots[index] != 0 { index = (index + 1) & mask }
        slots[index] = slotValue(hash, UInt32(id))
        longest = max(longest, (index - place) & mask)
      }
    }
    return (slots, longest)
  }

  /// The slots of all words under their secret hashes.
  func secretSlots(words: Int, count: Int) -> [UInt64] {
    var secret = self
    secret.isSecret = true
    return secret.slots(words: words, count: count).slots
  }

  /// One pass over the offsets and one over the slots. With as many slots taken as there are words
  /// at least half are empty, so every search ends.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the tables do not fit each other.
  func validate(
    words count: Int, byteCount: Int, _ name: String
  ) throws(AIGCError) -> SlotRuns {
    var descents = offsets[0] == 0 ? 0 : 1
    for index in 0..<count where offsets[index + 1] < offsets[index] { descents += 1 }
    guard descents == 0, Int(offsets[count]) == byteCount else {
      throw Vocabulary.damaged(name, "word offsets are out of order")
    }
    let limit = UInt32(truncatingIfNeeded: count)
    var taken = 0
    var wrong = 0
    var runs = SlotRuns()
    for index in 0...mask {
      let slot = slots[index]
      runs.add(slot)
      if slot == 0 { continue }
      taken += 1
      if UInt32(truncatingIfNeeded: slot) &- 1 >= limit { wrong += 1 }
    }
    guard wrong == 0, taken == count else {
      throw Vocabulary.damaged(name, "its hash table does not fit its words")
    }
    runs.finish()
    return runs
  }
}

@inline(__always)
func slotValue(_ hash: UInt64, _ id: UInt32) -> UInt64 {
  (hash >> 32) << 32 | UInt64(id &+ 1)
}

/// Where words belong in a table that only grows: the first empty slot at or behind their places,
/// found in nearly constant time however many stand there.
struct FreeSlots {
  /// For each slot itself when it is empty, else one behind it that is nearer to the next empty one.
  private var next: [UInt32]
  private let mask: Int

  /// - Parameter count: number of slots, a power of two, at most 2³².
  init(count: Int) {
    next = (0..<count).map { UInt32(truncatingIfNeeded: $0) }
    mask = count - 1
  }

  mutating func take(_ hash: UInt64) -> Int {
    var index = Int(truncatingIfNeeded: hash) & mask
    while Int(next[index]) != index {
      next[index] = next[Int(next[index])]
      index = Int(next[index])
    }
    next[index] = UInt32(truncatingIfNeeded: (index + 1) & mask)
    return index
  }
}

/// The longest run of taken slots in a table that is walked through from its front.
struct SlotRuns {
  private(set) var longest = 0
  private var run = 0
  /// The run at the front, which goes on behind the last slot.
  private var front: Int?

  @inline(__always)
  mutating func add(_ slot: UInt64) {
    if slot != 0 {
      run += 1
      return
    }
    if front == nil { front = run }
    longest = max(longest, run)
    run = 0
  }

  /// After the last slot.
  mutating func finish() { longest = max(longest, run + (front ?? 0)) }
}
