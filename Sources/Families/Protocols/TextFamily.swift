import Datasets
import Files
import Training

/// A family whose models are language models, usable by every text verb.
public protocol TextFamily: Family {
  /// Opens the model folder, or the bare file that the family ``Family/claims(_:)``.
  func load(_ path: String) throws(AIGCError) -> any LanguageModel

  /// The same with a choice of how many tokens the model sees at once; nil: all it can.
  /// - Throws: ``/Files/AIGCError`` (usage) where the family has no such choice, or not this one.
  func load(_ path: String, context: Int?) throws(AIGCError) -> any LanguageModel

  /// How the model at `path` cuts text into tokens: `aigc tokenize`. Reads no weights where it can.
  /// - Throws: ``/Files/AIGCError``: badInput when its files are missing or damaged, usage when the model
  ///   has no tokenizer. The default reads the BPE files of the model folder.
  func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer
}

extension TextFamily {
  /// What its models make, "text".
  public var kind: String { "text" }

  /// Unless a family says otherwise, the number of tokens in view cannot be chosen.
  /// - Throws: ``/Files/AIGCError``: usage for a `context`, and as ``load(_:)``.
  public func load(_ path: String, context: Int?) throws(AIGCError) -> any LanguageModel {
    guard context == nil else {
      throw .usage("`load(_:context:)` is of models with a context, such as gpt2; \(path) has none")
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
