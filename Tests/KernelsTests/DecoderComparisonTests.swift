import Glibc
import Kernels
import Testing

/// What scores say of next tokens, against the definitions.
@Suite struct DecoderComparisonTests {
  private let scores: [Float] = [0.5, -1, 2, 0]
  private let others: [Float] = [0, 0.25, 1.5, -0.5]

  private func probabilities(_ scores: [Float]) -> [Double] {
    let powers = scores.map { exp(Double($0)) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  @Test func logProbabilities() {
    let distribution = ScoreDistribution(scores[...])
    for (token, p) in probabilities(scores).enumerated() {
      #expect(abs(distribution.logProbability(of: Int32(token)) - log(p)) < 1e-12)
    }
    // A slice counts from its start, and what is added to all scores changes nothing.
    let moved = ScoreDistribution(([9] + scores.map { $0 + 64 }).dropFirst())
    #expect(abs(moved.logProbability(of: 2) - distribution.logProbability(of: 2)) < 1e-12)
  }

  @Test func divergence() {
    let (a, b) = (ScoreDistribution(scores[...]), ScoreDistribution(others[...]))
    let (p, q) = (probabilities(scores), probabilities(others))
    let expected = zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
    #expect(abs(a.divergence(from: b) - expected) < 1e-12 && expected > 0.05)
    #expect(a.divergence(from: a) == 0)
  }
}
