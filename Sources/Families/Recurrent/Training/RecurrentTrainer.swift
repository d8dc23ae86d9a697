import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Trains recurrent language models: text files in, a model folder out.
public struct RecurrentTrainer {
  public var texts = TrainingTexts()
  /// The model's sizes; its vocabulary is made from the texts.
  public var model = RecurrentModelOptions()
  public var trainer = TrainerConfiguration(steps: 1000, schedule: Schedule(.cosine, peak: 2e-3))
  /// Passes over the data, in place of ``TrainerConfiguration/steps``.
  public var epochs: Double?
  public var report: (TrainerEvent) -> Void = { _ in }

  public init() {}

  /// The settings of `aigc train`.
  static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 2000, schedule: Schedule(.cosine, peak: 2e-3))
    result.batchSize = 32
    result.evalEvery = 250
    result.logEvery = 50
    result.optimizer.gradClip = 1
    return result
  }

  /// A trained model takes smaller steps.
  static var furtherDefaults: TrainerConfiguration {
    var result = defaults
    result.schedule.peak = 5e-4
    return result
  }

  /// Trains a new model in `folder`.
  /// - Throws: ``AIGCError``: see ``Trainer/run(resuming:)``; badInput for texts that cannot be read.
  public mutating func train(to folder: String) throws(AIGCError) -> TrainingSummary {
    let corpus = try texts.read()
    let tokenizer = try corpus.makeTokenizer(
      model.tokens, vocabularySize: model.vocabularySize)
    var random = RandomSource(seed: trainer.seed)
    var configuration = RecurrentConfiguration(
      model.kind, tokens: tokenizer.kind, vocabularySize: tokenizer.vocabularySize,
      embeddingSize: model.embedding ?? model.hidden, hiddenSize: model.hidden,
      layers: model.layers)
    configuration.dropout = model.dropout
    configuration.isTied = model.isTied
    configuration.context = model.context
    let network = random.drawn { RecurrentNetwork(configuration.sizes, using: &$0) }
    return try run(
      RecurrentLanguageModel(configuration, network, tokenizer), corpus, folder, resuming: false)
  }

  /// Goes on with the run in `folder`, with the same texts.
  /// - Throws: as ``train(to:)``, and mismatch when the texts are not those of the run.
  public mutating func resume(in folder: String) throws(AIGCError) -> TrainingSummary {
    let model = try RecurrentLanguageModel(folder: folder)
    return try run(model, try texts.read(), folder, resuming: true)
  }

  /// Trains a model further on other texts. Where its tokens are words and `grows`, new words join
  /// its vocabulary; else they are unknown to it.
  /// - Parameters:
  ///   - path: the model's folder.
  ///   - folder: of the new model; may be the same.
  ///   - grows: whether the vocabulary takes new words.
  ///   - context: tokens of one step of truncated back-propagation; nil: the model's.
  public mutating func finetune(
    _ path: String, to folder: String, grows: Bool, context: Int? = nil
  ) throws(AIGCError) -> TrainingSummary {
    var old = try RecurrentLanguageModel(folder: path)
    let corpus = try texts.read()
    if grows, let words = old.tokenizer as? WordTokenizer {
      old = try old.growing(
        words.growing(with: corpus.texts, name: corpus.name), seed: trainer.seed)
    }
    if let context {
      var configuration = old.configuration
      configuration.context = context
      old = RecurrentLanguageModel(configuration, old.network, old.tokenizer)
    }
    return try run(old, corpus, folder, resuming: false)
  }

  private mutating func run(
    _ language: RecurrentLanguageModel, _ corpus: TrainingCorpus, _ folder: String, resuming: Bool
  ) throws(AIGCError) -> TrainingSummary {
    let (tokens, heldOut) = try corpus.encode(language.tokenizer)
    let context = min(language.configuration.context, tokens.count - 1)
    // Rows that a short text fills; at least one.
    let rows = max(1, min(trainer.batchSize, (tokens.count - 1) / context))
    let stream = TokenStream(tokens, batch: rows, steps: context, seed: trainer.seed)
    if let epochs {
      let steps = (epochs * Double(stream.batchesPerEpoch)).rounded(.up)
      trainer.steps = max(1, Int(min(steps, 1e12)))
    }
    let optimizer = trainer.optimizer
    let task = RecurrentTask(
      language, stream, heldOut: heldOut, clip: optimizer.gradClip, storage: model.storage
    ) { optimizer.make($0) }
    let trainer = Trainer(task, trainer, folder: folder)
    trainer.report = report
    return try trainer.run(resuming: resuming)
  }
}

/// What a recurrent language model is to be.
public struct RecurrentModelOptions: Sendable {
  public var kind = RecurrentKind.lstm
  public var tokens = TokenizerKind.char
  /// Words or BPE tokens; nil: all words, or the trainer's default for BPE.
  public var vocabularySize: Int?
  /// nil: as large as `hidden`.
  public var embedding: Int?
  public var hidden = 256
  public var layers = 2
  public var dropout: Float = 0
  public var isTied = false
  /// Tokens of one step of truncated back-propagation.
  public var context = 128
  /// How weights are saved.
  public var storage = ScalarType.f32

  public init() {}

  /// Those of a trained model.
  init(of configuration: RecurrentConfiguration) {
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
