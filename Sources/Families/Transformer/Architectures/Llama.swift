import Files
import Kernels

/// Llama (Touvron et al. 2023) and what has its form: Llama 2, 3 and 3.x, TinyLlama, SmolLM2.
struct LlamaArchitecture: Architecture {
  var name: String { "llama" }
  var title: String { "Llama" }
  var modelTypes: [String] { ["llama"] }
  var className: String { "LlamaForCausalLM" }
  var names: TensorNames { .llama }
  var standardMarks: (start: Int?, ends: [Int]?) { (1, [2]) }
  var isInterleaved: Bool { true }

  func shape(config: ModelFields) throws(AIGCError) -> TransformerShape {
    var result = try config.shape(
      StandardSizes(vocabulary: 32000, context: 2048, inner: 11008))
    result.positions = .rotary(try config.rotary(context: result.context))
    result.hasQueryKeyValueBias = try config.flag("attention_bias", false)
    result.hasOutputBias = result.hasQueryKeyValueBias
    result.hasInnerBias = try config.flag("mlp_bias", false)
    return result
  }

  func config(_ shape: TransformerShape) -> [JSONValue.Member] {
    shape.config() + [
      .init("attention_bias", .bool(shape.hasQueryKeyValueBias)),
      .init("mlp_bias", .bool(shape.hasInnerBias)),
    ]
  }

  func shape(gguf: GGUFSource) throws(AIGCError) -> TransformerShape {
    // What a window hides from no token changes nothing.
    let context = try gguf.fields.size("context_length", in: ModelBounds.context)
    if let window = try gguf.fields.integer("attention.sliding_window"), window < context {
      try gguf.fields.refuse("attention.sliding_window", unless: 0)
    }
    return try gguf.rotaryShape()
  }

  func gguf(_ shape: TransformerShape) -> [JSONValue.Member] { shape.rotaryGGUF }
}
