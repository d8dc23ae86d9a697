import Autograd
import Checkpoints
import Files
import Kernels

/// One of the ways to learn.
protocol AgentLearner: AnyObject {
  /// Steps that each environment takes in an iteration.
  var stepsPerIteration: Int { get }

  /// Steps the environments and learns from it.
  /// - Parameters:
  ///   - iteration: counted from 0.
  ///   - rate: the learning rate.
  ///   - context: draws all chance.
  ///   - episodes: takes in what ends.
  /// - Returns: what is logged, the loss first.
  /// - Throws: ``/Files/AIGCError`` (diverged).
  func iterate(
    _ iteration: Int, rate: Float, _ context: Context, _ episodes: inout RecentEpisodes
  ) throws(AIGCError) -> [(name: String, value: Double)]

  /// What the next iteration depends on beside the environments and the parameters.
  var progress: [NewTensor] { get }
  /// Restores ``progress``.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when it does not fit.
  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError)
}

extension AgentLearner {
  var progress: [NewTensor] { [] }
  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {}
}
