import Autograd
import Checkpoints
import Files
import Kernels
import NN

/// Runs a ``TrainingTask``: steps, evaluations, early stopping, logs, saves.
///
/// The folder of the run is the folder of the model. It appears with all of the model's files and
/// ``stateFileName`` in it, at first with the untrained weights. Each save replaces files in one
/// step, the model's first and the state's last, so a run that is killed at any moment can be
/// resumed, and then does what it would have done without the break, bit for bit. The model's weights
/// are those of the best evaluation, or the latest where there is no held-out data.
public final class Trainer {
  /// The name of the file from which a run is resumed.
  public static let stateFileName = TrainingFile.fileName

  /// Called with what happens, on the thread that runs.
  public var report: (TrainerEvent) -> Void = { _ in }
  /// How convolutions are computed.
  public var convolution = ConvolutionMode.fast {
    didSet {
      context = Context(isTraining: true, random: context.random, convolution: convolution)
    }
  }
  /// Whether the run is asked to stop after the present step.
  var isInterrupted: () -> Bool = { Interruption.isRequested }

  /// Whether saves draw images; most tests need none.
  var drawsCurve = true

  private let task: any TrainingTask
  private let configuration: TrainerConfiguration
  private let folder: String
  private var context: Context
  private(set) var state = TrainerState()
  /// The step of the last save.
  private var savedStep = 0
  /// Steps done by earlier processes.
  private var firstStep = 0
  private var averages = LossAverages()
  /// Of the last line of the log.
  private var losses: [(name: String, value: Double)] = []
  private var lastReport: ContinuousClock.Instant?
  /// When images were drawn last.
  private var lastShown: ContinuousClock.Instant?
  /// Holds the folder while it is trained in.
  private var lock: FolderLock?

  /// - Parameters:
  ///   - task: what is trained.
  ///   - configuration: how.
  ///   - folder: of the run and the model.
  public init(_ task: any TrainingTask, _ configuration: TrainerConfiguration, folder: String) {
    self.task = task
    self.configuration = configuration
    self.folder = folder
    // Stream 1: the weights are drawn from the seed itself.
    context = Context(isTraining: true, random: RandomSource(seed: configuration.seed, stream: 1))
  }

  /// The settings and the step that the run in `folder` was saved with.
  /// - Throws: ``/Files/AIGCError`` (badInput) when there is no run or its state is damaged.
  public static func saved(
    in folder: String
  ) throws(AIGCError) -> (configuration: TrainerConfiguration, step: Int) {
    let file = try TrainingFile.open(folder: folder)
    return (try TrainingFile.configuration(file), try TrainingFile.state(file).step)
  }

  /// Trains until the last step, or until early stopping.
  /// - Parameters:
  ///   - resuming: whether the run in the folder goes on; else it is made anew, and a model that stands
  ///     there is replaced.
  ///   - finish: makes what is made of the kept weights when all steps are done. A run that has nothing
  ///     more to do makes it again: the process before may have been killed over it.
  /// - Throws: ``/Files/AIGCError``: usage for settings out of range and for a folder that is no model's;
  ///   interrupted after Ctrl-C, when all is saved; diverged when a value is not finite, the last save
  ///   stays; badInput and mismatch when the saved run is damaged or of another model; failed when the
  ///   disk refuses, and when another process trains in the folder.
  public func run(
    resuming: Bool, finish: () throws(AIGCError) -> Void = {}
  ) throws(AIGCError) -> TrainingSummary {
    try configuration.validate()
    defer { lock = nil }
    if resuming { try resume() } else { try begin() }
    let log = try TrainerLog(
      folder: folder, tensorboard: configuration.tensorboard,
      resumingAfter: resuming ? state.step - (state.isEvaluationDue == true ? 1 : 0) : nil)
    if state.step >= configuration.steps {
      report(
        .note("nothing to do: \(state.step) of \(counted(configuration.steps, "step")) are done"))
    }
    if state.isEvaluationDue == true {
      try endStep(log, configuration.schedule.rate(max(state.step - 1, 0), of: configuration.steps))
    }
    let isDone = state.step >= configuration.steps || isOutOfPatience
    if resuming, isDone { try show(log) }
    // Features of the data, say, were computed in blocks of other sizes than those of steps.
    MemoryPool.trim()
    while state.step < configuration.steps, !isOutOfPatience { try advance(log) }
    let isEarly = state.step < configuration.steps
    if isEarly {
      report(
        .note(
          "stopped early at step \(state.step): \(counted(state.evaluationsWithoutBest, "evaluation")) without "
            + "a new best"))
    }
    let summary = TrainingSummary(
      steps: state.step, loss: state.lastLoss, losses: losses,
      bestValidationLoss: state.bestLoss,
      bestStep: state.bestStep, seconds: log.seconds, items: state.items, isStoppedEarly: isEarly)
    try finish()
    return summary
  }

  private var isOutOfPatience: Bool {
    configuration.earlyStop.map { state.evaluationsWithoutBest >= $0 } ?? false
  }

  // MARK: Start

  /// Puts the folder in its place, with the untrained model: from then on it can be resumed.
  private func begin() throws(AIGCError) {
    try checkStart("the model to start from")
    let output = try OutputFolder(path: folder)
    state.itemsBefore = task.itemsBefore > 0 ? task.itemsBefore : nil
    if task.evaluatesAtStart { state.isEvaluationDue = true }
    try task.write(to: output.file, items: state.itemsOfModel)
    try TrainingFile.write(
      task, configuration, state, context.random, to: output.file(Self.stateFileName))
    try output.commit()
    lock = output.lock
  }

  private func resume() throws(AIGCError) {
    // What is no run is said first.
    _ = try TrainingFile.open(folder: folder)
    lock = try FolderLock(folder)
    let file = try TrainingFile.open(folder: folder)
    state = try TrainingFile.state(file)
    context.random = try TrainingFile.random(file)
    try TrainingFile.restore(task, from: file)
    try checkStart(file.path)
    // What a killed process was writing.
    for name in folderContents(folder) where name.contains(".tmp-") {
      removeTree("\(folder)/\(name)")
    }
    (savedStep, firstStep) = (state.step, state.step)
    report(.resumed(step: state.step))
  }

  /// Refuses weights that nothing can be learned from, as a save does.
  private func checkStart(_ name: String) throws(AIGCError) {
    if let damage = DamagedWeights.find(in: task.parameters, of: name) { throw damage }
  }

  // MARK: Loop

  private func advance(_ log: TrainerLog) throws(AIGCError) {
    let rate = configuration.schedule.rate(state.step, of: configuration.steps)
    let result: StepResult
    do throws(AIGCError) {
      result = try step(rate)
    } catch  where error.code == .interrupted {
      // It has changed nothing: what is saved are the steps before it.
      try log.pausing { () throws(AIGCError) in try save(log, isBest: false, isEnd: true) }
      throw stopped()
    }
    state.add(result)
    averages.add(result)
    try endStep(log, rate)
  }

  /// Evaluates, logs and saves what is due after a step.
  private func endStep(_ log: TrainerLog, _ rate: Float) throws(AIGCError) {
    let isLast = state.step == configuration.steps
    let isEvaluated = isLast || isDue(configuration.evalEvery) || state.isEvaluationDue == true
    state.isEvaluationDue = nil
    // Evaluations and saves need blocks of other sizes than steps: each would keep its own for ever.
    let isPause = isEvaluated || isDue(configuration.saveEvery)
    if isPause { MemoryPool.trim() }
    defer { if isPause { MemoryPool.trim() } }
    var (validation, isBest): (Double?, Bool) = (nil, false)
    if isEvaluated, let loss = try validate(log) {
      validation = loss
      isBest = state.evaluate(loss, isReward: task.isValidationReward)
      report(
        .evaluated(
          step: state.step, title: task.validationTitle, value: loss, isBest: isBest))
    }
    let isLogged = isEvaluated || isDue(configuration.logEvery)
    showProgress(log, rate, isLogged: isLogged)
    if isLogged { try writeRow(log, validation, rate) }
    let isStopped = !isLast && isInterrupted()
    if isEvaluated || isStopped || isDue(configuration.saveEvery) {
      try log.pausing { () throws(AIGCError) in
        try save(log, isBest: isBest, isEnd: isLast || isStopped)
      }
    }
    if isStopped { throw stopped() }
  }

  private func stopped() -> AIGCError {
    report(.note("stopped after step \(state.step); `resume(in:)` goes on from there"))
    return .interrupted
  }

  /// - Returns: nil without held-out data.
  /// - Throws: ``/Files/AIGCError``: interrupted when Ctrl-C came in its midst, when the steps before are saved;
  ///   else what the task throws.
  private func validate(_ log: TrainerLog) throws(AIGCError) -> Double? {
    do throws(AIGCError) {
      return try log.pausing { () throws(AIGCError) in try task.validate() }
    } catch  where error.code == .interrupted {
      state.isEvaluationDue = true
      try log.pausing { () throws(AIGCError) in try save(log, isBest: false, isEnd: true) }
      throw stopped()
    }
  }

  private func isDue(_ interval: Int) -> Bool { interval > 0 && state.step % interval == 0 }

  private func step(_ rate: Float) throws(AIGCError) -> StepResult {
    do throws(AIGCError) {
      let result = try task.step(state.step, rate: rate, context)
      guard result.loss.isFinite else {
        throw AIGCError(
          .diverged, "step \(state.step): the loss is not finite; lower `schedule.peak`")
      }
      return result
    } catch  where error.code == .diverged {
      throw diverged(error.description)
    }
  }

  private func diverged(_ text: String) -> AIGCError {
    AIGCError(.diverged, "\(text); `resume(in:)` goes on from step \(savedStep)")
  }

  private func writeRow(
    _ log: TrainerLog, _ validation: Double?, _ rate: Float
  ) throws(AIGCError) {
    let speed = itemsPerSecond(log)
    losses = averages.values(state, isLogged: true)
    try log.append(
      step: state.step, means: state.takeMeans(),
      validation: validation.map { (task.validationName, $0) }, notes: task.takeNotes(),
      rate: rate,
      itemsPerSecond: speed)
  }

  private func itemsPerSecond(_ log: TrainerLog) -> Double {
    Double(state.itemsSinceRow) / max(log.secondsOfSteps, 1e-9)
  }

  /// Reports now and then, and with every line of the log.
  private func showProgress(_ log: TrainerLog, _ rate: Float, isLogged: Bool) {
    let now = ContinuousClock.now
    if !isLogged, let lastReport, now - lastReport < .milliseconds(100) { return }
    lastReport = now
    let left = Double(configuration.steps - state.step)
    var progress = TrainerProgress(
      step: state.step, total: configuration.steps, loss: state.loss ?? 0,
      smoothedLoss: state.smoothedLoss ?? 0, validationLoss: state.validationLoss,
      rate: rate,
      itemName: task.itemName, itemsPerSecond: itemsPerSecond(log),
      secondsLeft: log.secondsHere / Double(max(state.step - firstStep, 1)) * left,
      residentBytes: SystemMemory.resident, isLogged: isLogged)
    progress.losses = averages.values(state, isLogged: isLogged)
    report(.progress(progress))
  }

  // MARK: Saving

  /// - Parameters:
  ///   - isBest: whether the weights are the best so far.
  ///   - isEnd: whether the process takes no further step.
  private func save(_ log: TrainerLog, isBest: Bool, isEnd: Bool) throws(AIGCError) {
    if let broken = task.parameters.first(where: { !$0.parameter.value.isFinite }) {
      throw diverged("step \(state.step): \(broken.name) is not finite; lower `schedule.peak`")
    }
    // Without held-out data, and before the first evaluation, the latest weights are the model's.
    if isBest || state.bestLoss == nil {
      try task.write(to: { "\(folder)/\($0)" }, items: state.itemsOfModel)
    }
    try TrainingFile.write(
      task, configuration, state, context.random, to: "\(folder)/\(Self.stateFileName)")
    savedStep = state.step
    report(.saved(step: state.step))
    // Where steps take microseconds, images would take longer than the training.
    let now = ContinuousClock.now
    if isEnd || isOutOfPatience || lastShown.map({ now - $0 >= .seconds(1) }) ?? true {
      try show(log)
      lastShown = now
    }
  }

  private func show(_ log: TrainerLog) throws(AIGCError) {
    guard drawsCurve else { return }
    try log.draw()
    try task.show(in: folder)
  }
}
