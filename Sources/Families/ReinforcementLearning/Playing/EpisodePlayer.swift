import Datasets
import Files
import Kernels

/// Episodes of one agent, one after the other, step by step: for films and for the terminal.
public final class EpisodePlayer {
  /// What is seen after a step.
  public struct Frame: Sendable {
    /// Which episode, counted from 0.
    public let episode: Int
    /// Which step of it; 0 is its start.
    public let step: Int
    /// The rewards so far.
    public let total: Double
    /// What is drawn.
    public let scene: Scene
    /// Whether the episode ended with it.
    public let isLast: Bool
  }

  private let agent: Agent
  private let batch: any VectorEnvironment
  private let actions: MutableTable<Float>
  private var random: RandomSource?

  /// - Parameters:
  ///   - agent: acts.
  ///   - seed: the episodes follow from it.
  ///   - isGreedy: false: actions are drawn from the policy's distribution.
  /// - Throws: ``/Files/AIGCError`` (failed) when there is no memory.
  public init(_ agent: Agent, seed: UInt64, isGreedy: Bool = true) throws(AIGCError) {
    self.agent = agent
    batch = try agent.environment.batch(1, seed: seed)
    actions = try MutableTable(count: 1)
    random = isGreedy && agent.policy != nil ? nil : RandomSource(seed: seed, stream: -1)
  }

  /// Plays episodes.
  /// - Parameters:
  ///   - episodes: how many.
  ///   - show: gets each frame. The last state of an episode is not among them: the next episode has begun then.
  /// - Returns: what came of them.
  /// - Throws: ``/Files/AIGCError``: interrupted, and what `show` throws.
  public func play(
    episodes: Int, _ show: (Frame) throws(AIGCError) -> Void
  ) throws(AIGCError) -> [(reward: Double, steps: Int)] {
    var results: [(reward: Double, steps: Int)] = []
    var (step, total) = (0, 0.0)
    while results.count < episodes {
      try Interruption.check()
      try agent.act(in: batch, actions, drawing: &random)
      let scene = batch.scene(0, action: actions[0])
      let before = (step: step, total: total)
      batch.step(actions)
      step += 1
      total += Double(batch.rewards[0])
      let isLast = !batch.ends[0].isEmpty
      try show(
        Frame(
          episode: results.count, step: before.step, total: before.total, scene: scene,
          isLast: isLast))
      if isLast {
        results.append((batch.lastReturns[0], Int(batch.lastLengths[0])))
        (step, total) = (0, 0)
      }
    }
    return results
  }
}
