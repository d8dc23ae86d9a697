/// A token with a probability.
public struct TokenProbability: Equatable, Sendable {
  /// The id of the token.
  public var id: Int32
  /// Natural log.
  public var logProbability: Double

  /// Creates a token with its natural-log probability.
  public init(id: Int32, logProbability: Double) {
    self.id = id
    self.logProbability = logProbability
  }
}

/// A chosen token and what the model and the sampling chain thought of it.
public struct SampledToken: Equatable, Sendable {
  /// The id of the token.
  public var id: Int32
  /// Natural log of the model's own probability: temperature 1, before the chain.
  public var logProbability: Double
  /// Natural log of the probability it was drawn with, after the chain.
  public var chainLogProbability: Double
  /// The model's best tokens with the model's own probabilities, best first.
  public var alternatives: [TokenProbability]

  /// Creates a token that was drawn, with its probabilities and the likeliest alternatives.
  public init(
    id: Int32, logProbability: Double, chainLogProbability: Double,
    alternatives: [TokenProbability]
  ) {
    self.id = id
    self.logProbability = logProbability
    self.chainLogProbability = chainLogProbability
    self.alternatives = alternatives
  }
}
