import Files
import Glibc
import Kernels

/// Chooses next tokens by a ``SamplingConfiguration``, for every kind of language model: an ordered list of
/// steps of three kinds, adjustments of scores, masks, and cuts, each in a file of its own.
///
/// Three ways lead to the same distribution. With an untouched distribution the session draws by
/// itself. With top-k, the session names its best tokens: as only penalised, biased and banned
/// tokens change their order, the best k plus as many as those are enough. Otherwise, and where a mask
/// asks for it, the scores of the whole vocabulary are taken and the first cut is a partial selection.
///
/// Buffers are kept from token to token; the sampler remembers nothing else.
public struct Sampler: Sendable {
  /// The settings of the chain.
  public let configuration: SamplingConfiguration
  private let vocabularySize: Int
  private let endToken: Int32?
  private let cuts: [any CandidateCut]
  /// How many of the best tokens are all that the first cut can leave; nil: any number.
  private let mostKept: Int?
  /// See ``CandidateCut/select(from:above:into:)``.
  private let leastRatio: Double
  /// Whether the best token is what is left of the chain without a look at probabilities.
  private let keepsBest: Bool
  private var adjustments: ScoreAdjustments
  private var list = CandidateList()
  private var dense = DenseScores()

  /// - Parameters:
  ///   - configuration: The settings of the chain.
  ///   - vocabularySize: Ids of the model are below this; others in settings and history are passed
  ///     over.
  ///   - endToken: Taken where nothing else can follow.
  ///   - otherEndTokens: End a text too.
  ///   - ignoreEnd: Bans the end tokens.
  /// - Throws: ``/Files/AIGCError`` with ``/Files/AIGCError/Code/usage`` for settings out of range.
  public init(
    _ configuration: SamplingConfiguration, vocabularySize: Int, endToken: Int32? = nil,
    otherEndTokens: [Int32] = [], ignoreEnd: Bool = false
  ) throws(AIGCError) {
    try self.init(
      configuration, vocabularySize: vocabularySize, endToken: endToken,
      otherEndTokens: otherEndTokens, ignoreEnd: ignoreEnd, masks: [])
  }

  /// - Parameter masks: behind those of the configuration.
  package init(
    _ configuration: SamplingConfiguration, vocabularySize: Int, endToken: Int32? = nil,
    otherEndTokens: [Int32] = [], ignoreEnd: Bool = false, masks: [any TokenMask]
  ) throws(AIGCError) {
    try configuration.validate()
    self.configuration = configuration
    self.vocabularySize = vocabularySize
    self.endToken = endToken
    cuts = configuration.cuts(vocabularySize: vocabularySize)
    mostKept = cuts.first?.mostKept
    leastRatio = cuts.dropFirst().reduce(0) { max($0, $1.leastRatio) }
    keepsBest = !cuts.contains { $0 is LocallyTypical }
    let banned = ignoreEnd ? [endToken].compactMap { $0 } + otherEndTokens : []
    adjustments = ScoreAdjustments(
      configuration, banned: banned, vocabularySize: vocabularySize, masks: masks)
  }

  /// Draws the next token; the session is not moved on.
  ///
  /// - Parameters:
  ///   - session: The model's position.
  ///   - history: The tokens so far, prompt included, for penalties and no-repeat.
  ///   - random: Asked for one uniform number, or by the session's own draw; not at temperature 0.
  /// - Returns: Where nothing can follow: the end token, unless it is banned or there is none; then
  ///   the best token among those that only no-repeat forbids; then nil.
  public mutating func next(
    _ session: inout some GenerationSession, history: [Int32], random: inout RandomSource
  ) -> Int32? {
    choose(&session, history, &random)?.id
  }

  /// The same draw with probabilities and the model's best `alternatives`, at the price of a pass
  /// over the vocabulary.
  public mutating func next(
    _ session: inout some GenerationSession, history: [Int32], random: inout RandomSource,
    alternatives: Int
  ) -> SampledToken? {
    guard let choice = choose(&session, history, &random) else { return nil }
    var chain = choice.logProbability
    if chain == nil {
      session.scores(into: &dense.scores)
      let logTotal = dense.logTotal()
      chain = dense.logProbability(of: choice.id, logTotal: logTotal)
    }
    session.ownScores(into: &dense.scores)
    let logTotal = dense.logTotal()
    let own = dense.logProbability(of: choice.id, logTotal: logTotal)
    dense.selectBest(max(alternatives, 0), into: &list)
    let best = list.candidates.map {
      TokenProbability(id: $0.id, logProbability: Double($0.logit) - logTotal)
    }
    return SampledToken(
      id: choice.id, logProbability: own, chainLogProbability: chain ?? own, alternatives: best)
  }

  /// The tokens that can be drawn next and their probabilities, likeliest first.
  public mutating func distribution(
    _ session: inout some GenerationSession, history: [Int32]
  ) -> [TokenProbability] {
    adjustments.collect(history)
    if configuration.temperature == 0 {
      return [chooseBest(&session)].compactMap { $0.map { .init(id: $0, logProbability: 0) } }
    }
    prepare(&session)
    list.sort()
    return zip(list.candidates, list.probabilities).map {
      TokenProbability(id: $0.id, logProbability: log($1))
    }
  }

  /// A choice; without a probability where it is the model's own.
  private typealias Choice = (id: Int32, logProbability: Double?)

  private mutating func choose(
    _ session: inout some GenerationSession, _ history: [Int32], _ random: inout RandomSource
  ) -> Choice? {
    if vocabularySize <= 0 { return endToken.map { ($0, 0) } }
    adjustments.collect(history)
    if configuration.temperature == 0 {
      if let best = chooseBest(&session) { return (best, 0) }
      return chooseLast(&session)
    }
    if isIdentity, let token = session.draw(using: &random) { return (token, nil) }
    prepare(&session)
    guard let index = list.index(at: random.uniform()) else { return chooseLast(&session) }
    return (list.candidates[index].id, log(list.weights[index] / list.total))
  }

  private var isIdentity: Bool {
    cutsNothing && adjustments.entries.isEmpty && !adjustments.looksAtAll
  }

  /// Whether every token is drawn from the session's distribution as it is.
  var changesNothing: Bool { cutsNothing && adjustments.isNeverUsed }

  private var cutsNothing: Bool { configuration.temperature == 1 && cuts.isEmpty }

  /// The best token after the chain; of the other filters only typical can remove it.
  private mutating func chooseBest(_ session: inout some GenerationSession) -> Int32? {
    if keepsBest {
      if fillSparsely(&session, count: 1), let best = list.candidates.first { return best.id }
      readScores(&session)
      return dense.best()?.id
    }
    prepare(&session)
    return list.bestIndex.map { list.candidates[$0].id }
  }

  /// Where the chain leaves nothing.
  private mutating func chooseLast(_ session: inout some GenerationSession) -> Choice? {
    if let endToken, !adjustments.isForbidden(endToken) { return (endToken, 0) }
    session.scores(into: &dense.scores)
    adjustments.applyFirmMasks(to: &dense.scores)
    return dense.best().map { ($0.id, 0) }
  }

  /// Fills the list with what can be drawn, and its weights.
  private mutating func prepare(_ session: inout some GenerationSession) {
    let isSparse = mostKept.map { fillSparsely(&session, count: $0) } ?? false
    if !isSparse || list.candidates.isEmpty {
      readScores(&session)
      if let first = cuts.first {
        first.select(from: &dense, above: leastRatio, into: &list)
      } else {
        dense.select(ratio: 0, into: &list)
      }
    }
    for cut in cuts.dropFirst() { cut.apply(to: &list) }
    if configuration.temperature != 1 { list.weigh(temperature: configuration.temperature) }
  }

  private mutating func readScores(_ session: inout some GenerationSession) {
    session.scores(into: &dense.scores)
    adjustments.apply(to: &dense.scores)
  }

  /// Fills the list with the `count` best tokens after adjustments, in order.
  /// - Returns: Whether the session can name its best tokens.
  private mutating func fillSparsely(
    _ session: inout some GenerationSession, count: Int
  ) -> Bool {
    let needed = count + adjustments.entries.count
    guard !adjustments.looksAtAll, needed < vocabularySize, let best = session.best(needed) else {
      return false
    }
    list.removeAll()
    if adjustments.entries.isEmpty {
      for candidate in best { list.append(candidate) }
    } else {
      for candidate in best {
        guard let position = adjustments.entry(for: candidate.id) else {
          list.append(candidate)
          continue
        }
        adjustments.markDone(position)
        let logit = adjustments.adjusted(candidate.logit, at: position)
        list.append(Candidate(id: candidate.id, logit: logit))
      }
      addMissing(&session)
    }
    list.sort()
    list.keepFirst(count)
    list.complete()
    return true
  }

  /// Adds adjusted tokens that the session did not name among its best ones: they matter only where
  /// an adjustment can raise a score.
  private mutating func addMissing(_ session: inout some GenerationSession) {
    guard adjustments.raises else { return }
    for position in adjustments.entries.indices {
      let entry = adjustments.entries[position]
      if entry.isDone || entry.isForbidden { continue }
      let logit = adjustments.adjusted(session.score(of: entry.id), at: position)
      list.append(Candidate(id: entry.id, logit: logit))
    }
  }
}
