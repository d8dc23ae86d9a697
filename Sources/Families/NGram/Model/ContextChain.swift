import Files

extension NGramTable {
  /// A known context of the words so far.
  struct ChainedContext {
    /// The level of its children (1 for the children of unigrams).
    let level: Int
    /// The context's own node, one level down.
    let node: UInt32
    let children: Range<Int>
    /// log10 of what its children's probabilities are multiplied by: what the longer contexts leave to
    /// it, and where text is written the part that it keeps for itself.
    let weight: Float
  }

  /// The contexts of a state, from the longest to single words, and what is left for unigrams.
  struct ContextChain {
    var contexts: [ChainedContext] = []
    var totalBackoff: Float = 0
  }

  func contextChain(of state: State) -> ContextChain {
    var chain = ContextChain()
    if unseenContextBackoff != 0 {
      chain.totalBackoff = unseenContextBackoff * Float(state.history - state.length)
    }
    var node = state.node
    for length in stride(from: Int(state.length), to: 0, by: -1) {
      let context = levels[length - 1].context(Int(node))
      let end = levels[length - 1].firstChild(Int(node) + 1)
      let children = Int(context.firstChild)..<end
      if !children.isEmpty {
        chain.contexts.append(
          .init(level: length, node: node, children: children, weight: chain.totalBackoff))
      }
      chain.totalBackoff += context.backoff
      node = context.suffix
    }
    return chain
  }

  /// The n-grams that extend a state, one level up.
  func children(of state: State) -> Range<Int> {
    guard state.length > 0 else { return 0..<0 }
    let level = levels[Int(state.length) - 1]
    return level.firstChild(Int(state.node))..<level.firstChild(Int(state.node) + 1)
  }

  /// Whether `word` is a child of one of the contexts.
  func isSeen(_ word: UInt32, in contexts: ArraySlice<ChainedContext>) -> Bool {
    for context in contexts where find(word, level: context.level, context.children) != nil {
      return true
    }
    return false
  }

  @inline(__always)
  func find(_ word: UInt32, level: Int, _ children: Range<Int>) -> Int? {
    find(word, level: level, children.lowerBound, children.upperBound)
  }

  /// Whether the probabilities of each context sum to one.
  var isNormalized: Bool { unseenContextBackoff == 0 }
}
