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

  /// The best words of each context on the way down; those of a longer context override.
  mutating func best(_ count: Int) -> [Candidate]? {
    guard restart == nil, count > 0, count < 4096 else { return nil }
    let chain = table.contextChain(of: state)
    var found: [Candidate] = []
    for (index, context) in chain.contexts.enumerated() {
      addBest(of: context, count, overriddenBy: chain.contexts[..<index], to: &found)
    }
    addBestUnigrams(count, chain, to: &found)
    found.sort(by: Candidate.precedes)
    if found.count > count { found.removeLast(found.count - count) }
    return found
  }

  private func addBest(
    of context: NGramTable.ChainedContext, _ count: Int,
    overriddenBy longer: ArraySlice<NGramTable.ChainedContext>, to found: inout [Candidate]
  ) {
    let level = table.levels[context.level]
    func add(_ node: Int) -> Bool {
      let word = level.words[node]
      if word <= NGramCounts.sentenceStart || table.isSeen(word, in: longer) { return false }
      let score = (level.probability(node) + context.backoff) * naturalLog
      if score > impossible { found.append(Candidate(id: Int32(word), logit: score)) }
      return true
    }
    if context.children.count <= ContextCache.smallContext {
      for node in context.children { _ = add(node) }
      return
    }
    var added = 0
    for node in model.cache.ranking(of: context, in: table) {
      if added == count { return }
      if add(Int(node)) { added += 1 }
    }
  }

  private func addBestUnigrams(
    _ count: Int, _ chain: NGramTable.ContextChain, to found: inout [Candidate]
  ) {
    var added = 0
    for id in model.cache.unigramRanking(table) {
      if added == count { return }
      if table.isSeen(id, in: chain.contexts[...]) { continue }
      let score = (table.levels[0].probability(Int(id)) + chain.totalBackoff) * naturalLog
      if score <= impossible { return }
      found.append(Candidate(id: Int32(id), logit: score))
      added += 1
    }
  }

  // MARK: Drawing

  /// A draw by falling back: a child of the context with its probability, else a draw from the
  /// shorter context, repeated while it gives one of the context's children (rejection).
  mutating func draw(using random: inout RandomSource) -> Int32? {
    guard restart == nil, table.isNormalized else { return nil }
    let chain = table.contextChain(of: state)
    // Where nearly nothing but the unknown word follows, the dense scores are the quicker way.
    var attempts = 10_000
    while let word = draw(chain, from: 0, &attempts, &random) {
      if word > NGramCounts.sentenceStart { return Int32(word) }
    }
    return nil
  }

  private func draw(
    _ chain: NGramTable.ContextChain, from index: Int, _ attempts: inout Int,
    _ random: inout RandomSource
  ) -> UInt32? {
    attempts -= 1
    guard attempts > 0 else { return nil }
    guard index < chain.contexts.count else {
      return model.cache.drawUnigram(table, random.uniform())
    }
    let context = chain.contexts[index]
    let level = table.levels[context.level]
    let uniform = random.uniform()
    if context.children.count > ContextCache.smallContext {
      let sums = model.cache.cumulative(of: context, in: table)
      if let last = sums.last, uniform < Double(last) {
        let offset = sums.firstIndex(above: Float(uniform))
        return level.words[context.children.lowerBound + offset]
      }
    } else {
      var sum = 0.0
      for node in context.children {
        sum += exponential(level.probability(node))
        if uniform < sum { return level.words[node] }
      }
    }
    // A context that is certain of its children has nothing left for others.
    while let word = draw(chain, from: index + 1, &attempts, &random) {
      if table.find(word, level: context.level, context.children) == nil { return word }
    }
    return nil
  }
}

/// ln 10: the model's logarithms are decimal, those of sessions natural.
let naturalLog = Float(M_LN10)
/// Natural logarithms at or below this stand for probability 0.
private let impossible: Float = logZero * naturalLog

@inline(__always)
func exponential(_ log10: Float) -> Double { Double(exp2f(log10 * 3.321_928_1)) }
