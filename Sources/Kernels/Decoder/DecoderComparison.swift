import Files
import Glibc

/// How several decoders score the tokens of a text, as sums over the tokens.
public struct DecoderComparison: Sendable {
  /// Tokens that were scored.
  public private(set) var tokens = 0
  /// Natural logarithms of the tokens' probabilities, of each decoder.
  public private(set) var logProbabilities: [Double]
  /// Kullback-Leibler divergences of each decoder's next tokens from the first one's, nats.
  public private(set) var divergences: [Double]
  private let decoders: [TransformerDecoder]

  /// Tokens that all decoders read before their scores are compared.
  private static let step = 64

  /// Sums of no token.
  /// - Parameter decoders: of one vocabulary, the one that the others are compared with first.
  public init(_ decoders: [TransformerDecoder]) {
    require(
      Set(decoders.map { $0.weights.shape.vocabulary }).count <= 1,
      "DecoderComparison: decoders of one vocabulary are compared")
    self.decoders = decoders
    logProbabilities = [Double](repeating: 0, count: decoders.count)
    divergences = logProbabilities
  }

  /// Scores each token of a text but the first from those before it.
  /// - Parameter text: at most one more token than each decoder has positions.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  public mutating func add(_ text: [Int32]) throws(AIGCError) {
    let caches = decoders.map { KeyValueCache(for: $0.weights, type: .f32) }
    for first in stride(from: 0, to: max(text.count - 1, 0), by: Self.step) {
      let end = min(first + Self.step, text.count - 1)
      let scores = zip(decoders, caches).map { decoder, cache in
        var rows: [Float] = []
        decoder.logits(Array(text[first..<end]), from: 0, cache) { rows += $0 }
        return rows
      }
      add(scores, targets: Array(text[first + 1..<end + 1]))
      try Interruption.check()
    }
  }

  /// - Parameter scores: [targets, vocabulary] of each decoder.
  private mutating func add(_ scores: [[Float]], targets: [Int32]) {
    guard let first = scores.first else { return }
    let vocabulary = first.count / max(targets.count, 1)
    tokens += targets.count
    for index in scores.indices {
      let own = scores[index]
      let values = parallelValues(targets.count, block: 1) { row -> SIMD2<Double> in
        let range = row * vocabulary..<(row + 1) * vocabulary
        let distribution = ScoreDistribution(own[range])
        let divergence =
          index == 0 ? 0 : ScoreDistribution(first[range]).divergence(from: distribution)
        return [distribution.logProbability(of: targets[row]), divergence]
      }
      for value in values {
        logProbabilities[index] += value.x
        divergences[index] += value.y
      }
    }
  }
}

/// The probabilities of next tokens that unnormalised scores give.
public struct ScoreDistribution: Sendable {
  private let scores: ArraySlice<Float>
  /// log Σ exp(score).
  private let total: Double

  /// - Parameter scores: of all tokens.
  public init(_ scores: ArraySlice<Float>) {
    let highest = Double(scores.max() ?? 0)
    self.scores = scores
    total = highest + log(scores.reduce(0) { $0 + exp(Double($1) - highest) })
  }

  /// The natural logarithm of a token's probability; the token is one of those that have scores.
  public func logProbability(of token: Int32) -> Double {
    Double(scores[scores.startIndex + Int(token)]) - total
  }

  /// The Kullback-Leibler divergence Σp (log p - log q) from another one of as many tokens, nats; rounding makes it no
  /// less than 0.
  public func divergence(from other: ScoreDistribution) -> Double {
    var sum = 0.0
    for (score, otherScore) in zip(scores, other.scores) {
      let p = Double(score) - total
      sum += exp(p) * (p - Double(otherScore) + other.total)
    }
    return max(sum, 0)
  }
}
