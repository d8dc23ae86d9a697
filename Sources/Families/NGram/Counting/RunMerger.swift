import Files

/// Adds up sorted runs into one trie, reading all of them once, side by side.
struct RunMerger {
  private var readers: [RunReader]
  private let order: Int
  private let vocabularySize: Int

  init(readers: [RunReader], order: Int, vocabularySize: Int) throws(AIGCError) {
    self.readers = readers
    self.order = order
    self.vocabularySize = vocabularySize
    guard readers.allSatisfy({ $0.order == order }) else {
      throw .mismatch("counts of different orders cannot be added up")
    }
  }

  mutating func merge() throws(AIGCError) -> NGramCounts {
    let capacity = (0..<order).map { level in readers.reduce(0) { $0 + $1.nodeCounts[level] } }
    var assembler = try CountAssembler(
      order: order, vocabularySize: vocabularySize, capacity: capacity)
    var active: [Int] = []
    for index in readers.indices where try readers[index].next() != nil { active.append(index) }
    var steps = 0
    while !active.isEmpty {
      var smallest = active[0]
      for index in active.dropFirst()
      where readers[index].window.lexicographicallyPrecedes(readers[smallest].window) {
        smallest = index
      }
      try assembler.add(readers[smallest].window, count: readers[smallest].count)
      if try readers[smallest].next() == nil { active.removeAll { $0 == smallest } }
      steps += 1
      if steps % 65536 == 0 { try Interruption.check() }
    }
    return assembler.finished()
  }
}

/// Builds the trie from windows that arrive in sorted order.
struct CountAssembler {
  private let order: Int
  private let words: [MutableTable<UInt32>]
  private let counts: [MutableTable<UInt32>]
  private let firstChild: [MutableTable<UInt32>]
  private var cursors: [Int]
  private var last: [UInt32] = []

  /// - Parameter capacity: at least as many n-grams of each order as will come.
  init(order: Int, vocabularySize: Int, capacity: [Int]) throws(AIGCError) {
    self.order = order
    var (words, counts): ([MutableTable<UInt32>], [MutableTable<UInt32>]) = ([], [])
    var firstChild: [MutableTable<UInt32>] = []
    for level in 0..<order {
      let nodes = level == 0 ? vocabularySize : capacity[level]
      words.append(try MutableTable(count: level == 0 ? 0 : nodes))
      counts.append(try MutableTable(count: nodes))
      firstChild.append(try MutableTable(count: level + 1 < order ? nodes + 1 : 0))
    }
    (self.words, self.counts, self.firstChild) = (words, counts, firstChild)
    cursors = [Int](repeating: 0, count: order)
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when a count grows beyond 32 bits or windows are unsorted.
  mutating func add(_ window: [UInt32], count: UInt32) throws(AIGCError) {
    var shared = 0
    while shared < min(window.count, last.count), window[shared] == last[shared] { shared += 1 }
    if shared == 0, let first = window.first { openUnigram(Int(first)) }
    for level in max(shared, 1)..<max(window.count, 1) {
      let node = cursors[level]
      guard node < counts[level].count else { throw .badInput("damaged counts: unsorted") }
      words[level][node] = window[level]
      if level + 1 < order {
        firstChild[level][node] = UInt32(truncatingIfNeeded: cursors[level + 1])
      }
      cursors[level] = node + 1
    }
    for level in window.indices {
      let node = level == 0 ? Int(window[0]) : cursors[level] - 1
      let (sum, overflow) = counts[level][node].addingReportingOverflow(count)
      guard !overflow else { throw .failed("an n-gram occurs more than 4,294,967,295 times") }
      counts[level][node] = sum
    }
    last = window
  }

  /// Words up to `id` have their children before the next node of level 2.
  private mutating func openUnigram(_ id: Int) {
    guard order > 1 else { return }
    while cursors[0] <= id {
      firstChild[0][cursors[0]] = UInt32(truncatingIfNeeded: cursors[1])
      cursors[0] += 1
    }
  }

  mutating func finished() -> NGramCounts {
    if order > 1 { openUnigram(counts[0].count) }
    var levels: [NGramCounts.Level] = []
    for level in 0..<order {
      let nodes = level == 0 ? counts[0].count : cursors[level]
      if level > 0, level + 1 < order {
        firstChild[level][nodes] = UInt32(truncatingIfNeeded: cursors[level + 1])
      }
      levels.append(
        .init(
          words: words[level].frozen(count: level == 0 ? 0 : nodes),
          counts: counts[level].frozen(count: nodes),
          firstChild: firstChild[level].frozen(count: level + 1 < order ? nodes + 1 : 0)))
    }
    return NGramCounts(levels: levels)
  }
}
