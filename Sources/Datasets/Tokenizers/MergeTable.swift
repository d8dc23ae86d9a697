import Files

/// The merges of a BPE vocabulary: pairs of ids, how early each is merged, and what it becomes.
struct MergeTable: Sendable {
  /// In the order in which they are tried.
  private(set) var pairs: [(left: Int32, right: Int32)] = []
  /// Open addressing, at most half full: the pair in `keys`, its rank and id beside it.
  private var keys: [UInt64]
  private var values: [Value]
  private let seed = ProcessSeed.shared

  /// No pair: ids are not negative.
  private static let empty = UInt64.max

  fileprivate struct Value {
    var rank: UInt32
    var id: Int32
  }

  /// - Parameter capacity: about how many merges will come.
  init(capacity: Int = 0) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    keys = [UInt64](repeating: Self.empty, count: size)
    values = [Value](repeating: Value(rank: 0, id: 0), count: size)
    pairs.reserveCapacity(capacity)
  }

  /// Adds a merge behind the others. Of one pair twice the later counts, as with GPT-2.
  mutating func append(_ left: Int32, _ right: Int32, becomes id: Int32) {
    append(left, right, becomes: id, rank: UInt32(pairs.count))
  }

  /// Adds a merge that is tried before those of higher ranks; of equal ones the leftmost in the text comes first.
  /// - Parameter rank: less than ``Reader/none``.
  mutating func append(_ left: Int32, _ right: Int32, becomes id: Int32, rank: UInt32) {
    pairs.append((left, right))
    if pairs.count * 2 > keys.count { grow() }
    insert(Self.key(left, right), Value(rank: rank, id: id))
  }

  /// The pairs in the order in which they are tried, where they were added in another.
  var ordered: [(left: Int32, right: Int32)] {
    withReader { reader in
      let ranked = pairs.enumerated().map { place, pair in
        (rank: reader.find(pair.left, pair.right).rank, place: place, pair: pair)
      }
      return ranked.sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }.map(\.pair)
    }
  }

  /// The tokens that merges become.
  var made: Set<Int32> {
    Set(keys.indices.lazy.filter { keys[$0] != Self.empty }.map { values[$0].id })
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private mutating func insert(_ key: UInt64, _ value: Value) {
    var slot = Int(truncatingIfNeeded: seed.hash(key)) & (keys.count - 1)
    while keys[slot] != Self.empty, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
    keys[slot] = key
    values[slot] = value
  }

  private mutating func grow() {
    let (oldKeys, oldValues) = (keys, values)
    keys = [UInt64](repeating: Self.empty, count: oldKeys.count * 2)
    values = [Value](repeating: Value(rank: 0, id: 0), count: oldKeys.count * 2)
    for (slot, key) in oldKeys.enumerated() where key != Self.empty { insert(key, oldValues[slot]) }
  }

  /// The table as plain memory.
  struct Reader {
    fileprivate let keys: UnsafePointer<UInt64>
    fileprivate let values: UnsafePointer<Value>
    fileprivate let mask: Int
    fileprivate let seed: ProcessSeed

    /// Rank of no merge.
    static let none = UInt32.max

    /// Rank and id of the merge of two tokens; rank ``none`` when there is none.
    @inline(__always)
    func find(_ left: Int32, _ right: Int32) -> (rank: UInt32, id: Int32) {
      let key = MergeTable.key(left, right)
      var slot = Int(truncatingIfNeeded: seed.hash(key)) & mask
      while true {
        if keys[slot] == key { return (values[slot].rank, values[slot].id) }
        if keys[slot] == MergeTable.empty { return (Self.none, 0) }
        slot = (slot + 1) & mask
      }
    }
  }

  func withReader<R>(_ body: (Reader) -> R) -> R {
    keys.withUnsafeBufferPointer { keys in
      values.withUnsafeBufferPointer { values in
        body(
          Reader(
            keys: keys.baseAddress.unsafelyUnwrapped, values: values.baseAddress.unsafelyUnwrapped,
            mask: keys.count - 1, seed: seed))
      }
    }
  }
}

/// Merges the tokens of one piece of text after the other: always the earliest merge of the
/// vocabulary, the leftmost first (Sennrich et al., 2016, as in GPT-2's encoder.py).
struct PieceMerger {
  private let merges: MergeTable.Reader
  private var ranks: [UInt32] = []
  /// For long pieces: the places of the neighbours of each token, and the merges that are possible,
  /// rank and place in one number.
  private var previous: [Int32] = []
  private var next: [Int32] = []
  private var queue = Heap<UInt64>()

  private static let longPiece = 48

  init(_ merges: MergeTable.Reader) { self.merges = merges }

  /// Merges `tokens` from index `start` to the end in place.
  mutating func merge(_ tokens: inout [Int32], from start: Int) {
    let count = tokens.count - start
    if count < 2 { return }
    if count >= Self.longPiece {
      mergeLong(&tokens, start)
    } else {
      let left = mergeShort(&tokens, start, count)
      tokens.removeLast(count - left)
    }
  }

  /// Looks for the best merge anew after each: quadratic, but nothing is faster for words.
  private mutating func mergeShort(_ tokens: inout [Int32], _ start: Int, _ count: Int) -> Int {
    if ranks.count < Self.longPiece {
      ranks = [UInt32](repeating: MergeTable.Reader.none, count: Self.longPiece)
    }
    let merges = merges
    return ranks.withUnsafeMutableBufferPointer { ranks in
      tokens.withUnsafeMutableBufferPointer { all in
        let tokens = UnsafeMutableBufferPointer(rebasing: all[start...])
        var count = count
        for index in 0..<count - 1 {
          ranks[index] = merges.find(tokens[index], tokens[index + 1]).rank
        }
        while count > 1 {
          var (best, place) = (MergeTable.Reader.none, 0)
          for index in 0..<count - 1 where ranks[index] < best {
            (best, place) = (ranks[index], index)
          }
          if best == MergeTable.Reader.none { break }
          tokens[place] = merges.find(tokens[place], tokens[place + 1]).id
          count -= 1
          for index in place + 1..<max(count, place + 1) { tokens[index] = tokens[index + 1] }
          for index in place..<max(count - 1, place) { ranks[index] = ranks[index + 1] }
          if place > 0 {
            ranks[place - 1] = merges.find(tokens[place - 1], tokens[place]).rank
          }
          if place + 1 < count { ranks[place] = merges.find(tokens[place], tokens[place + 1]).rank }
        }
        return count
      }
    }
  }

  /// A linked list and a queue: n log n for a piece of n bytes.
  private mutating func mergeLong(_ tokens: inout [Int32], _ start: Int) {
    let count = tokens.count - start
    previous.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    queue.removeAll()
    // After Ctrl-C nobody asks for the result.
    for index in 0..<count {
      if index & 0xFFFF == 0, Interruption.isRequested { return }
      previous.append(Int32(index) - 1)
      next.append(index + 1 < count ? Int32(index) + 1 : -1)
      if index + 1 < count { offer(tokens, start, index, index + 1) }
    }
    var steps = 0
    while let entry = queue.popFirst() {
      steps += 1
      if steps & 0xFFFF == 0, Interruption.isRequested { return }
      let place = Int(entry & 0xFFFF_FFFF)
      let right = Int(next[place])
      // Entries of pairs that are no longer there are passed over; -2 marks a merged token.
      guard right >= 0 else { continue }
      let (rank, id) = merges.find(tokens[start + place], tokens[start + right])
      guard rank == UInt32(truncatingIfNeeded: entry >> 32) else { continue }
      tokens[start + place] = id
      next[place] = next[right]
      next[right] = -2
      if next[place] >= 0 {
        previous[Int(next[place])] = Int32(place)
        offer(tokens, start, place, Int(next[place]))
      }
      if previous[place] >= 0 { offer(tokens, start, Int(previous[place]), place) }
    }
    var kept = start
    for index in 0..<count where next[index] != -2 {
      tokens[kept] = tokens[start + index]
      kept += 1
    }
    tokens.removeLast(tokens.count - kept)
  }

  private mutating func offer(_ tokens: [Int32], _ start: Int, _ left: Int, _ right: Int) {
    let rank = merges.find(tokens[start + left], tokens[start + right]).rank
    if rank != MergeTable.Reader.none { queue.insert(UInt64(rank) << 32 | UInt64(left)) }
  }
}

/// A binary heap: the smallest element first.
struct Heap<Element: Comparable> {
  private var elements: [Element] = []

  mutating func removeAll() { elements.removeAll(keepingCapacity: true) }

  mutating func insert(_ element: Element) {
    elements.append(element)
    var index = elements.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      if elements[parent] <= element { break }
      elements[index] = elements[parent]
      index = parent
    }
    elements[index] = element
  }

  mutating func popFirst() -> Element? {
    guard let first = elements.first, let last = elements.popLast() else { return nil }
    if elements.isEmpty { return first }
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < elements.count else { break }
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      if last <= elements[child] { break }
      elements[index] = elements[child]
      index = child
    }
    elements[index] = last
    return first
  }
}
