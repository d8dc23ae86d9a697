import Checkpoints
import Files
import Kernels
import TestSupport
import Testing
import Weights

/// What `llama-quantize` (llama.cpp of October 2026) makes of the same tensors.
@Suite struct QuantizationRuleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Tensors with rows of given lengths, two each.
  private func tensors(_ rows: [(name: String, length: Int)]) throws -> [StoredTensor] {
    let path = folder.file("model.gguf")
    try GGUFWriter.write(
      metadata: [],
      try rows.map { row in
        let shape = row.name.contains("norm") ? [row.length] : [2, row.length]
        let values = try Table([Float](repeating: 0.25, count: shape.reduce(1, *)))
        return GGUFTensor(name: row.name, type: .scalar(.f32), shape: shape) {
          (write) throws(AIGCError) in try write(values.rawBytes)
        }
      }, to: path, sync: false)
    return try Checkpoint.open(path).tensors
  }

  private func types(
    _ type: QuantizedType, _ rows: [(name: String, length: Int)]
  ) throws -> [String: String] {
    let tensors = try tensors(rows)
    let rule = QuantizationRule(type, names: tensors.map { $0.name })
    return Dictionary(
      uniqueKeysWithValues: tensors.map { ($0.name, rule.choice(for: $0).type.name) })
  }

  /// A model of 30 layers whose rows have lengths as SmolLM2's: 576 and 1536, tied embeddings.
  private var smol: [(name: String, length: Int)] {
    [("token_embd.weight", 576), ("output_norm.weight", 576)]
      + (0..<30).flatMap { layer in
        [
          ("attn_norm", 576), ("attn_q", 576), ("attn_v", 576), ("ffn_down", 1536), ("ffn_up", 576),
        ].map { ("blk.\(layer).\($0.0).weight", $0.1) }
      }
  }

  @Test func mixesOfFourBits() throws {
    let types = try types(.q4K, smol)
    let more: Set = [0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 26, 27, 28, 29]
    for layer in 0..<30 {
      let takesMore = more.contains(layer)
      #expect(types["blk.\(layer).attn_v.weight"] == (takesMore ? "Q8_0" : "Q5_0"), "\(layer)")
      #expect(types["blk.\(layer).ffn_down.weight"] == (takesMore ? "Q6_K" : "Q4_K"), "\(layer)")
      #expect(types["blk.\(layer).attn_q.weight"] == "Q5_0")
      #expect(types["blk.\(layer).attn_norm.weight"] == "F32")
    }
    #expect(types["token_embd.weight"] == "Q8_0" && types["output_norm.weight"] == "F32")
  }

  @Test func otherTypes() throws {
    for (type, matrix, down, embedding) in [
      (QuantizedType.q40, "Q4_0", "Q4_0", "Q8_0"), (.q41, "Q4_1", "Q4_1", "Q8_0"),
      (.q80, "Q8_0", "Q8_0", "Q8_0"), (.q6K, "Q8_0", "Q6_K", "Q8_0"), (.f16, "F16", "F16", "F16"),
      (.bf16, "BF16", "BF16", "BF16"),
    ] {
      let types = try types(type, smol)
      #expect(types["blk.7.ffn_up.weight"] == matrix, "\(type)")
      #expect(types["blk.7.ffn_down.weight"] == down, "\(type)")
      #expect(types["token_embd.weight"] == embedding, "\(type)")
    }
  }

  @Test func outputsAndOddRows() throws {
    let rows = [
      ("token_embd.weight", 512), ("output.weight", 512), ("blk.0.attn_q.weight", 100),
      ("blk.0.attn_k.bias", 512), ("position_embd.weight", 512),
    ]
    let types = try types(.q40, rows)
    #expect(types["token_embd.weight"] == "Q4_0" && types["output.weight"] == "Q6_K")
    #expect(types["blk.0.attn_q.weight"] == "F16" && types["blk.0.attn_k.bias"] == "F32")
    #expect(types["position_embd.weight"] == "F32")
    let tensors = try tensors(rows)
    let rule = QuantizationRule(.q40, names: rows.map { $0.0 })
    let choice = rule.choice(for: try #require(tensors.first { $0.name.contains("attn_q") }))
    #expect(choice.wanted == .blocks(.q40))
    #expect(rule.choice(for: tensors[0]).wanted == nil)
  }

  @Test func writesWhatWasChosen() throws {
    let tensors = try tensors([("token_embd.weight", 256), ("blk.0.ffn_up.weight", 256)])
    let rule = QuantizationRule(.q4K, names: tensors.map { $0.name })
    let chosen = tensors.map { GGUFTensor($0, name: $0.name, as: rule.choice(for: $0).type) }
    let path = folder.file("quantized.gguf")
    try GGUFWriter.write(metadata: [], chosen, to: path, sync: false)
    let written = try Checkpoint.open(path)
    #expect(written.tensors.map { $0.typeName } == ["Q6_K", "Q4_K"])
    #expect(try written.tensors.allSatisfy { try $0.floats().allSatisfy { abs($0 - 0.25) < 1e-3 } })
  }
}
