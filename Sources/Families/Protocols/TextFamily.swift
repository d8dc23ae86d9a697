import Datasets
import Files
import Kernels
import Training

/// How a language model is opened.
public struct ModelLoadOptions: Equatable, Sendable {
  /// The most tokens in view; nil: all that the model can see.
  public var context: Int?
  /// How a transformer keeps keys and values of what it has read; nil: in 16 bits.
  public var cacheType: CacheType?
  /// How the inputs of products with weights of few bits are taken; nil: in 8 bits.
  public var activations: ActivationType?
  /// Adapters that are applied to a transformer, all at once.
  public var adapters: [AdapterChoice] = []

  /// Creates the options that leave the context to the model.
  public init() {}
}

/// An adapter of low rank (LoRA) that a model is opened with.
public struct AdapterChoice: Equatable, Sendable {
  /// A folder of PEFT, its adapter_model.safetensors, or a GGUF file of llama.cpp.
  public var path: String
  /// What its changes are multiplied by.
  public var scale: Float

  /// Creates a choice; the scale is a number.
  public init(_ path: String, scale: Float = 1) { (self.path, self.scale) = (path, scale) }
}

/// A family whose models are language models, usable by every text verb.
public protocol TextFamily: Family {
  /// Opens the model folder, or the bare file that the family ``Family/claims(_:)``.
  func load(_ path: String) throws(AIGCError) -> any LanguageModel

  /// The same with choices of its own.
  /// - Throws: ``/Files/AIGCError`` (usage) where the family has no such choice, or not this one.
  func load(_ path: String, options: ModelLoadOptions) throws(AIGCError) -> any LanguageModel

  /// How the model at `path` cuts text into tokens: `aigc tokenize`. Reads no weights where it can.
  /// - Throws: ``/Files/AIGCError``: badInput when its files are missing or damaged, usage when the model
  ///   has no tokenizer. The default reads the BPE files of the model folder.
  func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer
}

extension TextFamily {
  /// What its models make, "text".
  public var kind: String { "text" }

  /// Unless a family says otherwise, the number of tokens in view cannot be chosen, and keys and values there are
  /// none.
  /// - Throws: ``/Files/AIGCError``: usage for any choice, and as ``load(_:)``.
  public func load(
    _ path: String, options: ModelLoadOptions
  ) throws(AIGCError) -> any LanguageModel {
    guard options.context == nil else {
      throw .usage("`load(_:options:)` is of models with a context, such as gpt2; \(path) has none")
    }
    guard options.cacheType == nil, options.activations == nil else {
      throw .usage(
        "`\(options.cacheType == nil ? "activations" : "cacheType")` is of transformers, such as gpt2; "
          + "\(path) is none")
    }
    guard options.adapters.isEmpty else {
      throw .usage("`adapters` are of transformers, such as gpt2; \(path) is none")
    }
    return try load(path)
  }

  /// Unless a family says otherwise, the tokenizer is that of the BPE files in the model folder.
  /// - Throws: ``/Files/AIGCError``: usage for a bare file, badInput when the files are missing or
  ///   damaged.
  public func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer {
    guard isFolder(path) else { throw .usage("\(path): a model without a tokenizer") }
    return try BPETokenizer(folder: path)
  }
}
