import Files

/// A step of the sampling chain that changes the scores of some tokens: penalties, biases. Adjustments
/// come first, in the order of the list.
package protocol ScoreAdjustment: Sendable {
  /// Whether the settings change nothing.
  var isOff: Bool { get }
  /// Whether a score can rise: a token that is none of the model's best may then be drawn.
  var raises: Bool { get }
  /// Names the tokens whose scores change after `history`, each with a count; those of one token are added.
  func forTokens(after history: [Int32], _ name: (_ token: Int32, _ count: Int) -> Void)
  /// The new score of a token.
  /// - Parameters:
  ///   - score: finite.
  ///   - token: one that was named.
  ///   - count: the sum of its counts, above 0.
  func adjusted(_ score: Float, of token: Int32, named count: Int) -> Float
}

/// A step of the sampling chain that forbids tokens. Masks come after the adjustments and before the cuts,
/// so that what is cut to is allowed.
package protocol TokenMask: Sendable {
  /// Whether the settings forbid nothing.
  var isOff: Bool { get }
  /// Whether what it forbids depends on the tokens that it was told of: see ``accept(_:)``.
  var isStateful: Bool { get }
  /// Tells it of the next token of a text, those of the prompt included.
  mutating func accept(_ token: Int32)
  /// Whether it forbids few tokens and names them. One that does not looks at the whole vocabulary, at
  /// the price of a pass over it.
  var namesTokens: Bool { get }
  /// Names the tokens that are forbidden after `history`.
  func forForbidden(after history: [Int32], _ name: (Int32) -> Void)
  /// Sets the scores of forbidden tokens to -infinity, where it does not name them.
  func apply(to scores: inout [Float])
  /// Whether it forbids a token, where it does not name those that it forbids.
  func forbids(_ token: Int32) -> Bool
  /// Whether a token that it forbids may be taken where nothing else can follow.
  var yields: Bool { get }
}

extension TokenMask {
  package var isStateful: Bool { false }
  package mutating func accept(_ token: Int32) {}
  package var namesTokens: Bool { true }
  package func forForbidden(after history: [Int32], _ name: (Int32) -> Void) {}
  package func apply(to scores: inout [Float]) {}
  package func forbids(_ token: Int32) -> Bool { false }
  package var yields: Bool { false }
}

/// A step of the sampling chain that leaves some of the tokens. Cuts come last, in the order of the list.
package protocol CandidateCut: Sendable {
  /// Whether the settings cut nothing.
  var isOff: Bool { get }
  /// Removes candidates; never the last one.
  func apply(to list: inout CandidateList)
  /// How many of the best tokens are all that it can leave; nil: it may leave any number.
  var mostKept: Int? { get }
  /// The least probability that a token it leaves has, in proportion to the best one's; 0: any.
  var leastRatio: Double { get }
  /// Fills the list from the scores of the whole vocabulary with what it leaves of them, as the first cut
  /// of a chain.
  /// - Parameter ratio: the ``leastRatio`` of a later cut: candidates below it may be left out at once.
  func select(from scores: inout DenseScores, above ratio: Double, into list: inout CandidateList)
}

extension CandidateCut {
  package var mostKept: Int? { nil }
  package var leastRatio: Double { 0 }
  package func select(
    from scores: inout DenseScores, above ratio: Double, into list: inout CandidateList
  ) {
    scores.select(ratio: 0, into: &list)
    apply(to: &list)
  }
}

/// A step behind the first one that cuts.
enum SamplingStage {
  case cut(any CandidateCut)
  /// Top choices are removed, where the draw of their chance says so.
  case topChoices(TopChoices)
  /// Not 0 and not 1.
  case temperature(Double)
  /// Changes the scores of what is left.
  case adjustment(any ScoreAdjustment)

  /// The cut that it is, if it is one.
  var cut: (any CandidateCut)? { if case .cut(let cut) = self { cut } else { nil } }
}

extension SamplingConfiguration {
  /// Whether the best token of the chain is taken, and none drawn.
  var isGreedy: Bool {
    temperature == 0 && (!mirostat.isOff || samplers.contains(.temperature))
  }

  /// The masks of the chain.
  /// - Parameter banned: tokens that are never drawn, whatever the settings.
  func masks(banned: [Int32]) -> [any TokenMask] {
    let infinite = logitBias.filter { $0.bias == -.infinity }.map { $0.token }
    let all: [any TokenMask] = [
      BannedTokens(banned + infinite), NoRepeatedNgrams(size: noRepeatNgram),
    ]
    return all.filter { !$0.isOff }
  }

  /// The adjustments before the first cut, which look at the model's own scores: biases come last.
  func adjustments(_ breakers: SequenceBreakers) -> [any ScoreAdjustment] {
    let biases = TokenBiases(logitBias)
    return leading(breakers).adjustments + (biases.isOff ? [] : [biases])
  }

  /// The steps from the first one that cuts, or the temperature. Behind a temperature of 0 there is one
  /// candidate, which nothing changes. Mirostat has none.
  func stages(vocabularySize: Int, _ breakers: SequenceBreakers) -> [SamplingStage] {
    var stages: [SamplingStage] = []
    for step in leading(breakers).rest {
      if step == .temperature {
        if temperature == 0 { break }
        if temperature != 1 { stages.append(.temperature(temperature)) }
      } else if let adjustment = adjustment(step, breakers) {
        if !adjustment.isOff { stages.append(.adjustment(adjustment)) }
      } else if let cut = cut(step, vocabularySize: vocabularySize) {
        if !cut.isOff { stages.append(.cut(cut)) }
      } else {
        let choices = TopChoices(threshold: xtc.threshold)
        if xtc.probability > 0, !choices.isOff { stages.append(.topChoices(choices)) }
      }
    }
    return stages
  }

  /// The adjustments that the order begins with, and the steps behind them.
  private func leading(
    _ breakers: SequenceBreakers
  ) -> (adjustments: [any ScoreAdjustment], rest: ArraySlice<SamplingStep>) {
    if !mirostat.isOff { return ([], []) }
    let count = samplers.firstIndex { adjustment($0, breakers) == nil } ?? samplers.count
    let adjustments = samplers[..<count].compactMap { adjustment($0, breakers) }
    return (adjustments.filter { !$0.isOff }, samplers[count...])
  }

  private func adjustment(
    _ step: SamplingStep, _ breakers: SequenceBreakers
  ) -> (any ScoreAdjustment)? {
    switch step {
    case .penalties: RepeatPenalties(self)
    case .dry: RepetitionPenalty(dry, breakers: breakers)
    default: nil
    }
  }

  private func cut(_ step: SamplingStep, vocabularySize: Int) -> (any CandidateCut)? {
    switch step {
    case .topNSigma: TopNSigma(topNSigma)
    case .topK: TopK(topK < vocabularySize ? topK : 0)
    case .typical: LocallyTypical(typical)
    case .topP: TopP(topP)
    case .minP: MinP(minP)
    case .penalties, .dry, .xtc, .temperature: nil
    }
  }
}
