import Files
import Kernels

/// Qwen3 (Yang et al. 2025): each head of queries and keys is normalised, and has a size of its own.
struct Qwen3Architecture: Architecture {
  var name: String { "qwen3" }
  var title: String { "Qwen3" }
  var modelTypes: [String] { ["qwen3"] }
  var className: String { "Qwen3ForCausalLM" }
  var names: TensorNames { .llama }

  func shape(config: ModelFields) throws(AIGCError) -> TransformerShape {
    var result = try config.shape(
      StandardSizes(
        vocabulary: 151_936, context: 32768, inner: 22016, keyValueHeads: 32, headSize: 128))
    result.positions = .rotary(try config.rotary(context: result.context))
    result.normalizesHeads = true
    result.hasQueryKeyValueBias = try config.flag("attention_bias", false)
    result.hasOutputBias = result.hasQueryKeyValueBias
    try config.setQwenWindow(of: &result)
    return result
  }

  func config(_ shape: TransformerShape) -> [JSONValue.Member] {
    shape.config() + shape.qwenWindow + [
      .init("attention_bias", .bool(shape.hasQueryKeyValueBias))
    ]
  }

  func shape(gguf: GGUFSource) throws(AIGCError) -> TransformerShape {
    var result = try gguf.rotaryShape()
    result.normalizesHeads = true
    return result
  }

  func gguf(_ shape: TransformerShape) -> [JSONValue.Member] { shape.rotaryGGUF }
}
