/// How often each pair of tokens occurs, and in which pieces it is new.
struct PairCounts {
  /// Open addressing, at most half full: the index of a pair plus one, 0 where there is none.
  private var slots = [UInt32](repeating: 0, count: 1 << 12)
  private var pairs: [UInt64] = []
  private let seed = ProcessSeed.shared
  private var counts: [Int64] = []
  /// For each pair the pieces where it came up since ``takeGrown()``, and the pairs with such.
  private var pieces: [[UInt32]] = []
  private var grown: [UInt32] = []

  static func parts(_ pair: UInt64) -> (left: Int32, right: Int32) {
    (Int32(truncatingIfNeeded: pair >> 32), Int32(truncatingIfNeeded: pair))
  }

  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// The count of a pair.
  subscript(pair: UInt64) -> Int64 {
    let slot = slots[slot(pair)]
    return slot > 0 ? counts[Int(slot) - 1] : 0
  }

  mutating func add(_ left: Int32, _ right: Int32, _ count: Int64, _ piece: Int) {
    let index = index(Self.pair(left, right))
    counts[index] += count
    if pieces[index].isEmpty { grown.append(UInt32(index)) }
    // A piece that holds the pair twice is noted once.
    if pieces[index].last != UInt32(piece) { pieces[index].append(UInt32(piece)) }
  }

  mutating func remove(_ left: Int32, _ right: Int32, _ count: Int64) {
    counts[index(Self.pair(left, right))] -= count
  }

  /// The pairs that came up since the last call, their counts now, and where they came up.
  mutating func takeGrown() -> [(pair: UInt64, count: Int64, pieces: [UInt32])] {
    var result: [(pair: UInt64, count: Int64, pieces: [UInt32])] = []
    result.reserveCapacity(grown.count)
    for index in grown {
      result.append((pairs[Int(index)], counts[Int(index)], pieces[Int(index)]))
      pieces[Int(index)] = []
    }
    grown.removeAll(keepingCapacity: true)
    return result
  }

  /// The place of the pair in `slots`, or the empty one where it belongs.
  private func slot(_ pair: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: seed.hash(pair)) & mask
    while slots[slot] != 0, pairs[Int(slots[slot]) - 1] != pair { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func index(_ pair: UInt64) -> Int {
    let found = slot(pair)
    if slots[found] > 0 { return Int(slots[found]) - 1 }
    pairs.append(pair)
    counts.append(0)
    pieces.append([])
    slots[found] = UInt32(pairs.count)
    if pairs.count * 2 > slots.count {
      slots = [UInt32](repeating: 0, count: slots.count * 2)
      for index in pairs.indices { slots[slot(pairs[index])] = UInt32(index + 1) }
    }
    return pairs.count - 1
  }
}
