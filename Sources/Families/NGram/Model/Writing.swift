import Files
import Glibc
import Kernels

/// The distribution that text is written from. Where few words were seen after a context, an estimator
/// gives most of its weight to shorter contexts, down to words alone: right for predicting what was never
/// seen, but one such word in a sentence spoils it. So shorter contexts keep a share of their weight only,
/// and words alone come last. Made of probabilities and back-off weights alone, so that ARPA files, mixtures
/// and quantised models write as well.
extension NGramTable {
  /// log10 weight of words that were seen after none of the contexts: they come where all others are
  /// forbidden, or asked for by a bias.
  private static let unseenWeight: Float = -6

  /// The contexts of a state with weights for writing. A context keeps its children's proportions. A
  /// shorter one comes with `share` of the model's own probability for that; of its words those count that
  /// were not seen after a longer one.
  /// - Parameter share: 0 (never to a shorter context) up to, but not including 1.
  func writingChain(
    of state: State, keeping share: Double, _ cache: ContextCache
  ) -> ContextChain {
    var chain = ContextChain()
    var node = state.node
    for length in stride(from: Int(state.length), to: 0, by: -1) {
      let context = levels[length - 1].context(Int(node))
      let children = writableChildren(of: context, Int(node), level: length)
      let sum = children.isEmpty ? 0 : total(of: children, level: length, node: node, cache)
      if sum > 0 {
        let leaving = self.leaving(context, keeping: share)
        let kept = Float(log10((1 - leaving) / sum))
        chain.contexts.append(
          .init(level: length, node: node, children: children, weight: chain.totalBackoff + kept))
        chain.totalBackoff += Float(log10(leaving))
      }
      node = context.suffix
    }
    if !chain.contexts.isEmpty { chain.totalBackoff += Self.unseenWeight }
    return chain
  }

  /// The probability of going on to the shorter context.
  @inline(__always)
  func leaving(_ context: ContextNode, keeping share: Double) -> Double {
    share * min(1, exponential(context.backoff))
  }

  /// The children of a context that can be written: not the unknown word, nor the sentence start, which
  /// stand first.
  @inline(__always)
  func writableChildren(of context: ContextNode, _ node: Int, level: Int) -> Range<Int> {
    let end = levels[level - 1].firstChild(node + 1)
    var first = Int(context.firstChild)
    while first < end, levels[level].words[first] <= NGramCounts.sentenceStart { first += 1 }
    return first..<end
  }

  private func total(
    of children: Range<Int>, level: Int, node: UInt32, _ cache: ContextCache
  ) -> Double {
    if let sums = sums(of: children, level: level, node: node, cache) {
      return Double(sums.last ?? 0)
    }
    return children.reduce(0) { $0 + exponential(levels[level].probability($1)) }
  }

  /// The log10 weight of a word in a chain.
  func score(of word: UInt32, in chain: ContextChain) -> Float {
    for context in chain.contexts {
      if let node = find(word, level: context.level, context.children) {
        return levels[context.level].probability(node) + context.weight
      }
    }
    return levels[0].probability(Int(word)) + chain.totalBackoff
  }
}
