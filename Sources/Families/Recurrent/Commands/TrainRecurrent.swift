import ArgumentParser
import Checkpoints
import Console
import Datasets
import Files
import NN
import Training

/// The name of one of the three commands, as a type: ArgumentParser needs a type for each.
protocol RecurrentCommandName: Sendable {
  static var kind: RecurrentKind { get }
}
enum RNNName: RecurrentCommandName { static let kind = RecurrentKind.rnn }
enum GRUName: RecurrentCommandName { static let kind = RecurrentKind.gru }
enum LSTMName: RecurrentCommandName { static let kind = RecurrentKind.lstm }

/// `aigc train rnn|gru|lstm`.
struct TrainRecurrent<Name: RecurrentCommandName>: ConsoleCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Name.kind.rawValue,
      abstract: "Train \(Name.kind == .gru ? "a" : "an") \(Name.kind.rawValue.uppercased()) "
        + "language model on text, or on a series of numbers with --task forecast.",
      discussion: RecurrentTrainer.defaults.defaultsText(heldOut: 0.1)
        + "\n" + ForecastOptions.defaultTrainer.defaultsText("Of a series", heldOut: nil)
        + " --val-split is set by the length of the series.")
  }

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @Option(help: "What is learned: text, or forecast: a column of a CSV table.")
  var task = RecurrentLearning.text
  @OptionGroup(title: "Model") var model: RecurrentModelArguments
  @OptionGroup(title: "Forecast") var forecast: ForecastArguments
  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if task == .text, forecast.isGiven {
      throw ValidationError("--column and the other forecast flags go with --task forecast")
    }
    if task == .forecast, model.isOfTextOnly {
      throw ValidationError(
        "--tokens, --vocab-size, --embedding, --tied, --preset, --half are of text")
    }
  }

  func run() throws {
    if task == .forecast {
      return try runForecast(
        Name.kind, data: data, forecast, hidden: model.hidden, layers: model.layers,
        context: model.context, dropout: model.dropout, training: training, json: common.json)
    }
    let folder = try training.folder(family: Name.kind.rawValue, data: data[0])
    try runRecurrent(try trainer(folder), training, folder: folder, json: common.json) {
      (trainer) throws(AIGCError) in
      training.resume ? try trainer.resume(in: folder) : try trainer.train(to: folder)
    }
  }

  private func trainer(_ folder: String) throws -> RecurrentTrainer {
    var trainer = RecurrentTrainer()
    trainer.texts.paths = data
    trainer.model =
      try training.resume
      ? RecurrentModelOptions(of: .read(folder: folder)) : model.options(Name.kind)
    try training.configure(
      &trainer, folder: folder, model: model.settings(trainer.model),
      article: model.preset == .article)
    return trainer
  }
}

/// What `--task` may be.
enum RecurrentLearning: String, CaseIterable, ExpressibleByArgument { case text, forecast }

/// The flags of a recurrent model's sizes and tokens.
struct RecurrentModelArguments: ParsableArguments {
  @Option(
    help: """
      What a token is: \(TokenizerKind.allCases.map { $0.rawValue }.joined(separator: ", ")) (default \
      char).
      """)
  var tokens: TokenizerKind?
  @Option(help: "How many words or BPE tokens (default: every word; 8000 of BPE).")
  var vocabSize: Int?
  @Option(help: "Layers (default 2).")
  var layers: Int?
  @Option(
    name: [.customLong("hidden"), .customLong("rnn-size")], help: "Units of a layer (default 256).")
  var hidden: Int?
  @Option(help: "Size of the tokens' vectors (default: as --hidden).")
  var embedding: Int?
  @Option(parsing: .unconditional, help: "Dropout rate between layers (default 0).")
  var dropout: Float?
  @Flag(help: "The projection shares the tokens' vectors.")
  var tied = false
  @Option(
    name: [
      .customLong("context"), .customLong("seq-length"), .customLong("ctx-size"), .customShort("c"),
    ],
    help: "Tokens of one step of truncated back-propagation (default 128).")
  var context: Int?
  @Option(help: "'article': the article's LSTMLanguageModel, 5000 words, 128, 256, one layer.")
  var preset: Preset?
  @Flag(help: "Save the weights in half precision.")
  var half = false

  enum Preset: String, ExpressibleByArgument, CaseIterable { case article }

  func validate() throws {
    for (name, value) in [
      ("--vocab-size", vocabSize), ("--layers", layers), ("--hidden", hidden),
      ("--embedding", embedding), ("--context", context),
    ] {
      if let value, !(1...1 << 20).contains(value) {
        throw ValidationError("\(name) \(value): a number from 1 to 1048576")
      }
    }
    if let layers, layers > 64 { throw ValidationError("--layers \(layers): at most 64") }
    if let dropout, !(dropout >= 0 && dropout < 1) {
      throw ValidationError("--dropout \(dropout): from 0 to below 1")
    }
    if tied, let embedding, embedding != hidden ?? 256 {
      throw ValidationError("--tied needs --embedding as large as --hidden")
    }
  }

  /// Whether something was given that a forecast has not.
  var isOfTextOnly: Bool {
    tokens != nil || vocabSize != nil || embedding != nil || tied || preset != nil || half
  }

  func options(_ kind: RecurrentKind) throws(AIGCError) -> RecurrentModelOptions {
    var result = preset == .article ? RecurrentModelOptions.article : RecurrentModelOptions()
    if preset == .article, kind != .lstm { throw .usage("--preset article is of train lstm") }
    result.kind = kind
    if let tokens { result.tokens = tokens }
    if let vocabSize { result.vocabularySize = vocabSize }
    if let layers { result.layers = layers }
    if let hidden { result.hidden = hidden }
    if let embedding { result.embedding = embedding }
    if let dropout { result.dropout = dropout }
    if let context { result.context = context }
    result.isTied = tied
    if half { result.storage = .f16 }
    // The article's vocabulary is one of words.
    if vocabSize == nil, !result.tokens.hasVocabularyLimit { result.vocabularySize = nil }
    try result.tokens.check(vocabularySize: result.vocabularySize)
    try checkDropout(dropout, layers: result.layers)
    return result
  }

  /// What a run keeps of it.
  /// - Parameter model: what is in force.
  func settings(_ model: RecurrentModelOptions) -> [RunSetting] {
    [
      RunSetting("--preset", preset?.rawValue),
      RunSetting("--tokens", tokens?.rawValue, else: model.tokens.rawValue),
      RunSetting("--vocab-size", vocabSize),
      RunSetting("--layers", layers, else: "\(model.layers)"),
      RunSetting("--hidden", hidden, else: "\(model.hidden)"),
      RunSetting("--embedding", embedding, else: "\(model.embedding ?? model.hidden)"),
      RunSetting("--dropout", dropout, else: "\(model.dropout)"),
      RunSetting("--context", context, else: "\(model.context)"),
      RunSetting("--tied", isOn: tied, else: model.isTied), RunSetting("--half", isOn: half),
    ]
  }
}

/// Refuses a rate of dropout that nothing has: it stands between layers.
func checkDropout(_ dropout: Float?, layers: Int) throws(AIGCError) {
  guard let dropout, dropout > 0, layers == 1 else { return }
  throw .usage("--dropout \(dropout): it is between layers, and there is one; see --layers")
}

extension TokenizerKind: ExpressibleByArgument {}

extension TrainingOptions {
  /// Puts the flags into a trainer; what is not given is the family's default.
  func configure(
    _ trainer: inout RecurrentTrainer, folder: String, model: [RunSetting] = [],
    article: Bool = false
  ) throws(AIGCError) {
    var defaults = RecurrentTrainer.defaults
    if article { defaults.schedule.peak = 1e-3 }
    var configuration = try base(defaults, folder: folder)
    var options = self
    // The number of steps of an epoch is known when the text is read.
    trainer.epochs = epochs
    options.epochs = nil
    try options.apply(to: &configuration)
    try keepTexts(&trainer.texts, model, in: &configuration, folder: folder)
    if configuration.settings?["--half"] != nil { trainer.model.storage = .f16 }
    trainer.trainer = configuration
  }

  /// Puts what is held out into texts, and has the run keep it and the model's settings.
  func keepTexts(
    _ texts: inout TrainingTexts, _ model: [RunSetting],
    in configuration: inout TrainerConfiguration, folder: String
  ) throws(AIGCError) {
    try keepHeldOut(
      path: &texts.heldOut, share: &texts.heldOutShare, model, in: &configuration, folder: folder)
  }
}

/// Runs `work` with a progress line and prints what came out.
func runRecurrent(
  _ trainer: RecurrentTrainer, _ training: TrainingOptions, folder: String, json: Bool,
  _ work: (inout RecurrentTrainer) throws(AIGCError) -> TrainingSummary
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
private func printPlan(_ trainer: RecurrentTrainer, folder: String) throws(AIGCError) {
  let (model, run) = (trainer.model, trainer.trainer)
  let embedding = model.embedding ?? model.hidden
  let gates = model.kind.gates * model.hidden
  let layers = (0..<model.layers).reduce(0) { sum, layer in
    sum + gates * ((layer == 0 ? embedding : model.hidden) + model.hidden + 2)
  }
  let members: [JSONValue.Member] = [
    .init("model", .string(folder)), .init("family", .string(model.kind.rawValue)),
    .init("tokens", .string(model.tokens.rawValue)),
    .init("vocab_size", JSONValue(model.vocabularySize)), .init("layers", .int(model.layers)),
    .init("hidden", .int(model.hidden)), .init("embedding", .int(embedding)),
    .init("recurrent_parameters", .int(layers)),
    .init("parameters_per_token", .int(embedding + (model.isTied ? 1 : model.hidden + 1))),
    .init("context", .int(model.context)), .init("dropout", .float(model.dropout)),
    .init("tied", .bool(model.isTied)),
    .init("storage", .string(model.storage.rawValue.lowercased())),
  ]
  try Answer(nil).write(
    json: members + trainer.texts.planMembers
      + run.planMembers(steps: trainer.epochs == nil, epochs: trainer.epochs))
}

extension TrainingTexts {
  /// What `--dry-run` says of the held-out text.
  var planMembers: [JSONValue.Member] { heldOutMembers(heldOut, share: heldOutShare) }
}
