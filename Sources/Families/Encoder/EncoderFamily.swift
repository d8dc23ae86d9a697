import Datasets
import Files
import Kernels
import Training

/// Encoders of BERT's kind, which make vectors of texts: folders of sentence-transformers and transformers, GGUF files.
public struct EncoderFamily: Family {
  /// Creates the family.
  public init() {}

  /// The family, where the model at `path` is one of its own; else nil.
  public init?(of path: String) {
    guard EncoderFiles.recognizes(path) else { return nil }
  }

  /// As `model_type` in `config.json` and `general.architecture` of GGUF files have it: "bert".
  public var name: String { EncoderConfiguration.name }
  /// What its models make, "embedding".
  public var kind: String { "embedding" }

  /// Whether a bare file is a GGUF file of such a model.
  public func claims(_ path: String) -> Bool {
    !isFolder(path) && EncoderFiles.recognizes(path)
  }

  /// Reads the tokenizer of a folder or of a GGUF file, and no weights.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged.
  public func tokenizer(_ path: String) throws(AIGCError) -> any TokenCoder {
    try EncoderFiles.tokenizer(path)
  }

  /// Vocabulary, the most tokens of a text, sizes, how states become a vector, parameters and their type.
  /// - Throws: ``/Files/AIGCError``: as ``SentenceEncoder/init(_:_:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let files = try EncoderFiles(path)
    let (shape, settings) = (files.configuration.shape, files.settings)
    let parameters = files.checkpoint.tensors.reduce(0) { sum, tensor in
      sum + (tensor.type.isFloatingPoint ? tensor.count : 0)
    }
    let largest = files.checkpoint.tensors.max { $0.count < $1.count }
    return [
      .init("tokens", .string(files.tokenizer.kind.rawValue)),
      .init("vocabulary", .int(shape.vocabulary)), .init("context", .int(files.limit)),
      .init("positions", .int(shape.context)), .init("width", .int(shape.width)),
      .init("layers", .int(shape.layers)), .init("heads", .int(shape.heads)),
      .init("inner", .int(shape.inner)), .init("activation", .string(shape.activation.name)),
      .init("pooling", .string(settings.pooling.rawValue)),
      .init("normalized", .bool(settings.normalizes)), .init("parameters", .int(parameters)),
      .init("type", .string(largest?.typeName ?? "")),
    ]
  }
}
