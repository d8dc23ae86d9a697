import Autograd
import Checkpoints
import Files
import NN

/// The weights of a task and what its optimizers remember, as they were at some healthy moment, to
/// go back to.
public final class TrainingRollback {
  private var values: [Tensor] = []
  private var steps: [Int] = []

  /// Creates one that has nothing to go back to before ``keep(_:)``.
  public init() {}

  private func parameters(_ task: any TrainingTask) -> [Parameter] {
    task.parameters.map { $0.parameter }
      + task.optimizers.flatMap { $0.optimizer.memory.flatMap { $0.values } }
  }

  /// Keeps the present state. Nothing is copied before the parameters change.
  public func keep(_ task: any TrainingTask) {
    values = parameters(task).map { $0.value }
    steps = task.optimizers.map { $0.optimizer.steps }
  }

  /// Goes back to the state that was kept.
  /// - Returns: whether there was one.
  public func restore(to task: any TrainingTask) -> Bool {
    if values.isEmpty { return false }
    for (parameter, value) in zip(parameters(task), values) { parameter.value = value }
    for (optimizer, count) in zip(task.optimizers, steps) { optimizer.optimizer.steps = count }
    return true
  }

  /// The state for ``TrainingTask/progress()``.
  public func progress() -> [NewTensor] {
    let counts = NewTensor(
      name: "healthy.steps", shape: [steps.count], integers: steps.map { Int64($0) })
    return [counts]
      + values.enumerated().map { index, value in
        NewTensor(name: "healthy.\(index)", shape: value.shape.dimensions, floats: value.values)
      }
  }

  /// Restores what ``progress()`` gave.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is damaged or of another task.
  public func restore(
    _ progress: Checkpoint, prefix: String, of task: any TrainingTask
  ) throws(AIGCError) {
    guard let counts = progress["\(prefix)healthy.steps"] else { return }
    steps = try counts.integers().map { Int(clamping: $0) }
    values = []
    if steps.isEmpty { return }
    for (index, parameter) in parameters(task).enumerated() {
      let stored = try progress.tensor("\(prefix)healthy.\(index)")
      guard stored.shape == parameter.shape.dimensions,
        steps.count == task.optimizers.count, steps.allSatisfy({ $0 >= 0 })
      else { throw .badInput("\(progress.path): healthy.\(index) is damaged") }
      values.append(Tensor(try stored.floats(), parameter.shape))
    }
  }
}
