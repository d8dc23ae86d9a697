import Files
import NN
import Training

/// A family whose models take new data: `aigc update`.
public protocol UpdatableFamily: Family {
  /// Trains the model at `path` further on `data`; the result goes to `output`, which may be the same
  /// folder.
  /// - Throws: ``/Files/AIGCError``: usage for options that the family does not have, mismatch for a model that
  ///   cannot be updated.
  func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions,
    _ report: @escaping (TrainerEvent) -> Void
  ) throws -> UpdateResult
}

/// How a family goes on training a model on new data.
public struct UpdateOptions: Sendable {
  /// Optimizer steps, or passes over the new data: of families that learn by gradients.
  public var steps: Int?
  /// Passes over the new data, which take precedence over ``steps``; nil: one where ``steps`` is
  /// nil too, else as many as the steps take.
  public var epochs: Double?
  /// The learning rate, constant over the update; nil: that of the family's recipe for trained
  /// models.
  public var rate: Float?
  /// nil: a random one.
  public var seed: UInt64?

  /// Creates the options of one pass over the new data.
  public init() {}
}

/// What came of an update.
public enum UpdateResult: Report {
  /// The model counts what it learned from, which are so many tokens now.
  case counted(trainingTokens: Int)
  /// The model learned by steps.
  /// - Parameter items: what was learned from: "token", "text".
  case trained(TrainingSummary, items: String = "token")

  /// The tokens that a counting model has learned from by now; or the steps, loss, seconds and
  /// tokens of a training, as JSON.
  public var members: [JSONValue.Member] {
    switch self {
    case .counted(let tokens): [.init("training_tokens", .int(tokens))]
    case .trained(let summary, let items):
      [
        .init("steps", .int(summary.steps)), .init("loss", JSONValue(summary.loss)),
        .init("seconds", .double(summary.seconds)), .init("\(items)s", .int(summary.items)),
      ]
    }
  }
}

/// A family whose language models are trained further by gradients: `aigc finetune`, and `aigc update`.
public protocol FinetunableFamily: UpdatableFamily {
  /// A recipe to train the model at `path` further: its settings are the model's, its run is one for a
  /// model that has learned already. ``/Training/TrainingStart/model(_:)`` starts it.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged model, usage for options that the family does not
  ///   have.
  func recipe(
    further path: String, on data: [String], _ options: FinetuneOptions
  ) throws(AIGCError) -> any FinetuningRecipe
}

/// A recipe by which a model that has learned already learns from other texts.
public protocol FinetuningRecipe: TrainingRecipe where Settings: FinetuningSettings {}

/// Its settings, which a run keeps as they are but for the texts: these are given again when it goes on.
public protocol FinetuningSettings: Codable, Equatable, Sendable {
  /// What is learned from: files.
  var texts: [String] { get set }
  /// What they say of that which recipes can be told: ``FinetunableFamily/recipe(further:on:_:)``.
  var options: FinetuneOptions { get }
}

/// What families that are trained further can be told, beside what every run can.
public struct FinetuneOptions: Equatable, Sendable {
  /// The most tokens that are learned from at once; nil: the family's choice.
  public var context: Int?
  /// Batches whose gradients make one step; nil: one.
  public var gradAccumulation: Int?
  /// Whether each block is computed again in the backward pass.
  public var recomputesBlocks = false
  /// Whether new words join the vocabulary of a model of words.
  public var growsVocabulary = false
  /// Whether the data are JSONL of articles with summaries, of which the model learns to write these.
  public var areArticles = false
  /// What is trained in place of the model's own weights; nil: these.
  public var adapters: AdapterSettings?
  /// How lines of JSONL files are learned from.
  public var rows = RowOptions()

  /// Creates the options that leave the context to the family, and the vocabulary as it is.
  public init() {}
}

extension FinetunableFamily {
  /// Trains the model further by ``recipe(further:on:_:)`` at a constant learning rate, with
  /// nothing held out. New words join the vocabulary of a model of words.
  /// - Throws: ``/Files/AIGCError``: as ``recipe(further:on:_:)`` and
  ///   ``/Training/TrainingRecipe/run(_:in:_:)``.
  public func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions,
    _ report: @escaping (TrainerEvent) -> Void
  ) throws -> UpdateResult {
    var further = FinetuneOptions()
    further.growsVocabulary = true
    return try update(recipe(further: path, on: data, further), path, to: output, options, report)
  }

  private func update<Recipe: TrainingRecipe>(
    _ recipe: Recipe, _ path: String, to output: String, _ options: UpdateOptions,
    _ report: @escaping (TrainerEvent) -> Void
  ) throws -> UpdateResult {
    var recipe = recipe
    recipe.run.heldOut = HeldOutData(share: 0)
    recipe.run.trainer.steps = options.steps ?? 1
    recipe.run.trainer.schedule.shape = .constant
    if let rate = options.rate { recipe.run.trainer.schedule.peak = rate }
    recipe.run.trainer.seed = options.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    recipe.run.epochs = options.epochs ?? (options.steps == nil ? 1 : nil)
    return .trained(try recipe.run(.model(path), in: output, report).summary)
  }
}

extension UpdatableFamily {
  /// ``update(_:with:to:options:_:)`` without its report.
  @discardableResult
  public func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions = .init()
  ) throws -> UpdateResult {
    try update(path, with: data, to: output, options: options) { _ in }
  }
}
