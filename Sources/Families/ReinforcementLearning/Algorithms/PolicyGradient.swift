import Files
import Glibc
import Kernels

/// The losses of policies, with their gradients by the networks' outputs.
struct PolicyGradient {
  let actions: ActionSpace
  /// How far probabilities may move from those that acted, as a share (Schulman et al. 2017, equation 7); nil: no bound,
  /// the loss is -log π(a) A.
  let clip: Float?
  /// Weight of the entropy.
  let entropy: Float

  /// One example.
  struct Example {
    let action: Float
    let advantage: Float
    /// The logarithm of the action's probability when it was taken.
    let logProbability: Float
  }

  /// What is said of a batch.
  struct Sums {
    var policy: Float = 0
    var entropy: Float = 0
    /// Examples whose probability has left the bounds.
    var clipped: Float = 0
    /// Σ (r - 1) - ln r: an estimate of the divergence from the policy that acted (Schulman 2020).
    var divergence: Float = 0
    /// The gradient by the logarithm of the deviation.
    var deviationGradient: Float = 0
  }

  /// The loss of one example, and its part of the gradient.
  /// - Parameters:
  ///   - row: of the example.
  ///   - outputs: of the network, [rows, outputs].
  ///   - gradient: gets the gradient by them.
  ///   - logDeviation: of continuous actions.
  ///   - share: what the example counts: 1 / rows.
  ///   - sums: gets what is added.
  func add(
    _ example: Example, row: Int, _ outputs: MutableTable<Float>, to gradient: MutableTable<Float>,
    logDeviation: Float, share: Float, _ sums: inout Sums
  ) {
    switch actions {
    case .discrete(let count):
      let first = row * count
      var largest = outputs[first]
      for action in 1..<max(count, 1) { largest = max(largest, outputs[first + action]) }
      var sum: Float = 0
      for action in 0..<count { sum += exp(outputs[first + action] - largest) }
      let logSum = largest + log(sum)
      let chosen = Int(example.action)
      let slope = slope(example, outputs[first + chosen] - logSum, &sums)
      var spread: Float = 0
      for action in 0..<count {
        let logProbability = outputs[first + action] - logSum
        spread -= exp(logProbability) * logProbability
      }
      for action in 0..<count {
        let logProbability = outputs[first + action] - logSum
        let probability = exp(logProbability)
        let one: Float = action == chosen ? 1 : 0
        gradient[first + action] =
          share
          * (slope * (one - probability) + entropy * probability * (logProbability + spread))
      }
      sums.entropy += spread
    case .continuous:
      let deviation = exp(logDeviation)
      let distance = (example.action - outputs[row]) / deviation
      let logProbability = -0.5 * distance * distance - logDeviation - Distribution.halfLogTwoPi
      let slope = slope(example, logProbability, &sums)
      gradient[row] = share * slope * distance / deviation
      sums.deviationGradient += share * (slope * (distance * distance - 1) - entropy)
      sums.entropy += 0.5 + Distribution.halfLogTwoPi + logDeviation
    }
  }

  /// The loss by the logarithm of the action's probability.
  private func slope(_ example: Example, _ logProbability: Float, _ sums: inout Sums) -> Float {
    let change = logProbability - example.logProbability
    let ratio = exp(change)
    let advantage = example.advantage
    sums.divergence += ratio - 1 - change
    guard let clip else {
      sums.policy -= logProbability * advantage
      return -advantage
    }
    if !(1 - clip...1 + clip).contains(ratio) { sums.clipped += 1 }
    let gain = PolicyObjective.surrogate(
      logProbability, old: example.logProbability, advantage: advantage, clip: clip)
    sums.policy -= gain.value
    return -gain.slope
  }
}

/// Generalised advantage estimation (Schulman et al. 2016, equation 16) over a rollout.
/// - Parameters:
///   - rewards: [steps, environments].
///   - values: of the states before each step, and after the last one: [steps + 1, environments].
///   - ends: whether an episode ended by the step, [steps, environments].
///   - gamma: γ.
///   - lambda: λ.
///   - advantages: gets them, [steps, environments].
func estimateAdvantages(
  rewards: MutableTable<Float>, values: MutableTable<Float>, ends: MutableTable<EpisodeEnd>,
  environments: Int, gamma: Float, lambda: Float, to advantages: MutableTable<Float>
) {
  let steps = rewards.count / max(environments, 1)
  for environment in 0..<environments {
    var advantage: Float = 0
    for step in (0..<steps).reversed() {
      let place = step * environments + environment
      let goesOn: Float = ends[place].isEmpty ? 1 : 0
      let next = values[place + environments]
      let error = rewards[place] + gamma * next * goesOn - values[place]
      advantage = error + gamma * lambda * goesOn * advantage
      advantages[place] = advantage
    }
  }
}
