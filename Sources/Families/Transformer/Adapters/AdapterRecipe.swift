import Autograd
import Datasets
import Files
import Inference
import Kernels
import NN
import Training

/// What the training of an adapter can be told.
public struct AdapterRunSettings: Codable, Equatable, Sendable {
  /// The model that stays as it is: a folder, or a GGUF file.
  public var base = ""
  /// Text files or JSONL, plain or .gz.
  public var texts: [String] = []
  /// Whether these are JSONL of articles with summaries; see ``TransformerSettings/areArticles``.
  public var areArticles = false
  /// How lines of JSONL files are learned from.
  public var rows = RowOptions()
  /// Which projections are changed.
  public var adapters = AdapterSettings()
  /// The most tokens that are learned from at once.
  public var context = 256
  /// Whether each block is computed again in the backward pass.
  public var recomputesBlocks = false

  /// Creates settings without a base and texts.
  public init() {}
}

/// Trains an adapter of low rank (LoRA, Hu et al. 2021) on a transformer that stays as it lies in its files, of 32, 16 or
/// few bits (QLoRA, Dettmers et al. 2023): texts in, a folder out that PEFT reads.
public struct AdapterRecipe: FinetuningRecipe {
  /// The base, the texts and the adapter.
  public var settings: AdapterRunSettings
  /// The run; the last tenth of the data is held out.
  public var run: RunOptions
  /// The family of the base.
  public let family: String

  /// - Parameters:
  ///   - base: a model's folder, or a GGUF file.
  ///   - texts: files.
  /// - Throws: ``/Files/AIGCError``: badInput and mismatch for a damaged model.
  public init(base: String, texts: [String]) throws(AIGCError) {
    let configuration = try TransformerFiles(base).configuration
    settings = AdapterRunSettings()
    (settings.base, settings.texts) = (base, texts)
    settings.context = min(configuration.shape.context, 256)
    family = configuration.family
    // A short run of a model that knows much already: larger steps than for its own weights.
    var trainer = TrainerConfiguration(steps: 1000, schedule: Schedule(.cosine, peak: 2e-4))
    trainer.batchSize = max(1, 1024 / settings.context)
    (trainer.evalEvery, trainer.logEvery) = (100, 10)
    run = RunOptions(trainer, epochs: 3, heldOut: HeldOutData(share: 0.1))
  }

  /// The texts, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", settings.texts)] }

  /// Says which adapter would be trained; the texts are not read.
  /// - Throws: ``/Files/AIGCError``: usage for settings that make no adapter, badInput and mismatch for a damaged model.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let files = try TransformerFiles(settings.base)
    let adapted = try files.configuration.adapted(settings.adapters)
    try check(files.configuration)
    let rank = settings.adapters.rank
    let count = adapted.reduce(0) { $0 + rank * ($1.inputs + $1.outputs) }
    let accumulation = run.trainer.gradAccumulation ?? 1
    return TrainingPlan(
      [
        .init("base", .string(settings.base)), .init("type", .string(try files.weights().typeName)),
        .init("rank", .int(rank)), .init("alpha", .double(settings.adapters.alpha)),
        .init("projections", .int(adapted.count)), .init("parameters", .int(count)),
        .init("context", .int(settings.context)), .init("grad_accum", .int(accumulation)),
        .init("tokens_per_step", .int(run.trainer.batchSize &* accumulation &* settings.context)),
        .init("checkpoint_activations", .bool(settings.recomputesBlocks)),
      ], run.trainer, areStepsKnown: run.epochs == nil)
  }

  /// Maps the base's weights, reads the texts and draws the adapter from the seed.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``, and badInput for texts that cannot be read or are too short.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    let files = try TransformerFiles(settings.base)
    let configuration = files.configuration
    try check(configuration)
    let weights = try files.weights()
    if let damage = weights.nonFiniteProblem() { throw damage }
    var random = RandomSource(seed: run.trainer.seed)
    var (network, adapters) = try configuration.adaptedNetwork(
      weights, settings.adapters, using: &random)
    network.recomputesBlocks = settings.recomputesBlocks
    let texts = TransformerTexts(settings.texts, run.heldOut, settings.rows)
    // A token is some four bytes; the summary is to stand in the same window.
    if settings.areArticles { texts.texts.articleLength = 3 * settings.context }
    let data = try texts.data(
      files.tokenizer, { () throws(AIGCError) in try files.chatTemplate() },
      context: settings.context, report)
    let stream = data.learned.stream(run.trainer)
    let trainer = run.resolved {
      $0 * stream.batchesOfEpoch / Double(run.trainer.gradAccumulation ?? 1)
    }
    let settings = settings
    let task = TransformerTask(
      network, adapters, stream, heldOut: data.heldOut, trainer, itemsBefore: 0
    ) { (path, items) throws(AIGCError) in
      let adapter = Adapter(configuration, adapters, scale: settings.adapters.scale)
      try adapter.writePEFT(configuration, base: settings.base, to: path)
      let card = settings.adapters.card(
        configuration, base: settings.base, learned: "\(items) tokens")
      try TransformerFolder.write([(AdapterFields.cardName, card)], to: path)
    }
    return PreparedTraining(task, trainer)
  }

  private func check(_ configuration: TransformerConfiguration) throws(AIGCError) {
    guard (1...configuration.shape.context).contains(settings.context) else {
      throw .usage(
        "`context` \(settings.context): the model sees \(counted(configuration.shape.context, "token")) at most"
      )
    }
  }
}

extension AdapterSettings {
  /// What an adapter is and how it is used, for people.
  /// - Parameter learned: from what.
  func card(
    _ configuration: TransformerConfiguration, base: String, learned: String
  ) -> String {
    let modules = modules?.joined(separator: ", ") ?? "all projections of the layers"
    return """
      ---
      base_model: \(base)
      library_name: peft
      ---

      An adapter of low rank (LoRA) for a \(configuration.architecture.title) model, \(base), whose weights are not in
      this folder: rank \(rank), alpha \(alpha), \(modules). It has learned from \(learned).

          aigc generate text --model \(base) --adapter FOLDER
          aigc merge \(base) OUT --adapter FOLDER

      """
  }
}
