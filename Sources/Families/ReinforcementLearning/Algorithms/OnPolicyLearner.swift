import Autograd
import Files
import Kernels

/// Learns from what the present policy has just done, and forgets it: A2C and PPO.
final class OnPolicyLearner: AgentLearner {
  private let actorCritic: ActorCritic
  private let options: AgentTrainingOptions
  private let passes: Int
  private let batchSize: Int
  private let rollout: ActorCritic.Examples
  private let batch: ActorCritic.Examples
  private let rewards: MutableTable<Float>
  private let ends: MutableTable<EpisodeEnd>
  private let values: MutableTable<Float>
  private let lastSeen: MutableTable<Float>
  private let lastValue: MutableTable<Float>
  private var order: [Int]

  var stepsPerIteration: Int { options.rollout }
  private var core: AgentCore { actorCritic.core }
  private var count: Int { core.count }
  private var rows: Int { options.rollout * count }

  /// - Parameters:
  ///   - core: with a value network.
  ///   - options: how it learns.
  ///   - batchSize: examples of a step; nil: all that an iteration has seen, once (A2C).
  init(
    _ core: AgentCore, _ options: AgentTrainingOptions, batchSize: Int?
  ) throws(AIGCError) {
    self.options = options
    let rows = options.rollout * core.count
    self.batchSize = min(batchSize ?? rows, rows)
    passes = batchSize == nil ? 1 : options.epochs
    actorCritic = try ActorCritic(
      core, options, clip: batchSize == nil ? nil : options.clip,
      rows: max(self.batchSize, core.count))
    // What is seen after the last step too.
    rollout = try ActorCritic.Examples(rows: rows + core.count, width: core.width)
    batch = try ActorCritic.Examples(rows: self.batchSize, width: core.width)
    rewards = try MutableTable(count: rows)
    ends = try MutableTable(count: rows)
    values = try MutableTable(count: rows + core.count)
    lastSeen = try MutableTable(count: core.width)
    lastValue = try MutableTable(count: 1)
    order = Array(0..<rows)
  }

  func iterate(
    _ iteration: Int, rate: Float, _ context: Context, _ episodes: inout RecentEpisodes
  ) throws(AIGCError) -> [(name: String, value: Double)] {
    for step in 0..<options.rollout { act(step, context, &episodes) }
    see(step: options.rollout)
    estimate()
    var sums: [(name: String, value: Double)] = []
    var batches = 0.0
    for _ in 0..<passes {
      // Each order is drawn from the same one: a run that goes on knows no earlier.
      for index in order.indices { order[index] = index }
      if batchSize < rows { context.random.shuffle(&order) }
      for first in stride(from: 0, to: rows, by: batchSize) {
        let size = min(batchSize, rows - first)
        gather(order[first..<first + size])
        let found = try actorCritic.learn(batch, rows: size, step: iteration, rate: rate)
        sums = sums.isEmpty ? found : zip(sums, found).map { ($0.name, $0.value + $1.value) }
        batches += 1
      }
    }
    return sums.map { ($0.name, $0.value / batches) }
  }

  /// Keeps what is seen before a step.
  private func see(step: Int) {
    for row in 0..<count {
      core.copy(core.environment.observations, row: row, to: rollout.seen, row: step * count + row)
    }
  }

  /// One step in all environments.
  private func act(_ step: Int, _ context: Context, _ episodes: inout RecentEpisodes) {
    let (environment, first) = (core.environment, step * count)
    see(step: step)
    actorCritic.act(
      rollout.seen, from: first, rows: count, to: rollout.actions, rollout.logProbabilities,
      using: &context.random)
    for row in 0..<count { core.actions[row] = rollout.actions[first + row] }
    environment.step(core.actions)
    for row in 0..<count {
      rewards[first + row] = environment.rewards[row] * options.rewardScale
      ends[first + row] = environment.ends[row]
      // Where time ran out, the last state's value stands for what would have come.
      if environment.ends[row] == .truncated {
        core.copy(environment.lastObservations, row: row, to: lastSeen, row: 0)
        actorCritic.values(lastSeen, rows: 1, to: lastValue)
        rewards[first + row] += options.gamma * lastValue[0]
      }
    }
    episodes.add(environment)
  }

  /// Advantages of all steps, and what values are to be.
  private func estimate() {
    actorCritic.values(rollout.seen, rows: rows + count, to: values)
    estimateAdvantages(
      rewards: rewards, values: values, ends: ends, environments: count, gamma: options.gamma,
      lambda: options.lambda, to: rollout.advantages)
    for row in 0..<rows { rollout.returns[row] = rollout.advantages[row] + values[row] }
  }

  /// Puts examples into the batch.
  private func gather(_ rows: ArraySlice<Int>) {
    let width = core.width
    for (place, row) in rows.enumerated() {
      for index in 0..<width {
        batch.seen[place * width + index] = rollout.seen[row * width + index]
      }
      batch.actions[place] = rollout.actions[row]
      batch.logProbabilities[place] = rollout.logProbabilities[row]
      batch.advantages[place] = rollout.advantages[row]
      batch.returns[place] = rollout.returns[row]
    }
  }
}
