import Autograd
import Datasets
import Files
import Kernels
import NN
import Training

/// Makes the task of each method.
struct TextClassifierTasks {
  private let recipe: TextClassifierRecipe
  private let trainer: TrainerConfiguration
  private let data: TextClassifierData
  private let report: (TrainerEvent) -> Void
  private var settings: TextClassifierSettings { recipe.settings }

  init(
    _ recipe: TextClassifierRecipe, _ trainer: TrainerConfiguration, _ data: TextClassifierData,
    _ report: @escaping (TrainerEvent) -> Void
  ) {
    (self.recipe, self.trainer, self.data, self.report) = (recipe, trainer, data, report)
  }

  typealias Made = (task: any TrainingTask, crossFitted: () -> [Float]?)

  /// - Parameters:
  ///   - configuration: gets what the method adds.
  ///   - start: of the run.
  ///   - before: the configuration of a run that goes on, or of a model that learns further.
  /// - Throws: ``/Files/AIGCError``: usage for settings that make no model, badInput for damaged files.
  func make(
    _ configuration: inout TextClassifierConfiguration, _ start: TrainingStart,
    _ before: TextClassifierConfiguration?
  ) throws(AIGCError) -> Made {
    if let before { configuration = before }
    switch settings.method {
    case .naiveBayes, .weightedRegression: return try counted(&configuration, start)
    case .linear:
      if case .model(let path) = start {
        throw .usage(
          "\(path): models of the method linear keep no vectors to learn further: train on all the texts"
        )
      }
      configuration.features = settings.features
      try check(configuration)
      return (try BagOfNGramsTask(configuration, data, settings, trainer), { nil })
    case .cnn, .lstm: return try network(&configuration, start)
    case .transfer: return try transfer(configuration, start)
    }
  }

  private func check(_ configuration: TextClassifierConfiguration) throws(AIGCError) {
    if let problem = configuration.problem { throw .usage("no model: \(problem)") }
    guard settings.l2 > 0, settings.dimension > 0, settings.dimension <= 65536 else {
      throw .usage("`l2` \(settings.l2) and `dimension` \(settings.dimension): above 0")
    }
  }

  private func counted(
    _ configuration: inout TextClassifierConfiguration, _ start: TrainingStart
  ) throws(AIGCError) -> Made {
    var scorer: NGramScorer?
    if case .model(let path) = start {
      scorer = try NGramScorer(folder: path, configuration)
    } else {
      configuration.features = settings.features
    }
    try check(configuration)
    let task = CountedTextTask(configuration, data, settings, start: scorer)
    return (task, { task.crossFitted })
  }

  private func network(
    _ configuration: inout TextClassifierConfiguration, _ start: TrainingStart
  ) throws(AIGCError) -> Made {
    let vocabulary: TextVocabulary
    switch start {
    case .new:
      vocabulary = TextVocabulary(
        of: data.learned.texts, minCount: settings.minCount, most: settings.vocabulary)
      guard vocabulary.count > 0 else { throw .badInput("\(settings.data): no words in its texts") }
      configuration.network = settings.network
      configuration.vocabularySize = vocabulary.count
    case .resumed(let folder), .model(let folder):
      vocabulary = try TextVocabulary(folder: folder, count: configuration.vocabularySize ?? 0)
    }
    var vectors: WordVectors?
    if let path = settings.vectorsPath, start == .new {
      let found = try WordVectors(path: path, words: vocabulary.words)
      configuration.network?.embedding = found.size
      vectors = found
      report(.note("\(found.count) of \(vocabulary.count) words have vectors in \(path)"))
    }
    try check(configuration)
    let sizes = configuration.network ?? settings.network
    var random = RandomSource(seed: trainer.seed)
    let network = random.drawn {
      TextNetwork(configuration, sizes, words: vocabulary.count, using: &$0)
    }
    if let vectors { vectors.put(into: network.embedding.weight) }
    if case .model(let folder) = start {
      let saved = try TextNetworkScorer(folder: folder, configuration)
      for (old, new) in zip(saved.network.namedParameters, network.namedParameters) {
        new.parameter.value = old.parameter.value
      }
    }
    let task = TextNetworkTask(configuration, network, vocabulary, data, trainer)
    task.report = report
    return (task, { nil })
  }

  private func transfer(
    _ configuration: TextClassifierConfiguration, _ start: TrainingStart
  ) throws(AIGCError) -> Made {
    if case .model(let path) = start {
      throw .notTrainedFurther(path, "text-classifier (transfer)")
    }
    guard let name = settings.backbone else { throw .usage("`backbone` is missing") }
    var states = try PooledStates(name)
    let prompt = try states.ask(settings.prompt, else: settings.task.prompt, report)
    let task = TransferTask(configuration, data, states, name: name, prompt: prompt)
    task.report = report
    return (task, { task.crossFitted })
  }
}
