import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// What the training of a recurrent language model can be told.
public struct RecurrentSettings: Codable, Equatable, Sendable {
  /// Text files, plain or .gz; "-" is standard input.
  public var texts: [String] = []
  /// Whether these are JSONL of articles with summaries: see ``/Training/TrainingTexts/articleLength``. nil: they are texts.
  public var areArticles: Bool?
  /// The network, its tokens, and how the weights are saved.
  public var model = RecurrentModelOptions()
  /// Whether new words join the vocabulary of a model of words that is trained further; else they are
  /// unknown to it.
  public var growsVocabulary = false

  /// Creates the default settings, still without texts.
  public init() {}
}

/// Trains recurrent language models: text files in, a model folder out.
public struct RecurrentRecipe: FinetuningRecipe {
  /// The texts and the model.
  public var settings = RecurrentSettings()
  /// The run; by default 2000 steps of 32 sequences, a cosine learning rate from 2e-3, gradients
  /// clipped to a norm of 1, and the last tenth of the tokens held out.
  public var run = RunOptions(Self.defaults, heldOut: HeldOutData(share: 0.1))

  /// - Parameters:
  ///   - kind: of the network.
  ///   - texts: files.
  public init(_ kind: RecurrentKind, texts: [String] = []) {
    settings.model.kind = kind
    settings.texts = texts
  }

  /// The name in `config.json`: "rnn", "gru" or "lstm".
  public var family: String { settings.model.kind.rawValue }
  /// The texts, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", settings.texts)] }

  private static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 2000, schedule: Schedule(.cosine, peak: 2e-3))
    result.batchSize = 32
    result.evalEvery = 250
    result.logEvery = 50
    result.optimizer.gradClip = 1
    return result
  }

  /// Says which model would be trained. The texts are not read, so the parameters are counted
  /// without the tokens, and an epoch's steps stay open.
  /// - Throws: ``/Files/AIGCError`` (usage) for sizes that make no model.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let model = settings.model
    // The vocabulary follows from the texts, which a plan does not read: parameters without it.
    let sizes = try configuration(tokens: model.tokens, vocabularySize: 3).sizes
    let network = ParameterPlan.shapes { RecurrentNetwork(sizes, using: &$0) }
    let embedding = sizes.embedding
    let perToken = embedding + (model.isTied ? 1 : model.hidden + 1)
    let members: [JSONValue.Member] = [
      .init("tokens", .string(model.tokens.rawValue)),
      .init("vocab_size", JSONValue(model.vocabularySize)), .init("layers", .int(model.layers)),
      .init("hidden", .int(model.hidden)), .init("embedding", .int(embedding)),
      .init("recurrent_parameters", .int(network.parameterCount - 3 * perToken)),
      .init("parameters_per_token", .int(perToken)), .init("context", .int(model.context)),
      .init("dropout", .float(model.dropout)), .init("tied", .bool(model.isTied)),
      .init("storage", .string(model.storage.rawValue.lowercased())),
    ]
    return TrainingPlan(members, run.trainer, areStepsKnown: run.epochs == nil)
  }

  /// Reads the texts, makes the tokenizer, and draws the network's weights from the seed or takes
  /// those of the model that is trained further.
  /// - Throws: ``/Files/AIGCError``: badInput for texts that cannot be read or are too short and for a
  ///   damaged model, usage for sizes that make no model, mismatch for text that an existing
  ///   vocabulary cannot write.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    let (language, corpus) = try open(start)
    let (tokens, heldOut) = try corpus.encode(language.tokenizer)
    let context = min(language.configuration.context, tokens.count - 1)
    // Rows that a short text fills; at least one.
    let rows = max(1, min(run.trainer.batchSize, (tokens.count - 1) / context))
    let stream = TokenStream(tokens, batch: rows, steps: context, seed: run.trainer.seed)
    let trainer = run.resolved { $0 * Double(stream.batchesPerEpoch) }
    let optimizer = trainer.optimizer
    let task = RecurrentTask(
      language, stream, heldOut: heldOut, clip: optimizer.gradClip, storage: settings.model.storage
    ) { optimizer.make($0) }
    return PreparedTraining(task, trainer)
  }

  private func open(
    _ start: TrainingStart
  ) throws(AIGCError) -> (RecurrentLanguageModel, TrainingCorpus) {
    var texts = TrainingTexts(settings.texts, run.heldOut)
    // A token is some four bytes; the summary is to stand in the same window.
    if settings.areArticles == true { texts.articleLength = 3 * settings.model.context }
    switch start {
    case .new:
      let corpus = try texts.read()
      return (try model(of: corpus), corpus)
    case .resumed(let folder):
      let model = try RecurrentLanguageModel(folder: folder)
      return (model, try texts.read())
    case .model(let path):
      var old = try RecurrentLanguageModel(folder: path)
      let corpus = try texts.read()
      if settings.growsVocabulary, let words = old.tokenizer as? WordTokenizer {
        old = try old.growing(
          words.growing(with: corpus.texts, name: corpus.name), seed: run.trainer.seed)
      }
      var configuration = old.configuration
      configuration.context = settings.model.context
      return (RecurrentLanguageModel(configuration, old.network, old.tokenizer), corpus)
    }
  }

  /// A new model with the tokens of these texts.
  private func model(of corpus: TrainingCorpus) throws(AIGCError) -> RecurrentLanguageModel {
    let model = settings.model
    let tokenizer = try corpus.makeTokenizer(model.tokens, vocabularySize: model.vocabularySize)
    let configuration = try configuration(
      tokens: tokenizer.kind, vocabularySize: tokenizer.vocabularySize)
    var random = RandomSource(seed: run.trainer.seed)
    let network = random.drawn { RecurrentNetwork(configuration.sizes, using: &$0) }
    return RecurrentLanguageModel(configuration, network, tokenizer)
  }

  private func configuration(
    tokens: TokenizerKind, vocabularySize: Int
  ) throws(AIGCError) -> RecurrentConfiguration {
    let model = settings.model
    var result = RecurrentConfiguration(
      model.kind, tokens: tokens, vocabularySize: vocabularySize,
      embeddingSize: model.embedding ?? model.hidden, hiddenSize: model.hidden,
      layers: model.layers)
    result.dropout = model.dropout
    result.isTied = model.isTied
    result.context = model.context
    if let problem = result.problem { throw .usage("no model: \(problem)") }
    return result
  }
}

/// What a recurrent language model is to be.
public struct RecurrentModelOptions: Codable, Equatable, Sendable {
  /// The kind of the recurrent layers.
  public var kind = RecurrentKind.lstm
  /// The kind of the tokenizer that is made of the texts.
  public var tokens = TokenizerKind.char
  /// Words or BPE tokens; nil: all words, or the trainer's default for BPE.
  public var vocabularySize: Int?
  /// nil: as large as `hidden`.
  public var embedding: Int?
  /// Units of each recurrent layer.
  public var hidden = 256
  /// The number of recurrent layers, 1 to 64.
  public var layers = 2
  /// The dropout rate between the layers and before the projection, from 0 to below 1.
  public var dropout: Float = 0
  /// Whether the projection to the vocabulary shares the embedding's weight, which needs an
  /// embedding as large as ``hidden``.
  public var isTied = false
  /// Tokens of one step of truncated back-propagation.
  public var context = 128
  /// How weights are saved.
  public var storage = ScalarType.f32

  /// Creates the options of two LSTM layers of 256 units over characters.
  public init() {}

  /// Those of a trained model.
  public init(of configuration: RecurrentConfiguration) {
    (kind, tokens) = (configuration.recurrentKind, configuration.tokens)
    (embedding, hidden) = (configuration.embeddingSize, configuration.hiddenSize)
    (layers, dropout) = (configuration.layers, configuration.dropout)
    (isTied, context) = (configuration.isTied, configuration.context)
  }

  /// The article's `LSTMLanguageModel(5000, 128, 256)`: words, one LSTM layer.
  public static var article: RecurrentModelOptions {
    var result = RecurrentModelOptions()
    result.tokens = .auto
    // Beside <unk>, <s> and </s>.
    result.vocabularySize = 4997
    result.embedding = 128
    result.layers = 1
    result.context = 64
    return result
  }
}

extension RecurrentLanguageModel {
  /// The same model with more words: their embeddings and their rows of the projection start as in a
  /// new model.
  func growing(
    _ grown: (tokenizer: WordTokenizer, oldCount: Int), seed: UInt64
  ) throws(AIGCError) -> RecurrentLanguageModel {
    var configuration = configuration
    configuration.vocabularySize = grown.tokenizer.vocabularySize
    var random = RandomSource(seed: seed, stream: 2)
    let larger = random.drawn { RecurrentNetwork(configuration.sizes, using: &$0) }
    let old = Dictionary(
      uniqueKeysWithValues: network.namedParameters.map { ($0.name, $0.parameter) })
    for (name, parameter) in larger.namedParameters {
      guard let known = old[name]?.value else { continue }
      if known.shape == parameter.shape {
        parameter.value = known
      } else {
        parameter.value = concatenated([
          known, parameter.value.sliced(known.shape[0]..<parameter.shape[0]),
        ])
      }
    }
    return RecurrentLanguageModel(configuration, larger, grown.tokenizer)
  }
}
