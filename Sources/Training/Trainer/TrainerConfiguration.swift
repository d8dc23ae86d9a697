import Files
import NN

/// The settings of a training run. They are saved with the run, so that one that goes on has them.
public struct TrainerConfiguration: Codable, Equatable, Sendable {
  /// Steps in all, those before a resume included. The schedule depends on it: a cosine that is
  /// resumed with more steps goes on with the rate of the longer curve.
  public var steps: Int
  /// The learning rate.
  public var schedule: Schedule
  /// Steps between two lines of the log.
  public var logEvery = 10
  /// Steps between two evaluations; 0: only at the end.
  public var evalEvery = 0
  /// Steps between two saves, beside those at evaluations and at the end; 0: only these.
  public var saveEvery = 0
  /// Evaluations without a new best after which the run ends; nil: it does not end early.
  public var earlyStop: Int?
  /// Where all chance of the run comes from.
  public var seed: UInt64 = 0
  /// Whether scalars for TensorBoard are written too.
  public var tensorboard = false
  /// Items of a step. For the task: the trainer only keeps it.
  public var batchSize = 32
  /// Batches whose gradients make one step; nil: one. For the task too.
  public var gradAccumulation: Int?
  /// How gradients become steps. For the task: the trainer only keeps it.
  public var optimizer = OptimizerConfiguration()
  /// What the run was started with beside these, by the names of flags: sizes of the model, which data.
  /// A run that goes on keeps them. For commands: the trainer only keeps them.
  public var settings: [String: String]?

  enum CodingKeys: String, CodingKey {
    case steps, schedule, seed, tensorboard, optimizer, settings
    case logEvery = "log_every"
    case evalEvery = "eval_every"
    case saveEvery = "save_every"
    case earlyStop = "early_stop"
    case batchSize = "batch_size"
    case gradAccumulation = "grad_accum"
  }

  /// - Parameters:
  ///   - steps: in all.
  ///   - schedule: the learning rate.
  public init(steps: Int, schedule: Schedule) {
    self.steps = steps
    self.schedule = schedule
  }

  /// - Throws: ``/Files/AIGCError`` (usage) that names the option of the first value out of range.
  public func validate() throws(AIGCError) {
    let counts = [
      ("`steps`", steps, 1), ("`logEvery`", logEvery, 1), ("`evalEvery`", evalEvery, 0),
      ("`saveEvery`", saveEvery, 0), ("`earlyStop`", earlyStop ?? 1, 1),
      ("`schedule.warmup`", schedule.warmup, 0), ("`batchSize`", batchSize, 1),
      ("`gradAccumulation`", gradAccumulation ?? 1, 1),
    ]
    for (name, value, least) in counts where value < least || value > TrainerState.largest {
      throw .usage("\(name) \(value): a number from \(least) up is needed")
    }
    guard schedule.peak.isFinite, schedule.peak > 0 else {
      throw .usage("`schedule.peak` \(schedule.peak): a number above 0 is needed")
    }
    guard (0...1).contains(schedule.endShare) else {
      throw .usage("`schedule.endShare`: a number from 0 to `schedule.peak` is needed")
    }
  }
}
