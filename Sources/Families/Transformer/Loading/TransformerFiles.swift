import Checkpoints
import Datasets
import Files
import Inference

/// What a model folder or a GGUF file holds beside its weights.
struct TransformerFiles {
  let configuration: TransformerConfiguration
  let tokenizer: any Tokenizer
  /// Of a folder with such a file.
  let defaults: GenerationDefaults?
  let path: String
  /// An open GGUF file; nil for a folder.
  private let checkpoint: Checkpoint?
  /// What a GGUF file says of its model; nil for a folder.
  var gguf: GGUFMetadata? { checkpoint?.gguf }

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
      guard let metadata = checkpoint.gguf else { throw .badInput("\(path): no GGUF file") }
      let vocabulary = try VocabularyData(metadata, path: path)
      tokenizer = try Self.fitted(BPETokenizer(vocabulary), configuration, path)
      (defaults, self.checkpoint) = (nil, checkpoint)
    }
  }

  /// The weights, which are not read yet.
  /// - Throws: as ``TransformerWeights/init(folder:_:)``.
  func weights() throws(AIGCError) -> TransformerWeights {
    guard let checkpoint else { return try TransformerWeights(folder: path, configuration) }
    return try TransformerWeights(checkpoint, configuration)
  }

  /// A tensor of a GGUF file by its name there.
  func tensor(_ name: String) -> StoredTensor? { checkpoint?[name] }

  /// How a conversation is written for the model; nil where no file says.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a damaged file and for what is no template.
  func chatTemplate() throws(AIGCError) -> ChatTemplate? {
    guard let checkpoint else { return try ChatTemplate.read(folder: path) }
    guard let metadata = checkpoint.gguf else { return nil }
    return try ChatTemplate.read(metadata, path)
  }

  /// The marks of a GGUF file's vocabulary by which published templates end a turn: such a file names one end of texts,
  /// and models of conversations have another beside it.
  var turnEnds: [Int32] {
    checkpoint == nil ? [] : tokenizer.specialTokens.filter(ChatPrompt.endsTurn).map { $0.id }
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
