import Files
import Glibc
import Kernels

/// Chooses next tokens by a ``SamplingConfiguration``, for every kind of language model: an ordered list of
/// steps of three kinds, adjustments of scores, masks, and cuts, each in a file of its own; or Mirostat.
///
/// Three ways lead to the same distribution. With an untouched distribution the session draws by
/// itself. With top-k, the session names its best tokens: as only penalised, biased and banned
/// tokens change their order, the best k plus as many as those are enough. Otherwise, and where a mask
/// asks for it, the scores of the whole vocabulary are taken and the first cut is a partial selection.
///
/// Buffers are kept from token to token, and Mirostat's bound, so that each text has a copy of its own; the
/// sampler remembers nothing else.
public struct Sampler: Sendable {
  /// The settings of the chain.
  public let configuration: SamplingConfiguration
  private let vocabularySize: Int
  private let endToken: Int32?
  private let stages: [SamplingStage]
  /// How many of the best tokens are all that the first cut can leave; nil: any number.
  private let mostKept: Int?
  /// See ``CandidateCut/select(from:above:into:)``.
  private let leastRatio: Double
  /// Whether the best token is what is left of the chain without a look at probabilities.
  private let keepsBest: Bool
  private let isGreedy: Bool
  /// Whether a chance decides at each token if top choices are removed.
  private let hasTopChoices: Bool
  private var mirostat: Mirostat?
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

  /// - Parameters:
  ///   - masks: behind those of the configuration.
  ///   - breakers: those of the configuration in the model's tokens.
  package init(
    _ configuration: SamplingConfiguration, vocabularySize: Int, endToken: Int32? = nil,
    otherEndTokens: [Int32] = [], ignoreEnd: Bool = false, masks: [any TokenMask],
    breakers: SequenceBreakers = SequenceBreakers()
  ) throws(AIGCError) {
    try configuration.validate()
    self.configuration = configuration
    self.vocabularySize = vocabularySize
    self.endToken = endToken
    stages = configuration.stages(vocabularySize: vocabularySize, breakers)
    isGreedy = configuration.isGreedy
    (mostKept, leastRatio) = (
      stages.first?.cut?.mostKept, stages.dropFirst().first?.cut?.leastRatio ?? 0
    )
    keepsBest = stages.allSatisfy { $0.cut.map { !($0 is LocallyTypical) } ?? false }
    hasTopChoices = stages.contains { if case .topChoices = $0 { true } else { false } }
    if !configuration.mirostat.isOff, !isGreedy {
      mirostat = Mirostat(
        configuration.mirostat, temperature: configuration.temperature,
        vocabularySize: vocabularySize)
    }
    let banned = ignoreEnd ? [endToken].compactMap { $0 } + otherEndTokens : []
    adjustments = ScoreAdjustments(
      configuration, banned: banned, vocabularySize: vocabularySize, masks: masks,
      breakers: breakers)
  }

  /// Draws the next token; the session is not moved on.
  ///
  /// - Parameters:
  ///   - session: The model's position.
  ///   - history: The tokens so far, prompt included, for penalties and no-repeat.
  ///   - random: Asked for one uniform number, or by the session's own draw; not at temperature 0. With XTC it
  ///     is asked for another one before.
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
    if hasTopChoices { return mixedDistribution(&session, history) }
    if isGreedy {
      return [chooseBest(&session, history, false)].compactMap {
        $0.map { .init(id: $0, logProbability: 0) }
      }
    }
    prepare(&session, history, false)
    list.sort()
    return zip(list.candidates, list.probabilities).map {
      TokenProbability(id: $0.id, logProbability: log($1))
    }
  }

  /// That of a chain with and without its top choices, by their chance.
  private mutating func mixedDistribution(
    _ session: inout some GenerationSession, _ history: [Int32]
  ) -> [TokenProbability] {
    let chance = configuration.xtc.probability
    var shares: [Int32: Double] = [:]
    for (removes, weight) in [(false, 1 - chance), (true, chance)] where weight > 0 {
      if isGreedy {
        if let best = chooseBest(&session, history, removes) { shares[best, default: 0] += weight }
        continue
      }
      prepare(&session, history, removes)
      for (candidate, probability) in zip(list.candidates, list.probabilities) {
        shares[candidate.id, default: 0] += weight * probability
      }
    }
    let sorted = shares.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    return sorted.map { TokenProbability(id: $0.key, logProbability: log($0.value)) }
  }

  /// A choice; without a probability where it is the model's own.
  private typealias Choice = (id: Int32, logProbability: Double?)

  private mutating func choose(
    _ session: inout some GenerationSession, _ history: [Int32], _ random: inout RandomSource
  ) -> Choice? {
    if vocabularySize <= 0 { return endToken.map { ($0, 0) } }
    adjustments.collect(history)
    let removes = hasTopChoices && random.uniform() < configuration.xtc.probability
    if isGreedy {
      if let best = chooseBest(&session, history, removes) { return (best, 0) }
      return chooseLast(&session)
    }
    if isIdentity, let token = session.draw(using: &random) { return (token, nil) }
    prepare(&session, history, removes)
    guard let index = list.index(at: random.uniform()) else { return chooseLast(&session) }
    let probability = list.weights[index] / list.total
    mirostat?.observe(probability: probability)
    return (list.candidates[index].id, log(probability))
  }

  private var isIdentity: Bool {
    cutsNothing && adjustments.entries.isEmpty && !adjustments.looksAtAll
  }

  /// Whether every token is drawn from the session's distribution as it is.
  var changesNothing: Bool { cutsNothing && adjustments.isNeverUsed }

  private var cutsNothing: Bool { !isGreedy && stages.isEmpty && mirostat == nil }

  /// The best token after the chain.
  private mutating func chooseBest(
    _ session: inout some GenerationSession, _ history: [Int32], _ removesTopChoices: Bool
  ) -> Int32? {
    if keepsBest {
      if fillSparsely(&session, count: 1), let best = list.candidates.first { return best.id }
      readScores(&session)
      return dense.best()?.id
    }
    prepare(&session, history, removesTopChoices)
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
  private mutating func prepare(
    _ session: inout some GenerationSession, _ history: [Int32], _ removesTopChoices: Bool
  ) {
    if let mirostat {
      readScores(&session)
      mirostat.select(from: &dense, into: &list)
      return
    }
    let isSparse = mostKept.map { fillSparsely(&session, count: $0) } ?? false
    let first = stages.first?.cut
    if !isSparse || list.candidates.isEmpty {
      readScores(&session)
      if let first {
        first.select(from: &dense, above: leastRatio, into: &list)
      } else {
        dense.select(ratio: 0, into: &list)
      }
    }
    for index in stages.indices.dropFirst(first == nil ? 0 : 1) {
      switch stages[index] {
      case .cut(let cut): cut.apply(to: &list)
      case .topChoices(let choices): if removesTopChoices { choices.apply(to: &list) }
      case .temperature(let temperature):
        // At the end of the chain the weights are enough, which overflow for no temperature.
        if index == stages.count - 1 {
          list.weigh(temperature: temperature)
        } else {
          list.divide(by: temperature)
        }
      case .adjustment(let adjustment): list.adjust(by: adjustment, after: history)
      }
    }
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
