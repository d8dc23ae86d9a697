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
  /// How states become a vector.
  public let pooling: StatePooling
  /// Whether vectors have the length 1.
  public let normalizes: Bool
  private let encoder: TransformerEncoder
  private let tensors: EncoderTensors
  private let path: String

  /// Opens a model.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing, damaged or asks for what is not built here,
  ///   mismatch when files do not fit each other, usage for a limit that the model does not have.
  public init(_ path: String, _ options: EmbeddingOptions = EmbeddingOptions()) throws(AIGCError) {
    let files = try EncoderFiles(path)
    let (settings, shape) = (files.settings, files.configuration.shape)
    tokenizer = files.tokenizer
    let around = tokenizer.prefix.count + tokenizer.suffix.count
    limit = options.context ?? files.limit
    guard limit > around else {
      throw .usage("`context` \(limit): \(around) tokens stand around each text")
    }
    guard limit <= shape.context else {
      throw .usage("`context` \(limit): the model has \(counted(shape.context, "position"))")
    }
    pooling = options.pooling ?? settings.pooling
    normalizes = options.normalizes ?? settings.normalizes
    tensors = EncoderTensors(files.checkpoint)
    encoder = TransformerEncoder(
      try tensors.weights(files.configuration, options.activations ?? .f32))
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
        throw .usage(
          "\(counted(text.count, "token")) of a text; the model sees 1 to \(limit) at once")
      }
      if let token = text.first(where: { !(0..<size).contains($0) }) {
        throw .mismatch("the token \(token): the model has those from 0 to \(size - 1)")
      }
    }
  }
}
