/// Finds the first of several stop texts in a stream of bytes, across the borders of its pieces.
///
/// Each text has its Knuth-Morris-Pratt automaton; bytes that may be the start of a match are held
/// back until that is decided. The match that is complete first wins, of several the longest.
struct StopMatcher {
  private struct Pattern {
    let bytes: [UInt8]
    /// Length of the longest proper border of each prefix.
    let borders: [Int]
    var matched = 0

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      var borders = [Int](repeating: 0, count: bytes.count)
      var length = 0
      for index in bytes.indices.dropFirst() {
        while length > 0, bytes[index] != bytes[length] { length = borders[length - 1] }
        if bytes[index] == bytes[length] { length += 1 }
        borders[index] = length
      }
      self.borders = borders
    }

    /// - Returns: Whether `byte` completes the text.
    mutating func advance(_ byte: UInt8) -> Bool {
      while matched > 0, byte != bytes[matched] { matched = borders[matched - 1] }
      if byte == bytes[matched] { matched += 1 }
      return matched == bytes.count
    }
  }

  private var patterns: [Pattern]
  private var held: [UInt8] = []
  private(set) var isMatched = false

  /// Empty texts are passed over.
  init(_ texts: [String]) {
    patterns = texts.filter { !$0.isEmpty }.map { Pattern(Array($0.utf8)) }
  }

  /// - Returns: The bytes that are decided: all before a possible match, or before the match after
  ///   which ``isMatched`` is true and nothing more is returned.
  mutating func append(_ bytes: [UInt8]) -> [UInt8] {
    if isMatched { return [] }
    if patterns.isEmpty { return bytes }
    for byte in bytes {
      held.append(byte)
      var longest = 0
      for index in patterns.indices where patterns[index].advance(byte) {
        longest = max(longest, patterns[index].bytes.count)
      }
      if longest > 0 {
        isMatched = true
        return release(keeping: longest, thenDrop: true)
      }
    }
    return release(keeping: patterns.map(\.matched).max() ?? 0, thenDrop: false)
  }

  /// What is still held back, at the end of the text.
  mutating func finish() -> [UInt8] { isMatched ? [] : release(keeping: 0, thenDrop: true) }

  private mutating func release(keeping count: Int, thenDrop drops: Bool) -> [UInt8] {
    let decided = Array(held.dropLast(count))
    held = drops ? [] : Array(held.suffix(count))
    return decided
  }
}
