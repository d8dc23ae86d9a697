import ArgumentParser
import Console
import Datasets
import Families
import Files
import NN
import Training

/// `aigc train gpt2`.
struct TransformerArguments: RecipeArguments {
  static let command = "gpt2"
  static let abstract = "Train a GPT-2 language model on text."
  static var discussion: String {
    """
    Without flags it is nanoGPT's model for a CPU: minutes for a text of 1 MB. What is written is a \
    folder that Hugging Face's transformers reads too.
    \(TransformerRecipe().run.defaultsText()) A --preset has its own.
    """
  }

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @OptionGroup(title: "Model") var model: TransformerModelArguments
  @OptionGroup(title: "Memory") var memory: MemoryArguments

  var source: (family: String, path: String) { ("gpt2", data[0]) }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = TransformerRecipe(model.chosenPreset, texts: data)
    if let saved {
      recipe.settings.model = TransformerModelOptions(of: try .read(folder: saved.folder))
    } else {
      recipe.settings.model = try model.options()
    }
    recipe.settings.model.recomputesBlocks = memory.checkpointActivations
    if let gradAccum = memory.gradAccum { recipe.run.trainer.gradAccumulation = gradAccum }
    return FilledRecipe(
      recipe: recipe, settings: model.settings(recipe.settings.model),
      gradAccumulation: memory.gradAccum)
  }
}

/// The flags of a GPT-2 model's sizes and tokens.
struct TransformerModelArguments: ParsableArguments {
  @Option(
    help: """
      Sizes and training: baby (nanoGPT on a CPU, the default), small (nanoGPT's Shakespeare model), \
      gpt2 (124M).
      """)
  var preset: TransformerPreset?
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

  var chosenPreset: TransformerPreset { preset ?? .baby }

  func options() throws(AIGCError) -> TransformerModelOptions {
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
  func settings(_ model: TransformerModelOptions) -> [RunSetting] {
    [
      RunSetting("--preset", preset?.rawValue, else: TransformerPreset.baby.rawValue),
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

extension TransformerPreset: ExpressibleByArgument {}
