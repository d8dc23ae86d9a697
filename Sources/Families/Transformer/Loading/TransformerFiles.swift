import Checkpoints
import Datasets
import Files

/// What a model folder or a GGUF file holds beside its weights.
struct TransformerFiles {
  let configuration: TransformerConfiguration
  let tokenizer: any Tokenizer
  /// Of a folder with such a file.
  let defaults: GenerationDefaults?
  private let path: String
  /// An open GGUF file.
  private let checkpoint: Checkpoint?

  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when they do not fit each
  ///   other.
  init(_ path: String) throws(AIGCError) {
    self.path = path
    if isFolder(path) {
      configuration = try TransformerConfiguration.read(folder: path)
      tokenizer = try Self.tokenizer(path, configuration)
      (defaults, checkpoint) = (try GenerationDefaults.read(folder: path), nil)
    } else {
      let checkpoint = try Checkpoint.open(path)
      configuration = try TransformerConfiguration(checkpoint)
      tokenizer = try Self.fitted(BPETokenizer(gguf: path), configuration, path)
      (defaults, self.checkpoint) = (nil, checkpoint)
    }
  }

  /// The weights, which are not read yet.
  /// - Throws: as ``TransformerWeights/init(folder:_:)``.
  func weights() throws(AIGCError) -> TransformerWeights {
    guard let checkpoint else { return try TransformerWeights(folder: path, configuration) }
    return try TransformerWeights(checkpoint, configuration)
  }

  /// The tokenizer of a folder.
  static func tokenizer(
    _ folder: String, _ configuration: TransformerConfiguration
  ) throws(AIGCError) -> any Tokenizer {
    let tokenizer = try loadTokenizer(kind: configuration.tokens, folder: folder)
    return try fitted(tokenizer, configuration, folder)
  }

  /// A published vocabulary may be padded, and tokens may have been added that the model was not enlarged for; the
  /// rest must fit.
  private static func fitted(
    _ tokenizer: any Tokenizer, _ configuration: TransformerConfiguration, _ path: String
  ) throws(AIGCError) -> any Tokenizer {
    let size = configuration.shape.vocabulary
    var bpe = tokenizer as? BPETokenizer
    let count = bpe?.plainVocabularySize ?? tokenizer.vocabularySize
    guard count <= size else {
      throw .mismatch("\(path): the model has \(size) tokens, the tokenizer has \(count)")
    }
    bpe?.idLimit = size
    if let end = bpe?.endToken, end >= size { bpe?.endToken = nil }
    return bpe ?? tokenizer
  }
}
