import Autograd
import Checkpoints
import Files
import NN

/// What a family brings to the ``Trainer``: its parameters, one step, and how it is saved. The loop,
/// evaluation, saving and resuming, logs and the end of a run are the trainer's.
public protocol TrainingTask: AnyObject {
  /// Everything that is saved as the model's weights, running statistics too.
  var parameters: NamedParameters { get }

  /// The optimizers by name, for checkpoints and resuming: `optimizer`, or `generator` and
  /// `discriminator`.
  var optimizers: [(name: String, optimizer: any Optimizer)] { get }

  /// What is counted: "tokens", "images".
  var itemName: String { get }

  /// Takes one step: a batch forward and back, and the optimizers.
  /// - Parameters:
  ///   - step: counted from 0.
  ///   - rate: the learning rate of this step.
  ///   - context: for dropout and other chance; its state is saved.
  /// - Returns: what is logged, and how many items were learned from.
  /// - Throws: ``/Files/AIGCError``: diverged when a value is not finite; interrupted where the step has
  ///   changed nothing yet.
  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult

  /// The loss on held-out data, lower is better, or where ``isValidationReward`` says so a reward; nil where there is
  /// none.
  func validate() throws(AIGCError) -> Double?

  /// What ``validate()`` measures, in the log: "val_loss".
  var validationName: String { get }

  /// The same in words, for people: "validation loss".
  var validationTitle: String { get }

  /// Whether ``validate()`` gives a reward, of which more is better, in place of a loss.
  var isValidationReward: Bool { get }

  /// Whether ``validate()`` is asked once before the first step, so that the model that a run starts from is
  /// kept unless a better one comes.
  var evaluatesAtStart: Bool { get }

  /// What the next line of the log says beside the means of steps: called once for each line.
  func takeNotes() -> [JSONValue.Member]

  /// What else the next step depends on: the place in the data, carried states.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  func progress() throws(AIGCError) -> [NewTensor]

  /// Restores what ``progress()`` gave.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when it does not fit the task.
  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError)

  /// Items that the model had learned from before this run: of one that is trained further.
  var itemsBefore: Int { get }

  /// Writes the model's files, weights included, under the paths that `path` gives for their names.
  /// - Parameters:
  ///   - path: gives the path of a file for its name.
  ///   - items: what the model has learned from, in this run and before it.
  func write(to path: (String) -> String, items: Int) throws(AIGCError)

  /// Shows how the training goes, in files beside the model's: called with every save.
  func show(in folder: String) throws(AIGCError)
}

extension TrainingTask {
  /// Unless a task says otherwise, "val_loss".
  public var validationName: String { "val_loss" }
  /// Unless a task says otherwise, "validation loss".
  public var validationTitle: String { "validation loss" }
  /// Unless a task says otherwise, evaluations give a loss.
  public var isValidationReward: Bool { false }
  /// Unless a task says otherwise, the first evaluation is behind some steps.
  public var evaluatesAtStart: Bool { false }
  /// Unless a task says otherwise, the model is new and had learned from nothing.
  public var itemsBefore: Int { 0 }
  /// Unless a task says otherwise, a line of the log holds the means of steps alone.
  public func takeNotes() -> [JSONValue.Member] { [] }
  /// Unless a task says otherwise, saves show nothing beside the model.
  public func show(in folder: String) throws(AIGCError) {}
}

/// What one step reports.
public struct StepResult {
  /// The first is the loss that is shown; all are logged: ("loss", 2.1), ("gradient_norm", 0.4).
  public var metrics: [(name: String, value: Double)]
  /// Items learned from.
  public var items: Int

  /// Creates the result of a step from its metrics, the loss first, and the number of items learned
  /// from.
  public init(metrics: [(name: String, value: Double)], items: Int) {
    self.metrics = metrics
    self.items = items
  }

  /// The loss that is shown: the first of ``metrics``, 0 without any.
  public var loss: Double { metrics.first?.value ?? 0 }
}

/// One optimizer step from gradients, with clipping and the check that all is finite.
public struct GradientStep {
  private let names: [String]
  private let optimizer: any Optimizer
  private let clip: Double?

  /// - Parameters:
  ///   - parameters: those that the optimizer changes, in its order.
  ///   - optimizer: takes the step.
  ///   - clip: the longest allowed gradient; nil: any.
  public init(_ parameters: NamedParameters, _ optimizer: any Optimizer, clip: Double?) {
    names = parameters.map { $0.name }
    self.optimizer = optimizer
    self.clip = clip
  }

  /// - Parameters:
  ///   - loss: the loss's value.
  ///   - gradients: in the order of the parameters.
  ///   - step: for the message.
  ///   - rate: the learning rate.
  /// - Returns: the length of the gradients before clipping.
  /// - Throws: ``/Files/AIGCError`` (diverged) that names the step and the tensor; nothing is changed then.
  public func apply(
    loss: Double, _ gradients: [Tensor], step: Int, rate: Float
  ) throws(AIGCError) -> Double {
    let norm = globalNorm(gradients)
    guard loss.isFinite, norm.isFinite else {
      let broken = zip(names, gradients).first { !$0.1.squareSum().isFinite }
      let what = broken.map { "the gradient of \($0.0)" } ?? "the loss"
      throw AIGCError(
        .diverged,
        "step \(step): \(what) is not finite; lower `schedule.peak`, or clip with `optimizer.gradClip` 1"
      )
    }
    optimizer.step(gradients, rate: rate, scale: clippingScale(norm: norm, limit: clip))
    return norm
  }
}
