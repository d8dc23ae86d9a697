import Checkpoints
import Datasets
import Files
import Kernels

/// What the files of an encoder say, before its weights are read: a folder of sentence-transformers or of
/// transformers, or a GGUF file.
struct EncoderFiles: Sendable {
  let settings: SentenceSettings
  let configuration: EncoderConfiguration
  let tokenizer: WordPieceTokenizer
  let checkpoint: Checkpoint
  /// The most tokens of a text, as the files have it.
  var limit: Int {
    min(settings.limit ?? configuration.shape.context, configuration.shape.context)
  }

  /// Whether a folder or a file is a model of that kind.
  static func recognizes(_ path: String) -> Bool {
    if isFolder(path) {
      guard let settings = try? SentenceSettings(folder: path) else {
        return EncoderConfiguration.describes(folder: path)
      }
      return EncoderConfiguration.describes(folder: settings.folder)
    }
    guard (try? GGUFFile.recognizes(path)) == true,
      let metadata = try? GGUFFile.open(path).metadata
    else { return false }
    return (try? metadata.string("general.architecture")) == EncoderConfiguration.name
  }

  /// How text becomes tokens; no weights are looked at.
  static func tokenizer(_ path: String) throws(AIGCError) -> WordPieceTokenizer {
    if isFolder(path) {
      return try WordPieceTokenizer(folder: SentenceSettings(folder: path).folder)
    }
    return try WordPieceTokenizer(VocabularyData(GGUFFile.open(path).metadata, path: path))
  }

  init(_ path: String) throws(AIGCError) {
    if isFolder(path) {
      settings = try SentenceSettings(folder: path)
      configuration = try EncoderConfiguration(folder: settings.folder)
      checkpoint = try EncoderTensors.open(folder: settings.folder)
    } else {
      checkpoint = try Checkpoint.open(path)
      settings = try SentenceSettings(checkpoint)
      configuration = try EncoderConfiguration(checkpoint)
    }
    tokenizer = try Self.tokenizer(path)
    guard tokenizer.vocabularySize <= configuration.shape.vocabulary else {
      throw .mismatch(
        "\(path): the model has \(configuration.shape.vocabulary) tokens, the tokenizer has "
          + "\(tokenizer.vocabularySize)")
    }
  }
}
