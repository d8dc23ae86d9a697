import Autograd
import Files
import Kernels

/// Actions by chance, from which nothing is learned: the article's example, and what others are measured against.
final class RandomLearner: AgentLearner {
  private let environment: any VectorEnvironment
  let stepsPerIteration: Int

  init(_ environment: any VectorEnvironment, steps: Int) {
    (self.environment, stepsPerIteration) = (environment, steps)
  }

  func iterate(
    _ iteration: Int, rate: Float, _ context: Context, _ episodes: inout RecentEpisodes
  ) throws(AIGCError) -> [(name: String, value: Double)] {
    for _ in 0..<stepsPerIteration {
      environment.stepRandomly()
      episodes.add(environment)
    }
    return [("loss", 0)]
  }
}
