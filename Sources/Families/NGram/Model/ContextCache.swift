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
    var fullRanking: [UInt32]?
    var unigramSums: [Float]?
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
    level: Int, node: UInt32, children: Range<Int>, weight: (Int) -> Double
  ) -> [Float] {
    let key = Key(level: level, node: node)
    if let known = contents.withLock({ $0.sums[key] }) { return known }
    var sum = 0.0
    let sums = children.map { child in
      sum += weight(child)
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

  private static func ranked(_ nodes: [Int], _ probability: (Int) -> Float) -> [UInt32] {
    var ranked = nodes.map { (probability($0), UInt32(truncatingIfNeeded: $0)) }
    ranked.sort { $0.0 != $1.0 ? $0.0 > $1.0 : $0.1 < $1.1 }
    return ranked.map { $0.1 }
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
