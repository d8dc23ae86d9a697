import ArgumentParser
import Console
import Families
import Files
import NN
import Training

/// The options of `aigc train` that all neural families share. What is not given is the family's
/// default, or with `--resume` what the run was saved with.
struct TrainingFlags: ParsableArguments {
  @Option(
    name: [.customLong("steps"), .customLong("iters"), .customLong("max-iters")],
    help: "Steps in all, those before a --resume included (default: above).")
  var steps: Int?
  @Option(help: "Passes over the data, in place of --steps: 0.5, 10 (default: above).")
  var epochs: Double?
  @Option(
    name: [.customLong("batch-size"), .customLong("batch")],
    help: "Examples of a step (default: above).")
  var batchSize: Int?
  @Option(
    name: [.customLong("lr"), .customLong("learning-rate")], parsing: .unconditional,
    help: "Learning rate: the peak of the schedule (default: above).")
  var lr: Float?
  @Option(help: "How the rate goes over the run: \(choices(Schedule.Shape.self)) (default: above).")
  var schedule: Schedule.Shape?
  @Option(parsing: .unconditional, help: "Steps until the rate is at its peak (default: above).")
  var warmup: Int?
  @Option(
    name: [.customLong("min-lr"), .customLong("lr-end")], parsing: .unconditional,
    help: "Rate at the end of cosine and linear (default: a tenth of --lr).")
  var minLR: Float?
  @Option(
    help:
      "How gradients become steps: \(choices(OptimizerConfiguration.Kind.self)) (default: above).")
  var optimizer: OptimizerConfiguration.Kind?
  @Option(parsing: .unconditional, help: "Weight decay (default: above).")
  var weightDecay: Float?
  @Option(parsing: .unconditional, help: "The longest allowed gradient; 0: any (default: above).")
  var gradClip: Double?
  @Option(parsing: .unconditional, help: "Momentum of sgd (default 0).")
  var momentum: Float?
  @Option(parsing: .unconditional, help: "Decay of Adam's mean (default: above).")
  var beta1: Float?
  @Option(parsing: .unconditional, help: "Decay of Adam's mean of squares (default: above).")
  var beta2: Float?
  @Option(
    parsing: .unconditional, help: "Steps between evaluations; 0: only at the end (default: above)."
  )
  var evalEvery: Int?
  @Option(
    parsing: .unconditional,
    help:
      "Steps between saves, beside those at evaluations and at the end; 0: only these (default 0).")
  var saveEvery: Int?
  @Option(parsing: .unconditional, help: "Steps between lines of the log (default: above).")
  var logEvery: Int?
  @Option(
    parsing: .unconditional,
    help: "End after so many evaluations without a new best; 0: off (default 0).")
  var earlyStop: Int?
  @Option(help: "Held-out data.", completion: .file())
  var val: String?
  @Option(
    parsing: .unconditional,
    help: "Share of the data that is held out, without --val (default: above).")
  var valSplit: Double?
  @Option(name: .shortAndLong, help: "Folder of the model (default runs/<family>-<data>).")
  var out: String?
  @Flag(help: "Replace the model at --out.")
  var force = false
  @Flag(help: "Go on with the run at --out, or the last one on this data.")
  var resume = false
  @Flag(help: "Also write scalars for TensorBoard into the folder.")
  var tensorboard = false
  @Flag(help: "Say what would be trained, and stop.")
  var dryRun = false
  @OptionGroup var seed: SeedOption

  func validate() throws {
    if steps != nil, epochs != nil { throw ValidationError("--steps or --epochs, not both") }
    if resume, force { throw ValidationError("--resume or --force, not both") }
    if val != nil, valSplit != nil { throw ValidationError("--val or --val-split, not both") }
    try check("--steps", steps, 1...Self.largest)
    try check("--batch-size", batchSize, 1...Self.largest)
    for (name, value) in [
      ("--warmup", warmup), ("--eval-every", evalEvery), ("--save-every", saveEvery),
      ("--early-stop", earlyStop),
    ] { try check(name, value, 0...Self.largest) }
    try check("--log-every", logEvery, 1...Self.largest)
    if let epochs, !(epochs > 0 && epochs <= 1e9) {
      throw ValidationError("--epochs \(epochs): a number above 0 is needed")
    }
    if let lr, !(lr > 0 && lr.isFinite) {
      throw ValidationError("--lr \(lr): a number above 0 is needed")
    }
    try check("--min-lr", minLR, 0...(lr ?? .greatestFiniteMagnitude))
    try check("--weight-decay", weightDecay, 0...Float.greatestFiniteMagnitude)
    try check("--grad-clip", gradClip, 0...Double.greatestFiniteMagnitude)
    for (name, value) in [("--momentum", momentum), ("--beta1", beta1), ("--beta2", beta2)] {
      try check(name, value, 0...Float(1).nextDown)
    }
    try check("--val-split", valSplit, Self.heldOutShares)
  }

  private static let largest = 1 << 53

  private func check<Value: Comparable>(
    _ name: String, _ value: Value?, _ range: ClosedRange<Value>
  ) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError("\(name) \(value): \(range.lowerBound) to \(range.upperBound)")
  }
}

extension TrainingFlags {
  /// The folder of the run: a new one, or with `--resume` the one that goes on.
  /// - Parameters:
  ///   - family: the name of the model family.
  ///   - data: the path of the training data.
  /// - Throws: ``/Files/AIGCError`` (usage) when it is taken, or there is none to resume.
  func folder(family: String, data: String) throws(AIGCError) -> String {
    if resume { return try RunFolder.resumable(family: family, data: data, out: out) }
    return try RunFolder.path(family: family, data: data, out: out, force: force)
  }

  /// Puts in what was given, and has the run keep its settings.
  /// - Parameters:
  ///   - filled: the recipe, whose run is the family's default.
  ///   - saved: the run that goes on; nil: a new one.
  /// - Throws: ``/Files/AIGCError`` (usage) when values do not fit each other, or the run that goes on.
  func apply(to filled: inout FilledRecipe, resuming saved: SavedRun?) throws(AIGCError) {
    var run = filled.recipe.run
    let usualEpochs = run.epochs
    try apply(to: &run.trainer, resuming: saved)
    // The number of steps of an epoch is known when the data are read.
    run.epochs = epochs ?? (steps == nil && saved == nil ? usualEpochs : nil)
    try keep(filled, in: &run, resuming: saved)
    if let gradAccumulation = filled.gradAccumulation {
      run.trainer.gradAccumulation = gradAccumulation
    }
    filled.recipe.run = run
  }

  /// Puts in what was given. The seed is taken too: a random one is printed; a run that goes on keeps
  /// its own.
  private func apply(
    to configuration: inout TrainerConfiguration, resuming saved: SavedRun?
  ) throws(AIGCError) {
    if let saved { configuration = saved.trainer }
    // A short run rises for a shorter time.
    if warmup == nil, saved == nil, let steps {
      configuration.schedule.warmup = min(configuration.schedule.warmup, steps / 10)
    }
    if let steps { configuration.steps = steps }
    if let batchSize { configuration.batchSize = batchSize }
    if let logEvery { configuration.logEvery = logEvery }
    if let evalEvery { configuration.evalEvery = evalEvery }
    if let saveEvery { configuration.saveEvery = saveEvery }
    if let earlyStop { configuration.earlyStop = earlyStop > 0 ? earlyStop : nil }
    if tensorboard { configuration.tensorboard = true }
    if saved == nil {
      configuration.seed = seed.resolve()
    } else if seed.seed >= 0, UInt64(seed.seed) != configuration.seed {
      throw .usage(
        "--seed \(seed.seed): the run was started with \(configuration.seed), and a run that goes on "
          + "keeps that; leave the flag out, or train anew without --resume")
    }
    try apply(to: &configuration.schedule)
    try apply(to: &configuration.optimizer)
    try configuration.validate()
  }

  private func apply(to result: inout Schedule) throws(AIGCError) {
    if let lr { result.peak = lr }
    if let schedule { result.shape = schedule }
    if let warmup { result.warmup = warmup }
    if let minLR {
      guard [.cosine, .linear].contains(result.shape) else {
        throw .usage("--min-lr is of --schedule cosine and linear, not of \(result.shape.rawValue)")
      }
      guard minLR <= result.peak else {
        throw .usage("--min-lr \(minLR): at most --lr, \(result.peak)")
      }
      result.endShare = minLR / result.peak
    }
  }

  private func apply(to result: inout OptimizerConfiguration) throws(AIGCError) {
    if let optimizer { result.kind = optimizer }
    if result.kind == .sgd, beta1 ?? beta2 != nil {
      throw .usage("--beta1 and --beta2 are of adam and adamw, not of sgd")
    }
    if result.kind != .sgd, momentum != nil {
      throw .usage("--momentum is of --optimizer sgd; \(result.kind.rawValue) has --beta1")
    }
    if let weightDecay { result.weightDecay = weightDecay }
    if let gradClip { result.gradClip = gradClip > 0 ? gradClip : nil }
    if let momentum { result.momentum = momentum }
    if let beta1 { result.beta1 = beta1 }
    if let beta2 { result.beta2 = beta2 }
  }
}

/// Refuses flags that are below 0 or no numbers.
func requireFromZero(_ flags: [(name: String, value: Float?)]) throws {
  for (name, value) in flags {
    if let value, !(value >= 0 && value.isFinite) {
      throw ValidationError("\(name) \(value): a number from 0 up")
    }
  }
}

extension Schedule.Shape: ExpressibleByArgument {}
extension OptimizerConfiguration.Kind: ExpressibleByArgument {}

private func choices<Choice: CaseIterable & RawRepresentable>(_: Choice.Type) -> String
where Choice.RawValue == String { Choice.allCases.map { $0.rawValue }.joined(separator: ", ") }
