import Checkpoints
import Files
import Kernels

/// What the files beside its weights say of an encoder of BERT's kind.
struct EncoderConfiguration: Sendable {
  /// `model_type` in `config.json`, and `general.architecture` of GGUF files.
  static let name = "bert"
  static let file = "config.json"

  var shape: EncoderShape
  /// Kinds of text: rows of the table of which the first is taken.
  var kinds: Int

  /// Whether `config.json` of a folder is one of such a model.
  static func describes(folder: String) -> Bool {
    guard let fields = try? ModelFields(file: "\(folder)/\(file)") else { return false }
    return (try? fields.string("model_type")) == name
  }

  /// Reads `config.json`. What is not in the file is as in transformers' configuration class.
  /// - Throws: ``/Files/AIGCError`` (badInput) for settings that are out of range, or make another network.
  init(folder: String) throws(AIGCError) {
    let fields = try ModelFields(file: "\(folder)/\(Self.file)")
    let type = try fields.string("model_type") ?? ""
    guard type == Self.name else { throw fields.refusal("model_type", .string(type)) }
    try fields.refuse("position_embedding_type", unless: "absolute")
    try fields.refuse("is_decoder", unless: false)
    try fields.refuse("add_cross_attention", unless: false)
    shape = EncoderShape(
      vocabulary: try fields.size("vocab_size", 30522, in: ModelBounds.vocabulary),
      context: try fields.size("max_position_embeddings", 512, in: ModelBounds.context),
      width: try fields.size("hidden_size", 768, in: ModelBounds.width),
      layers: try fields.size("num_hidden_layers", 12, in: ModelBounds.layers),
      heads: try fields.size("num_attention_heads", 12, in: ModelBounds.heads),
      inner: try fields.size("intermediate_size", 3072, in: ModelBounds.inner))
    shape.epsilon = Float(try fields.positive("layer_norm_eps", 1e-12))
    shape.activation = try fields.activation("hidden_act", .gelu)
    kinds = try fields.size("type_vocab_size", 2, in: 1...1024)
    try check(fields, "num_attention_heads")
  }

  /// Reads the metadata of a GGUF file.
  /// - Throws: as ``init(folder:)``.
  init(_ checkpoint: Checkpoint) throws(AIGCError) {
    guard let metadata = checkpoint.gguf else {
      throw .badInput("\(checkpoint.path): no GGUF file")
    }
    let type = try metadata.string("general.architecture")
    guard type == Self.name else {
      throw .badInput("\(checkpoint.path): a model of the architecture '\(printable(type))'")
    }
    let fields = ModelFields(metadata, prefix: "\(type).", place: "\(checkpoint.path): ")
    guard let table = checkpoint["token_embd.weight"]?.shape, table.count == 2,
      ModelBounds.vocabulary.contains(table[0])
    else {
      throw .badInput(
        "\(checkpoint.path): token_embd.weight is missing, or is no table of embeddings")
    }
    try fields.refuse("attention.causal", unless: false)
    shape = EncoderShape(
      vocabulary: table[0],
      context: try fields.size("context_length", in: ModelBounds.context),
      width: try fields.size("embedding_length", in: ModelBounds.width),
      layers: try fields.size("block_count", in: ModelBounds.layers),
      heads: try fields.size("attention.head_count", in: ModelBounds.heads),
      inner: try fields.size("feed_forward_length", in: ModelBounds.inner))
    shape.epsilon = Float(try fields.positive("attention.layer_norm_epsilon"))
    kinds = checkpoint["token_types.weight"]?.shape.first ?? 0
    try check(fields, "attention.head_count")
  }

  private func check(_ fields: ModelFields, _ heads: String) throws(AIGCError) {
    guard shape.width % shape.heads == 0 else {
      throw fields.error(heads, "is \(shape.heads), which does not divide \(shape.width) values")
    }
  }
}

extension ModelFields {
  private static var largestFile: Int { 16 << 20 }

  /// Reads a JSON object from a file.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is missing, too large or none.
  init(file path: String) throws(AIGCError) {
    guard case .object(let members) = try Self.json(path) else {
      throw .badInput("\(path): no JSON object")
    }
    self.init(members, place: "\(path): ")
  }

  /// A small file of JSON.
  static func json(_ path: String) throws(AIGCError) -> JSONValue {
    let file = try MappedFile(path: path)
    guard file.count <= largestFile else {
      throw .badInput("\(path): too large for a configuration")
    }
    do { return try JSONValue(parsing: try file.bytes()) } catch {
      throw .badInput("\(path): not valid JSON")
    }
  }
}
