import Checkpoints
import Datasets
import Files
import Inference
import NN
import Training

/// Classifiers of texts: sentiment, topics, languages, anything with labels.
public struct TextClassifierFamily: UpdatableFamily {
  static let familyName = "text-classifier"

  /// Creates the family, which has no settings of its own.
  public init() {}

  /// The name in `config.json` and after `aigc train`, "text-classifier".
  public var name: String { Self.familyName }
  /// Also "sentiment": the same models of classes that say so.
  public var names: [String] { [Self.familyName, "sentiment"] }
  /// What its models are for, "text-classifier"; those of sentiment say "sentiment".
  public var kind: String { "text-classifier" }
  /// The benchmark of one training step of Kim's network.
  public var benchmarks: [Benchmark] { [TextClassifierBenchmarks.train] }

  /// ``evaluate(_:on:_:_:)`` where the data say which columns hold text and label.
  public func evaluate(
    _ path: String, on file: String, _ notices: NoticeHandler
  ) throws(AIGCError) -> (any Report)? {
    try evaluate(path, on: file, LabelledTexts.Options(), notices)
  }

  /// Measures accuracy, in all and of each class, cross-entropy, macro F1 and calibration on labelled texts.
  /// - Throws: ``/Files/AIGCError``: badInput for texts that cannot be read and for a damaged model, mismatch for classes
  ///   that the model does not have.
  public func evaluate(
    _ path: String, on file: String, _ columns: LabelledTexts.Options, _ notices: NoticeHandler
  ) throws(AIGCError) -> any Report {
    let classifier = try TextClassifier(folder: path)
    let result = try classifier.evaluate(try LabelledTexts.read(file, columns))
    result.confusion.warnings.forEach { notices(.warning($0)) }
    return result
  }

  /// The method, the classes, sizes and how many texts were learned from.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when they do not fit.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let configuration = try TextClassifierConfiguration.read(folder: path)
    var members: [JSONValue.Member] = [
      .init("method", .string(configuration.method.rawValue)),
      .init("classes", .array(configuration.classes.map { .string($0) })),
    ]
    if let features = configuration.features {
      let checkpoint = try Checkpoint.open("\(path)/\(NGramScorer.file)")
      members += [
        .init("ngrams", .int(features.ngrams)),
        .init("features", .int(try checkpoint.tensor("keys").count)),
      ]
    }
    if let words = configuration.vocabularySize { members.append(.init("vocab_size", .int(words))) }
    if let backbone = configuration.backbone {
      members += [
        .init("backbone", .string(backbone.model)), .init("layer", .int(backbone.layer)),
        .init("last_layer", JSONValue(backbone.lastLayer)),
        .init("prompt", JSONValue(backbone.prompt)),
      ]
    }
    return members + [
      .init("temperature", .double(configuration.temperature)),
      .init("accuracy", JSONValue(configuration.accuracy)),
      .init("training_texts", .int(configuration.trainingTexts)),
    ]
  }

  /// Adds labelled texts: naive Bayes counts them too; logistic regression stays near its weights but for what they
  /// say; networks learn from them further.
  /// - Throws: ``/Files/AIGCError``: usage for a method that keeps too little to learn further, mismatch for classes that
  ///   the model does not have.
  public func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions,
    _ report: @escaping (TrainerEvent) -> Void
  ) throws -> UpdateResult {
    guard data.count == 1 else {
      throw AIGCError.usage("a classifier of texts is updated with one file or folder at a time")
    }
    let configuration = try TextClassifierConfiguration.read(folder: path)
    var recipe = TextClassifierRecipe(
      data[0], task: configuration.kind == "sentiment" ? .sentiment : .labels,
      method: configuration.method)
    if let network = configuration.network { recipe.settings.network = network }
    guard
      configuration.method.isNetwork
        || (options.steps ?? 1 == 1 && options.epochs ?? 1 == 1 && options.rate == nil)
    else {
      throw AIGCError.usage(
        "\(path): a model of the method \(configuration.method.rawValue) learns all texts at once: `steps`, "
          + "`epochs` and `schedule.peak` are of networks")
    }
    recipe.run.heldOut = HeldOutData(share: 0)
    recipe.run.trainer.earlyStop = nil
    recipe.run.trainer.steps = options.steps ?? 1
    recipe.run.trainer.schedule.shape = .constant
    if let rate = options.rate { recipe.run.trainer.schedule.peak = rate }
    recipe.run.trainer.seed = options.seed ?? 0
    recipe.run.epochs =
      configuration.method.isNetwork ? options.epochs ?? (options.steps == nil ? 1 : nil) : nil
    return .trained(try recipe.run(.model(path), in: output, report).summary, items: "text")
  }
}
