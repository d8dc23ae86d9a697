import Files
import Kernels

/// The counts Kneser-Ney smoothing estimates from (Chen and Goodman 1998, section 3; Heafield et
/// al. 2013): at the highest order and for n-grams that begin a sentence the occurrences; for all
/// others the number of distinct words that stand before them.
struct AdjustedCounts {
  /// Level k at index k - 1.
  let levels: [Table<UInt32>]

  init(_ counts: NGramCounts, links: [Table<UInt32>]) throws(AIGCError) {
    let order = counts.order
    var adjusted: [MutableTable<UInt32>] = []
    for level in 0..<order - 1 {
      adjusted.append(try MutableTable(count: counts.levels[level].nodeCount))
    }
    let tables = adjusted
    // Levels are independent; the increments within one go to one table and so stay on one thread.
    parallelFor(order - 1) { task in
      let level = order - 2 - task
      let table = tables[level]
      let arriving = links[level + 1]
      for node in arriving.indices { table[Int(arriving[node])] += 1 }
      let starts = Self.sentenceStarts(counts, level: level)
      for node in starts { table[node] = level == 0 ? 0 : counts.levels[level].counts[node] }
    }
    levels = adjusted.map { $0.frozen() } + [counts.levels[order - 1].counts]
  }

  /// The nodes of a level whose first word is the sentence start: they stand together.
  static func sentenceStarts(_ counts: NGramCounts, level: Int) -> Range<Int> {
    var range = Int(NGramCounts.sentenceStart)..<Int(NGramCounts.sentenceStart) + 1
    for upper in 0..<level {
      let children = counts.levels[upper].firstChild
      range = Int(children[range.lowerBound])..<Int(children[range.upperBound])
    }
    return range
  }

  /// How many n-grams of each order have a count of 1, 2, 3 and 4, for the discounts.
  ///
  /// lmplz, whose models ours equal, takes the occurrences instead of the adjusted count for one
  /// n-gram an order, the last in suffix order (its loop ends before that one is adjusted).
  func countsOfCounts(_ counts: NGramCounts, links: [Table<UInt32>]) throws(AIGCError) -> [[Int]] {
    var result: [[Int]] = []
    var last: Int? = counts.vocabularySize - 1
    for level in levels.indices {
      let table = levels[level]
      var tally = Self.tally(table)
      if level > 0, let suffix = last {
        let target = UInt32(truncatingIfNeeded: suffix)
        last = links[level].lastIndex(of: target)
      }
      if level + 1 < levels.count, let node = last {
        let occurrences = counts.levels[level].counts[node]
        if table[node] < 5 { tally[Int(table[node])] -= 1 }
        if occurrences < 5 { tally[Int(occurrences)] += 1 }
      }
      result.append(Array(tally[1...]))
    }
    return result
  }

  /// Number of entries equal to 0, 1, 2, 3 and 4.
  private static func tally(_ table: Table<UInt32>) -> [Int] {
    var tally = [0, 0, 0, 0, 0]
    for node in table.indices where table[node] < 5 { tally[Int(table[node])] += 1 }
    return tally
  }
}

extension Table where Element == UInt32 {
  /// The last index of `value`.
  fileprivate func lastIndex(of value: UInt32) -> Int? {
    var index = count - 1
    while index >= 0 {
      if self[index] == value { return index }
      index -= 1
    }
    return nil
  }
}
