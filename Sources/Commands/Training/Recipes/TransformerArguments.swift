import ArgumentParser
import Console
import Datasets
import Families
import Files
import NN
import Training

/// `aigc train gpt2|llama|qwen3|gemma3`.
struct TransformerArguments<Name: TransformerName>: RecipeArguments {
  static var command: String { Name.family }
  static var abstract: String { "Train a \(Name.kind.title) language model on text." }
  static var discussion: String {
    """
    Without flags it is \(Name.kind == .gpt2 ? "nanoGPT's model" : "a model") for a CPU: minutes for a text of \
    1 MB. What is written is a folder that Hugging Face's transformers reads too.
    \(TransformerRecipe(Name.kind).run.defaultsText()) A --preset has its own.
    """
  }

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @OptionGroup(title: "Model") var model: TransformerModelArguments<Name>
  @OptionGroup(title: "Memory") var memory: MemoryArguments

  var source: (family: String, path: String) { (Name.family, data[0]) }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = TransformerRecipe(Name.kind, model.chosenPreset, texts: data)
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

/// The flags of a transformer's sizes and tokens.
struct TransformerModelArguments<Name: TransformerName>: ParsableArguments {
  @Option(
    help: """
      Sizes and training: baby (nanoGPT on a CPU, the default), small (nanoGPT's Shakespeare \
      model), \(Name.published).
      """)
  var preset: PresetName<Name>?
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
  @OptionGroup var own: Name.Own
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
    if tokenizer != nil, tokens != nil || vocabSize != nil {
      throw ValidationError("--tokenizer brings its own tokens: no --tokens or --vocab-size")
    }
  }

  var chosenPreset: TransformerPreset { preset?.preset ?? .baby }

  func options() throws(AIGCError) -> TransformerModelOptions {
    var result = chosenPreset.model(of: Name.kind)
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
    // What a preset says of heads goes with its own sizes.
    if heads != nil || width != nil { (result.headSize, result.inner) = (nil, nil) }
    if heads != nil { result.keyValueHeads = nil }
    own.fill(&result)
    result.storage = storage?.scalarType
    guard result.width % result.heads == 0 else {
      throw .usage("--width \(result.width): no multiple of --heads \(result.heads)")
    }
    try own.check(result)
    // A tokenizer that is taken has its own tokens.
    if tokenizer == nil { try result.tokens.check(vocabularySize: result.vocabularySize) }
    return result
  }

  /// What a run keeps of it.
  /// - Parameter model: what is in force.
  func settings(_ model: TransformerModelOptions) -> [RunSetting] {
    [
      RunSetting("--preset", preset?.preset.rawValue, else: TransformerPreset.baby.rawValue),
      RunSetting("--tokens", tokens?.rawValue, else: model.tokens.rawValue),
      RunSetting("--vocab-size", vocabSize), RunSetting("--tokenizer", tokenizer),
      RunSetting("--layers", layers, else: "\(model.layers)"),
      RunSetting("--heads", heads, else: "\(model.heads)"),
      RunSetting("--width", width, else: "\(model.width)"),
      RunSetting("--context", context, else: "\(model.context)"),
    ] + own.settings(model) + [
      RunSetting("--storage", storage?.rawValue, else: model.storage?.rawValue.lowercased())
    ]
  }
}

/// A preset of one architecture.
struct PresetName<Name: TransformerName>: ExpressibleByArgument {
  let preset: TransformerPreset

  init?(argument: String) {
    guard let preset = TransformerPreset(rawValue: argument),
      TransformerPreset.all(of: Name.kind).contains(preset)
    else { return nil }
    self.preset = preset
  }

  static var allValueStrings: [String] {
    TransformerPreset.all(of: Name.kind).map { $0.rawValue }
  }
}

/// Flags of some architectures only.
protocol TransformerOwnArguments: ParsableArguments {
  func fill(_ options: inout TransformerModelOptions)
  /// Refuses sizes that do not go together.
  func check(_ options: TransformerModelOptions) throws(AIGCError)
  /// What a run keeps of them.
  /// - Parameter model: what is in force.
  func settings(_ model: TransformerModelOptions) -> [RunSetting]
}

extension TransformerOwnArguments {
  func check(_ options: TransformerModelOptions) throws(AIGCError) {}
}

/// Those of GPT-2.
struct DropoutArguments: TransformerOwnArguments {
  @Option(
    parsing: .unconditional,
    help: "Dropout rate of the embeddings and of what a block adds (default 0).")
  var dropout: Float?

  func validate() throws {
    if let dropout, !(dropout >= 0 && dropout < 1) {
      throw ValidationError("--dropout \(dropout): from 0 to below 1")
    }
  }

  func fill(_ options: inout TransformerModelOptions) {
    if let dropout { options.dropout = dropout }
  }

  func settings(_ model: TransformerModelOptions) -> [RunSetting] {
    [RunSetting("--dropout", dropout, else: "\(model.dropout)")]
  }
}

/// Those of Llama and its successors.
struct RotaryArguments: TransformerOwnArguments {
  @Option(
    name: [.customLong("kv-heads"), .customLong("n-kv-head")],
    help: "Heads of keys and values, a divisor of --heads (default: as many).")
  var kvHeads: Int?
  @Option(
    name: [.customLong("rope-base"), .customLong("rope-theta")], parsing: .unconditional,
    help: "Base of the rotary positions' frequencies (default: the architecture's).")
  var ropeBase: Double?

  func validate() throws {
    if let kvHeads, !(1...1 << 16).contains(kvHeads) {
      throw ValidationError("--kv-heads \(kvHeads): a number from 1 to 65536")
    }
    if let ropeBase, !(ropeBase >= 1 && ropeBase <= 1e12) {
      throw ValidationError("--rope-base \(ropeBase): a number from 1 to 1e12")
    }
  }

  func fill(_ options: inout TransformerModelOptions) {
    if let kvHeads { options.keyValueHeads = kvHeads }
    if let ropeBase { options.ropeBase = ropeBase }
  }

  func check(_ options: TransformerModelOptions) throws(AIGCError) {
    let (heads, shared) = (options.heads, options.keyValueHeads ?? options.heads)
    guard heads % shared == 0 else {
      throw .usage("--kv-heads \(shared): no divisor of --heads \(heads)")
    }
    let size = options.headSize ?? options.width / heads
    guard size % 2 == 0 else {
      throw .usage(
        "--width \(options.width): rotary positions need heads of an even size, not \(size)")
    }
  }

  func settings(_ model: TransformerModelOptions) -> [RunSetting] {
    [
      RunSetting("--kv-heads", kvHeads, else: model.keyValueHeads.map { "\($0)" }),
      RunSetting("--rope-base", ropeBase, else: model.ropeBase.map { "\($0)" }),
    ]
  }
}
