import Autograd
import Datasets
import Files
import Inference
import Kernels
import NN
import Training

/// What the training of a classifier of texts can be told.
public struct TextClassifierSettings: Codable, Equatable, Sendable {
  /// A table, JSON Lines, a file in fastText's form, or a folder with a folder or a file for each class.
  public var data = ""
  /// Which columns hold text and label.
  public var columns = LabelledTexts.Options()
  /// What the classes are.
  public var task = TextClassifierTaskKind.labels
  /// How the model is made.
  public var method = TextClassifierMethod.weightedRegression
  /// How texts become features, of methods that count n-grams.
  public var features = TextFeatures()
  /// The network of `cnn` and `lstm`.
  public var network = TextNetworkOptions()
  /// A file of word vectors, a word and its values a line.
  public var vectorsPath: String?
  /// The name or path of the language model of `transfer`.
  public var backbone: String?
  /// What the language model reads each text in, `{}` being its place; nil: what suits the task, where the model has the
  /// characters for it.
  public var prompt: String?
  /// Values of an n-gram's vector (`linear`).
  public var dimension = 100
  /// Features and words of fewer texts are left out.
  public var minCount = 1
  /// The most words of a network's vocabulary.
  public var vocabulary = 50_000
  /// The penalty on the squares of logistic regression's weights.
  public var l2 = 1.0
  /// Whether all classes count the same, however many texts they have.
  public var balances = false

  /// Creates the default settings, still without data.
  public init() {}
}

/// Trains classifiers of texts: labelled texts in, a model folder out.
public struct TextClassifierRecipe: TrainingRecipe {
  /// The texts and the model.
  public var settings = TextClassifierSettings()
  /// The run.
  public var run = Self.defaults(.weightedRegression)

  /// - Parameters:
  ///   - data: labelled texts.
  ///   - task: what the classes are.
  ///   - method: how the model is made; it decides the defaults of the run.
  public init(
    _ data: String = "", task: TextClassifierTaskKind = .labels,
    method: TextClassifierMethod = .weightedRegression
  ) {
    (settings.data, settings.task, settings.method) = (data, task, method)
    if task == .labels { settings.features.negation = 0 }
    run = Self.defaults(method)
  }

  /// The name in `config.json`, "text-classifier".
  public var family: String { TextClassifierFamily.familyName }
  /// The texts, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", [settings.data])] }

  /// The defaults of a method: those that count need one step; `linear` passes five times over the data at a rate that
  /// falls from 0.5 to nothing, as fastText's does; networks learn by Adam for so long as held-out texts gain.
  public static func defaults(_ method: TextClassifierMethod) -> RunOptions {
    var trainer = TrainerConfiguration(steps: 1, schedule: Schedule(.constant, peak: 1e-3))
    switch method {
    case .naiveBayes, .weightedRegression, .transfer:
      return RunOptions(trainer, heldOut: HeldOutData(share: 0))
    case .linear:
      trainer.schedule = Schedule(.linear, peak: 0.5)
      trainer.schedule.endShare = 0
      trainer.batchSize = 1024
      trainer.logEvery = 20
      return RunOptions(trainer, epochs: 5, heldOut: HeldOutData(share: 0))
    case .cnn, .lstm:
      trainer.batchSize = 50
      trainer.logEvery = 50
      trainer.earlyStop = 3
      // Of 1e-3, 5e-4 and smaller batches the best on an inner tenth of MR (Kim's own Adadelta has no rate).
      trainer.schedule.peak = method == .cnn ? 5e-4 : 1e-3
      return RunOptions(trainer, epochs: 10, heldOut: HeldOutData(share: 0.1))
    }
  }

  /// Reads the data, and says which model would learn from how many texts.
  /// - Throws: ``/Files/AIGCError``: badInput for data that cannot be read, usage for settings that make no model,
  ///   mismatch where held-out texts have other classes.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let data = try TextClassifierData(settings, run, classes: saved(start)?.classes)
    var members: [JSONValue.Member] = [.init("method", .string(settings.method.rawValue))]
    switch settings.method {
    case .naiveBayes, .weightedRegression, .linear:
      members += [
        .init("ngrams", .int(settings.features.ngrams)),
        .init("negation", .float(settings.features.negation)),
      ]
      if settings.method == .linear { members.append(.init("dim", .int(settings.dimension))) }
      if settings.method == .weightedRegression {
        members += [
          .init("l2", .double(settings.l2)),
          .init("l2_norm", .bool(settings.features.isNormalized == true)),
        ]
      }
    case .cnn, .lstm:
      members += [
        .init("embedding", .int(settings.network.embedding)),
        .init("dropout", .float(settings.network.dropout)),
        .init("vectors", JSONValue(settings.vectorsPath)),
        .init("vector_mode", .string(settings.network.vectors.rawValue)),
        .init("vocab_size", .int(settings.vocabulary)),
      ]
      members +=
        settings.method == .cnn
        ? [
          .init("widths", .array(settings.network.widths.map { .int($0) })),
          .init("maps", .int(settings.network.maps)),
        ] : [.init("hidden", .int(settings.network.hidden))]
    case .transfer:
      members += [
        .init("backbone", JSONValue(settings.backbone)),
        .init("prompt", JSONValue(settings.prompt)),
      ]
    }
    members += [
      .init("min_count", .int(settings.minCount)), .init("balanced", .bool(settings.balances)),
      .init("text_column", JSONValue(settings.columns.textColumn)),
      .init("label_column", JSONValue(settings.columns.labelColumn)),
    ]
    return TrainingPlan(members, trainer(data), found: data.found)
  }

  /// Reads the data and makes the task. The finished model is measured on held-out texts, or where none are held out
  /// by models of a part of the texts on the others; its temperature is fitted there, and what was taken for what is
  /// drawn as `confusion.png`.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<TextClassifierEvaluation> {
    let before = try saved(start)
    let data = try TextClassifierData(settings, run, classes: before?.classes)
    var configuration = TextClassifierConfiguration(
      task: settings.task, method: settings.method, classes: data.learned.classes)
    let trainer = trainer(data)
    let made = try TextClassifierTasks(self, trainer, data, report)
      .make(&configuration, start, before)
    return PreparedTraining(made.task, trainer) { (folder) throws(AIGCError) in
      try Self.finish(folder, data, made.crossFitted(), report)
    }
  }

  /// The configuration of a run that goes on, or of a model that is trained further.
  private func saved(_ start: TrainingStart) throws(AIGCError) -> TextClassifierConfiguration? {
    switch start {
    case .new: nil
    case .resumed(let folder), .model(let folder):
      try TextClassifierConfiguration.read(folder: folder)
    }
  }

  private func trainer(_ data: TextClassifierData) -> TrainerConfiguration {
    let steps = max(1, (data.learned.count + run.trainer.batchSize - 1) / run.trainer.batchSize)
    var result = run.resolved { $0 * Double(steps) }
    if result.evalEvery == 0, settings.method.isNetwork { result.evalEvery = steps }
    return result
  }

  /// Measures the saved model, fits its temperature and draws what was taken for what.
  private static func finish(
    _ folder: String, _ data: TextClassifierData, _ crossFitted: [Float]?,
    _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> TextClassifierEvaluation? {
    let classifier = try TextClassifier(folder: folder)
    var configuration = classifier.configuration
    let measured: Calibration
    if let heldOut = data.heldOut {
      measured = Calibration(
        logits: try classifier.scorer.logits(heldOut.texts), labels: heldOut.labels,
        classes: configuration.classes.count)
    } else if let crossFitted {
      measured = Calibration(
        logits: crossFitted, labels: data.learned.labels, classes: configuration.classes.count)
      report(.note("measured by models of four fifths of the texts on the others"))
    } else {
      return nil
    }
    configuration.temperature = measured.bestTemperature
    let result = TextClassifierEvaluation(
      measured, configuration.classes, temperature: configuration.temperature)
    configuration.accuracy = result.confusion.accuracy
    try ModelConfiguration.write(configuration, to: "\(folder)/\(ModelConfiguration.fileName)")
    result.confusion.warnings.forEach { report(.warning($0)) }
    try result.confusion.plot.write(to: "\(folder)/confusion.png")
    return result
  }
}
