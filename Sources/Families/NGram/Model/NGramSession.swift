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
  /// The share of their weight that shorter contexts keep; 1: the model's own distribution.
  let backoff: Double
  var state: NGramTable.State
  /// Set while an `article` model spells out a random context.
  private var restart: ContextRestart?
  /// Kept here once it is needed: the cache's lock costs more than a draw.
  private var unigramDraws: GuidedSums?

  init(model: NGramLanguageModel, backoff: Double = 1) {
    self.model = model
    self.backoff = backoff
    state = model.table.sentenceStart
    if !model.configuration.sentences {
      state = .init()
      restart = model.table.order > 1 ? ContextRestart() : nil
    }
  }

  var table: NGramTable { model.table }

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

  mutating func scores(into scores: inout [Float]) { fill(&scores, chain) }

  mutating func ownScores(into scores: inout [Float]) {
    fill(&scores, table.contextChain(of: state))
  }

  /// The contexts of the state, weighted.
  private var chain: NGramTable.ContextChain {
    backoff < 1
      ? table.writingChain(of: state, keeping: backoff, model.cache) : table.contextChain(of: state)
  }

  private func fill(
    _ scores: inout [Float], _ weighted: @autoclosure () -> NGramTable.ContextChain
  ) {
    let count = table.vocabulary.count
    if scores.count != count { scores = [Float](repeating: 0, count: count) }
    if let restart {
      restart.scores(table, into: &scores)
      return
    }
    let chain = weighted()
    let unigrams = table.levels[0]
    let lowest = chain.totalBackoff
    for id in 0..<count { scores[id] = (unigrams.probability(id) + lowest) * naturalLog }
    for context in chain.contexts.reversed() {
      let level = table.levels[context.level]
      for node in context.children {
        scores[Int(level.words[node])] = (level.probability(node) + context.weight) * naturalLog
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
    let score =
      (backoff < 1 ? table.score(of: word, in: chain) : table.probability(of: word, after: state))
      * naturalLog
    return score <= impossible ? -.infinity : score
  }

  /// The best words of each context on the way down; those of a longer context override. What
  /// cannot come under the best `count` so far is passed over before the costly look into the
  /// longer contexts.
  mutating func best(_ count: Int) -> [Candidate]? {
    guard restart == nil, count > 0, count < 4096 else { return nil }
    let chain = self.chain
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
      let score = (level.probability(node) + context.weight) * naturalLog
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

  mutating func draw(using random: inout RandomSource) -> Int32? {
    guard drawsByItself else { return nil }
    let source = drawSource()
    var draw = TokenDraw()
    while true {
      switch draw.step(state, source, &random) {
      case .waiting: continue
      case .found(let found): return Int32(found.word)
      case .failed: return nil
      }
    }
  }

  /// Whether draws need no pass over the vocabulary.
  var drawsByItself: Bool { restart == nil && (backoff < 1 || table.isNormalized) }

  mutating func drawSource() -> DrawSource {
    let unigrams = unigramDraws ?? model.cache.unigramDraws(table)
    unigramDraws = unigrams
    return DrawSource(model, backoff: backoff, unigrams: unigrams)
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
