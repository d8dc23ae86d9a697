import ArgumentParser
import Checkpoints
import Console
import Datasets
import Files
import NN
import Training

/// `aigc train gpt2`.
struct TrainGPT2: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "gpt2", abstract: "Train a GPT-2 language model on text.",
    discussion: """
      Without flags it is nanoGPT's model for a CPU: minutes for a text of 1 MB. What is written is a \
      folder that Hugging Face's transformers reads too.
      \(GPT2Preset.baby.training.defaultsText(heldOut: 0.1)) A --preset has its own.
      """)

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @OptionGroup(title: "Model") var model: GPT2ModelArguments
  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup(title: "Memory") var memory: MemoryArguments
  @OptionGroup var common: CommonOptions

  func run() throws {
    let folder = try training.folder(family: "gpt2", data: data[0])
    var trainer = GPT2Trainer()
    trainer.texts.paths = data
    trainer.model =
      try training.resume ? GPT2ModelOptions(of: .read(folder: folder)) : model.options()
    trainer.model.recomputesBlocks = memory.checkpointActivations
    var defaults = model.chosenPreset.training
    if let gradAccum = memory.gradAccum { defaults.gradAccumulation = gradAccum }
    try training.configure(
      &trainer, defaults, folder: folder, model: model.settings(trainer.model))
    if let gradAccum = memory.gradAccum { trainer.trainer.gradAccumulation = gradAccum }
    try runGPT2(trainer, training, folder: folder, json: common.json) {
      (trainer) throws(AIGCError) in
      training.resume ? try trainer.resume(in: folder) : try trainer.train(to: folder)
    }
  }
}

/// The flags of a GPT-2 model's sizes and tokens.
struct GPT2ModelArguments: ParsableArguments {
  @Option(
    help: """
      Sizes and training: baby (nanoGPT on a CPU, the default), small (nanoGPT's Shakespeare model), \
      gpt2 (124M).
      """)
  var preset: GPT2Preset?
  @Option(
    help: """
      What a token is: \(TokenizerKind.allCases.map { $0.rawValue }.joined(separator: ", ")) (default \
      char).
      """)
  var tokens: TokenizerKind?
  @Option(help: "How many BPE tokens or words (default: 8000 of BPE; every word).")
  var vocabSize: Int?
  @Option(
    help: "Take the tokenizer of this folder: a model's, or vocab.json and merges.txt.",
    completion: .directory)
  var tokenizer: String?
  @Option(name: [.customLong("layers"), .customLong("n-layer")], help: "Blocks (default 4).")
  var layers: Int?
  @Option(
    name: [.customLong("heads"), .customLong("n-head")], help: "Heads of attention (default 4).")
  var heads: Int?
  @Option(
    name: [.customLong("width"), .customLong("n-embd"), .customLong("embedding")],
    help: "Size of the tokens' vectors, a multiple of --heads (default 128).")
  var width: Int?
  @Option(
    name: [
      .customLong("context"), .customLong("block-size"), .customLong("ctx-size"), .customShort("c"),
    ], help: "The most tokens that are seen at once (default 64).")
  var context: Int?
  @Option(
    parsing: .unconditional,
    help: "Dropout rate of the embeddings and of what a block adds (default 0).")
  var dropout: Float?
  @Option(help: "Save the weights as f32, f16 or bf16 (default f32).")
  var storage: StorageType?

  func validate() throws {
    for (name, value) in [
      ("--vocab-size", vocabSize), ("--layers", layers), ("--heads", heads), ("--width", width),
      ("--context", context),
    ] {
      if let value, !(1...1 << 20).contains(value) {
        throw ValidationError("\(name) \(value): a number from 1 to 1048576")
      }
    }
    if let dropout, !(dropout >= 0 && dropout < 1) {
      throw ValidationError("--dropout \(dropout): from 0 to below 1")
    }
    if tokenizer != nil, tokens != nil || vocabSize != nil {
      throw ValidationError("--tokenizer brings its own tokens: no --tokens or --vocab-size")
    }
  }

  var chosenPreset: GPT2Preset { preset ?? .baby }

  func options() throws(AIGCError) -> GPT2ModelOptions {
    var result = chosenPreset.model
    if let tokens {
      result.tokens = tokens
      result.vocabularySize = nil
    }
    if let vocabSize { result.vocabularySize = vocabSize }
    result.tokenizer = try tokenizer.map { (name) throws(AIGCError) in
      fileExists("\(name)/vocab.json") || fileExists("\(name)/tokenizer.json")
        ? name : try ModelStore.standard().resolve(name)
    }
    if let layers { result.layers = layers }
    if let heads { result.heads = heads }
    if let width { result.width = width }
    if let context { result.context = context }
    if let dropout { result.dropout = dropout }
    result.storage = storage?.scalarType
    guard result.width % result.heads == 0 else {
      throw .usage("--width \(result.width): no multiple of --heads \(result.heads)")
    }
    // A tokenizer that is taken has its own tokens.
    if tokenizer == nil { try result.tokens.check(vocabularySize: result.vocabularySize) }
    return result
  }

  /// What a run keeps of it.
  /// - Parameter model: what is in force.
  func settings(_ model: GPT2ModelOptions) -> [RunSetting] {
    [
      RunSetting("--preset", preset?.rawValue, else: GPT2Preset.baby.rawValue),
      RunSetting("--tokens", tokens?.rawValue, else: model.tokens.rawValue),
      RunSetting("--vocab-size", vocabSize), RunSetting("--tokenizer", tokenizer),
      RunSetting("--layers", layers, else: "\(model.layers)"),
      RunSetting("--heads", heads, else: "\(model.heads)"),
      RunSetting("--width", width, else: "\(model.width)"),
      RunSetting("--context", context, else: "\(model.context)"),
      RunSetting("--dropout", dropout, else: "\(model.dropout)"),
      RunSetting("--storage", storage?.rawValue, else: model.storage?.rawValue.lowercased()),
    ]
  }
}

extension GPT2Preset: ExpressibleByArgument {}

extension TrainingOptions {
  /// Puts the flags into a trainer; what is not given is as in `defaults`.
  func configure(
    _ trainer: inout GPT2Trainer, _ defaults: TrainerConfiguration, folder: String,
    model: [RunSetting] = []
  ) throws(AIGCError) {
    var configuration = try base(defaults, folder: folder)
    var options = self
    // The number of steps of an epoch is known when the text is read.
    trainer.epochs = epochs
    options.epochs = nil
    // A short run rises for a shorter time.
    if warmup == nil, !resume, let steps {
      configuration.schedule.warmup = min(configuration.schedule.warmup, steps / 10)
    }
    try options.apply(to: &configuration)
    try keepTexts(&trainer.texts, model, in: &configuration, folder: folder)
    trainer.trainer = configuration
  }
}

/// Runs `work` with a progress line and prints what came out.
func runGPT2(
  _ trainer: GPT2Trainer, _ training: TrainingOptions, folder: String, json: Bool,
  _ work: (inout GPT2Trainer) throws(AIGCError) -> TrainingSummary
) throws(AIGCError) {
  var trainer = trainer
  if training.dryRun { return try printPlan(trainer, folder: folder) }
  let progress = TrainerProgressLine()
  trainer.report = { progress.show($0) }
  let summary = try work(&trainer)
  progress.finish()
  try printSummary(summary, folder: folder, json: json)
}

/// `--dry-run`: the resolved settings.
private func printPlan(_ trainer: GPT2Trainer, folder: String) throws(AIGCError) {
  let (model, run) = (trainer.model, trainer.trainer)
  var configuration = GPT2Configuration(
    tokens: model.tokens, vocabularySize: 1, context: model.context, width: model.width,
    layers: model.layers, heads: model.heads)
  configuration.embeddingDropout = model.dropout
  if let problem = configuration.problem { throw .usage(problem) }
  let accumulation = run.gradAccumulation ?? 1
  let members: [JSONValue.Member] = [
    .init("model", .string(folder)), .init("family", .string("gpt2")),
    .init("tokens", .string(model.tokenizer ?? model.tokens.rawValue)),
    .init("vocab_size", JSONValue(model.vocabularySize)),
    .init("layers", .int(model.layers)), .init("heads", .int(model.heads)),
    .init("width", .int(model.width)), .init("context", .int(model.context)),
    .init("dropout", .float(model.dropout)),
    .init("storage", .string((model.storage ?? .f32).rawValue.lowercased())),
    .init("parameters_without_tokens", .int(configuration.parameterCount - model.width)),
    .init("parameters_per_token", .int(model.width)),
    .init("grad_accum", .int(accumulation)),
    .init("tokens_per_step", .int(run.batchSize &* accumulation &* model.context)),
    .init("checkpoint_activations", .bool(model.recomputesBlocks)),
  ]
  try Answer(nil).write(
    json: members + trainer.texts.planMembers
      + run.planMembers(steps: trainer.epochs == nil, epochs: trainer.epochs))
}
