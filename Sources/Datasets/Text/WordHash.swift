/// A word as it lies in memory, with what its comparison and its place in a hash table need.
struct WordKey {
  var start: ByteCursor
  var length: Int
  /// The first eight bytes, little-endian, zeros behind a shorter word.
  var head: UInt64
  var hash: UInt64

  /// The word of `length` bytes at `start`; nothing behind `limit` is read.
  @inline(__always)
  init(_ start: ByteCursor, _ length: Int, limit: ByteCursor) {
    self.start = start
    self.length = length
    head = loadHead(start, length, limit)
    hash = wordHash(start, length, head)
  }

  /// Whether both are the same bytes.
  @inline(__always)
  func matches(
    _ other: ByteCursor, _ otherLength: Int, _ otherHead: UInt64
  ) -> Bool {
    guard length == otherLength, head == otherHead else { return false }
    return length <= 8 || tailsMatch(start, other, length)
  }
}

/// The first eight bytes of a word, zeros behind a shorter one.
@inline(__always)
func loadHead(
  _ start: ByteCursor, _ length: Int, _ limit: ByteCursor
) -> UInt64 {
  if length >= 8 { return start.word }
  if limit - start >= 8 { return start.word & ((1 << UInt64(length * 8)) &- 1) }
  var head: UInt64 = 0
  for index in 0..<length { head |= UInt64(start[index]) << UInt64(index * 8) }
  return head
}

/// A 64-bit multiply-and-fold hash. It is part of the model file format: tables on disk hold words
/// at the places it gives.
@inline(__always)
func wordHash(_ start: ByteCursor, _ length: Int, _ head: UInt64) -> UInt64 {
  let first: UInt64 = 0x9E37_79B9_7F4A_7C15
  let second: UInt64 = 0xD1B5_4A32_D192_ED03
  var state = fold(head ^ first, UInt64(length) ^ second)
  if length <= 8 { return state }
  var index = 8
  while index + 8 < length {
    state = fold((start + index).word ^ first, state ^ second)
    index += 8
  }
  return fold((start + (length - 8)).word ^ first, state ^ second)
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
    start.hash(length, into: &hasher)
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
  _ a: ByteCursor, _ b: ByteCursor, _ length: Int
) -> Bool {
  var index = 8
  while index + 8 < length {
    if (a + index).word != (b + index).word { return false }
    index += 8
  }
  return (a + (length - 8)).word == (b + (length - 8)).word
}
