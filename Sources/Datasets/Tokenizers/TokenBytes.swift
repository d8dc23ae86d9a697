/// The bytes of all tokens, one after the other.
struct TokenBytes: Sendable {
  private var bytes: [UInt8] = []
  /// Where each token ends.
  private var ends: [Int] = []

  var count: Int { ends.count }

  mutating func append(_ token: some Sequence<UInt8>) {
    bytes.append(contentsOf: token)
    ends.append(bytes.count)
  }

  /// - Parameter capacity: about how many tokens will come.
  init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity * 8)
    ends.reserveCapacity(capacity)
  }

  /// Appends the bytes that `token` spells in GPT-2's alphabet.
  /// - Parameter alphabet: ``ByteAlphabet/bytes``.
  /// - Returns: false when it spells none: its own bytes are then the token.
  mutating func append(spelled token: ArraySlice<UInt8>, _ alphabet: [Int16]) -> Bool {
    let isSpelled = ByteAlphabet.decode(token, into: &bytes, alphabet)
    if !isSpelled { bytes.append(contentsOf: token) }
    ends.append(bytes.count)
    return isSpelled
  }

  /// Where the bytes of a token lie; empty for ids out of range.
  func range(of id: Int32) -> Range<Int> {
    guard ends.indices.contains(Int(id)) else { return 0..<0 }
    return (id == 0 ? 0 : ends[Int(id) - 1])..<ends[Int(id)]
  }

  subscript(id: Int32) -> ArraySlice<UInt8> { bytes[range(of: id)] }
}
