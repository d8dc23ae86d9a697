import Files
import Glibc
import Kernels
import Training

/// An n-gram model at one position of one text.
///
/// The unknown word and the sentence start are never generated: their scores are -infinity, and the
/// other words keep their proportions.
struct NGramSession: GenerationSession {
  let model: NGramLanguageModel
  private var state: NGramTable.State
  /// Set while an `article` model spells out a random context.
  private var restart: ContextRestart?
  /// Kept here once it is needed: the cache's lock costs more than a draw.
  private var unigramDraws: GuidedSums?

  init(model: NGramLanguageModel) {
    self.model = model
    state = model.table.sentenceStart
    if !model.configuration.sentences {
      state = .init()
      restart = model.table.order > 1 ? ContextRestart() : nil
    }
  }

  private var table: NGramTable { model.table }

  // MARK: Moving on

  mutating func append(_ token: Int32) {
    let word = UInt32(clamping: Int(token) < table.vocabulary.count ? token : 0)
    if model.configuration.sentences {
      if word == NGramCounts.sentenceEnd {
        state = table.sentenceStart
      } else {
        _ = table.advance(&state, by: word)
      }
      return
    }
    appendInStream(word)
  }

  /// Without sentences only contexts of the full length count; where the text has left them, a
  /// random one is spelled out.
  private mutating func appendInStream(_ word: UInt32) {
    if table.order == 1 { return }
    if var pending = restart {
      if pending.append(word, table) {
        restart = pending
        if let context = pending.finishedContext(table) { enterContext(context) }
        return
      }
    }
    _ = table.advance(&state, by: word)
    let isKnown = Int(state.length) == table.order - 1 && !table.children(of: state).isEmpty
    restart = isKnown ? nil : ContextRestart()
  }

  private mutating func enterContext(_ context: NGramTable.State) {
    state = context
    restart = table.children(of: context).isEmpty ? ContextRestart() : nil
  }

  // MARK: Scores

  mutating func scores(into scores: inout [Float]) {
    let count = table.vocabulary.count
    if scores.count != count { scores = [Float](repeating: 0, count: count) }
    if let restart {
      restart.scores(table, into: &scores)
      return
    }
    let chain = table.contextChain(of: state)
    let unigrams = table.levels[0]
    let lowest = chain.totalBackoff
    for id in 0..<count { scores[id] = (unigrams.probability(id) + lowest) * naturalLog }
    for context in chain.contexts.reversed() {
      let level = table.levels[context.level]
      for node in context.children {
        scores[Int(level.words[node])] = (level.probability(node) + context.backoff) * naturalLog
      }
    }
    for id in [NGramCounts.unknown, NGramCounts.sentenceStart] { scores[Int(id)] = -.infinity }
    for id in 0..<count where scores[id] <= impossible { scores[id] = -.infinity }
  }

  mutating func score(of token: Int32) -> Float {
    let word = UInt32(clamping: token)
    guard Int(word) < table.vocabulary.count, word != NGramCounts.unknown,
      word != NGramCounts.sentenceStart
    else { return -.infinity }
    if let restart {
      var all = [Float](repeating: 0, count: table.vocabulary.count)
      restart.scores(table, into: &all)
      return all[Int(word)]
    }
    let score = table.probability(of: word, after: state) * naturalLog
    return score <= impossible ? -.infinity : score
  }

  /// The best words of each context on the way down; those of a longer context override. What
  /// cannot come under the best `count` so far is passed over before the costly look into the
  /// longer contexts.
  mutating func best(_ count: Int) -> [Candidate]? {
    guard restart == nil, count > 0, count < 4096 else { return nil }
    let chain = table.contextChain(of: state)
    var found = BestCandidates(count: count)
    for (index, context) in chain.contexts.enumerated() {
      addBest(of: context, overriddenBy: chain.contexts[..<index], to: &found)
      found.cut()
    }
    if !addUnigrams(chain, all: false, to: &found) { _ = addUnigrams(chain, all: true, to: &found) }
    return found.candidates
  }

  /// - Returns: false when `found` needs words that only the full ranking has; it is then as before.
  private func addUnigrams(
    _ chain: NGramTable.ContextChain, all: Bool, to found: inout BestCandidates
  ) -> Bool {
    var trial = found
    var isComplete = all
    for id in model.cache.unigramRanking(table, all: all) {
      let score = (table.levels[0].probability(Int(id)) + chain.totalBackoff) * naturalLog
      if score <= impossible || score < trial.threshold {
        isComplete = true
        break
      }
      if !table.isSeen(id, in: chain.contexts[...]) { trial.add(id, score) }
    }
    trial.cut()
    if isComplete { found = trial }
    return isComplete
  }

  private func addBest(
    of context: NGramTable.ChainedContext,
    overriddenBy longer: ArraySlice<NGramTable.ChainedContext>, to found: inout BestCandidates
  ) {
    let level = table.levels[context.level]
    func add(_ node: Int) -> Bool {
      let score = (level.probability(node) + context.backoff) * naturalLog
      if score <= impossible || score < found.threshold { return false }
      let word = level.words[node]
      if word > NGramCounts.sentenceStart, !table.isSeen(word, in: longer) {
        found.add(word, score)
      }
      return true
    }
    if context.children.count <= ContextCache.smallContext {
      for node in context.children { _ = add(node) }
    } else {
      for node in model.cache.ranking(of: context, in: table) {
        if !add(Int(node)) { return }
      }
    }
  }

  // MARK: Drawing

  /// A draw without a pass over the vocabulary.
  mutating func draw(using random: inout RandomSource) -> Int32? {
    guard restart == nil, table.isNormalized else { return nil }
    if unigramDraws == nil { unigramDraws = model.cache.unigramDraws(table) }
    let isInterpolated = model.isInterpolated
    // Where nearly nothing but the unknown word follows, the dense scores are the quicker way.
    // So they are where probabilities that sum to more than one let rejection go on for ever.
    var attempts = 10_000
    while attempts > 0 {
      attempts -= 1
      let word =
        isInterpolated
        ? drawInterpolated(&random)
        : drawByRejection(Int(state.length), state.node, &attempts, &random)
      guard let word else { return nil }
      if word > NGramCounts.sentenceStart { return Int32(word) }
    }
    return nil
  }

  /// p(w | h) = seen(w | h) + weight(h) · p(w | shorter h): with the weight's probability on to the
  /// shorter context, else a child in proportion to what it has of its own.
  private func drawInterpolated(_ random: inout RandomSource) -> UInt32? {
    var (length, node) = (Int(state.length), state.node)
    while length > 0 {
      let context = table.levels[length - 1].context(Int(node))
      let uniform = random.uniform() - exponential(context.backoff)
      if uniform >= 0 {
        let end = table.levels[length - 1].firstChild(Int(node) + 1)
        let (level, lower) = (table.levels[length], table.levels[length - 1])
        let weight = exponential(context.backoff)
        let child = drawChild(Int(context.firstChild)..<end, length, node, uniform) { child in
          let suffix = lower.probability(Int(level.suffix(child)))
          return exponential(level.probability(child)) - weight * exponential(suffix)
        }
        if let child { return level.words[child] }
      }
      (length, node) = (length - 1, context.suffix)
    }
    return drawUnigram(&random)
  }

  /// For any back-off model: a child of the context with its probability, else a draw from the
  /// shorter context, repeated while it gives one of the context's children.
  private func drawByRejection(
    _ length: Int, _ node: UInt32, _ attempts: inout Int, _ random: inout RandomSource
  ) -> UInt32? {
    guard length > 0 else { return drawUnigram(&random) }
    let context = table.levels[length - 1].context(Int(node))
    let children = Int(context.firstChild)..<table.levels[length - 1].firstChild(Int(node) + 1)
    let level = table.levels[length]
    let child = drawChild(children, length, node, random.uniform()) { child in
      exponential(level.probability(child))
    }
    if let child { return level.words[child] }
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

  private func drawUnigram(_ random: inout RandomSource) -> UInt32? {
    let draws = unigramDraws ?? model.cache.unigramDraws(table)
    return draws.index(at: random.uniform()).map {
      NGramCounts.sentenceEnd + UInt32(truncatingIfNeeded: $0)
    }
  }

  /// The child at `uniform` of the running sums of `weight`; nil when they end before it.
  @inline(__always)
  private func drawChild(
    _ children: Range<Int>, _ level: Int, _ node: UInt32, _ uniform: Double,
    weight: (Int) -> Double
  ) -> Int? {
    if children.count > ContextCache.smallContext {
      let sums = model.cache.cumulative(
        level: level, node: node, children: children, weight: weight)
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
}

/// The best candidates so far; a few more are gathered between cuts.
private struct BestCandidates {
  let count: Int
  private(set) var candidates: [Candidate] = []
  /// Scores below it are not among the best.
  private(set) var threshold = -Float.infinity

  init(count: Int) {
    self.count = count
    candidates.reserveCapacity(2 * count + 64)
  }

  mutating func add(_ word: UInt32, _ score: Float) {
    candidates.append(Candidate(id: Int32(word), logit: score))
    if candidates.count >= 2 * count + 64 { cut() }
  }

  /// Sorts, and drops what is not among the best.
  mutating func cut() {
    candidates.sort(by: Candidate.precedes)
    if candidates.count > count { candidates.removeLast(candidates.count - count) }
    if candidates.count == count, let last = candidates.last { threshold = last.logit }
  }
}

/// ln 10: the model's logarithms are decimal, those of sessions natural.
let naturalLog = Float(M_LN10)
/// Natural logarithms at or below this stand for probability 0.
private let impossible: Float = logZero * naturalLog

@inline(__always)
func exponential(_ log10: Float) -> Double { Double(exp2f(log10 * 3.321_928_1)) }
