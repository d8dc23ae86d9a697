import Glibc

/// What policies are tuned by, token by token: functions of log-probabilities, with derivatives written out.
public enum PolicyObjective {
  /// The k3 estimator of the divergence KL(π ‖ π_ref) from a token that π drew, and its derivative by
  /// log π: r - 1 - ln r with r = π_ref / π, never below 0 and without bias (Schulman 2020, "Approximating KL
  /// divergence"; Shao et al. 2024, equation 4).
  public static func divergence(
    _ logProbability: Float, reference: Float
  ) -> (value: Float, slope: Float) {
    // Beyond e^30 no derivative says more than that it is large.
    let difference = min(reference - logProbability, 30)
    let ratio = exp(difference)
    return (ratio - difference - 1, 1 - ratio)
  }

  /// The clipped surrogate of PPO (Schulman et al. 2017, equation 7) to be maximised, min(r A, clip(r, 1 - ε,
  /// 1 + ε) A) with r = π / π_old, and its derivative by log π.
  /// - Returns: also whether the clip holds the ratio back.
  public static func surrogate(
    _ logProbability: Float, old: Float, advantage: Float, clip: Float
  ) -> (value: Float, slope: Float, isClipped: Bool) {
    let ratio = exp(min(logProbability - old, 30))
    let bounded = min(max(ratio, 1 - clip), 1 + clip)
    if bounded * advantage < ratio * advantage { return (bounded * advantage, 0, true) }
    return (ratio * advantage, ratio * advantage, false)
  }

  /// Rewards of completions of one prompt as their distances from the group's mean, in its standard deviations
  /// (n - 1 degrees of freedom): the advantages of GRPO (Shao et al. 2024, section 4.1.2). 0 where all are alike.
  public static func groupAdvantages(_ rewards: [Double]) -> [Float] {
    guard rewards.count > 1 else { return rewards.map { _ in 0 } }
    let mean = rewards.reduce(0, +) / Double(rewards.count)
    let squares = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = (squares / Double(rewards.count - 1)).squareRoot()
    return rewards.map { Float(($0 - mean) / (deviation + 1e-4)) }
  }

  /// Generalised advantage estimation (Schulman et al. 2016) over the tokens of one completion, after whose end
  /// nothing comes.
  /// - Parameters:
  ///   - rewards: of each token.
  ///   - values: what was expected before each.
  ///   - discount: γ.
  ///   - decay: λ.
  /// - Returns: the advantages, and the returns that values are to learn.
  public static func generalisedAdvantages(
    _ rewards: [Float], values: [Float], discount: Float, decay: Float
  ) -> (advantages: [Float], returns: [Float]) {
    var advantages = [Float](repeating: 0, count: rewards.count)
    var (next, sum): (Float, Float) = (0, 0)
    for index in rewards.indices.reversed() {
      let error = rewards[index] + discount * next - values[index]
      sum = error + discount * decay * sum
      advantages[index] = sum
      next = values[index]
    }
    return (advantages, zip(advantages, values).map { $0 + $1 })
  }

  /// All advantages of a batch with mean 0 and variance 1.
  public static func whitened(_ advantages: [[Float]]) -> [[Float]] {
    var (sum, squares, count) = (0.0, 0.0, 0.0)
    for case let value in advantages.joined() {
      sum += Double(value)
      count += 1
    }
    let mean = sum / max(count, 1)
    for case let value in advantages.joined() {
      squares += (Double(value) - mean) * (Double(value) - mean)
    }
    let scale = 1 / (squares / max(count - 1, 1) + 1e-8).squareRoot()
    return advantages.map { row in row.map { Float((Double($0) - mean) * scale) } }
  }
}
