/// Some of a vocabulary's tokens, a bit for each.
struct TokenSet: Equatable, Sendable {
  private(set) var words: [UInt64]

  init(count: Int) { words = [UInt64](repeating: 0, count: (max(count, 0) + 63) / 64) }

  @inline(__always)
  mutating func insert(_ token: Int32) {
    words[Int(token) >> 6] |= 1 << UInt64(token & 63)
  }

  /// Those that are not of the vocabulary are passed over.
  mutating func insert(contentsOf tokens: [Int32]) {
    for token in tokens where token >= 0 && Int(token) >> 6 < words.count { insert(token) }
  }

  mutating func remove(_ token: Int32) {
    words[Int(token) >> 6] &= ~(1 << UInt64(token & 63))
  }

  func contains(_ token: Int32) -> Bool {
    let word = Int(token) >> 6
    return token >= 0 && word < words.count && words[word] >> UInt64(token & 63) & 1 == 1
  }

  mutating func formUnion(_ other: TokenSet) {
    for index in 0..<min(words.count, other.words.count) { words[index] |= other.words[index] }
  }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// Sets the scores of all other tokens to -infinity.
  /// - Returns: Whether a token of the set has a score.
  func keepOnly(in scores: inout [Float]) -> Bool {
    var isLeft = false
    for (index, word) in words.enumerated() {
      let first = index << 6
      let count = min(64, scores.count - first)
      if count <= 0 { break }
      let inside = count == 64 ? UInt64.max : (1 << UInt64(count)) - 1
      var ones = word & inside
      // Most words are all of one kind, or nearly so.
      while !isLeft, ones != 0 {
        isLeft = scores[first + ones.trailingZeroBitCount] > -.infinity
        ones &= ones - 1
      }
      if word == 0 {
        for place in first..<first + count { scores[place] = -.infinity }
        continue
      }
      var others = ~word & inside
      while others != 0 {
        scores[first + others.trailingZeroBitCount] = -.infinity
        others &= others - 1
      }
    }
    for place in min(words.count << 6, scores.count)..<scores.count { scores[place] = -.infinity }
    return isLeft
  }

  /// The tokens of the set, in order.
  func forEach(_ body: (Int32) -> Void) {
    for (index, word) in words.enumerated() {
      var bits = word
      while bits != 0 {
        body(Int32(index << 6 + bits.trailingZeroBitCount))
        bits &= bits - 1
      }
    }
  }
}
