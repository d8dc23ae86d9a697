/// A word as it lies in memory, with what its comparison and its place in a hash table need.
struct WordKey {
  var start: UnsafePointer<UInt8>
  var length: Int
  /// The first eight bytes, little-endian, zeros behind a shorter word.
  var head: UInt64
  var hash: UInt64

  /// The word of `length` bytes at `start`; nothing behind `limit` is read.
  @inline(__always)
  init(_ start: UnsafePointer<UInt8>, _ length: Int, limit: UnsafePointer<UInt8>) {
    self.start = start
    self.length = length
    head = loadHead(start, length, limit)
    hash = wordHash(start, length, head)
  }

  /// Whether both are the same bytes.
  @inline(__always)
  func matches(
    _ other: UnsafePointer<UInt8>, _ otherLength: Int, _ otherHead: UInt64
  ) -> Bool {
    guard length == otherLength, head == otherHead else { return false }
    return length <= 8 || tailsMatch(start, other, length)
  }
}

@inline(__always)
func loadWord(_ start: UnsafePointer<UInt8>) -> UInt64 {
  UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
}

/// The first eight bytes of a word, zeros behind a shorter one.
@inline(__always)
func loadHead(
  _ start: UnsafePointer<UInt8>, _ length: Int, _ limit: UnsafePointer<UInt8>
) -> UInt64 {
  if length >= 8 { return loadWord(start) }
  if limit - start >= 8 { return loadWord(start) & ((1 << UInt64(length * 8)) &- 1) }
  var head: UInt64 = 0
  for index in 0..<length { head |= UInt64(start[index]) << UInt64(index * 8) }
  return head
}

/// A 64-bit multiply-and-fold hash. It is part of the model file format: tables on disk hold words
/// at the places it gives.
@inline(__always)
func wordHash(_ start: UnsafePointer<UInt8>, _ length: Int, _ head: UInt64) -> UInt64 {
  let first: UInt64 = 0x9E37_79B9_7F4A_7C15
  let second: UInt64 = 0xD1B5_4A32_D192_ED03
  var state = fold(head ^ first, UInt64(length) ^ second)
  if length <= 8 { return state }
  var index = 8
  while index + 8 < length {
    state = fold(loadWord(start + index) ^ first, state ^ second)
    index += 8
  }
  return fold(loadWord(start + length - 8) ^ first, state ^ second)
}

/// Two numbers that nobody outside of the process knows, so that nobody can choose keys that meet in
/// one of its hash tables. What a table is asked for does not depend on them, only where it lies.
struct ProcessSeed: Sendable {
  static let shared = ProcessSeed()
  private let first: UInt64
  private let second: UInt64

  private init() {
    // Swift seeds its hasher anew in each process.
    func draw(_ number: Int) -> UInt64 {
      var hasher = Hasher()
      hasher.combine(number)
      return UInt64(bitPattern: Int64(hasher.finalize()))
    }
    (first, second) = (draw(0), draw(1) | 1)
  }

  @inline(__always)
  func hash(_ key: UInt64) -> UInt64 { fold(key ^ first, second) }
}

extension WordKey {
  /// A hash that differs in each process, for tables whose words were made to meet in ``hash``.
  @inline(never)
  var secretHash: UInt64 {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(start: start, count: length))
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}

@inline(__always)
private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.high ^ product.low
}

/// Compares what lies behind the first eight bytes of two words of the same length.
@inline(__always)
private func tailsMatch(
  _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ length: Int
) -> Bool {
  var index = 8
  while index + 8 < length {
    if loadWord(a + index) != loadWord(b + index) { return false }
    index += 8
  }
  return loadWord(a + length - 8) == loadWord(b + length - 8)
}

/// The three tables of a vocabulary as plain memory.
///
/// A slot is 0 when empty, else `(hash >> 32) << 32 | (id + 1)`; a word's probing starts at the
/// low bits of its hash and goes up by one. The hash of files is an open one, for which anybody can
/// find words that meet: a table in which words stand more than ``longestProbe`` from their places
/// is built anew with a secret hash, in memory only.
struct WordTables {
  var bytes: UnsafePointer<UInt8>
  var offsets: UnsafePointer<UInt32>
  var slots: UnsafePointer<UInt64>
  /// End of `bytes`.
  var limit: UnsafePointer<UInt8>
  /// Number of slots less one.
  var mask: Int
  /// Whether words stand where ``WordKey/secretHash`` puts them.
  var isSecret = false

  /// By chance a table of 2³² words that is half full has no longer run of taken slots.
  static let longestProbe = 256

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

/// The slots of all words under their secret hashes.
func secretSlots(_ tables: WordTables, words: Int, count: Int) -> [UInt64] {
  var slots = [UInt64](repeating: 0, count: count)
  slots.withUnsafeMutableBufferPointer { slots in
    for id in 0..<words {
      let hash = tables.word(id).secretHash
      var index = Int(truncatingIfNeeded: hash) & (count - 1)
      while slots[index] != 0 { index = (index + 1) & (count - 1) }
      slots[index] = slotValue(hash, UInt32(id))
    }
  }
  return slots
}
