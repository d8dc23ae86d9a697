import Files
import Kernels

extension GGUFSource {
  /// The sizes that all architectures' metadata give; positions are learned ones still.
  func shape() throws(AIGCError) -> TransformerShape {
    guard let table = shapes["token_embd.weight"], table.count == 2,
      ModelBounds.vocabulary.contains(table[0])
    else {
      throw .badInput("\(fields.place)token_embd.weight is missing, or is no table of embeddings")
    }
    var result = try fields.ggufShape(vocabulary: table[0])
    result.isTied = shapes["output.weight"] == nil
    return result
  }

  /// The same with rotary positions and RMS norms, and biases as the tensors have them.
  func rotaryShape() throws(AIGCError) -> TransformerShape {
    var result = try shape()
    try fields.check(result, heads: "attention.head_count_kv", size: "attention.key_length")
    result.epsilon = Float(try fields.positive("attention.layer_norm_rms_epsilon"))
    result.positions = .rotary(
      try fields.ggufRotary(headSize: result.headSize, factors: rotaryFactors))
    result.hasQueryKeyValueBias = shapes["blk.0.attn_q.bias"] != nil
    result.hasOutputBias = shapes["blk.0.attn_output.bias"] != nil
    result.hasInnerBias = shapes["blk.0.ffn_up.bias"] != nil
    return result
  }
}

extension ModelFields {
  fileprivate func ggufShape(vocabulary: Int) throws(AIGCError) -> TransformerShape {
    try refuseGGUF()
    let width = try size("embedding_length", in: ModelBounds.width)
    let layers = try size("block_count", in: ModelBounds.layers)
    let heads = try common("attention.head_count", layers: layers, in: ModelBounds.heads)
    var headSize = width / heads
    if self["attention.key_length"] == nil, width % heads != 0 {
      throw error("embedding_length", "\(width) is no multiple of \(heads) heads")
    }
    headSize = try size("attention.key_length", headSize, in: ModelBounds.headSize)
    // Where only keys have a size of their own, values have the width divided by the heads.
    let values = try size("attention.value_length", width / heads, in: 0...1 << 20)
    guard values == headSize else {
      throw error("attention.value_length", "is \(values), where keys have \(headSize) values")
    }
    return TransformerShape(
      vocabulary: vocabulary, context: try size("context_length", in: ModelBounds.context),
      width: width, layers: layers, heads: heads,
      keyValueHeads: try common(
        "attention.head_count_kv", heads, layers: layers, in: ModelBounds.heads),
      headSize: headSize,
      inner: try common("feed_forward_length", layers: layers, in: ModelBounds.inner),
      positions: .learned)
  }

  /// What makes another network than is built here.
  private func refuseGGUF() throws(AIGCError) {
    for name in [
      "expert_count", "attention.scale", "logit_scale", "residual_scale", "embedding_scale",
      "attn_logit_softcapping", "final_logit_softcapping", "attention.max_alibi_bias",
      "attention.clamp_kqv", "pooling_type", "nextn_predict_layers",
    ] { try refuse(name, unless: 0) }
    try refuse("attention.causal", unless: true)
    try refuse("use_parallel_residual", unless: false)
  }

  /// A number that stands once, or for each layer with one value.
  private func common(
    _ name: String, _ standard: Int? = nil, layers: Int, in range: ClosedRange<Int>
  ) throws(AIGCError) -> Int {
    guard case .array(let list)? = self[name] else {
      return try size(name, standard, in: range)
    }
    guard list.count == layers, case .int(let value)? = list.first,
      list.allSatisfy({ $0 == list[0] })
    else { throw error(name, "differs from layer to layer; such models are not read") }
    guard range.contains(value) else {
      throw error(name, "is \(value), not \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}

extension TransformerShape {
  /// GGUF metadata that all architectures share.
  var gguf: [JSONValue.Member] {
    [
      .init("context_length", .int(context)), .init("embedding_length", .int(width)),
      .init("block_count", .int(layers)), .init("feed_forward_length", .int(inner)),
      .init("attention.head_count", .int(heads)),
    ]
  }

  /// The same with rotary positions and RMS norms.
  var rotaryGGUF: [JSONValue.Member] {
    var result =
      gguf + [
        .init("vocab_size", .int(vocabulary)),
        .init("attention.head_count_kv", .int(keyValueHeads)),
        .init("attention.layer_norm_rms_epsilon", .float(epsilon)),
        .init("attention.key_length", .int(headSize)),
        .init("attention.value_length", .int(headSize)),
        .init("rope.dimension_count", .int(headSize)),
      ]
    if case .rotary(let rotary) = positions { result += rotary.gguf }
    return result
  }
}
