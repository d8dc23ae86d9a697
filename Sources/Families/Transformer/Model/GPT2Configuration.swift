import Datasets
import Files
import FoundationEssentials
import NN
import Training

/// `config.json` of a GPT-2 model: Hugging Face's keys, so that a model of ours is one of
/// transformers too, and the keys that every model here has. A published one lacks the latter.
public struct GPT2Configuration: Codable, Equatable, Sendable {
  /// The name of the family, "gpt2"; `model_type` stands for it in a published file.
  public var family = "gpt2"
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model makes, "text".
  public var kind = "text"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the text model to take when none is named.
  public var isDefault: Bool?
  /// The kind of the tokenizer, whose files lie in the same folder; BPE where the file does not
  /// say.
  public var tokens = TokenizerKind.bpe
  /// Tokens learned from in training; nil where nobody counted.
  public var trainingTokens: Int?

  /// Rows of the token embedding (`vocab_size`); a published model may have more of them than its
  /// tokenizer has tokens.
  public var vocabularySize: Int
  /// The number of positions, and so the most tokens in view (`n_positions`).
  public var context: Int
  /// The size of the embeddings and of the residual stream (`n_embd`), a multiple of ``heads``.
  public var width: Int
  /// The number of transformer blocks (`n_layer`).
  public var layers: Int
  /// The attention heads of a block (`n_head`).
  public var heads: Int
  /// Size of the blocks' inner layer; nil: 4 · width.
  public var inner: Int?
  /// `gelu_new`, `gelu` or `relu`.
  public var activation: String
  /// What layer normalisation adds to the variance (`layer_norm_epsilon`), between 0 and 1.
  public var epsilon: Float
  /// The dropout rate of the sum of token and position embeddings (`embd_pdrop`), from 0 to below
  /// 1.
  public var embeddingDropout: Float
  /// The dropout rate of what attention and MLP add to the residual stream (`resid_pdrop`), from 0
  /// to below 1.
  public var residualDropout: Float
  /// Kept for other programs: attention has no dropout here.
  public var attentionDropout: Float
  /// Whether the output projection shares the weight of the token embedding
  /// (`tie_word_embeddings`).
  public var isTied: Bool
  /// The token before a text (`bos_token_id`); nil where the file names none.
  public var startToken: Int?
  /// Tokens that end a text: none for `null` in the file, nil where it does not say.
  public var endTokens: [Int]?
  /// The first of them.
  public var endToken: Int? { endTokens?.first }

  /// The keys of `config.json`, as Hugging Face's transformers calls them.
  public enum CodingKeys: String, CodingKey {
    case family, kind, description, tokens
    case formatVersion = "format_version"
    case isDefault = "default"
    case trainingTokens = "training_tokens"
    case modelType = "model_type"
    case architectures
    case vocabularySize = "vocab_size"
    case context = "n_positions"
    case width = "n_embd"
    case layers = "n_layer"
    case heads = "n_head"
    case inner = "n_inner"
    case activation = "activation_function"
    case epsilon = "layer_norm_epsilon"
    case embeddingDropout = "embd_pdrop"
    case residualDropout = "resid_pdrop"
    case attentionDropout = "attn_pdrop"
    case isTied = "tie_word_embeddings"
    case startToken = "bos_token_id"
    case endTokens = "eos_token_id"
    // transformers' other names of the sizes (its `attribute_map`).
    case maxPositions = "max_position_embeddings"
    case hiddenSize = "hidden_size"
    case hiddenLayers = "num_hidden_layers"
    case attentionHeads = "num_attention_heads"
    // Variants that are not built here.
    case scalesWeights = "scale_attn_weights"
    case scalesByLayer = "scale_attn_by_inverse_layer_idx"
    case crossAttention = "add_cross_attention"
  }

  /// Creates the configuration of a new model, with GPT-2's activation and layer norms, without
  /// dropout and with a tied output projection.
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
    self.tokens = tokens
    self.vocabularySize = vocabularySize
    self.context = context
    self.width = width
    self.layers = layers
    self.heads = heads
    activation = GPT2Network.Activation.geluNew.rawValue
    epsilon = 1e-5
    (embeddingDropout, residualDropout, attentionDropout) = (0, 0, 0)
    isTied = true
  }

  /// What is not in the file is as in transformers' `GPT2Config`.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ standard: Value) throws -> Value {
      try keys.decodeIfPresent(Value.self, forKey: key) ?? standard
    }
    func size(_ key: CodingKeys, or other: CodingKeys, _ standard: Int) throws -> Int {
      let (own, alias) = (
        try keys.decodeIfPresent(Int.self, forKey: key),
        try keys.decodeIfPresent(Int.self, forKey: other)
      )
      if let own, let alias, own != alias {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: keys,
          debugDescription: "\(own), but \(other.rawValue), which is the same, is \(alias)")
      }
      return own ?? alias ?? standard
    }
    func refuse(_ key: CodingKeys, _ isRefused: Bool) throws {
      guard try value(key, !isRefused) == isRefused else { return }
      throw DecodingError.dataCorruptedError(
        forKey: key, in: keys, debugDescription: "models with this setting are not read")
    }
    family = try value(.family, value(.modelType, ""))
    formatVersion = try value(.formatVersion, 1)
    kind = try value(.kind, "text")
    description = try keys.decodeIfPresent(String.self, forKey: .description)
    isDefault = try keys.decodeIfPresent(Bool.self, forKey: .isDefault)
    tokens = try value(.tokens, .bpe)
    trainingTokens = try keys.decodeIfPresent(Int.self, forKey: .trainingTokens)
    vocabularySize = try value(.vocabularySize, 50257)
    context = try size(.context, or: .maxPositions, 1024)
    width = try size(.width, or: .hiddenSize, 768)
    layers = try size(.layers, or: .hiddenLayers, 12)
    heads = try size(.heads, or: .attentionHeads, 12)
    inner = try keys.decodeIfPresent(Int.self, forKey: .inner)
    activation = try value(.activation, "gelu_new")
    epsilon = try value(.epsilon, 1e-5)
    embeddingDropout = try value(.embeddingDropout, 0.1)
    residualDropout = try value(.residualDropout, 0.1)
    attentionDropout = try value(.attentionDropout, 0.1)
    isTied = try value(.isTied, true)
    startToken = try keys.decodeIfPresent(Int.self, forKey: .startToken)
    endTokens = try Self.endTokens(keys)
    try refuse(.scalesWeights, false)
    try refuse(.scalesByLayer, true)
    try refuse(.crossAttention, true)
  }

  /// A number, a list of numbers, or null.
  private static func endTokens(_ keys: KeyedDecodingContainer<CodingKeys>) throws -> [Int]? {
    guard keys.contains(.endTokens) else { return nil }
    if try keys.decodeNil(forKey: .endTokens) { return [] }
    if let several = try? keys.decode([Int].self, forKey: .endTokens) { return several }
    return [try keys.decode(Int.self, forKey: .endTokens)]
  }

  /// Writes the keys of transformers' `GPT2Config` and those of every model here. Ids of tokens
  /// that are nil are written as null, as transformers takes 50256 for a missing key.
  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(family, forKey: .family)
    try keys.encode(formatVersion, forKey: .formatVersion)
    try keys.encode(kind, forKey: .kind)
    try keys.encodeIfPresent(description, forKey: .description)
    try keys.encodeIfPresent(isDefault, forKey: .isDefault)
    try keys.encode(tokens, forKey: .tokens)
    try keys.encodeIfPresent(trainingTokens, forKey: .trainingTokens)
    try keys.encode("gpt2", forKey: .modelType)
    try keys.encode(["GPT2LMHeadModel"], forKey: .architectures)
    try keys.encode(vocabularySize, forKey: .vocabularySize)
    try keys.encode(context, forKey: .context)
    try keys.encode(width, forKey: .width)
    try keys.encode(layers, forKey: .layers)
    try keys.encode(heads, forKey: .heads)
    try keys.encode(inner, forKey: .inner)
    try keys.encode(activation, forKey: .activation)
    try keys.encode(epsilon, forKey: .epsilon)
    try keys.encode(embeddingDropout, forKey: .embeddingDropout)
    try keys.encode(residualDropout, forKey: .residualDropout)
    try keys.encode(attentionDropout, forKey: .attentionDropout)
    try keys.encode(isTied, forKey: .isTied)
    // Without these keys transformers takes GPT-2's own, 50256.
    try keys.encode(startToken, forKey: .startToken)
    if let endTokens, endTokens.count > 1 {
      try keys.encode(endTokens, forKey: .endTokens)
    } else {
      try keys.encode(endToken, forKey: .endTokens)
    }
  }
}

extension GPT2Configuration {
  /// The sizes of the network; of a configuration that ``validate(_:)`` lets pass.
  var sizes: GPT2Network.Sizes {
    GPT2Network.Sizes(
      vocabulary: vocabularySize, context: context, width: width, layers: layers, heads: heads,
      inner: innerSize, activation: .init(rawValue: activation) ?? .geluNew, epsilon: epsilon,
      embeddingDropout: embeddingDropout, residualDropout: residualDropout, isTied: isTied)
  }

  /// Size of the blocks' inner layer.
  public var innerSize: Int { inner ?? 4 * width }

  /// The network as shapes alone.
  var network: GPT2Network { ParameterPlan.shapes { GPT2Network(sizes, using: &$0) } }

  /// How many weights the model has.
  public var parameterCount: Int { network.parameterCount }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or its sizes make no model.
  public static func read(folder: String) throws(AIGCError) -> GPT2Configuration {
    let configuration = try ModelConfiguration.decode(GPT2Configuration.self, folder: folder)
    if let problem = configuration.problem {
      throw .badInput("\(folder)/\(ModelConfiguration.fileName): \(problem)")
    }
    return configuration
  }

  /// Why the settings make no model that is built here; nil: they do.
  public var problem: String? {
    guard family == "gpt2", formatVersion == 1 else {
      return "not a GPT-2 model that this aigc reads"
    }
    let bounds = [
      ("vocab_size", vocabularySize, 1 << 24), ("n_positions", context, 1 << 20),
      ("n_embd", width, 1 << 20), ("n_inner", inner ?? 1, 1 << 22), ("n_layer", layers, 1024),
      ("n_head", heads, 1 << 16),
    ]
    for (name, value, largest) in bounds where !(1...largest).contains(value) {
      return "\(name) is \(value), not 1 to \(largest)"
    }
    guard width % heads == 0 else { return "n_embd \(width) is no multiple of n_head \(heads)" }
    guard GPT2Network.Activation(rawValue: activation) != nil else {
      return "activation_function '\(activation.prefix(40))' is none of gelu_new, gelu, relu"
    }
    guard epsilon > 0, epsilon < 1 else { return "layer_norm_epsilon \(epsilon) is out of range" }
    guard [embeddingDropout, residualDropout].allSatisfy({ $0 >= 0 && $0 < 1 }) else {
      return "dropout rates must be from 0 to below 1"
    }
    return ParameterPlan.problem { GPT2Network(sizes, using: &$0) }
  }

  /// Writes the `config.json` at `path`, keys sorted.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    try ModelConfiguration.write(self, to: path)
  }
}
