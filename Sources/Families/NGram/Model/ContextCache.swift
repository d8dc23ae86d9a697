import Files
import Synchronization

/// What generation remembers of contexts with many children, so that each is sorted or summed once:
/// rankings for the best words, cumulative sums for draws. Shared by the sessions of a model.
final class ContextCache: Sendable {
  /// Contexts with so many children or fewer are cheaper to read than to remember.
  static let smallContext = 128
  /// Entries (4 bytes each) kept before the cache is emptied.
  private static let capacity = 64 << 20

  private struct Key: Hashable, Sendable {
    let level: Int
    let node: UInt32
  }
  private struct Contents: Sendable {
    var rankings: [Key: [UInt32]] = [:]
    var sums: [Key: [Float]] = [:]
    var entries = 0
    var unigramRanking: [UInt32]?
    var unigramSums: [Float]?
  }
  private let contents = Mutex(Contents())

  /// The children of a context, likeliest first (then by word).
  func ranking(of context: NGramTable.ChainedContext, in table: NGramTable) -> [UInt32] {
    let key = Key(level: context.level, node: context.node)
    if let known = contents.withLock({ $0.rankings[key] }) { return known }
    let level = table.levels[context.level]
    let ranking = Self.ranked(context.children) { level.probability($0) }
    remember(ranking.count) { $0.rankings[key] = ranking }
    return ranking
  }

  /// All words, likeliest first, without the unknown word and the sentence start.
  func unigramRanking(_ table: NGramTable) -> [UInt32] {
    if let known = contents.withLock({ $0.unigramRanking }) { return known }
    let first = Int(NGramCounts.sentenceEnd)
    let ranking = Self.ranked(first..<table.vocabulary.count) { table.levels[0].probability($0) }
    contents.withLock { $0.unigramRanking = ranking }
    return ranking
  }

  /// The running sums of the probabilities of a context's children.
  func cumulative(of context: NGramTable.ChainedContext, in table: NGramTable) -> [Float] {
    let key = Key(level: context.level, node: context.node)
    if let known = contents.withLock({ $0.sums[key] }) { return known }
    let level = table.levels[context.level]
    var sum = 0.0
    let sums = context.children.map { node in
      sum += exponential(level.probability(node))
      return Float(sum)
    }
    remember(sums.count) { $0.sums[key] = sums }
    return sums
  }

  /// The word at `uniform` (0 to 1) of the unigrams.
  func drawUnigram(_ table: NGramTable, _ uniform: Double) -> UInt32? {
    let first = Int(NGramCounts.sentenceEnd)
    var known = contents.withLock { $0.unigramSums }
    if known == nil {
      var sum = 0.0
      known = (first..<table.vocabulary.count).map { id in
        sum += exponential(table.levels[0].probability(id))
        return Float(sum)
      }
      let sums = known
      contents.withLock { $0.unigramSums = sums }
    }
    guard let sums = known, let total = sums.last, total > 0 else { return nil }
    return UInt32(truncatingIfNeeded: first + sums.firstIndex(above: Float(uniform) * total))
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

  private static func ranked(_ nodes: Range<Int>, _ probability: (Int) -> Float) -> [UInt32] {
    let values = nodes.map { probability($0) }
    var order = nodes.map { UInt32(truncatingIfNeeded: $0) }
    let first = nodes.lowerBound
    order.sort {
      let (a, b) = (values[Int($0) - first], values[Int($1) - first])
      return a != b ? a > b : $0 < $1
    }
    return order
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
