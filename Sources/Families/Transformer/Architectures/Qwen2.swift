import Files
import Kernels

/// Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with biases of queries, keys and values.
struct Qwen2Architecture: Architecture {
  var name: String { "qwen2" }
  var title: String { "Qwen2" }
  var modelTypes: [String] { ["qwen2"] }
  var className: String { "Qwen2ForCausalLM" }
  var names: TensorNames { .llama }

  func shape(config: ModelFields) throws(AIGCError) -> TransformerShape {
    var result = try config.shape(
      StandardSizes(vocabulary: 151_936, context: 32768, inner: 22016, keyValueHeads: 32))
    result.positions = .rotary(try config.rotary(context: result.context))
    result.hasQueryKeyValueBias = true
    try config.setQwenWindow(of: &result)
    return result
  }

  func config(_ shape: TransformerShape) -> [JSONValue.Member] {
    shape.config() + shape.qwenWindow
  }

  func shape(gguf: GGUFSource) throws(AIGCError) -> TransformerShape { try gguf.rotaryShape() }

  func gguf(_ shape: TransformerShape) -> [JSONValue.Member] { shape.rotaryGGUF }
}

extension ModelFields {
  /// The window of the layers from `max_window_layers` on, where `use_sliding_window` asks for it.
  func setQwenWindow(of shape: inout TransformerShape) throws(AIGCError) {
    let isUsed = try flag("use_sliding_window", false)
    let window = isUsed && !isNull("sliding_window") ? try integer("sliding_window") ?? 4096 : nil
    let first = try size("max_window_layers", 28, in: 0...1 << 20)
    try setWindow(window, of: &shape) { window != nil && $0 >= first }
  }
}

extension TransformerShape {
  /// The keys of `config.json` that ``ModelFields/setQwenWindow(of:)`` reads.
  var qwenWindow: [JSONValue.Member] {
    [
      .init("use_sliding_window", .bool(window != nil)), .init("sliding_window", JSONValue(window)),
      .init("max_window_layers", .int(window == nil ? layers : 0)),
      .init("layer_types", layerTypes),
    ]
  }
}
