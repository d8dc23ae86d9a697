import ArgumentParser
import Checkpoints
import Console
import Datasets
import Families
import Files
import NN
import Training

/// `aigc train rnn|gru|lstm`: a language model, or with `--task forecast` a forecast.
struct RecurrentArguments<Name: RecurrentName>: RecipeArguments {
  static var command: String { Name.kind.rawValue }
  static var abstract: String {
    "Train \(Name.kind == .gru ? "a" : "an") \(Name.kind.rawValue.uppercased()) "
      + "language model on text, or on a series of numbers with --task forecast."
  }
  static var discussion: String {
    RecurrentRecipe(Name.kind).run.defaultsText() + "\n"
      + ForecastRecipe().run.defaultsText("Of a series")
      + " --val-split is set by the length of the series."
  }

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @Option(help: "What is learned: text, or forecast: a column of a CSV table.")
  var task = RecurrentLearning.text
  @OptionGroup(title: "Model") var model: RecurrentModelArguments
  @OptionGroup(title: "Forecast") var forecast: ForecastArguments

  var source: (family: String, path: String) {
    (task == .forecast ? ForecastFamily.name : Name.kind.rawValue, data[0])
  }
  var answersWithMeasures: Bool { task == .forecast }
  func usage(_ folder: String) -> String {
    "generate \(task == .forecast ? "series" : "text") --model \(folder)"
  }

  func validate(with training: TrainingFlags) throws {
    if task == .text, forecast.isGiven {
      throw ValidationError("--column and the other forecast flags go with --task forecast")
    }
    if task == .forecast, model.isOfTextOnly {
      throw ValidationError(
        "--tokens, --vocab-size, --embedding, --tied, --preset, --half are of text")
    }
    guard task == .forecast else { return }
    if data.count != 1 {
      throw ValidationError("--task forecast: one table, not \(data.count)")
    }
    if training.val != nil {
      throw ValidationError(
        "--val: the last part of the series is held out; --val-split says how much")
    }
    if training.epochs != nil { throw ValidationError("--epochs is of text: pass --steps") }
  }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    if task == .forecast {
      return try forecast.recipe(Name.kind, data[0], model, training, resuming: saved)
    }
    var recipe = RecurrentRecipe(Name.kind, texts: data)
    if let saved {
      recipe.settings.model = RecurrentModelOptions(of: try .read(folder: saved.folder))
    } else {
      recipe.settings.model = try model.options(Name.kind)
    }
    if saved?["--half"] != nil { recipe.settings.model.storage = .f16 }
    if model.preset == .article { recipe.run.trainer.schedule.peak = 1e-3 }
    return FilledRecipe(recipe: recipe, settings: model.settings(recipe.settings.model))
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
