import Files
import Kernels
import Synchronization

/// Counts the n-grams of a token stream in memory: all windows are sorted once, and the places
/// where neighbours in that order differ are the nodes of every level.
struct TokenCounter {
  let tokens: Table<UInt32>
  let order: Int
  let vocabularySize: Int
  private let sorter: WindowSorter

  /// - Parameter tokens: sentences, each from its start mark to its end mark.
  init(tokens: Table<UInt32>, order: Int, vocabularySize: Int) {
    self.tokens = tokens
    self.order = order
    self.vocabularySize = vocabularySize
    sorter = WindowSorter(
      tokens: tokens, order: order, endToken: NGramCounts.sentenceEnd,
      vocabularySize: vocabularySize)
  }

  /// - Parameter progress: gets the share of the work that is done, from several threads.
  func count(
    progress: @Sendable (Double) -> Void = { _ in }
  ) throws(AIGCError) -> NGramCounts {
    let (positions, starts) = try sorter.positionsByToken(vocabularySize: vocabularySize)
    let lengths = try windowLengths()
    let shared = try MutableTable<UInt8>(count: tokens.count)
    let parts = partition(starts)
    let sizes = try MutableTable<UInt32>(count: parts.count * order)
    let done = Atomic<Int>(0)
    parallelFor(parts.count) { part in
      if Interruption.isRequested { return }
      for id in parts[part] where !Interruption.isRequested {
        sorter.sort(positions, starts[id]..<starts[id + 1], shared: shared)
      }
      let range = starts[parts[part].lowerBound]..<starts[parts[part].upperBound]
      for level in 2...max(order, 2) where level <= order {
        var nodes: UInt32 = 0
        for i in range where Int(shared[i]) < level && Int(lengths[Int(positions[i])]) >= level {
          nodes += 1
        }
        sizes[part * order + level - 1] = nodes
      }
      let count = done.add(1, ordering: .relaxed).newValue
      progress(Double(count) / Double(parts.count))
    }
    try Interruption.check()
    let fill = try LevelFill(
      counter: self, positions: positions, starts: starts, lengths: lengths, shared: shared,
      parts: parts, sizes: sizes)
    parallelFor(parts.count) { part in fill.fill(part) }
    return fill.finished()
  }

  /// Tokens of the window at each position: up to `order`, not beyond the end of the sentence.
  private func windowLengths() throws(AIGCError) -> MutableTable<UInt8> {
    let lengths = try MutableTable<UInt8>(count: tokens.count)
    var length = 0
    for position in stride(from: tokens.count - 1, through: 0, by: -1) {
      length = tokens[position] == NGramCounts.sentenceEnd ? 1 : min(length + 1, order)
      lengths[position] = UInt8(truncatingIfNeeded: length)
    }
    return lengths
  }

  /// Ranges of first words with some 64 Ki positions each: units of work, the same for any number
  /// of threads.
  private func partition(_ starts: [Int]) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var first = 0
    for id in 0..<vocabularySize where starts[id + 1] - starts[first] >= 1 << 16 {
      parts.append(first..<id + 1)
      first = id + 1
    }
    if first < vocabularySize { parts.append(first..<vocabularySize) }
    return parts
  }
}

/// Writes the levels, each part at offsets that follow from the sizes of the parts before it.
private struct LevelFill: Sendable {
  let tokens: Table<UInt32>
  let order: Int
  let positions: MutableTable<UInt32>
  let starts: [Int]
  let lengths: MutableTable<UInt8>
  let shared: MutableTable<UInt8>
  let parts: [Range<Int>]
  /// For each part and level, the index of its first node.
  private var offsets: [UInt32]
  private var words: [MutableTable<UInt32>] = []
  private var counts: [MutableTable<UInt32>] = []
  private var firstChild: [MutableTable<UInt32>] = []

  init(
    counter: TokenCounter, positions: MutableTable<UInt32>, starts: [Int],
    lengths: MutableTable<UInt8>, shared: MutableTable<UInt8>, parts: [Range<Int>],
    sizes: MutableTable<UInt32>
  ) throws(AIGCError) {
    tokens = counter.tokens
    order = counter.order
    (self.positions, self.starts, self.lengths) = (positions, starts, lengths)
    (self.shared, self.parts) = (shared, parts)
    offsets = [UInt32](repeating: 0, count: (parts.count + 1) * order)
    for part in parts.indices {
      for level in 0..<order {
        offsets[(part + 1) * order + level] =
          offsets[part * order + level] + sizes[part * order + level]
      }
    }
    for level in 0..<order {
      let nodes =
        level == 0 ? counter.vocabularySize : Int(offsets[parts.count * order + level])
      words.append(try MutableTable(count: level == 0 ? 0 : nodes))
      counts.append(try MutableTable(count: nodes))
      firstChild.append(try MutableTable(count: level + 1 < order ? nodes + 1 : 0))
    }
  }

  /// Positions looked at together, so that their tokens stay in the cache from level to level.
  private static let blockSize = 2048

  func fill(_ part: Int) {
    let first = starts[parts[part].lowerBound]
    let end = starts[parts[part].upperBound]
    var cursors = (0..<order).map { Int(offsets[part * order + $0]) }
    // For each position of the block, the number of nodes one level up that stand before it.
    var childCursor = [UInt32](repeating: 0, count: Self.blockSize)
    var open = [Int](repeating: -1, count: order)
    for start in stride(from: first, to: end, by: Self.blockSize) {
      let block = start..<min(start + Self.blockSize, end)
      for level in stride(from: order - 1, to: 0, by: -1) {
        fillLevel(level, block, &cursors[level], &open[level], &childCursor)
      }
      fillUnigrams(block, childCursor)
    }
    for level in stride(from: 1, to: order, by: 1) where open[level] >= 0 {
      counts[level][cursors[level] - 1] = UInt32(truncatingIfNeeded: end - open[level])
    }
  }

  /// Adds the nodes of one level that start in `block`.
  /// - Parameters:
  ///   - cursor: the level's next node.
  ///   - open: the position where the level's last node starts, -1 when it is closed.
  private func fillLevel(
    _ level: Int, _ block: Range<Int>, _ cursor: inout Int, _ open: inout Int,
    _ childCursor: inout [UInt32]
  ) {
    let (words, counts, firstChild) = (words[level], counts[level], firstChild[level])
    let hasChildren = firstChild.count > 0
    for i in block {
      let before = UInt32(truncatingIfNeeded: cursor)
      if Int(shared[i]) <= level {
        if open >= 0 { counts[cursor - 1] = UInt32(truncatingIfNeeded: i - open) }
        let position = Int(positions[i])
        if Int(lengths[position]) > level {
          words[cursor] = tokens[position + level]
          if hasChildren { firstChild[cursor] = childCursor[i - block.lowerBound] }
          cursor += 1
          open = i
        } else {
          open = -1
        }
      }
      childCursor[i - block.lowerBound] = before
    }
  }

  private func fillUnigrams(_ block: Range<Int>, _ childCursor: [UInt32]) {
    let (counts, firstChild) = (counts[0], firstChild[0])
    for i in block where shared[i] == 0 {
      let id = Int(tokens[Int(positions[i])])
      // A part may start a word only once: its group is never cut.
      if i == starts[id], firstChild.count > 0 {
        firstChild[id] = childCursor[i - block.lowerBound]
      }
      counts[id] = UInt32(truncatingIfNeeded: starts[id + 1] - starts[id])
    }
  }

  func finished() -> NGramCounts {
    for level in 0..<order - 1 {
      let total = UInt32(truncatingIfNeeded: counts[level + 1].count)
      firstChild[level][counts[level].count] = total
    }
    if order > 1 {
      // Words without windows (the unknown word) have an empty range.
      for id in stride(from: counts[0].count - 1, through: 0, by: -1) where counts[0][id] == 0 {
        firstChild[0][id] = firstChild[0][id + 1]
      }
    }
    return NGramCounts(
      levels: (0..<order).map {
        .init(
          words: words[$0].frozen(), counts: counts[$0].frozen(),
          firstChild: firstChild[$0].frozen())
      })
  }
}
