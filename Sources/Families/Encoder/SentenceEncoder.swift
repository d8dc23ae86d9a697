import Checkpoints
import Datasets
import Files
import Kernels

/// An encoder of BERT's kind that makes a vector of each text, as sentence-transformers does (Reimers and Gurevych
/// 2019): a folder of its or of transformers, or a GGUF file.
public struct SentenceEncoder: TextEmbedder {
  /// Values of a vector.
  public var width: Int { encoder.weights.shape.width }
  /// The most tokens of a text, `[CLS]` and `[SEP]` among them.
  public let limit: Int
  /// How text becomes tokens.
  public let tokenizer: WordPieceTokenizer
  /// How states become a vector, and whether its length is 1.
  public let pooling: StatePooling
  public let normalizes: Bool
  private let encoder: TransformerEncoder
  private let tensors: EncoderTensors
  private let path: String

  /// Whether a folder or a file is a model of that kind.
  public static func recognizes(_ path: String) -> Bool {
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

  /// Opens a model.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing, damaged or asks for what is not built here,
  ///   mismatch when files do not fit each other, usage for a limit that the model does not have.
  public init(_ path: String, _ options: EmbeddingOptions = EmbeddingOptions()) throws(AIGCError) {
    let (settings, configuration): (SentenceSettings, EncoderConfiguration)
    let checkpoint: Checkpoint
    if isFolder(path) {
      settings = try SentenceSettings(folder: path)
      configuration = try EncoderConfiguration(folder: settings.folder)
      tokenizer = try WordPieceTokenizer(folder: settings.folder)
      checkpoint = try EncoderTensors.open(folder: settings.folder)
    } else {
      checkpoint = try Checkpoint.open(path)
      (settings, configuration) = (
        try SentenceSettings(checkpoint), try EncoderConfiguration(checkpoint)
      )
      guard let metadata = checkpoint.gguf else { throw .badInput("\(path): no GGUF file") }
      tokenizer = try WordPieceTokenizer(VocabularyData(metadata, path: path))
    }
    let shape = configuration.shape
    guard tokenizer.vocabularySize <= shape.vocabulary else {
      throw .mismatch(
        "\(path): the model has \(shape.vocabulary) tokens, the tokenizer has "
          + "\(tokenizer.vocabularySize)")
    }
    let around = tokenizer.prefix.count + tokenizer.suffix.count
    limit = min(options.limit ?? settings.limit ?? shape.context, shape.context)
    guard limit > around else {
      throw .usage("`limit` \(limit): \(around) tokens stand around each text")
    }
    if let limit = options.limit, limit > shape.context {
      throw .usage("`limit` \(limit): the model has \(shape.context) positions")
    }
    pooling = options.pooling ?? settings.pooling
    normalizes = options.normalizes ?? settings.normalizes
    tensors = EncoderTensors(checkpoint)
    encoder = TransformerEncoder(
      try tensors.weights(configuration, options.activations ?? .f32))
    self.path = path
  }

  public func tokens(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    try tokenizer.encode(text, limit: limit, name: name)
  }

  public func vectors(_ texts: [[Int32]]) throws(AIGCError) -> [[Float]] {
    try check(texts)
    let values = encoder.vectors(texts, pooling: pooling)
    try Interruption.check()
    var result: [[Float]] = []
    result.reserveCapacity(texts.count)
    for index in texts.indices {
      var vector = Array(values[index * width..<(index + 1) * width])
      if normalizes { normalizeVector(&vector) }
      guard vector.allSatisfy({ $0.isFinite }) else {
        throw tensors.damage()
          ?? .badInput("\(path): its vectors are not numbers, though its weights are")
      }
      result.append(vector)
    }
    return result
  }

  /// The states of a text's tokens after the last layer, [tokens, width].
  /// - Throws: ``/Files/AIGCError``: usage for no tokens and for more than ``limit``, mismatch for ids that the model
  ///   does not have, interrupted.
  public func states(_ tokens: [Int32]) throws(AIGCError) -> [Float] {
    try check([tokens])
    let states = encoder.states(tokens)
    try Interruption.check()
    return states
  }

  private func check(_ texts: [[Int32]]) throws(AIGCError) {
    let size = Int32(encoder.weights.shape.vocabulary)
    for text in texts {
      guard (1...limit).contains(text.count) else {
        throw .usage("`tokens`: \(text.count) of them; the model sees 1 to \(limit) at once")
      }
      if let token = text.first(where: { !(0..<size).contains($0) }) {
        throw .mismatch("the token \(token): the model has those from 0 to \(size - 1)")
      }
    }
  }
}
