import Files
import Kernels

/// A policy and a value of states, which learn from the same examples.
final class ActorCritic {
  let core: AgentCore
  let gradient: PolicyGradient
  private let valueWeight: Float
  private let normalizes: Bool
  private let policy: Perceptron
  private let value: Perceptron
  private let valueShape: Perceptron.Shape

  /// Examples: what was seen, [rows, observations], and what came of it, [rows].
  struct Examples {
    let seen: MutableTable<Float>
    let actions: MutableTable<Float>
    let logProbabilities: MutableTable<Float>
    let advantages: MutableTable<Float>
    /// What values are to be.
    let returns: MutableTable<Float>

    init(rows: Int, width: Int) throws(AIGCError) {
      seen = try MutableTable(count: rows * width)
      actions = try MutableTable(count: rows)
      logProbabilities = try MutableTable(count: rows)
      advantages = try MutableTable(count: rows)
      returns = try MutableTable(count: rows)
    }
  }

  /// - Parameters:
  ///   - core: with a value network.
  ///   - options: weights and bounds.
  ///   - clip: nil: no bound.
  ///   - rows: the most rows at a time.
  init(
    _ core: AgentCore, _ options: AgentTrainingOptions, clip: Float?, rows: Int
  ) throws(AIGCError) {
    self.core = core
    gradient = PolicyGradient(
      actions: core.environment.specification.actions, clip: clip, entropy: options.entropy)
    (valueWeight, normalizes) = (options.valueWeight, options.normalizesAdvantages)
    policy = try Perceptron(core.layout.policy, rows: rows)
    valueShape = core.layout.value ?? Perceptron.Shape([core.width, 1], .tanh)
    value = try Perceptron(valueShape, rows: rows)
  }

  /// The logarithm of the deviation of continuous actions.
  var logDeviation: Float {
    core.layout.hasDeviation ? core.table[core.layout.deviationOffset] : 0
  }

  /// Draws an action for each of `rows` observations.
  func act(
    _ seen: MutableTable<Float>, from first: Int, rows: Int, to actions: MutableTable<Float>,
    _ logProbabilities: MutableTable<Float>, using random: inout RandomSource
  ) {
    policy.forward(core.table, at: 0, seen, from: first, rows: rows)
    let deviation = logDeviation
    for row in 0..<rows {
      let drawn = Distribution.draw(
        policy.outputs, row, gradient.actions, logDeviation: deviation, using: &random)
      (actions[first + row], logProbabilities[first + row]) = (drawn.action, drawn.logProbability)
    }
  }

  /// What states are worth.
  func values(_ seen: MutableTable<Float>, rows: Int, to values: MutableTable<Float>) {
    var first = 0
    while first < rows {
      let count = min(value.rows, rows - first)
      value.forward(core.table, at: core.layout.valueOffset, seen, from: first, rows: count)
      for row in 0..<count { values[first + row] = value.outputs[row] }
      first += count
    }
  }

  /// Learns from a batch of examples in one step.
  /// - Returns: what is logged, the loss first.
  /// - Throws: ``/Files/AIGCError`` (diverged).
  func learn(
    _ examples: Examples, rows: Int, step: Int, rate: Float
  ) throws(AIGCError) -> [(name: String, value: Double)] {
    if normalizes { normalize(examples.advantages, rows) }
    nonisolated(unsafe) var sums = PolicyGradient.Sums()
    nonisolated(unsafe) var squares: Float = 0
    // The two networks share nothing but what they read.
    nonisolated(unsafe) let own = self
    if rows < Self.rowsWorthThreads {
      sums = learnPolicy(examples, rows)
      squares = learnValue(examples, rows)
    } else {
      parallelFor(2) { network in
        if network == 0 {
          sums = own.learnPolicy(examples, rows)
        } else {
          squares = own.learnValue(examples, rows)
        }
      }
    }
    if core.layout.hasDeviation {
      core.gradient[core.layout.deviationOffset] = sums.deviationGradient
    }
    let share = 1 / Float(rows)
    let loss = share * (sums.policy - gradient.entropy * sums.entropy + valueWeight * squares)
    try core.update(loss: Double(loss), step: step, rate: rate)
    return [
      ("loss", loss), ("policy_loss", share * sums.policy), ("value_loss", share * squares),
      ("entropy", share * sums.entropy), ("approx_kl", share * sums.divergence),
      ("clip_fraction", share * sums.clipped),
    ].map { ($0.0, Double($0.1)) }
  }

  /// From so many rows on a network takes longer than it takes to wake a thread.
  private static let rowsWorthThreads = 128

  /// The policy's part of the gradient.
  private func learnPolicy(_ examples: Examples, _ rows: Int) -> PolicyGradient.Sums {
    policy.forward(core.table, at: 0, examples.seen, rows: rows)
    var sums = PolicyGradient.Sums()
    let (outputs, slopes) = (policy.outputs, policy.outputGradients)
    let (deviation, share) = (logDeviation, 1 / Float(rows))
    for row in 0..<rows {
      let example = PolicyGradient.Example(
        action: examples.actions[row], advantage: examples.advantages[row],
        logProbability: examples.logProbabilities[row])
      gradient.add(
        example, row: row, outputs, to: slopes, logDeviation: deviation, share: share, &sums)
    }
    policy.backward(core.table, at: 0, examples.seen, rows: rows, to: core.gradient)
    return sums
  }

  /// The value's part of the gradient.
  /// - Returns: the sum of squared errors.
  private func learnValue(_ examples: Examples, _ rows: Int) -> Float {
    let offset = core.layout.valueOffset
    value.forward(core.table, at: offset, examples.seen, rows: rows)
    let (outputs, slopes) = (value.outputs, value.outputGradients)
    var squares: Float = 0
    for row in 0..<rows {
      let error = outputs[row] - examples.returns[row]
      squares += error * error
      slopes[row] = 2 * valueWeight / Float(rows) * error
    }
    value.backward(core.table, at: offset, examples.seen, rows: rows, to: core.gradient)
    return squares
  }

  /// Mean 0 and deviation 1.
  private func normalize(_ values: MutableTable<Float>, _ rows: Int) {
    guard rows > 1 else { return }
    var sum: Float = 0
    for row in 0..<rows { sum += values[row] }
    let mean = sum / Float(rows)
    var squares: Float = 0
    for row in 0..<rows { squares += (values[row] - mean) * (values[row] - mean) }
    let deviation = (squares / Float(rows - 1)).squareRoot() + 1e-8
    for row in 0..<rows { values[row] = (values[row] - mean) / deviation }
  }
}
