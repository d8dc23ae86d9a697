import Autograd
import Checkpoints
import Files
import Kernels

/// Deep Q-learning from a memory of transitions (Mnih et al. 2015). The network that learns chooses the next action
/// whose worth the target network says (van Hasselt et al. 2016).
final class QLearner: AgentLearner {
  private let core: AgentCore
  private let options: AgentTrainingOptions
  private let batchSize: Int
  /// Steps of environments over which chance falls.
  private let explorationSteps: Float
  private let memory: ReplayMemory
  private let batch: ReplayMemory.Batch
  private let network: Perceptron
  private let nextNetwork: Perceptron
  private let target: MutableTable<Float>
  private let seen: MutableTable<Float>
  private let count: Int
  /// Of each environment an action by chance, and for how many steps it is still repeated.
  private var repeated: [(action: Float, left: Int)]
  /// Steps of environments so far.
  private var timesteps = 0
  /// Steps at which the target was set last.
  private var targetStep = 0

  var stepsPerIteration: Int { options.rollout }

  init(
    _ core: AgentCore, _ options: AgentTrainingOptions, batchSize: Int, timesteps: Int
  ) throws(AIGCError) {
    (self.core, self.options, self.batchSize) = (core, options, batchSize)
    explorationSteps = max(1, options.explorationShare * Float(timesteps))
    guard case .discrete(let count) = core.environment.specification.actions else {
      throw .usage("dqn chooses among actions; this environment has a continuous one")
    }
    self.count = count
    memory = try ReplayMemory(capacity: options.memory, width: core.width)
    batch = try ReplayMemory.Batch(rows: batchSize, width: core.width)
    let rows = max(batchSize, core.count)
    network = try Perceptron(core.layout.policy, rows: rows)
    nextNetwork = try Perceptron(core.layout.policy, rows: batchSize)
    target = try MutableTable(count: core.layout.count)
    seen = try MutableTable(count: core.count * core.width)
    repeated = [(action: Float, left: Int)](repeating: (0, 0), count: core.count)
    copyTarget()
  }

  private func copyTarget() {
    for index in 0..<core.layout.count { target[index] = core.table[index] }
    targetStep = timesteps
  }

  func iterate(
    _ iteration: Int, rate: Float, _ context: Context, _ episodes: inout RecentEpisodes
  ) throws(AIGCError) -> [(name: String, value: Double)] {
    for _ in 0..<options.rollout {
      step(&context.random)
      episodes.add(core.environment)
      if timesteps - targetStep >= options.targetEvery { copyTarget() }
    }
    var loss = 0.0
    let isLearning = timesteps >= options.learningStarts && memory.count > 0
    let updates = isLearning ? options.gradientSteps : 0
    for _ in 0..<updates {
      memory.draw(batch, rows: batchSize, using: &context.random)
      loss += try learn(iteration, rate: rate)
    }
    return [
      ("loss", loss / Double(max(updates, 1))), ("exploration_rate", Double(chance)),
    ]
  }

  /// The share of choices that are made by chance now; each may be repeated.
  private var chance: Float {
    let done = min(1, Float(timesteps) / explorationSteps)
    return 1 + done * (options.explorationEnd - 1)
  }

  /// One step in all environments.
  private func step(_ random: inout RandomSource) {
    let environment = core.environment
    for row in 0..<core.count { core.copy(environment.observations, row: row, to: seen, row: row) }
    let isEarly = timesteps < options.learningStarts
    var greedy: [Int] = []
    for row in 0..<core.count {
      if repeated[row].left > 0 {
        repeated[row].left -= 1
        core.actions[row] = repeated[row].action
      } else if isEarly || Float(random.uniform()) < chance {
        core.actions[row] = environment.specification.actions.draw(using: &random)
        let steps = random.integer(below: UInt64(options.explorationRepeat))
        repeated[row] = (core.actions[row], Int(steps))
      } else {
        greedy.append(row)
      }
    }
    if !greedy.isEmpty { network.forward(core.table, at: 0, seen, rows: core.count) }
    for row in greedy {
      core.actions[row] = Distribution.best(network.outputs, row, .discrete(count))
    }
    environment.step(core.actions)
    for row in 0..<core.count {
      let end = environment.ends[row]
      if !end.isEmpty { repeated[row].left = 0 }
      memory.add(
        seen, row: row, action: core.actions[row],
        reward: environment.rewards[row] * options.rewardScale,
        isFinal: end.contains(.terminated)
      ) { table, place in
        let after = end.isEmpty ? environment.observations : environment.lastObservations
        core.copy(after, row: row, to: table, row: place)
      }
    }
    timesteps += core.count
  }

  /// A step on the batch: Huber's loss of each action's worth against reward and the target's worth of what follows.
  private func learn(_ iteration: Int, rate: Float) throws(AIGCError) -> Double {
    // What the network would do next, and what the target network says that is worth.
    network.forward(core.table, at: 0, batch.after, rows: batchSize)
    nextNetwork.forward(target, at: 0, batch.after, rows: batchSize)
    for row in 0..<batchSize {
      let action = Distribution.best(network.outputs, row, .discrete(count))
      let worth = nextNetwork.outputs[row * count + Int(action)]
      batch.rewards[row] += options.gamma * (1 - batch.isFinal[row]) * worth
    }
    network.forward(core.table, at: 0, batch.before, rows: batchSize)
    let share = 1 / Float(batchSize)
    var loss: Float = 0
    for row in 0..<batchSize {
      for action in 0..<count { network.outputGradients[row * count + action] = 0 }
      let place = row * count + Int(batch.actions[row])
      let error = network.outputs[place] - batch.rewards[row]
      let size = error.magnitude
      loss += size < 1 ? 0.5 * error * error : size - 0.5
      network.outputGradients[place] = share * min(max(error, -1), 1)
    }
    network.backward(core.table, at: 0, batch.before, rows: batchSize, to: core.gradient)
    let mean = Double(share * loss)
    try core.update(loss: mean, step: iteration, rate: rate)
    return mean
  }

  var progress: [NewTensor] {
    [
      NewTensor(
        name: "q.steps", shape: [2], integers: [Int64(timesteps), Int64(targetStep)]),
      NewTensor(
        name: "q.target", shape: [core.layout.count],
        floats: target.values),
      NewTensor(
        name: "q.repeated", shape: [core.count, 2],
        integers: repeated.flatMap { [Int64($0.action), Int64($0.left)] }),
    ] + memory.progress
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    let steps = try progress.tensor("\(prefix)q.steps").integers()
    let values = try progress.tensor("\(prefix)q.target").floats()
    let held = try progress.tensor("\(prefix)q.repeated").integers()
    guard steps.count == 2, held.count == 2 * core.count,
      held.allSatisfy({ (0...1 << 20).contains($0) }),
      steps.allSatisfy({ (0...1 << 53).contains($0) }),
      values.count == core.layout.count
    else { throw .badInput("\(progress.path): q.steps or q.target is damaged") }
    try memory.restore(progress, prefix: prefix, of: .discrete(count))
    (timesteps, targetStep) = (Int(steps[0]), Int(steps[1]))
    target.copy(values, at: 0)
    for row in 0..<core.count {
      repeated[row] = (Float(min(held[2 * row], Int64(count - 1))), Int(held[2 * row + 1]))
    }
  }
}
