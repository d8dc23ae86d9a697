import Files

/// Cuts before each mark of Metaspace, U+2581.
struct MetaspaceSplit: TextSplit {
  static let mark: [UInt8] = [0xE2, 0x96, 0x81]
  let reader: ClassReader

  init(end: ByteCursor) { reader = ClassReader(end: end) }

  func pieceEnd(_ piece: ByteCursor) -> ByteCursor? {
    Normalizer.find(Self.mark, piece + 1, reader.end) ?? reader.end
  }
}

/// Cuts where nothing can be merged: between two characters that follow each other in no token.
struct WholeSplit: TextSplit {
  let reader: ClassReader
  private let pairs: CharacterPairs

  init(end: ByteCursor, pairs: CharacterPairs) {
    reader = ClassReader(end: end)
    self.pairs = pairs
  }

  func pieceEnd(_ piece: ByteCursor) -> ByteCursor? {
    var (last, length) = piece.scalar(before: reader.end)
    guard length > 0 else { return nil }
    var position = piece + length
    while position < reader.end {
      let scalar: UInt32
      (scalar, length) = position.scalar(before: reader.end)
      guard length > 0 else { return nil }
      if pairs.isCut(last, scalar) { return position }
      last = scalar
      position += length
    }
    return position
  }
}

/// Which characters follow each other in the tokens of a vocabulary, and which it has as tokens.
struct CharacterPairs: Sendable {
  private var known = ScalarMap()
  /// Pairs of characters of ASCII, a bit for each.
  private var ascii = [UInt64](repeating: 0, count: 256)
  private var others: Set<UInt64> = []
  /// Whether no place is a cut: merges that are none of characters.
  var isWhole = false

  /// Adds the pairs in a token.
  mutating func add(_ token: ArraySlice<UInt8>) {
    token.withCursors { start, end in
      var position = start
      var last: UInt32?
      var count = 0
      while position < end {
        let (scalar, length) = position.scalar(before: end)
        guard length > 0 else { return }
        if let last { insert(last, scalar) }
        last = scalar
        count += 1
        position += length
      }
      if count == 1, let last { known[last] = 1 }
    }
  }

  private mutating func insert(_ first: UInt32, _ second: UInt32) {
    if first < 0x80, second < 0x80 {
      let bit = first << 7 | second
      ascii[Int(bit >> 6)] |= 1 << UInt64(bit & 63)
    } else {
      others.insert(UInt64(first) << 32 | UInt64(second))
    }
  }

  /// Whether no token reaches across the place between two characters. Unknown ones stay together, as one
  /// token stands for all of them.
  @inline(__always)
  func isCut(_ first: UInt32, _ second: UInt32) -> Bool {
    if isWhole { return false }
    if first < 0x80, second < 0x80 {
      let bit = first << 7 | second
      if ascii[Int(bit >> 6)] >> UInt64(bit & 63) & 1 == 1 { return false }
    } else if others.contains(UInt64(first) << 32 | UInt64(second)) {
      return false
    }
    return known[first] >= 0 || known[second] >= 0
  }
}
