import Files
import Synchronization

/// What generation remembers of contexts with many children, so that each is sorted or summed once:
/// rankings for the best words, cumulative sums for draws. Shared by the sessions of a model.
final class ContextCache: Sendable {
  /// Contexts with so many children or fewer are cheaper to read than to remember.
  static let smallContext = 128
  /// Entries (4 bytes each) kept before the cache is emptied.
  private static let capacity = 64 << 20

  /// What running sums are taken of.
  enum SumKind: Hashable, Sendable {
    /// The children's probabilities.
    case whole
    /// What they have beyond their share of the shorter context's.
    case own
  }

  private struct Key: Hashable, Sendable {
    let level: Int
    let node: UInt32
    var kind = SumKind.whole
  }
  private struct Contents: Sendable {
    var rankings: [Key: [UInt32]] = [:]
    var sums: [Key: [Float]] = [:]
    var entries = 0
    var unigramRanking: [UInt32]?
    var fullRanking: [UInt32]?
    var unigramDraws: GuidedSums?
  }
  private let contents = Mutex(Contents())

  /// The children of a context, likeliest first (then by word).
  func ranking(of context: NGramTable.ChainedContext, in table: NGramTable) -> [UInt32] {
    let key = Key(level: context.level, node: context.node)
    if let known = contents.withLock({ $0.rankings[key] }) { return known }
    let level = table.levels[context.level]
    let ranking = Self.ranked(Array(context.children)) { level.probability($0) }
    remember(ranking.count) { $0.rankings[key] = ranking }
    return ranking
  }

  /// Words, likeliest first, without the unknown word and the sentence start: all of them, or as
  /// long as nobody needs more only those above a threshold, some thousands.
  func unigramRanking(_ table: NGramTable, all: Bool) -> [UInt32] {
    if let known = contents.withLock({ all ? $0.fullRanking : $0.unigramRanking }) { return known }
    let words = Int(NGramCounts.sentenceEnd)..<table.vocabulary.count
    let level = table.levels[0]
    // Zipf's law: about 2,000 words of natural text are more frequent than one in 20,000.
    let limit: Float = all ? -.infinity : -4.3
    let frequent = words.filter { level.probability($0) > limit }
    let ranking = Self.ranked(frequent) { level.probability($0) }
    contents.withLock { contents in
      if all { contents.fullRanking = ranking } else { contents.unigramRanking = ranking }
    }
    return ranking
  }

  /// The running sums of a weight over a context's children.
  func cumulative(
    _ kind: SumKind, level: Int, node: UInt32, children: Range<Int>, weight: (Int) -> Double
  ) -> [Float] {
    let key = Key(level: level, node: node, kind: kind)
    if let known = contents.withLock({ $0.sums[key] }) { return known }
    var sum = 0.0
    let sums = children.map { child in
      sum += weight(child)
      return Float(sum)
    }
    remember(sums.count) { $0.sums[key] = sums }
    return sums
  }

  /// The running sums of the unigrams, from the sentence end on.
  func unigramDraws(_ table: NGramTable) -> GuidedSums {
    if let known = contents.withLock({ $0.unigramDraws }) { return known }
    var sum = 0.0
    let sums = (Int(NGramCounts.sentenceEnd)..<table.vocabulary.count).map { id in
      sum += exponential(table.levels[0].probability(id))
      return Float(sum)
    }
    let draws = GuidedSums(sums)
    contents.withLock { $0.unigramDraws = draws }
    return draws
  }

  private func remember(_ count: Int, _ store: (inout Contents) -> Void) {
    contents.withLock { contents in
      if contents.entries + count > Self.capacity {
        contents.rankings.removeAll()
        contents.sums.removeAll()
        contents.entries = 0
      }
      contents.entries += count
      store(&contents)
    }
  }

  private static func ranked(_ nodes: [Int], _ probability: (Int) -> Float) -> [UInt32] {
    var ranked = nodes.map { (probability($0), UInt32(truncatingIfNeeded: $0)) }
    ranked.sort { $0.0 != $1.0 ? $0.0 > $1.0 : $0.1 < $1.1 }
    return ranked.map { $0.1 }
  }
}

extension NGramTable {
  /// The running sums of the probabilities of many children; nil where there are so few that adding
  /// them up is quicker.
  func sums(
    of children: Range<Int>, level: Int, node: UInt32, _ cache: ContextCache
  ) -> [Float]? {
    guard children.count > ContextCache.smallContext else { return nil }
    return cache.cumulative(.whole, level: level, node: node, children: children) {
      exponential(levels[level].probability($0))
    }
  }
}

extension [Float] {
  /// The first index whose value is above `limit`; the last index where none is.
  func firstIndex(above limit: Float) -> Int {
    var (low, high) = (0, Swift.max(count - 1, 0))
    while low < high {
      let middle = (low + high) / 2
      if self[middle] > limit { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Running sums with a table of where each of 65,536 equal shares begins, so that a draw looks at a
/// few neighbours only (Chen and Asau 1974).
final class GuidedSums: Sendable {
  private let sums: [Float]
  private let guide: [UInt32]
  private let total: Float
  private static let shares = 1 << 16

  init(_ sums: [Float]) {
    self.sums = sums
    total = sums.last ?? 0
    var guide: [UInt32] = []
    guide.reserveCapacity(Self.shares)
    var index = 0
    for share in 0..<Self.shares {
      let limit = Float(share) / Float(Self.shares) * (sums.last ?? 0)
      while index + 1 < sums.count, sums[index] <= limit { index += 1 }
      guide.append(UInt32(truncatingIfNeeded: index))
    }
    self.guide = guide
  }

  /// The index at `uniform` (0 to 1); nil when nothing has a probability.
  func index(at uniform: Double) -> Int? {
    guard total > 0 else { return nil }
    let limit = Float(uniform) * total
    var index = Int(guide[min(Int(uniform * Double(Self.shares)), Self.shares - 1)])
    while index > 0, sums[index - 1] > limit { index -= 1 }
    while index + 1 < sums.count, sums[index] <= limit { index += 1 }
    return index
  }
}
