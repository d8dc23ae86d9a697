import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// What the training of a transformer can be told.
public struct TransformerSettings: Codable, Equatable, Sendable {
  /// Text files, plain or .gz; "-" is standard input.
  public var texts: [String] = []
  /// Whether these are JSONL of articles with summaries: see ``/Training/TrainingTexts/articleLength``. nil: they are texts.
  public var areArticles: Bool?
  /// How lines of JSONL files are learned from, whose names end so; nil: all of each.
  public var rows: RowOptions?
  /// Whether a model learns further, which has a tokenizer to cut such lines by: a run of it that goes on reads rows
  /// again, and windows of the model's context here. nil: it does not, and lines are text.
  public var isFurther: Bool?
  /// The sizes, the tokens and how the weights are saved.
  public var model = TransformerModelOptions()

  /// Creates the settings of the preset ``TransformerPreset/baby``, still without texts.
  public init() {}
}

/// Trains transformers: text files in, a model folder out.
public struct TransformerRecipe: FinetuningRecipe {
  /// The texts and the model.
  public var settings = TransformerSettings()
  /// The run; by default that of the preset, with the last tenth of the tokens held out.
  public var run: RunOptions

  /// - Parameters:
  ///   - kind: the architecture.
  ///   - preset: sizes, and how they are trained.
  ///   - texts: files.
  public init(
    _ kind: TransformerKind = .gpt2, _ preset: TransformerPreset = .baby, texts: [String] = []
  ) {
    run = RunOptions(preset.training, heldOut: HeldOutData(share: 0.1))
    (settings.texts, settings.model) = (texts, preset.model(of: kind))
  }

  /// The architecture's name: "gpt2".
  public var family: String { (settings.model.kind ?? .gpt2).rawValue }
  /// The texts, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", settings.texts)] }

  /// Says which model would be trained. The texts are not read, so the parameters are counted
  /// without the tokens, and an epoch's steps stay open.
  /// - Throws: ``/Files/AIGCError`` (usage) for sizes that make no model.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let (model, trainer) = (settings.model, run.trainer)
    // The vocabulary follows from the texts, which a plan does not read: parameters without it.
    let configuration = try model.configuration(tokens: model.tokens, vocabularySize: 1)
    let accumulation = trainer.gradAccumulation ?? 1
    var members: [JSONValue.Member] = [
      .init("tokens", .string(model.tokenizer ?? model.tokens.rawValue)),
      .init("vocab_size", JSONValue(model.vocabularySize)), .init("layers", .int(model.layers)),
      .init("heads", .int(model.heads)), .init("width", .int(model.width)),
      .init("context", .int(model.context)), .init("dropout", .float(model.dropout)),
      .init("storage", .string((model.storage ?? .f32).rawValue.lowercased())),
      .init("parameters_without_tokens", .int(configuration.parameterCount - model.width)),
      .init("parameters_per_token", .int(model.width)), .init("grad_accum", .int(accumulation)),
      .init("tokens_per_step", .int(trainer.batchSize &* accumulation &* model.context)),
      .init("checkpoint_activations", .bool(model.recomputesBlocks)),
    ]
    if case .rotary(let rotary) = configuration.shape.positions {
      members += [
        .init("kv_heads", .int(configuration.shape.keyValueHeads)),
        .init("inner", .int(configuration.shape.inner)), .init("rope_base", .double(rotary.base)),
      ]
    }
    return TrainingPlan(members, trainer, areStepsKnown: run.epochs == nil)
  }

  /// Reads the texts, makes or reads the tokenizer, and draws the network's weights from the seed
  /// or takes those of the model that is trained further.
  /// - Throws: ``/Files/AIGCError``: badInput for texts that cannot be read or are too short and for a
  ///   damaged model, usage for sizes that make no model, mismatch for text that an existing
  ///   vocabulary cannot write.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    var opened = try open(start)
    let configuration = opened.configuration
    opened.network.recomputesBlocks = settings.model.recomputesBlocks
    // A run of a new model takes windows of all its context, whatever it is told when it goes on.
    let isOfNew = start.isResumed && settings.isFurther != true
    let asked = isOfNew ? configuration.shape.context : settings.model.context
    let data = try opened.texts.data(
      opened.tokenizer, { () throws(AIGCError) in opened.template },
      context: min(asked, configuration.shape.context), report)
    let stream = data.learned.stream(run.trainer)
    let trainer = run.resolved {
      $0 * stream.batchesOfEpoch / Double(run.trainer.gradAccumulation ?? 1)
    }
    let task = TransformerTask(
      configuration, opened.network, opened.tokenizer, stream, heldOut: data.heldOut, trainer,
      storage: settings.model.storage ?? opened.storage, templates: opened.templates)
    return PreparedTraining(task, trainer)
  }

  /// What is trained, and on what.
  private struct Opened {
    var configuration: TransformerConfiguration
    var network: Transformer
    var tokenizer: any Tokenizer
    var texts: TransformerTexts
    /// Of the chats of the model that it starts from; nil: it has none.
    var template: ChatTemplate?
    /// How the weights were saved that it starts from.
    var storage = ScalarType.f32
    /// Of the chats of the model that it starts from.
    var templates: [TransformerFolder.Companion] = []
  }

  private func open(_ start: TrainingStart) throws(AIGCError) -> Opened {
    let texts = TransformerTexts(settings.texts, run.heldOut, settings.rows)
    // A token is some four bytes; the summary is to stand in the same window.
    if settings.areArticles == true { texts.texts.articleLength = 3 * settings.model.context }
    switch start {
    case .new:
      // Without a model there is no tokenizer to cut lines by.
      texts.areRows = false
      let corpus = try texts.read()
      let tokenizer = try makeTokenizer(corpus)
      var configuration = try settings.model.configuration(
        tokens: tokenizer.kind, vocabularySize: tokenizer.vocabularySize)
      configuration.startToken = tokenizer.endToken.map { Int($0) }
      configuration.endTokens = tokenizer.endToken.map { [Int($0)] }
      var random = RandomSource(seed: run.trainer.seed)
      let network = configuration.network(using: &random)
      return Opened(
        configuration: configuration, network: network, tokenizer: tokenizer, texts: texts)
    case .resumed(let path), .model(let path):
      if start.isResumed { texts.areRows = settings.isFurther == true }
      let old = try TransformerLanguageModel(folder: path)
      var configuration = old.configuration
      // Other files of the folder may say these, or none.
      (configuration.startToken, configuration.endTokens) = old.marks
      return Opened(
        configuration: configuration, network: try old.network(), tokenizer: old.tokenizer,
        texts: texts, template: try old.chatTemplate(), storage: old.weights?.type ?? .f32,
        templates: try old.templates())
    }
  }

  private func makeTokenizer(_ corpus: TrainingCorpus) throws(AIGCError) -> any Tokenizer {
    let model = settings.model
    if let folder = model.tokenizer {
      let isModel = fileExists("\(folder)/\(ModelConfiguration.fileName)")
      let kind = isModel ? (try TransformerConfiguration.read(folder: folder)).tokens : .bpe
      return try loadTokenizer(kind: kind, folder: folder)
    }
    return try corpus.makeTokenizer(model.tokens, vocabularySize: model.vocabularySize)
  }
}
