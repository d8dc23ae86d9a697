import Files

/// Checks of the sections of a level while they are read: after them no link leads outside.
/// The loops have no branches; each looks at elements `first ..< end`.
struct LinkLimits: Sendable {
  /// Number of words.
  let words: Int
  /// Number of n-grams one level down; unigrams have no suffix to look at.
  let suffixes: Int

  /// Words of n-grams.
  func areSound(_ table: Table<UInt32>, _ first: Int, _ end: Int) -> Bool {
    areBelow(UInt32(clamping: words), table, first, end)
  }

  func areSoundSuffixes(_ table: Table<UInt32>, _ first: Int, _ end: Int) -> Bool {
    areBelow(UInt32(clamping: suffixes), table, first, end)
  }

  private func areBelow(
    _ limit: UInt32, _ table: Table<UInt32>, _ first: Int, _ end: Int
  ) -> Bool {
    let largest = table.reduce(first..<end, into: UInt32(0)) { $0 = max($0, $1) }
    return first == end || largest < limit
  }

  /// The last element only marks the end of the children of the one before. All comparisons are
  /// subtractions that leave the highest bit set where they fail: indices are below 2³¹.
  func areSound(_ table: Table<ContextNode>, _ first: Int, _ end: Int) -> Bool {
    guard table.count <= Int(Int32.max) else { return false }
    let last = lastIndex
    // The first element of the next block too: children must not step back from block to block.
    let range = first..<min(end + 1, table.count)
    let state = table.reduce(range, into: (faults: UInt32(0), child: UInt32(0))) { state, node in
      state.faults |= last &- node.suffix
      state.faults |= node.suffix
      state.faults |= node.firstChild &- state.child
      state.faults |= node.firstChild
      state.faults |= unsoundLogarithm(node.probability)
      state.faults |= infinity &- 1 &- (node.backoff.bitPattern & ~signBit)
      state.child = node.firstChild
    }
    return state.faults & signBit == 0
  }

  func areSound(_ table: Table<LeafNode>, _ first: Int, _ end: Int) -> Bool {
    let last = lastIndex
    let faults = table.reduce(first..<end, into: UInt32(0)) { faults, node in
      faults |= last &- node.suffix
      faults |= node.suffix
      faults |= unsoundLogarithm(node.probability)
    }
    return faults & signBit == 0
  }

  /// The largest suffix index; unigrams have none, and 0 stands there.
  private var lastIndex: UInt32 {
    suffixes == .max ? UInt32(Int32.max) : UInt32(clamping: min(suffixes, Int(Int32.max)) - 1)
  }
  private var signBit: UInt32 { 0x8000_0000 }
  private var infinity: UInt32 { Float.infinity.bitPattern }

  /// The highest bit is set unless the value is 0 or below and finite.
  @inline(__always)
  private func unsoundLogarithm(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    let isPositive = ~bits & (0 &- bits)
    return isPositive | (infinity &- 1 &- (bits & ~signBit))
  }

  func areSound(_ table: Table<ContextLinks>, _ first: Int, _ end: Int) -> Bool {
    guard table.count <= Int(Int32.max) else { return false }
    let last = lastIndex
    let range = first..<min(end + 1, table.count)
    let state = table.reduce(range, into: (faults: UInt32(0), child: UInt32(0))) { state, links in
      state.faults |= last &- links.suffix
      state.faults |= links.suffix
      state.faults |= links.firstChild &- state.child
      state.faults |= links.firstChild
      state.child = links.firstChild
    }
    return state.faults & signBit == 0
  }

  /// Values of codes: numbers, probabilities not above 0.
  func areSound(_ table: Table<Float>, _ first: Int, _ end: Int) -> Bool {
    for index in first..<end {
      let isProbability = index < QuantizedLevel.codes
      if !table[index].isFinite || (isProbability && table[index] > 0) { return false }
    }
    return true
  }
}
