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
  /// A word, and the level and node of its longest known n-gram; nil for a word by itself.
  struct Found {
    var word: UInt32
    var place: (level: Int, node: Int)?
  }
  enum Outcome {
    case waiting, failed
    case found(Found)
  }
  private enum Stage { case start, context, children, choice, longer }
  private var stage = Stage.start
  /// Of the state.
  private var longest = 0
  private var length = 0
  private var node: UInt32 = 0
  private var context = ContextNode(firstChild: 0, suffix: 0, probability: 0, backoff: 0)
  /// The children of each context on the way down, by its length.
  private var passed = InlineArray<32, Range<UInt32>>(repeating: 0..<0)
  private var children = 0..<0
  private var uniform = 0.0
  /// The child that is looked at next, and the sum of those before.
  private var child = 0
  private var sum = 0.0
  /// Whether something was seen after one of the contexts.
  private var isKnown = false
  // Where nearly nothing but the unknown word follows, the dense scores are the quicker way.
  // So they are where probabilities that sum to more than one let rejection go on for ever.
  private static let limit = 10_000
  private var attempts = limit

  /// Starts the next draw.
  @inline(__always)
  mutating func restart() {
    stage = .start
    attempts = Self.limit
  }

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
    case .children: readChildren(source, &random)
    case .choice: chooseOwn(source)
    case .longer: lookIntoLonger(source)
    }
  }

  private mutating func start(
    _ state: NGramTable.State, _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    guard attempts > 0 else { return .failed }
    attempts -= 1
    if source.backoff < 1 || source.isInterpolated {
      (longest, length, node) = (Int(state.length), Int(state.length), state.node)
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
    let end = source.table.levels[length - 1].firstChild(Int(node) + 1)
    children = Int(context.firstChild)..<end
    passed[length] = context.firstChild..<UInt32(truncatingIfNeeded: end)
    if source.backoff == 1 {
      uniform = random.uniform() - exponential(context.backoff)
      if uniform < 0 { return leave(source) }
    }
    source.table.levels[length].words.prefetch(children.lowerBound)
    source.prefetch(children.prefix(Self.ahead), level: length)
    stage = .children
    return .waiting
  }

  /// Children that are asked for at a time.
  private static let ahead = 16

  private mutating func leave(_ source: DrawSource) -> Outcome {
    (length, node) = (length - 1, context.suffix)
    if length > 0 { source.table.levels[length - 1].prefetch(Int(node)) }
    stage = .context
    return .waiting
  }

  private mutating func drawUnigram(
    _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    stage = .start
    if isKnown { return .waiting }
    guard let word = source.drawUnigram(&random) else { return .failed }
    return found(Int(word), source)
  }

  private mutating func readChildren(
    _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    if source.backoff < 1 { return chooseForWriting(source, &random) }
    if children.count > ContextCache.smallContext {
      let sums = source.cache.cumulative(
        .own, level: length, node: node, children: children
      ) { source.own($0, level: length, weight: exponential(context.backoff)) }
      guard let last = sums.last, uniform < Double(last) else { return leave(source) }
      return found(children.lowerBound + sums.firstIndex(above: Float(uniform)), source)
    }
    (child, sum) = (children.lowerBound, 0)
    prefetchLower(source)
    stage = .choice
    return .waiting
  }

  /// Asks for what ``DrawSource/own(_:level:weight:)`` reads of the next children.
  private func prefetchLower(_ source: DrawSource) {
    let next = child..<min(child + Self.ahead, children.upperBound)
    for child in next {
      let suffix = Int(source.table.levels[length].suffix(child))
      source.table.levels[length - 1].prefetchValues(suffix)
    }
    let after = next.upperBound..<min(next.upperBound + Self.ahead, children.upperBound)
    source.prefetch(after, level: length)
  }

  private mutating func chooseOwn(_ source: DrawSource) -> Outcome {
    let weight = exponential(context.backoff)
    let end = min(child + Self.ahead, children.upperBound)
    while child < end {
      sum += source.own(child, level: length, weight: weight)
      if uniform < sum { return found(child, source) }
      child += 1
    }
    if child == children.upperBound { return leave(source) }
    prefetchLower(source)
    return .waiting
  }

  private mutating func chooseForWriting(
    _ source: DrawSource, _ random: inout RandomSource
  ) -> Outcome {
    children = source.table.writableChildren(of: context, Int(node), level: length)
    if children.isEmpty { return leave(source) }
    isKnown = true
    let leaving = source.table.leaving(context, keeping: source.backoff)
    uniform = random.uniform() - leaving
    guard uniform >= 0,
      let child = source.drawProportionally(children, length, node, uniform / (1 - leaving))
    else { return leave(source) }
    return found(child, source)
  }

  /// - Parameter child: at level ``length``.
  private mutating func found(_ child: Int, _ source: DrawSource) -> Outcome {
    let word = length == 0 ? UInt32(child) : source.table.levels[length].words[child]
    stage = .start
    if word <= NGramCounts.sentenceStart { return .waiting }
    if length == longest { return .found(Found(word: word, place: (length, child))) }
    self.child = child
    stage = .longer
    for level in length + 1...longest {
      let range = passed[level]
      source.table.levels[level].words.prefetch(Int(range.lowerBound) + range.count / 2)
    }
    return .waiting
  }

  /// The word may also be known after a longer context than the one that it was drawn after: there the
  /// text goes on. For writing it does not count then.
  private mutating func lookIntoLonger(_ source: DrawSource) -> Outcome {
    stage = .start
    let word = length == 0 ? UInt32(child) : source.table.levels[length].words[child]
    for level in stride(from: longest, to: length, by: -1) {
      let range = passed[level]
      let node = source.table.find(word, level: level, Int(range.lowerBound), Int(range.upperBound))
      guard let node else { continue }
      return source.backoff < 1 ? .waiting : .found(Found(word: word, place: (level, node)))
    }
    return .found(Found(word: word, place: (length, child)))
  }
}

/// What tokens are drawn from: a model, and how its contexts are weighted.
struct DrawSource {
  let table: NGramTable
  let cache: ContextCache
  /// Of the vocabulary: what a drawn word is made of.
  private let offsets: TableView<UInt32>
  private let bytes: TableView<UInt8>
  let unigrams: GuidedSums
  /// The share of their weight that shorter contexts keep; 1: the model's own distribution.
  let backoff: Double
  let isInterpolated: Bool

  /// - Parameter unigrams: kept by who draws often: the cache's lock costs more than a draw.
  init(_ model: NGramLanguageModel, backoff: Double, unigrams: GuidedSums) {
    (table, cache, self.unigrams) = (model.table, model.cache, unigrams)
    (self.backoff, isInterpolated) = (backoff, model.isInterpolated)
    offsets = TableView(model.table.vocabulary.offsets)
    bytes = TableView(model.table.vocabulary.bytes)
  }

  /// Asks for the text of words that are decoded soon.
  /// - Parameter before: the word that was drawn before; its place is known by now.
  @inline(__always)
  func prefetchText(_ word: Int32, before: Int32?) {
    offsets.prefetch(Int(word))
    if let before { bytes.prefetch(Int(offsets[Int(before)])) }
  }

  /// For any back-off model: a child of the context with its probability, else a draw from the
  /// shorter context, repeated while it gives one of the context's children.
  func drawByRejection(
    _ length: Int, _ node: UInt32, _ attempts: inout Int, _ random: inout RandomSource
  ) -> UInt32? {
    guard length > 0 else { return drawUnigram(&random) }
    let context = table.levels[length - 1].context(Int(node))
    let children = Int(context.firstChild)..<table.levels[length - 1].firstChild(Int(node) + 1)
    let child = drawChild(children, length, node, random.uniform())
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

  /// The child at `uniform` of the running sums of their probabilities; nil when they end before it.
  private func drawChild(
    _ children: Range<Int>, _ level: Int, _ node: UInt32, _ uniform: Double
  ) -> Int? {
    if let sums = table.sums(of: children, level: level, node: node, cache) {
      guard let last = sums.last, uniform < Double(last) else { return nil }
      return children.lowerBound + sums.firstIndex(above: Float(uniform))
    }
    var sum = 0.0
    for child in children {
      sum += exponential(table.levels[level].probability(child))
      if uniform < sum { return child }
    }
    return nil
  }

  /// What a child has beyond its share of the shorter context's probability.
  @inline(__always)
  func own(_ child: Int, level: Int, weight: Double) -> Double {
    let suffix = Int(table.levels[level].suffix(child))
    let lower = exponential(table.levels[level - 1].probability(suffix))
    return exponential(table.levels[level].probability(child)) - weight * lower
  }

  /// Asks for some children: one for each line of the cache.
  @inline(__always)
  func prefetch(_ children: Range<Int>, level: Int) {
    for child in stride(from: children.lowerBound, to: children.upperBound, by: 4) {
      table.levels[level].prefetchValues(child)
    }
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
    if let sums = table.sums(of: children, level: length, node: node, cache) {
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
