import Files

/// A step of the sampling chain that changes the scores of some tokens: penalties, biases. Adjustments
/// come first, in the order of the list.
package protocol ScoreAdjustment: Sendable {
  /// Whether the settings change nothing.
  var isOff: Bool { get }
  /// Whether a score can rise: a token that is none of the model's best may then be drawn.
  var raises: Bool { get }
  /// Names the tokens whose scores change after `history`, each as often as it counts.
  func forTokens(after history: [Int32], _ name: (Int32) -> Void)
  /// The new score of a token.
  /// - Parameters:
  ///   - score: finite.
  ///   - token: one that was named.
  ///   - count: how often it was named.
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
  /// Whether a token that it forbids may be taken where nothing else can follow.
  var yields: Bool { get }
}

extension TokenMask {
  package var isStateful: Bool { false }
  package mutating func accept(_ token: Int32) {}
  package var namesTokens: Bool { true }
  package func forForbidden(after history: [Int32], _ name: (Int32) -> Void) {}
  package func apply(to scores: inout [Float]) {}
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

extension SamplingConfiguration {
  /// The adjustments of the chain, in llama.cpp's order.
  var adjustments: [any ScoreAdjustment] {
    let all: [any ScoreAdjustment] = [RepeatPenalties(self), TokenBiases(logitBias)]
    return all.filter { !$0.isOff }
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

  /// The cuts of the chain, in llama.cpp's order.
  func cuts(vocabularySize: Int) -> [any CandidateCut] {
    let all: [any CandidateCut] = [
      TopK(topK < vocabularySize ? topK : 0), LocallyTypical(typical), TopP(topP), MinP(minP),
    ]
    return all.filter { !$0.isOff }
  }
}
