import Files
import Kernels

/// Bounds of what a file may say: far above every model, far below what overflows.
enum ModelBounds {
  static let vocabulary = 1...1 << 24
  static let context = 1...1 << 24
  static let width = 1...1 << 20
  static let inner = 1...1 << 22
  static let layers = 1...1024
  static let heads = 1...1 << 16
  static let headSize = 1...1 << 16
}

/// What Llama's and its successors' configuration classes take where `config.json` does not say.
struct StandardSizes {
  var vocabulary: Int
  var context: Int
  var width = 4096
  var inner: Int
  var layers = 32
  var heads = 32
  /// nil: as many as heads.
  var keyValueHeads: Int?
  /// nil: the width divided by the heads.
  var headSize: Int?
  var isTied = false
}

extension ModelFields {
  /// The sizes, the norms, the activation and the tied head of Llama and its successors; positions and biases
  /// are the architecture's.
  /// - Parameters:
  ///   - sizes: where the file does not say.
  ///   - activation: the key of the activation.
  ///   - standard: the activation where the file does not say.
  func shape(
    _ sizes: StandardSizes, activation: String = "hidden_act",
    standard: TransformerActivation = .silu
  ) throws(AIGCError) -> TransformerShape {
    let width = try size("hidden_size", sizes.width, in: ModelBounds.width)
    let heads = try size("num_attention_heads", sizes.heads, in: ModelBounds.heads)
    var headSize = sizes.headSize ?? 0
    if self["head_dim"] == nil, sizes.headSize == nil {
      guard width % heads == 0 else {
        throw error("hidden_size", "\(width) is no multiple of num_attention_heads, \(heads)")
      }
      headSize = width / heads
    }
    headSize = try size("head_dim", headSize, in: ModelBounds.headSize)
    // A key without a value stands for as many as heads in every class.
    let standardHeads = has("num_key_value_heads") ? heads : sizes.keyValueHeads ?? heads
    var result = TransformerShape(
      vocabulary: try size("vocab_size", sizes.vocabulary, in: ModelBounds.vocabulary),
      context: try size("max_position_embeddings", sizes.context, in: ModelBounds.context),
      width: width,
      layers: try size("num_hidden_layers", sizes.layers, in: ModelBounds.layers), heads: heads,
      keyValueHeads: try size("num_key_value_heads", standardHeads, in: ModelBounds.heads),
      headSize: headSize,
      inner: try size("intermediate_size", sizes.inner, in: ModelBounds.inner),
      positions: .learned)
    try check(result, heads: "num_key_value_heads", size: "head_dim")
    result.epsilon = Float(try positive("rms_norm_eps", 1e-6))
    result.activation = try self.activation(activation, standard)
    result.isTied = try flag("tie_word_embeddings", sizes.isTied)
    return result
  }

  /// Heads of queries must share those of keys evenly, and rotary positions turn pairs of values.
  func check(
    _ shape: TransformerShape, heads: String, size: String
  ) throws(AIGCError) {
    guard shape.heads % shape.keyValueHeads == 0 else {
      throw error(heads, "is \(shape.keyValueHeads), which does not divide \(shape.heads) heads")
    }
    guard shape.headSize % 2 == 0 else {
      throw error(size, "is \(shape.headSize); rotary positions need an even number")
    }
  }

  /// The activation of that key, by transformers' names.
  func activation(
    _ name: String, _ standard: TransformerActivation
  ) throws(AIGCError) -> TransformerActivation {
    switch try string(name) {
    case nil: return standard
    case "silu", "swish": return .silu
    case "gelu_pytorch_tanh", "gelu_new": return .geluTanh
    case "gelu": return .gelu
    case "relu": return .relu
    case .some(let other): throw refusal(name, .string(other))
    }
  }

  /// Which layers have a window: `layer_types`, or what the architecture takes in its place.
  /// - Parameters:
  ///   - window: tokens that such a layer sees; nil: there is no such layer.
  ///   - isSliding: of a layer, where the file does not say.
  func setWindow(
    _ window: Int?, of shape: inout TransformerShape, isSliding: (Int) -> Bool
  ) throws(AIGCError) {
    var layers = (0..<shape.layers).map(isSliding)
    if let types = try array("layer_types") {
      guard types.count == shape.layers else {
        throw error("layer_types", "names \(types.count) layers, not \(shape.layers)")
      }
      for (index, type) in types.enumerated() {
        guard type == "sliding_attention" || type == "full_attention" else {
          throw refusal("layer_types", type)
        }
        layers[index] = type == "sliding_attention"
      }
    }
    guard layers.contains(true) else { return }
    guard let window else { throw error("sliding_window", "is missing") }
    guard window > 0 else { throw error("sliding_window", "is \(window), not above 0") }
    try setWindow(window, of: &shape, key: "layer_types", layers)
  }

  /// The same for a list that says of each layer whether it has the window; `key` is where it stands.
  func setWindow(
    _ window: Int, of shape: inout TransformerShape, key: String, _ layers: [Bool]
  ) throws(AIGCError) {
    guard layers.count == shape.layers else {
      throw error(key, "names \(layers.count) layers, not \(shape.layers)")
    }
    guard layers.contains(true) else { return }
    shape.window = window
    shape.windowPattern = layers.firstIndex(of: false).map { $0 + 1 } ?? 0
    guard layers.indices.allSatisfy({ (shape.window(ofLayer: $0) != nil) == layers[$0] }) else {
      throw error(
        key, "is no pattern of so many layers with a window and one without, again and again")
    }
  }
}

extension TransformerShape {
  /// The keys of `config.json` that Llama and its successors share.
  func config(activation key: String = "hidden_act") -> [JSONValue.Member] {
    var result: [JSONValue.Member] = [
      .init("vocab_size", .int(vocabulary)), .init("max_position_embeddings", .int(context)),
      .init("hidden_size", .int(width)), .init("intermediate_size", .int(inner)),
      .init("num_hidden_layers", .int(layers)), .init("num_attention_heads", .int(heads)),
      .init("num_key_value_heads", .int(keyValueHeads)), .init("head_dim", .int(headSize)),
      .init(key, .string(activation.name)), .init("rms_norm_eps", .float(epsilon)),
      .init("tie_word_embeddings", .bool(isTied)),
    ]
    if case .rotary(let rotary) = positions { result += rotary.config }
    return result
  }

  /// `layer_types` of transformers.
  var layerTypes: JSONValue {
    .array(
      (0..<layers).map { window(ofLayer: $0) == nil ? "full_attention" : "sliding_attention" })
  }
}

extension TransformerActivation {
  /// transformers' name.
  var name: String {
    switch self {
    case .geluTanh: "gelu_pytorch_tanh"
    case .gelu: "gelu"
    case .relu: "relu"
    case .silu: "silu"
    }
  }
}
