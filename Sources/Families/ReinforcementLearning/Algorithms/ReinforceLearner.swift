import Autograd
import Checkpoints
import Files
import Kernels

/// Policy gradients of whole episodes with a learned baseline (Williams 1992). An iteration steps all environments
/// and learns, in one step, from the episodes that ended in it; an unfinished one waits for its end.
final class ReinforceLearner: AgentLearner {
  private let actorCritic: ActorCritic
  private let options: AgentTrainingOptions
  private let examples: ActorCritic.Examples
  private let rows: Int
  private let seen: MutableTable<Float>
  private let actions: MutableTable<Float>
  private let logProbabilities: MutableTable<Float>
  private let values: MutableTable<Float>
  /// Of each environment the episode that goes on.
  private var episodes: [Episode]

  /// What was seen and done in an episode, step by step.
  private struct Episode {
    var seen: [Float] = []
    var actions: [Float] = []
    var logProbabilities: [Float] = []
    var rewards: [Float] = []
  }

  var stepsPerIteration: Int { options.rollout }
  private var core: AgentCore { actorCritic.core }

  init(_ core: AgentCore, _ options: AgentTrainingOptions) throws(AIGCError) {
    self.options = options
    rows =
      core.count * (options.rollout + core.environment.specification.longestEpisode)
    actorCritic = try ActorCritic(core, options, clip: nil, rows: rows)
    examples = try ActorCritic.Examples(rows: rows, width: core.width)
    seen = try MutableTable(count: core.count * core.width)
    actions = try MutableTable(count: core.count)
    logProbabilities = try MutableTable(count: core.count)
    values = try MutableTable(count: rows)
    episodes = [Episode](repeating: Episode(), count: core.count)
  }

  func iterate(
    _ iteration: Int, rate: Float, _ context: Context, _ recent: inout RecentEpisodes
  ) throws(AIGCError) -> [(name: String, value: Double)] {
    var found = 0
    for _ in 0..<options.rollout {
      step(context)
      recent.add(core.environment)
      for index in 0..<core.count where !core.environment.ends[index].isEmpty {
        found = finish(index, from: found)
      }
    }
    guard found > 0 else { return [("loss", 0)] }
    actorCritic.values(examples.seen, rows: found, to: values)
    for row in 0..<found { examples.advantages[row] = examples.returns[row] - values[row] }
    return try actorCritic.learn(examples, rows: found, step: iteration, rate: rate)
  }

  /// One step in all environments.
  private func step(_ context: Context) {
    let (environment, width) = (core.environment, core.width)
    for row in 0..<core.count { core.copy(environment.observations, row: row, to: seen, row: row) }
    actorCritic.act(
      seen, from: 0, rows: core.count, to: actions, logProbabilities, using: &context.random)
    environment.step(actions)
    for row in 0..<core.count {
      for index in 0..<width { episodes[row].seen.append(seen[row * width + index]) }
      episodes[row].actions.append(actions[row])
      episodes[row].logProbabilities.append(logProbabilities[row])
      episodes[row].rewards.append(environment.rewards[row] * options.rewardScale)
    }
  }

  /// Puts the episode of an environment, which has ended, among the examples.
  /// - Returns: how many there are then.
  private func finish(_ index: Int, from first: Int) -> Int {
    let (episode, width) = (episodes[index], core.width)
    var sum: Float = 0
    for step in episode.rewards.indices.reversed() {
      sum = episode.rewards[step] + options.gamma * sum
      let row = first + step
      for place in 0..<width {
        examples.seen[row * width + place] = episode.seen[step * width + place]
      }
      examples.actions[row] = episode.actions[step]
      examples.logProbabilities[row] = episode.logProbabilities[step]
      examples.returns[row] = sum
    }
    episodes[index] = Episode()
    return first + episode.rewards.count
  }

  var progress: [NewTensor] {
    func tensor(_ name: String, _ values: [Float]) -> NewTensor {
      NewTensor(name: name, shape: [values.count], floats: values)
    }
    return [
      NewTensor(
        name: "episodes.lengths", shape: [episodes.count],
        integers: episodes.map { Int64($0.rewards.count) }),
      tensor("episodes.seen", episodes.flatMap { $0.seen }),
      tensor("episodes.actions", episodes.flatMap { $0.actions }),
      tensor("episodes.log_probabilities", episodes.flatMap { $0.logProbabilities }),
      tensor("episodes.rewards", episodes.flatMap { $0.rewards }),
    ]
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    let steps = core.environment.lengths.values.map { Int64($0) }
    let lengths = try progress.tensor("\(prefix)episodes.lengths").integers()
    guard lengths == steps else {
      throw .mismatch("\(progress.path): the episodes of other environments")
    }
    let total = lengths.reduce(0) { $0 + Int($1) }
    func floats(_ name: String, _ width: Int) throws(AIGCError) -> [Float] {
      let values = try progress.tensor("\(prefix)episodes.\(name)").floats()
      guard values.count == total * width else {
        throw .badInput("\(progress.path): episodes.\(name) is damaged")
      }
      return values
    }
    let seen = try floats("seen", core.width)
    let (actions, rewards) = (try floats("actions", 1), try floats("rewards", 1))
    let space = core.environment.specification.actions
    guard actions.allSatisfy({ space.contains($0) }) else {
      throw .badInput("\(progress.path): episodes.actions is damaged")
    }
    let logProbabilities = try floats("log_probabilities", 1)
    var first = 0
    for (index, length) in lengths.enumerated() {
      let end = first + Int(length)
      episodes[index] = Episode(
        seen: Array(seen[first * core.width..<end * core.width]),
        actions: Array(actions[first..<end]),
        logProbabilities: Array(logProbabilities[first..<end]),
        rewards: Array(rewards[first..<end]))
      first = end
    }
  }
}
