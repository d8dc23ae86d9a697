/// What a ``Trainer`` reports while it runs.
public enum TrainerEvent: Sendable {
  /// Several times a second, and with every line of the log.
  case progress(TrainerProgress)
  /// What was measured, in words, the loss on held-out data or a reward, and whether it is the best so far.
  case evaluated(step: Int, title: String, value: Double, isBest: Bool)
  /// The run can be resumed from this step.
  case saved(step: Int)
  /// The run goes on after this step.
  case resumed(step: Int)
  /// A line for the user.
  case note(String)
  /// Something went wrong, and the run goes on.
  case warning(String)
}

/// How far a run is.
public struct TrainerProgress: Sendable {
  /// Steps done, and steps in all.
  public var step: Int
  /// Steps in all, those before a resume included.
  public var total: Int
  /// The mean since the last line of the log.
  public var loss: Double
  /// An exponential average over about 20 steps.
  public var smoothedLoss: Double
  /// What a line names: "loss", and where networks train against each other the loss of each, "generator" and
  /// "discriminator". Means since the last line of the log where one is written, else smoothed.
  public var losses: [(name: String, value: Double)] = []
  /// Of the last evaluation; nil before the first.
  public var validationLoss: Double?
  /// The learning rate of the last step.
  public var rate: Float
  /// What is counted: "tokens".
  public var itemName: String
  /// Without the time of evaluations and saves.
  public var itemsPerSecond: Double
  /// At the speed so far, evaluations and saves included.
  public var secondsLeft: Double
  /// Memory of the process.
  public var residentBytes: Int
  /// Whether a line of the log is written.
  public var isLogged: Bool

  /// Creates a report without ``losses``.
  public init(
    step: Int, total: Int, loss: Double, smoothedLoss: Double, validationLoss: Double?, rate: Float,
    itemName: String, itemsPerSecond: Double, secondsLeft: Double, residentBytes: Int,
    isLogged: Bool
  ) {
    self.step = step
    self.total = total
    self.loss = loss
    self.smoothedLoss = smoothedLoss
    self.validationLoss = validationLoss
    self.rate = rate
    self.itemName = itemName
    self.itemsPerSecond = itemsPerSecond
    self.secondsLeft = secondsLeft
    self.residentBytes = residentBytes
    self.isLogged = isLogged
  }
}

/// The losses of a run with an average over about 20 steps, for the eye: unlike the state of the run it is
/// not saved.
struct LossAverages {
  private static let smoothing = 0.95
  private var averages: [(name: String, value: Double)] = []

  /// The first metric is the loss; networks with losses of their own, and rewards, say so by their names.
  private static func isShown(_ name: String, at index: Int) -> Bool {
    index == 0 || name.hasSuffix("_loss") || name.hasSuffix("reward")
  }

  private static func shown(_ name: String) -> String {
    name.hasSuffix("_loss") ? String(name.dropLast("_loss".count)) : name
  }

  mutating func add(_ result: StepResult) {
    let losses = result.metrics.enumerated().filter { Self.isShown($1.name, at: $0) }
    averages = losses.map { _, metric in
      let name = Self.shown(metric.name)
      let last = averages.first { $0.name == name }?.value ?? metric.value
      return (name, last * Self.smoothing + metric.value * (1 - Self.smoothing))
    }
  }

  /// - Parameter isLogged: whether the means since the last line are wanted.
  func values(_ state: TrainerState, isLogged: Bool) -> [(name: String, value: Double)] {
    guard !isLogged else {
      return state.metrics.enumerated().filter { Self.isShown($1.name, at: $0) }.map { _, metric in
        (Self.shown(metric.name), metric.sum / Double(metric.count))
      }
    }
    guard let first = averages.first else { return [] }
    // The first one goes on where a resumed run was saved.
    return [(first.name, state.smoothedLoss ?? first.value)] + averages.dropFirst()
  }
}

/// What came of a run.
public struct TrainingSummary: Sendable {
  /// Steps done, those before a resume included.
  public var steps: Int
  /// The mean of the last line of the log.
  public var loss: Double?
  /// The same as progress names it: both of a generator and a discriminator. Empty where no step was taken.
  public var losses: [(name: String, value: Double)] = []
  /// The best loss on held-out data, or reward, and the step after which it was measured; the model's weights
  /// are of that step. Nil without such data: they are then the last.
  public var bestValidationLoss: Double?
  /// The step after which ``bestValidationLoss`` was measured; nil without held-out data.
  public var bestStep: Int?
  /// Of the whole run.
  public var seconds: Double
  /// Items learned from in the whole run.
  public var items: Int
  /// Whether early stopping ended it.
  public var isStoppedEarly: Bool
}
