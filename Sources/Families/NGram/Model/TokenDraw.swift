import Files
import Kernels

/// One draw from a session's distribution without a pass over the vocabulary, cut where it waits for
/// memory (see ``ContextWalk``).
///
/// The model's own distribution, where it is interpolated: p(w | h) = own(w | h) + weight(h) p(w | shorter
/// h), so with the weight's probability on to the shorter context, else a child in proportion to what it
/// has of its own. For writing: down the contexts with the probability of each step, then a child; all over
/// again where that was seen after a longer context. Words that were seen after no context, a millionth, are
/// left out there. For other models: see ``DrawSource/drawByRejection(_:_:_:_:)``.
struct TokenDraw {
  /// A word, and the level and node at which it was found; nil for a word by itself.
  struct Found {
    var word: UInt32
    var place: (level: Int, node: Int)?
  }
  enum Outcome {
    case waiting, failed
    case found(Found)
  }
  private enum Stage { case start, context, children, choice }
  private var stage = Stage.start
  private var length = 0
  private var node: UInt32 = 0
  private var context = ContextNode(firstChild: 0, suffix: 0, probability: 0, backoff: 0)
  private var children = 0..<0
  private var uniform = 0.0
  /// Whether something was seen after one of the contexts.
  private var isKnown = false
  // Where nearly nothing but the unknown word follows, the dense scores are the quicker way.
  // So they are where probabilities that sum to more than one let rejection go on for ever.
  private var attempts = 10_000

  /// - Parameters:
  ///   - state: after which a word is drawn; the same in all steps.
  ///   - source: what is drawn from.
  @inline(__always)
  mutating func step(
    _ state: NGramTable.State, _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    switch stage {
    case .start: start(state, source, &random)
    case .context: enterContext(source, &random)
    case .children: readChildren(state, source, &random)
    case .choice: chooseOwn(source)
    }
  }

  private mutating func start(
    _ state: NGramTable.State, _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    guard attempts > 0 else { return .failed }
    attempts -= 1
    if source.backoff < 1 || source.isInterpolated {
      (length, node) = (Int(state.length), state.node)
      isKnown = false
      stage = .context
      return enterContext(source, &random)
    }
    let word = source.drawByRejection(Int(state.length), state.node, &attempts, &random)
    guard let word else { return .failed }
    return word > NGramCounts.sentenceStart ? .found(Found(word: word)) : .waiting
  }

  private mutating func enterContext(
    _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    guard length > 0 else { return drawUnigram(source, &random) }
    context = source.table.levels[length - 1].context(Int(node))
    if length > 1 { source.table.levels[length - 2].prefetch(Int(context.suffix)) }
    if source.backoff == 1 {
      uniform = random.uniform() - exponential(context.backoff)
      if uniform < 0 { return leave() }
    }
    let end = source.table.levels[length - 1].firstChild(Int(node) + 1)
    children = Int(context.firstChild)..<end
    source.table.levels[length].words.prefetch(children.lowerBound)
    source.table.levels[length].prefetch(children.lowerBound)
    stage = .children
    return .waiting
  }

  private mutating func leave() -> Outcome {
    (length, node) = (length - 1, context.suffix)
    stage = .context
    return .waiting
  }

  private mutating func drawUnigram(
    _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    stage = .start
    if isKnown { return .waiting }
    guard let word = source.drawUnigram(&random) else { return .failed }
    return .found(Found(word: word))
  }

  private mutating func readChildren(
    _ state: NGramTable.State, _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    if source.backoff < 1 { return chooseForWriting(state, source, &random) }
    stage = .choice
    if children.count > ContextCache.smallContext { return chooseOwn(source) }
    for child in children.prefix(16) {
      source.table.levels[length - 1].prefetch(Int(source.table.levels[length].suffix(child)))
    }
    return .waiting
  }

  private mutating func chooseOwn(_ source: DrawSource) -> Outcome {
    let level = self.length
    let weight = exponential(context.backoff)
    let child = source.drawChild(.own, children, level, node, uniform) { child in
      let suffix = Int(source.table.levels[level].suffix(child))
      let lower = exponential(source.table.levels[level - 1].probability(suffix))
      return exponential(source.table.levels[level].probability(child)) - weight * lower
    }
    guard let child else { return leave() }
    stage = .start
    let word = source.table.levels[level].words[child]
    if word <= NGramCounts.sentenceStart { return .waiting }
    return .found(Found(word: word, place: (length, child)))
  }

  private mutating func chooseForWriting(
    _ state: NGramTable.State, _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    children = source.table.writableChildren(of: context, Int(node), level: length)
    if children.isEmpty { return leave() }
    isKnown = true
    let leaving = source.table.leaving(context, keeping: source.backoff)
    uniform = random.uniform() - leaving
    guard uniform >= 0,
      let child = source.drawProportionally(children, length, node, uniform / (1 - leaving))
    else { return leave() }
    stage = .start
    let word = source.table.levels[length].words[child]
    if source.table.isSeen(word, after: state, longerThan: length) { return .waiting }
    return .found(Found(word: word, place: (length, child)))
  }
}

/// What tokens are drawn from: a model, and how its contexts are weighted.
struct DrawSource {
  let table: NGramTable
  let cache: ContextCache
  let unigrams: GuidedSums
  /// The share of their weight that shorter contexts keep; 1: the model's own distribution.
  let backoff: Double
  let isInterpolated: Bool

  /// - Parameter unigrams: kept by who draws often: the cache's lock costs more than a draw.
  init(_ model: NGramLanguageModel, backoff: Double, unigrams: GuidedSums) {
    (table, cache, self.unigrams) = (model.table, model.cache, unigrams)
    (self.backoff, isInterpolated) = (backoff, model.isInterpolated)
  }

  /// For any back-off model: a child of the context with its probability, else a draw from the
  /// shorter context, repeated while it gives one of the context's children.
  func drawByRejection(
    _ length: Int, _ node: UInt32, _ attempts: inout Int, _ random: inout RandomSource
  ) -> UInt32? {
    guard length > 0 else { return drawUnigram(&random) }
    let context = table.levels[length - 1].context(Int(node))
    let children = Int(context.firstChild)..<table.levels[length - 1].firstChild(Int(node) + 1)
    let child = drawChild(.whole, children, length, node, random.uniform()) { child in
      exponential(table.levels[length].probability(child))
    }
    if let child { return table.levels[length].words[child] }
    // A context that is certain of its children has nothing left for others.
    while attempts > 0 {
      attempts -= 1
      guard let word = drawByRejection(length - 1, context.suffix, &attempts, &random) else {
        return nil
      }
      if children.isEmpty || table.find(word, level: length, children) == nil { return word }
    }
    return nil
  }

  func drawUnigram(_ random: inout RandomSource) -> UInt32? {
    unigrams.index(at: random.uniform()).map {
      NGramCounts.sentenceEnd + UInt32(truncatingIfNeeded: $0)
    }
  }

  /// The child at `uniform` of the running sums of `weight`; nil when they end before it.
  @inline(__always)
  func drawChild(
    _ kind: ContextCache.SumKind, _ children: Range<Int>, _ level: Int, _ node: UInt32,
    _ uniform: Double, weight: (Int) -> Double
  ) -> Int? {
    if children.count > ContextCache.smallContext {
      let sums = cache.cumulative(
        kind, level: level, node: node, children: children, weight: weight)
      guard let last = sums.last, uniform < Double(last) else { return nil }
      return children.lowerBound + sums.firstIndex(above: Float(uniform))
    }
    var sum = 0.0
    for child in children {
      sum += weight(child)
      if uniform < sum { return child }
    }
    return nil
  }

  /// The child at `uniform` (0 to 1) of the running sums of their probabilities; nil when none has any.
  @inline(__always)
  func drawProportionally(
    _ children: Range<Int>, _ length: Int, _ node: UInt32, _ uniform: Double
  ) -> Int? {
    if children.count == 1 {
      let probability = exponential(table.levels[length].probability(children.lowerBound))
      return probability > 0 ? children.lowerBound : nil
    }
    if children.count > ContextCache.smallContext {
      let sums = cache.cumulative(.whole, level: length, node: node, children: children) {
        exponential(table.levels[length].probability($0))
      }
      guard let total = sums.last, total > 0 else { return nil }
      return children.lowerBound + sums.firstIndex(above: Float(uniform) * total)
    }
    var rest =
      uniform * children.reduce(0.0) { $0 + exponential(table.levels[length].probability($1)) }
    var last: Int?
    for child in children {
      let probability = exponential(table.levels[length].probability(child))
      if probability > 0 { last = child }
      rest -= probability
      if rest < 0 { return child }
    }
    return last
  }
}

extension NGramTable {
  /// Whether `word` was seen after a context of a state of more than `length` words.
  fileprivate func isSeen(_ word: UInt32, after state: State, longerThan length: Int) -> Bool {
    var node = state.node
    for longer in stride(from: Int(state.length), to: length, by: -1) {
      let context = levels[longer - 1].context(Int(node))
      let end = levels[longer - 1].firstChild(Int(node) + 1)
      if find(word, level: longer, Int(context.firstChild), end) != nil { return true }
      node = context.suffix
    }
    return false
  }
}
