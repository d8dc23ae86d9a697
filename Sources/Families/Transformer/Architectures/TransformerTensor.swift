/// What a tensor of a decoder-only transformer is for.
enum TransformerPart: String, CaseIterable, Sendable {
  case embeddings, positions
  case attentionNorm, query, key, value
  /// Queries, keys and values in one matrix, in this order.
  case queryKeyValue
  case queryNorm, keyNorm, output
  /// Of what attention gives, before it is added.
  case attentionOutputNorm
  case feedForwardNorm, gate, up, down
  /// Of what the feed-forward network gives, before it is added.
  case feedForwardOutputNorm
  /// After the last layer.
  case norm
  /// The projection to the vocabulary.
  case head

  /// Whether each layer has one.
  var isOfLayer: Bool {
    switch self {
    case .embeddings, .positions, .norm, .head: false
    default: true
    }
  }

  var isNorm: Bool {
    switch self {
    case .attentionNorm, .queryNorm, .keyNorm, .attentionOutputNorm, .feedForwardNorm,
      .feedForwardOutputNorm, .norm:
      true
    default: false
    }
  }
}

/// One tensor of a transformer: what it is for, and how it stands in both kinds of files.
struct TransformerTensor: Sendable, Equatable {
  /// Which tensor of a model it is.
  struct Key: Hashable, Sendable {
    var part: TransformerPart
    /// nil outside of layers.
    var layer: Int?
    var isBias = false
  }

  /// How its values stand in a GGUF file, as against Hugging Face's.
  enum GGUFForm: Sendable, Equatable {
    case same
    /// [outputs, inputs] for [inputs, outputs].
    case transposed
    /// Rows of a head stand in pairs that are turned together: the first of the one half, the first of
    /// the other, the second of the one…
    case interleaved(headSize: Int)
    /// 1 is added.
    case plusOne
  }

  var key: Key
  /// In Hugging Face's files.
  var name: String
  /// There, outermost first.
  var shape: [Int]
  /// Whether a matrix stands there as [inputs, outputs].
  var isByInput = false
  /// In GGUF files.
  var ggufName: String
  var ggufForm = GGUFForm.same

  /// In GGUF files, outermost first.
  var ggufShape: [Int] { ggufForm == .transposed ? shape.reversed() : shape }
}

/// What an architecture calls its tensors in Hugging Face's files.
struct TensorNames: Sendable {
  /// What stands before all names but the head's.
  var base: String
  /// What stands before the number of a layer.
  var layers: String
  var parts: [TransformerPart: String]

  /// Those of Llama, and of many after it.
  static let llama = TensorNames(
    base: "model.", layers: "layers",
    parts: [
      .embeddings: "embed_tokens", .attentionNorm: "input_layernorm",
      .query: "self_attn.q_proj", .key: "self_attn.k_proj", .value: "self_attn.v_proj",
      .queryNorm: "self_attn.q_norm", .keyNorm: "self_attn.k_norm", .output: "self_attn.o_proj",
      .feedForwardNorm: "post_attention_layernorm", .gate: "mlp.gate_proj", .up: "mlp.up_proj",
      .down: "mlp.down_proj", .norm: "norm",
    ])

  /// "model.layers.3.mlp.up_proj.weight".
  func name(_ key: TransformerTensor.Key) -> String {
    let end = key.isBias ? ".bias" : ".weight"
    guard key.part != .head else { return "lm_head" + end }
    let part = parts[key.part] ?? key.part.rawValue
    return base + (key.layer.map { "\(layers).\($0)." } ?? "") + part + end
  }

  /// In GGUF files, where all architectures have the same names: "blk.3.ffn_up.weight".
  static func gguf(_ key: TransformerTensor.Key) -> String {
    let part =
      switch key.part {
      case .embeddings: "token_embd"
      case .positions: "position_embd"
      case .attentionNorm: "attn_norm"
      case .query: "attn_q"
      case .key: "attn_k"
      case .value: "attn_v"
      case .queryKeyValue: "attn_qkv"
      case .queryNorm: "attn_q_norm"
      case .keyNorm: "attn_k_norm"
      case .output: "attn_output"
      case .attentionOutputNorm: "post_attention_norm"
      case .feedForwardNorm: "ffn_norm"
      case .gate: "ffn_gate"
      case .up: "ffn_up"
      case .down: "ffn_down"
      case .feedForwardOutputNorm: "post_ffw_norm"
      case .norm: "output_norm"
      case .head: "output"
      }
    return (key.layer.map { "blk.\($0)." } ?? "") + part + (key.isBias ? ".bias" : ".weight")
  }
}
