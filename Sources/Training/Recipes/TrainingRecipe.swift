import Files
import Kernels

/// What a family brings to training: its settings, the data that it learns from, what is trained of them
/// and what comes out. The loop is the ``Trainer``'s; the command line fills a recipe from flags, and a
/// Swift program sets it directly:
///
/// ```swift
/// var recipe = GANRecipe(.dcgan, images: "digits/")
/// recipe.run.trainer.steps = 1000
/// let result = try recipe.train(to: "my-model")
/// ```
public protocol TrainingRecipe: Sendable {
  /// What the family can be told beside ``run``; its initial value holds the family's defaults.
  associatedtype Settings: Codable, Equatable, Sendable

  /// What the family measures of a finished model; ``NoMeasures`` where the loop's summary says all.
  associatedtype Measures: Report = NoMeasures

  /// The name in `config.json`: "dcgan".
  var family: String { get }

  /// What is learned from. Empty where a task makes its own data.
  var sources: [TrainingSource] { get }

  var settings: Settings { get set }

  /// What every family can be told: steps, learning rate, batch size, what is held out.
  var run: RunOptions { get set }

  /// Reads as much of the data as the plan needs, and says what would be trained; writes nothing.
  /// - Throws: ``/Files/AIGCError``: badInput for data that cannot be read, usage for settings that make no
  ///   model, mismatch when a run that goes on had other data.
  func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan

  /// Reads the data, and makes the networks and the task.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``.
  func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<Measures>
}

/// Data that a run learns from.
public struct TrainingSource: Codable, Equatable, Sendable {
  /// What the family calls it: "data"; "a" and "b" of a translation between two sets of images.
  public var name: String
  /// Files, folders or archives; "-" for standard input.
  public var paths: [String]

  /// Creates a source from its name and its paths.
  public init(_ name: String = "data", _ paths: [String]) {
    (self.name, self.paths) = (name, paths)
  }
}

/// Where a run starts from.
public enum TrainingStart: Equatable, Sendable {
  /// New weights.
  case new
  /// The run in this folder goes on.
  case resumed(String)
  /// The trained model in this folder learns further, in a run of its own.
  case model(String)

  /// Whether a run goes on.
  public var isResumed: Bool { if case .resumed = self { true } else { false } }
}

/// What every family can be told of a run.
public struct RunOptions: Codable, Equatable, Sendable {
  /// Steps, learning rate, optimizer, batch size, how often the run measures, logs and saves.
  /// A new number of steps takes the place of ``epochs``.
  public var trainer: TrainerConfiguration {
    didSet { if trainer.steps != oldValue.steps { epochs = nil } }
  }
  /// Passes over the data, in place of ``TrainerConfiguration/steps``; nil: so many steps.
  public var epochs: Double?
  /// What is not learned from, to measure the run on; nil where the family holds nothing out.
  public var heldOut: HeldOutData?

  /// Creates the options of a run.
  /// - Parameters:
  ///   - trainer: steps, learning rate, optimizer, batch size, logs and saves.
  ///   - epochs: passes over the data, in place of the trainer's steps; nil: so many steps.
  ///   - heldOut: what the run is measured on; nil where the family holds nothing out.
  public init(
    _ trainer: TrainerConfiguration, epochs: Double? = nil, heldOut: HeldOutData? = nil
  ) {
    (self.trainer, self.epochs, self.heldOut) = (trainer, epochs, heldOut)
  }

  /// The trainer's configuration, its number of steps that of ``epochs`` where these are set.
  /// - Parameter steps: the steps of so many epochs; rounded up here, and one at least.
  public func resolved(_ steps: (_ epochs: Double) -> Double) -> TrainerConfiguration {
    var result = trainer
    if let epochs { result.steps = max(1, Int(min(steps(epochs).rounded(.up), 1e12))) }
    return result
  }
}

/// Data that a run measures itself on.
public struct HeldOutData: Codable, Equatable, Sendable {
  /// Data of their own.
  public var path: String?
  /// Without them, so much of the training data, from 0 to below 1; nil: the family finds it from the
  /// data.
  public var share: Double?

  /// Creates held-out data of its own at `path`, or else a share of the training data, from 0 to
  /// below 1; where both are nil, the family finds the share from the data.
  public init(path: String? = nil, share: Double? = nil) { (self.path, self.share) = (path, share) }
}

/// What ``TrainingRecipe/prepare(_:_:)`` hands to the ``Trainer``.
public struct PreparedTraining<Measures: Report> {
  /// The networks, the data and one step of the training.
  public var task: any TrainingTask
  /// The number of steps is known here.
  public var trainer: TrainerConfiguration
  /// How convolutions are computed.
  public var convolution: ConvolutionMode
  /// Makes what is made of the finished model in this folder, and measures it.
  public var finish: (_ folder: String) throws(AIGCError) -> Measures?

  /// Creates what a trainer needs to run.
  /// - Parameters:
  ///   - task: the networks, the data and one step.
  ///   - trainer: with the number of steps resolved.
  ///   - convolution: how convolutions are computed.
  ///   - finish: makes what is made of the finished model in its folder, and measures it; its
  ///     errors end the run.
  public init(
    _ task: any TrainingTask, _ trainer: TrainerConfiguration,
    convolution: ConvolutionMode = .fast,
    finish: @escaping (_ folder: String) throws(AIGCError) -> Measures? = { _ in nil }
  ) {
    (self.task, self.trainer, self.convolution, self.finish) = (task, trainer, convolution, finish)
  }
}

extension TrainingRecipe {
  /// Trains a new model in `folder`.
  /// - Parameters:
  ///   - folder: of the run and the model.
  ///   - report: gets what happens, on the thread that trains. What it throws stops the run, which is
  ///     saved before, as a ``/Files/Cancellation`` does.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)`` and ``Trainer/run(resuming:finish:)``; what `report`
  ///   throws.
  public func train(
    to folder: String, report: @escaping (TrainerEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<Measures> { try run(.new, in: folder, report) }

  /// Goes on with the run in `folder`, on the same data.
  /// - Throws: as ``train(to:report:)``, and mismatch when the data are not those of the run.
  public func resume(
    in folder: String, report: @escaping (TrainerEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<Measures> { try run(.resumed(folder), in: folder, report) }

  /// Trains the model at `path` further, into `folder`, which may be the same.
  /// - Throws: as ``train(to:report:)``, and usage where the family cannot.
  public func train(
    further path: String, to folder: String,
    report: @escaping (TrainerEvent) throws -> Void = { _ in }
  ) throws -> TrainingResult<Measures> { try run(.model(path), in: folder, report) }

  /// Runs the recipe from any start.
  /// - Throws: as ``train(to:report:)``.
  public func run(
    _ start: TrainingStart, in folder: String,
    _ report: @escaping (TrainerEvent) throws -> Void
  ) throws -> TrainingResult<Measures> {
    let listener = TrainingListener(report)
    do {
      // A task that is cancelled tells the threads that help it by this one.
      return try listener.cancellation.run { () throws(AIGCError) in
        try train(start, in: folder) { listener.tell($0) }
      }
    } catch {
      throw listener.failure ?? error
    }
  }

  private func train(
    _ start: TrainingStart, in folder: String, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingResult<Measures> {
    let prepared = try prepare(start, report)
    let loop = Trainer(prepared.task, prepared.trainer, folder: folder)
    loop.convolution = prepared.convolution
    loop.report = report
    var measures: Measures?
    let summary = try loop.run(resuming: start.isResumed) { () throws(AIGCError) in
      measures = try prepared.finish(folder)
    }
    return TrainingResult(
      folder: folder, family: family, itemName: prepared.task.itemName,
      validationName: prepared.task.validationName,
      validationTitle: prepared.task.validationTitle, summary: summary, measures: measures)
  }
}

/// Hands events to a callback, and has the run stopped when that throws.
private final class TrainingListener {
  let cancellation = Cancellation()
  /// What the callback threw first.
  private(set) var failure: (any Error)?
  private let report: (TrainerEvent) throws -> Void

  init(_ report: @escaping (TrainerEvent) throws -> Void) { self.report = report }

  func tell(_ event: TrainerEvent) {
    guard failure == nil else { return }
    do { try report(event) } catch {
      failure = error
      cancellation.cancel()
    }
  }
}

extension AIGCError {
  /// The error of a recipe that starts from new weights only.
  public static func notTrainedFurther(_ path: String, _ family: String) -> AIGCError {
    .usage("\(path): models of the family \(family) are not trained further")
  }
}
