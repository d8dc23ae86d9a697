import Files
import Glibc
import Kernels

/// One level of a finished model, as it is stored and queried.
struct NGramLevel: Sendable {
  /// The last word of each n-gram, sorted within its context; empty at level 1, where the index is
  /// the word.
  var words: Table<UInt32>
  /// All levels but the highest, with one entry more than n-grams.
  var contexts: Table<ContextNode>
  /// The highest level.
  var leaves: Table<LeafNode>
  /// Stands in for `contexts` and `leaves` where ``isQuantized``.
  var quantized: QuantizedLevel
  var isQuantized = false

  /// Number of n-grams.
  let count: Int
}

/// Turns counts and probabilities into the levels of a model: logarithms, links, and without the
/// pruned n-grams.
struct Packing {
  let counts: NGramCounts
  let links: [Table<UInt32>]
  let kept: [Table<UInt8>]?
  let estimated: EstimatedLevels
  /// For each level and node, its index after pruning; nil when nothing is pruned.
  private let newIndex: [Table<UInt32>]?

  init(
    counts: NGramCounts, links: [Table<UInt32>], kept: [Table<UInt8>]?, estimated: EstimatedLevels
  ) throws(AIGCError) {
    (self.counts, self.links, self.kept, self.estimated) = (counts, links, kept, estimated)
    guard let kept else {
      newIndex = nil
      return
    }
    var all: [Table<UInt32>] = []
    for flags in kept {
      let indices = try MutableTable<UInt32>(count: flags.count + 1)
      var next: UInt32 = 0
      for node in flags.indices {
        indices[node] = next
        next += UInt32(flags[node])
      }
      indices[flags.count] = next
      all.append(indices.frozen())
    }
    newIndex = all
  }

  /// The ids of the words that stay, in order.
  var keptWords: [UInt32] {
    (0..<UInt32(counts.vocabularySize)).filter { id in kept.map { $0[0][id] == 1 } ?? true }
  }

  func level(_ level: Int) throws(AIGCError) -> NGramLevel {
    let nodes = counts.levels[level].nodeCount
    let count = newIndex.map { Int($0[level][nodes]) } ?? nodes
    return NGramLevel(
      words: level == 0 ? counts.levels[0].words : try words(level, count),
      contexts: level + 1 < counts.order ? try contexts(level, count) : try Table([]),
      leaves: level + 1 == counts.order ? try leaves(level, count) : try Table([]),
      quantized: try .none(), count: count)
  }

  private func words(_ level: Int, _ count: Int) throws(AIGCError) -> Table<UInt32> {
    guard let newIndex, let kept else { return counts.levels[level].words }
    let (source, wordIndex) = (counts.levels[level].words, newIndex[0])
    let packed = try MutableTable<UInt32>(count: count)
    for node in source.indices where kept[level][node] == 1 {
      packed[Int(newIndex[level][node])] = wordIndex[source[node]]
    }
    return packed.frozen()
  }

  private func contexts(_ level: Int, _ count: Int) throws(AIGCError) -> Table<ContextNode> {
    let packed = try MutableTable<ContextNode>(count: count + 1)
    let children = counts.levels[level].firstChild
    let (probabilities, backoffs) = (estimated.probabilities[level], estimated.backoffs[level])
    let suffixes = level > 0 ? links[level] : nil
    let (index, childIndex) = (newIndex?[level], newIndex?[level + 1])
    let suffixIndex = level > 0 ? newIndex?[level - 1] : nil
    let kept = kept?[level]
    let nodes = counts.levels[level].nodeCount
    parallelBlocks(nodes, size: 1 << 15) { first, end in
      for node in first..<end {
        if let kept, kept[node] == 0 { continue }
        let (child, suffix) = (children[node], suffixes?[node] ?? 0)
        packed[index.map { Int($0[node]) } ?? node] = ContextNode(
          firstChild: childIndex?[child] ?? child, suffix: suffixIndex?[suffix] ?? suffix,
          probability: logarithm(probabilities[node]), backoff: logarithm(backoffs[node]))
      }
    }
    let last = children[nodes]
    packed[count] = ContextNode(
      firstChild: childIndex?[last] ?? last, suffix: 0, probability: 0, backoff: 0)
    return packed.frozen()
  }

  private func leaves(_ level: Int, _ count: Int) throws(AIGCError) -> Table<LeafNode> {
    let packed = try MutableTable<LeafNode>(count: count)
    let probabilities = estimated.probabilities[level]
    let suffixes = level > 0 ? links[level] : nil
    let index = newIndex?[level]
    let suffixIndex = level > 0 ? newIndex?[level - 1] : nil
    let kept = kept?[level]
    parallelBlocks(probabilities.count, size: 1 << 15) { first, end in
      for node in first..<end {
        if let kept, kept[node] == 0 { continue }
        let suffix = suffixes?[node] ?? 0
        packed[index.map { Int($0[node]) } ?? node] = LeafNode(
          suffix: suffixIndex?[suffix] ?? suffix, probability: logarithm(probabilities[node]))
      }
    }
    return packed.frozen()
  }
}

/// log10, not above 0 and ``logZero`` for what is impossible.
@inline(__always)
private func logarithm(_ probability: Float) -> Float {
  probability > 0 ? min(0, log10f(probability)) : logZero
}
