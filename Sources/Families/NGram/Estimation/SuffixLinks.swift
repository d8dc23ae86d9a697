import Files
import Kernels
import Synchronization

/// For every n-gram of level k ≥ 2, the index of its suffix (itself without its first word) at
/// level k - 1. With these links a query falls back to a shorter context in one step, and the
/// left extensions that Kneser-Ney counts are the links that arrive at a node.
enum SuffixLinks {
  /// - Returns: one table a level; the first is empty.
  /// - Throws: ``/Files/AIGCError`` (badInput) for damaged counts.
  static func build(_ counts: NGramCounts) throws(AIGCError) -> [Table<UInt32>] {
    var links = [try Table<UInt32>([])]
    for level in stride(from: 1, to: counts.order, by: 1) {
      if level == 1 {
        links.append(counts.levels[1].words)
      } else {
        links.append(try link(counts, level: level, parentLinks: links[level - 1]))
      }
      try Interruption.check()
    }
    return links
  }

  /// suffix(child of x by w) = child of suffix(x) by w: both lists of children are sorted by word.
  private static func link(
    _ counts: NGramCounts, level: Int, parentLinks: Table<UInt32>
  ) throws(AIGCError) -> Table<UInt32> {
    let (words, candidates) = (counts.levels[level].words, counts.levels[level - 1].words)
    let children = counts.levels[level - 1].firstChild
    let candidateStart = counts.levels[level - 2].firstChild
    let links = try MutableTable<UInt32>(count: words.count)
    let isComplete = Atomic<Bool>(true)
    parallelBlocks(parentLinks.count, size: 1 << 15) { first, end in
      for parent in first..<end {
        let range = Int(children[parent])..<Int(children[parent + 1])
        if range.isEmpty { continue }
        let suffix = Int(parentLinks[parent])
        var candidate = Int(candidateStart[suffix])
        let last = Int(candidateStart[suffix + 1])
        for child in range {
          candidate = lowerBound(words[child], in: candidates, candidate, last)
          guard candidate < last, candidates[candidate] == words[child] else {
            isComplete.store(false, ordering: .relaxed)
            return
          }
          links[child] = UInt32(truncatingIfNeeded: candidate)
        }
      }
    }
    guard isComplete.load(ordering: .relaxed) else {
      throw .badInput("damaged counts: an n-gram without its suffix; train the model again")
    }
    return links.frozen()
  }
}

/// The first index in `first ..< end` whose word is not below `word` (galloping, then bisection):
/// `end` when there is none.
@inline(__always)
func lowerBound(_ word: UInt32, in words: Table<UInt32>, _ first: Int, _ end: Int) -> Int {
  var low = first
  var step = 1
  while low + step <= end, words[low + step - 1] < word {
    low += step
    step *= 2
  }
  var count = min(step, end - low)
  while count > 0 {
    let half = count / 2
    if words[low + half] < word {
      low += half + 1
      count -= half + 1
    } else {
      count = half
    }
  }
  return low
}
