import Checkpoints
import Datasets
import Files
import NN
import Training

/// Decoder-only transformers of one architecture: our own, and those published as Hugging Face folders.
public struct TransformerFamily: TextFamily {
  let transformer: TransformerKind

  /// Creates the family of an architecture.
  public init(_ kind: TransformerKind = .gpt2) { transformer = kind }

  /// The architecture's name, which stands in `config.json` and after `aigc train`: "gpt2".
  public var name: String { transformer.rawValue }
  /// The benchmarks of training steps, of generation and of reading prompts, in tokens a second.
  public var benchmarks: [Benchmark] {
    let training = TransformerTrainingBenchmarks.all(of: transformer)
    return transformer == .gpt2 ? training + TransformerGenerationBenchmarks.all : training
  }

  /// Published models name themselves by transformers' `model_type`.
  public func owns(_ folder: String, named name: String) -> Bool {
    name == self.name || transformer.architecture.modelTypes.contains(name)
  }

  /// Whether a bare file is a GGUF file of the architecture.
  public func claims(_ path: String) -> Bool {
    guard (try? GGUFFile.recognizes(path)) == true, let file = try? GGUFFile.open(path) else {
      return false
    }
    return (try? file.metadata.string("general.architecture")) == name
  }

  /// Opens a model folder or a GGUF file with a context of all its positions.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when its files
  ///   do not fit together.
  public func load(_ path: String) throws(AIGCError) -> any LanguageModel {
    try load(path, options: ModelLoadOptions())
  }

  /// Opens a model folder or a GGUF file.
  /// - Parameters:
  ///   - path: of the folder or the file.
  ///   - options: a context from 2 to the model's positions; how keys and values are kept.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``, and usage for another context.
  public func load(
    _ path: String, options: ModelLoadOptions
  ) throws(AIGCError) -> any LanguageModel {
    try TransformerLanguageModel(path: path, options: options)
  }

  /// Reads the tokenizer of a model folder or of a GGUF file, which may hold nothing else, and no weights.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the
  ///   tokenizer has more tokens than the model.
  public func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer {
    guard isFolder(path) else { return try BPETokenizer(gguf: path) }
    return try TransformerFiles.tokenizer(path, .read(folder: path))
  }

  /// The tokens, vocabulary, context and sizes of the model, its parameters and their type, and how
  /// many tokens were learned from.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let files = try TransformerFiles(path)
    let (configuration, weights) = (files.configuration, try files.weights())
    return [
      .init("tokens", .string(configuration.tokens.rawValue)),
      .init("vocabulary", .int(configuration.shape.vocabulary)),
      .init("context", .int(configuration.shape.context)),
      .init("width", .int(configuration.shape.width)),
      .init("layers", .int(configuration.shape.layers)),
      .init("heads", .int(configuration.shape.heads)),
      .init("key_value_heads", .int(configuration.shape.keyValueHeads)),
      .init("inner", .int(configuration.shape.inner)),
      .init("activation", .string(configuration.shape.activation.name)),
      .init("dropout", .float(configuration.dropout.residual)),
      .init("tied", .bool(configuration.shape.isTied)),
      .init("parameters", .int(configuration.parameterCount)),
      .init("type", .string(weights.typeName)),
      .init("training_tokens", JSONValue(configuration.trainingTokens)),
      .init("updatable", .bool(true)),
    ]
  }
}
