import Files
import Kernels

/// Gemma 3's language model (Gemma Team 2025): norms of 1 + weight before and behind each part, layers with a
/// window and a rotary base of their own between those that see all.
struct Gemma3Architecture: Architecture {
  /// Each sixth layer sees all, where a file does not say which.
  private static let pattern = 6
  /// Layers of the one model whose attention is scaled by the width of its heads together.
  private static let layersOfLargest = 62

  var name: String { "gemma3" }
  var title: String { "Gemma 3" }
  var modelTypes: [String] { ["gemma3_text", "gemma3"] }
  var className: String { "Gemma3ForCausalLM" }
  /// Those of the language model inside of one that sees images too.
  var otherBases: [String] { ["", "language_model.model.", "model.language_model."] }
  var standardMarks: (start: Int?, ends: [Int]?) { (2, [1]) }
  var names: TensorNames {
    var names = TensorNames.llama
    names.parts[.attentionOutputNorm] = "post_attention_layernorm"
    names.parts[.feedForwardNorm] = "pre_feedforward_layernorm"
    names.parts[.feedForwardOutputNorm] = "post_feedforward_layernorm"
    return names
  }

  func shape(config: ModelFields) throws(AIGCError) -> TransformerShape {
    try config.refuse("final_logit_softcapping")
    try config.refuse("attn_logit_softcapping")
    try config.refuse("use_bidirectional_attention", unless: false)
    var result = try config.shape(
      StandardSizes(
        vocabulary: 262_208, context: 131_072, width: 2304, inner: 9216, layers: 26, heads: 8,
        keyValueHeads: 4, headSize: 256, isTied: true),
      activation: "hidden_activation", standard: .geluTanh)
    complete(&result)
    result.positions = .rotary(try config.rotaryByLayerType(context: result.context))
    result.attentionScale =
      1 / Float(try config.positive("query_pre_attn_scalar", 256)).squareRoot()
    result.hasQueryKeyValueBias = try config.flag("attention_bias", false)
    result.hasOutputBias = result.hasQueryKeyValueBias
    let pattern = try config.size("sliding_window_pattern", Self.pattern, in: 1...1024)
    let window =
      config.isNull("sliding_window") ? nil : try config.integer("sliding_window") ?? 4096
    try config.setWindow(window, of: &result) { ($0 + 1) % pattern != 0 }
    if result.window == nil, case .rotary(var rotary) = result.positions {
      rotary.localBase = nil
      result.positions = .rotary(rotary)
    }
    return result
  }

  func config(_ shape: TransformerShape) -> [JSONValue.Member] {
    var result = shape.config(activation: "hidden_activation")
    if case .rotary(let rotary) = shape.positions {
      result.append(.init("rope_local_base_freq", .double(rotary.localBase ?? rotary.base)))
    }
    let scalar = 1 / (Double(shape.attentionScale) * Double(shape.attentionScale))
    // The scale is kept in 32 bits: a whole number that was given is found again.
    let isWhole = abs(scalar.rounded() - scalar) <= 1e-6 * scalar && scalar < 1e15
    return result + [
      .init(
        "query_pre_attn_scalar", isWhole ? .int(Int(scalar.rounded())) : .double(scalar)),
      .init("attention_bias", .bool(shape.hasQueryKeyValueBias)),
      .init("sliding_window", JSONValue(shape.window)), .init("layer_types", shape.layerTypes),
    ]
  }

  func shape(gguf: GGUFSource) throws(AIGCError) -> TransformerShape {
    var result = try gguf.rotaryShape()
    complete(&result)
    result.activation = .geluTanh
    // As llama.cpp does; the format says nothing of it.
    let divisor =
      result.layers == Self.layersOfLargest ? result.width / result.heads : result.headSize
    result.attentionScale = 1 / Float(divisor).squareRoot()
    let fields = gguf.fields
    guard let window = try fields.integer("attention.sliding_window"), window > 0 else {
      return result
    }
    guard case .rotary(var rotary) = result.positions else { return result }
    rotary.localBase = try fields.positive("rope.freq_base_swa", 10000)
    result.positions = .rotary(rotary)
    let name = "attention.sliding_window_pattern"
    if case .array(let layers)? = fields[name] {
      try fields.setWindow(window, of: &result, key: name, layers.map { $0 == .bool(true) })
    } else {
      let pattern = try fields.size(name, Self.pattern, in: 0...1024)
      try fields.setWindow(
        window, of: &result, key: name,
        (0..<result.layers).map { pattern == 0 || ($0 + 1) % pattern != 0 })
    }
    return result
  }

  func gguf(_ shape: TransformerShape) -> [JSONValue.Member] {
    var result = shape.rotaryGGUF
    guard let window = shape.window, case .rotary(let rotary) = shape.positions else {
      return result
    }
    result.append(.init("attention.sliding_window", .int(window)))
    if shape.windowPattern != Self.pattern {
      result.append(.init("attention.sliding_window_pattern", .int(shape.windowPattern)))
    }
    result.append(.init("rope.freq_base_swa", .double(rotary.localBase ?? rotary.base)))
    return result
  }

  /// What all models of the architecture have.
  private func complete(_ shape: inout TransformerShape) {
    shape.norm = .rms(addsOne: true)
    shape.normalizesHeads = true
    shape.hasSandwichNorms = true
    shape.embeddingScale = Float(shape.width).squareRoot()
  }
}
