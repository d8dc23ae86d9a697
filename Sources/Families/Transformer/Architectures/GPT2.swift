import Datasets
import Files
import Kernels

/// GPT-2 (Radford et al. 2019): learned positions, layer norms and biases everywhere, queries, keys and values in
/// one matrix. Hugging Face's files have its matrices as [inputs, outputs].
struct GPT2Architecture: Architecture {
  var name: String { "gpt2" }
  var title: String { "GPT-2" }
  var modelTypes: [String] { ["gpt2"] }
  var className: String { "GPT2LMHeadModel" }
  var dropoutNames: [(name: String, rate: WritableKeyPath<TransformerDropout, Float>)] {
    [("embd_pdrop", \.embedding), ("resid_pdrop", \.residual), ("attn_pdrop", \.attention)]
  }
  var standardDropout: Double { 0.1 }
  var isFused: Bool { true }
  var isByInput: Bool { true }
  var names: TensorNames {
    TensorNames(
      base: "transformer.", layers: "h",
      parts: [
        .embeddings: "wte", .positions: "wpe", .attentionNorm: "ln_1",
        .queryKeyValue: "attn.c_attn", .output: "attn.c_proj", .feedForwardNorm: "ln_2",
        .up: "mlp.c_fc", .down: "mlp.c_proj", .norm: "ln_f",
      ])
  }

  func shape(config: ModelFields) throws(AIGCError) -> TransformerShape {
    try config.refuse("scale_attn_weights", unless: true)
    try config.refuse("scale_attn_by_inverse_layer_idx", unless: false)
    try config.refuse("add_cross_attention", unless: false)
    func size(
      _ name: String, or other: String, _ standard: Int, in range: ClosedRange<Int>
    ) throws(AIGCError) -> Int {
      let value = try config.size(config[name] == nil ? other : name, standard, in: range)
      if let alias = try config.integer(other), alias != value {
        throw config.error(name, "is \(value), but '\(other)', which is the same, is \(alias)")
      }
      return value
    }
    let width = try size("n_embd", or: "hidden_size", 768, in: ModelBounds.width)
    let heads = try size("n_head", or: "num_attention_heads", 12, in: ModelBounds.heads)
    guard width % heads == 0 else {
      throw config.error("n_embd", "\(width) is no multiple of n_head \(heads)")
    }
    var result = TransformerShape(
      vocabulary: try config.size("vocab_size", 50257, in: ModelBounds.vocabulary),
      context: try size(
        "n_positions", or: "max_position_embeddings", 1024, in: ModelBounds.context),
      width: width,
      layers: try size("n_layer", or: "num_hidden_layers", 12, in: ModelBounds.layers),
      heads: heads, inner: try config.size("n_inner", 4 * width, in: ModelBounds.inner),
      positions: .learned)
    Self.complete(&result)
    result.activation = try config.activation("activation_function", .geluTanh)
    if result.activation == .silu { throw config.refusal("activation_function", "silu") }
    result.epsilon = Float(try config.positive("layer_norm_epsilon", 1e-5))
    result.isTied = try config.flag("tie_word_embeddings", true)
    return result
  }

  func config(_ shape: TransformerShape) -> [JSONValue.Member] {
    [
      .init("vocab_size", .int(shape.vocabulary)), .init("n_positions", .int(shape.context)),
      .init("n_embd", .int(shape.width)), .init("n_layer", .int(shape.layers)),
      .init("n_head", .int(shape.heads)),
      .init("n_inner", shape.inner == 4 * shape.width ? .null : .int(shape.inner)),
      .init(
        "activation_function",
        .string(shape.activation == .geluTanh ? "gelu_new" : shape.activation.name)),
      .init("layer_norm_epsilon", .float(shape.epsilon)),
      .init("tie_word_embeddings", .bool(shape.isTied)),
    ]
  }

  func shape(gguf: GGUFSource) throws(AIGCError) -> TransformerShape {
    var result = try gguf.shape()
    guard result.keyValueHeads == result.heads, result.queryWidth == result.width else {
      throw gguf.fields.error("attention.head_count_kv", "or key_length is none of GPT-2's")
    }
    Self.complete(&result)
    result.epsilon = Float(try gguf.fields.positive("attention.layer_norm_epsilon"))
    return result
  }

  func gguf(_ shape: TransformerShape) -> [JSONValue.Member] {
    shape.gguf + [.init("attention.layer_norm_epsilon", .float(shape.epsilon))]
  }

  /// What all models of the architecture have.
  static func complete(_ shape: inout TransformerShape) {
    shape.norm = .layer
    shape.isGated = false
    shape.activation = .geluTanh
    (shape.hasQueryKeyValueBias, shape.hasOutputBias, shape.hasInnerBias) = (true, true, true)
  }
}

extension TransformerShape {
  /// A GPT-2: its activation and layer norms, and a tied output projection.
  static func gpt2(
    vocabulary: Int, context: Int, width: Int, layers: Int, heads: Int, inner: Int? = nil
  ) -> TransformerShape {
    var shape = TransformerShape(
      vocabulary: vocabulary, context: context, width: width, layers: layers, heads: heads,
      inner: inner ?? 4 &* width, positions: .learned)
    GPT2Architecture.complete(&shape)
    return shape
  }
}

extension TransformerConfiguration {
  /// The configuration of a new GPT-2 model without dropout.
  /// - Parameters:
  ///   - tokens: the kind of the tokenizer.
  ///   - vocabularySize: rows of the token embedding.
  ///   - context: the number of positions.
  ///   - width: of the residual stream, a multiple of `heads`.
  ///   - layers: transformer blocks.
  ///   - heads: of each block's attention.
  public init(
    tokens: TokenizerKind, vocabularySize: Int, context: Int, width: Int, layers: Int, heads: Int
  ) {
    self.init(
      GPT2Architecture(),
      .gpt2(
        vocabulary: vocabularySize, context: context, width: width, layers: layers, heads: heads),
      tokens: tokens)
  }
}
