import Files
import Glibc

/// A linear mixture of probabilities, token by token: p = Σ weight · p of each model (Jelinek and
/// Mercer, "Interpolated estimation of Markov source parameters from sparse data", 1980).
///
/// Scores are natural-log probabilities, `scores[model][token]`, as many of each model; -infinity for
/// what a model holds impossible.
public enum ProbabilityMixture {
  /// Equal weights.
  public static func equalWeights(_ count: Int) -> [Double] {
    [Double](repeating: 1 / Double(max(count, 1)), count: count)
  }

  /// Sum of the natural-log probabilities of the mixture; -infinity where all models hold a token
  /// impossible.
  public static func logLikelihood(_ scores: [[Float]], weights: [Double]) -> Double {
    guard let tokens = scores.first?.indices else { return 0 }
    return tokens.reduce(0.0) { $0 + logProbability(scores, weights, $1) }
  }

  /// exp(-mean log-probability) of the mixture; not a number without tokens.
  public static func perplexity(_ scores: [[Float]], weights: [Double]) -> Double {
    exp(-logLikelihood(scores, weights: weights) / Double(scores.first?.count ?? 0))
  }

  /// exp(-mean log-probability) of one model; not a number without tokens.
  public static func perplexity(_ scores: [Float]) -> Double {
    exp(-scores.reduce(0.0) { $0 + Double($1) } / Double(scores.count))
  }

  private static func logProbability(
    _ scores: [[Float]], _ weights: [Double], _ token: Int
  ) -> Double {
    // The largest comes out of the sum, so that exp cannot underflow for all.
    var largest = -Double.infinity
    for model in scores.indices where weights[model] > 0 {
      largest = max(largest, Double(scores[model][token]))
    }
    guard largest > -.infinity else { return largest }
    var sum = 0.0
    for model in scores.indices where weights[model] > 0 {
      sum += weights[model] * exp(Double(scores[model][token]) - largest)
    }
    return largest + log(sum)
  }

  /// The weights that make the tokens likeliest, by expectation maximisation (Dempster, Laird and
  /// Rubin 1977) from equal ones: each step takes for a weight the mean share of its model in the
  /// probability of a token.
  ///
  /// - Parameters:
  ///   - scores: overwritten where nobody else holds them, so that no second copy is in memory.
  ///   - steps: so many are taken at most.
  ///   - tolerance: done when no weight changes by more.
  /// - Throws: ``/Files/AIGCError/interrupted``.
  public static func fit(
    _ scores: consuming [[Float]], steps: Int = 1000, tolerance: Double = 1e-7
  ) throws(AIGCError) -> [Double] {
    let models = scores.count
    var weights = equalWeights(models)
    makeRelative(&scores)
    for _ in 0..<steps {
      try Interruption.check()
      let next = step(scores, weights)
      let change = weights.indices.reduce(0) { max($0, abs(next[$1] - weights[$1])) }
      weights = next
      if change < tolerance { break }
    }
    return weights
  }

  /// Turns log-probabilities into probabilities over the largest of each token: all that a step needs.
  static func makeRelative(_ scores: inout [[Float]]) {
    for token in scores.first?.indices ?? 0..<0 {
      var largest = -Float.infinity
      for model in scores.indices { largest = max(largest, scores[model][token]) }
      for model in scores.indices {
        scores[model][token] = largest > -.infinity ? exp(scores[model][token] - largest) : 0
      }
    }
  }

  /// One step of expectation maximisation on relative probabilities.
  static func step(_ relative: [[Float]], _ weights: [Double]) -> [Double] {
    var shares = [Double](repeating: 0, count: weights.count)
    for token in relative.first?.indices ?? 0..<0 {
      var sum = 0.0
      for model in weights.indices { sum += weights[model] * Double(relative[model][token]) }
      guard sum > 0 else { continue }
      for model in weights.indices {
        shares[model] += weights[model] * Double(relative[model][token]) / sum
      }
    }
    let all = shares.reduce(0, +)
    return all > 0 ? shares.map { $0 / all } : weights
  }
}
