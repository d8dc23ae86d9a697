import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Trains GPT-2 models: text files in, a model folder out.
public struct GPT2Trainer {
  public var texts = TrainingTexts()
  public var model = GPT2ModelOptions()
  public var trainer = GPT2Preset.baby.training
  /// Passes over the data, in place of ``TrainerConfiguration/steps``.
  public var epochs: Double?
  public var report: (TrainerEvent) -> Void = { _ in }

  public init() {}

  /// Trains a new model in `folder`.
  /// - Throws: ``AIGCError``: see ``Trainer/run(resuming:)``; badInput for texts that cannot be read;
  ///   usage for sizes that make no model.
  public mutating func train(to folder: String) throws(AIGCError) -> TrainingSummary {
    let corpus = try texts.read()
    let tokenizer = try makeTokenizer(corpus)
    var configuration = GPT2Configuration(
      tokens: tokenizer.kind, vocabularySize: tokenizer.vocabularySize, context: model.context,
      width: model.width, layers: model.layers, heads: model.heads)
    configuration.embeddingDropout = model.dropout
    configuration.residualDropout = model.dropout
    configuration.startToken = tokenizer.endToken.map { Int($0) }
    configuration.endTokens = tokenizer.endToken.map { [Int($0)] }
    if let problem = configuration.problem { throw .usage(problem) }
    var random = RandomSource(seed: trainer.seed)
    let network = random.drawn { GPT2Network(configuration.sizes, using: &$0) }
    return try run(configuration, network, tokenizer, corpus, folder, storage: .f32)
  }

  /// Goes on with the run in `folder`, with the same texts.
  /// - Throws: as ``train(to:)``, and mismatch when the texts are not those of the run.
  public mutating func resume(in folder: String) throws(AIGCError) -> TrainingSummary {
    try goOn(from: folder, in: folder, resuming: true)
  }

  /// Trains a model further on other texts.
  /// - Parameters:
  ///   - path: the model's folder.
  ///   - folder: of the new model; may be the same.
  public mutating func finetune(
    _ path: String, to folder: String
  ) throws(AIGCError) -> TrainingSummary {
    try goOn(from: path, in: folder, resuming: false)
  }

  private mutating func goOn(
    from path: String, in folder: String, resuming: Bool
  ) throws(AIGCError) -> TrainingSummary {
    let old = try GPT2LanguageModel(folder: path)
    var configuration = old.configuration
    if resuming { model.context = configuration.context }
    // Other files of the folder may say these, or none.
    (configuration.startToken, configuration.endTokens) = old.marks
    return try run(
      configuration, try old.network(), old.tokenizer, try texts.read(), folder,
      storage: old.weights?.type ?? .f32, resuming: resuming)
  }

  private func makeTokenizer(_ corpus: TrainingCorpus) throws(AIGCError) -> any Tokenizer {
    if let folder = model.tokenizer {
      let isModel = fileExists("\(folder)/\(ModelConfiguration.fileName)")
      let kind = isModel ? (try GPT2Configuration.read(folder: folder)).tokens : .bpe
      return try loadTokenizer(kind: kind, folder: folder)
    }
    return try corpus.makeTokenizer(model.tokens, vocabularySize: model.vocabularySize)
  }

  private mutating func run(
    _ configuration: GPT2Configuration, _ network: GPT2Network, _ tokenizer: any Tokenizer,
    _ corpus: TrainingCorpus, _ folder: String, storage: ScalarType, resuming: Bool = false
  ) throws(AIGCError) -> TrainingSummary {
    let (tokens, heldOut) = try corpus.encode(tokenizer)
    var network = network
    network.transformer.recomputesBlocks = model.recomputesBlocks
    let context = min(model.context, configuration.context, tokens.count - 1)
    let stream = WindowStream(
      tokens, batch: trainer.batchSize, context: context, seed: trainer.seed)
    if let epochs {
      let items = trainer.batchSize * context * (trainer.gradAccumulation ?? 1)
      let steps = (epochs * Double(tokens.count) / Double(items)).rounded(.up)
      trainer.steps = max(1, Int(min(steps, 1e12)))
    }
    let task = GPT2Task(
      configuration, network, tokenizer, stream, heldOut: heldOut, trainer,
      storage: model.storage ?? storage)
    let trainer = Trainer(task, trainer, folder: folder)
    trainer.report = report
    return try trainer.run(resuming: resuming)
  }
}
