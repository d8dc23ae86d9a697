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
/// low bits of its hash and goes up by one.
struct WordTables {
  var bytes: UnsafePointer<UInt8>
  var offsets: UnsafePointer<UInt32>
  var slots: UnsafePointer<UInt64>
  /// End of `bytes`.
  var limit: UnsafePointer<UInt8>
  /// Number of slots less one.
  var mask: Int

  /// The word's id, or the empty slot where it belongs.
  @inline(__always)
  func find(_ word: WordKey) -> (id: UInt32, emptySlot: Int?) {
    var index = Int(truncatingIfNeeded: word.hash) & mask
    while true {
      let slot = slots[index]
      if slot == 0 { return (0, index) }
      if slot >> 32 == word.hash >> 32 {
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
