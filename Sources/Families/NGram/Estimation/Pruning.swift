import Files
import Kernels

/// Which n-grams a model leaves out.
struct Pruning: Sendable {
  /// For each order, n-grams that occur so often or less are left out; never falling, the first 0.
  let thresholds: [UInt32]
  /// For each word id, whether n-grams may hold it; nil when all may.
  let allowedWords: [Bool]?

  /// - Parameters:
  ///   - thresholds: lmplz's `--prune`: the last one goes on for higher orders.
  init(thresholds: [UInt32], order: Int, allowedWords: [Bool]? = nil) {
    var all = Array(thresholds.prefix(order))
    while all.count < order { all.append(all.last ?? 0) }
    self.thresholds = all
    self.allowedWords = allowedWords
  }

  var isActive: Bool { allowedWords != nil || thresholds.contains { $0 > 0 } }

  /// For each level, 1 for the nodes that stay; nil when all do.
  func keptNodes(_ counts: NGramCounts) throws(AIGCError) -> [Table<UInt8>]? {
    guard isActive else { return nil }
    let allowed = allowedWords ?? [Bool](repeating: true, count: counts.vocabularySize)
    var kept: [Table<UInt8>] = []
    for level in 0..<counts.order {
      let flags = try MutableTable<UInt8>(count: counts.levels[level].nodeCount)
      if level == 0 {
        for id in 0..<flags.count {
          let isMark = id <= Int(NGramCounts.sentenceEnd)
          let isFrequent = thresholds[0] == 0 || counts.levels[0].counts[id] > thresholds[0]
          flags[id] = isMark || (allowed[id] && isFrequent) ? 1 : 0
        }
      } else {
        let (words, occurrences) = (counts.levels[level].words, counts.levels[level].counts)
        let (children, parents) = (counts.levels[level - 1].firstChild, kept[level - 1])
        let threshold = thresholds[level]
        parallelBlocks(parents.count, size: 1 << 15) { first, end in
          for parent in first..<end where parents[parent] == 1 {
            for node in Int(children[parent])..<Int(children[parent + 1])
            where occurrences[node] > threshold && allowed[Int(words[node])] { flags[node] = 1 }
          }
        }
      }
      kept.append(flags.frozen())
    }
    return kept
  }
}
