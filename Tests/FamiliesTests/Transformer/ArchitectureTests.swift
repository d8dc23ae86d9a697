import Checkpoints
import Files
import Kernels
import TestSupport
import Testing

@testable import Families

/// A member of an object.
private func member(_ value: JSONValue, _ name: String) -> JSONValue? {
  value.members.first { $0.name == name }?.value
}

private func numbers(_ value: JSONValue?) -> [Double] {
  guard case .array(let list)? = value else { return [] }
  return list.compactMap { $0.number }
}

/// Configurations of all architectures beside what transformers makes of them.
@Suite struct ArchitectureTests {
  private static let cases: [JSONValue] = {
    let path = fixture("architectures.json", of: "FamiliesTests")
    guard let bytes = try? MappedFile(path: path).bytes(),
      case .array(let cases)? = try? JSONValue(parsing: bytes)
    else { return [] }
    return cases
  }()

  private func configuration(_ value: JSONValue?) throws -> TransformerConfiguration {
    try TransformerConfiguration(ModelFields(try #require(value).members, place: "test: "))
  }

  /// Both as somebody may have written it and as transformers writes it.
  @Test(arguments: 0..<18, ["config", "written"])
  func shapesAreThoseOfTransformers(_ index: Int, _ key: String) throws {
    #expect(Self.cases.count == 18)
    let row = Self.cases[index]
    let found = try configuration(member(row, key))
    let tensors = Dictionary(
      found.tensorShapes.map { ($0.name, $0.shape.map { Double($0) }) }, uniquingKeysWith: { $1 })
    let expected = try #require(member(row, "tensors")).members
    #expect(member(row, "count") == .int(tensors.count))
    for tensor in expected {
      #expect(tensors[tensor.name] == numbers(tensor.value), "\(tensor.name)")
    }
    guard case .array(let layers)? = member(row, "layers") else { return }
    #expect(layers.count == found.shape.layers)
    for (index, layer) in layers.enumerated() {
      let frequencies = found.shape.rotaryFrequencies(ofLayer: index)
      let peer = numbers(member(layer, "frequencies"))
      #expect(frequencies.count == peer.count)
      #expect(zip(frequencies, peer).allSatisfy { abs($0 - $1) <= 1e-5 * $1 }, "layer \(index)")
      #expect(JSONValue(found.shape.window(ofLayer: index)) == member(layer, "window"))
      let scale = try #require(member(layer, "scale")?.number)
      #expect(abs(Double(found.shape.attentionScale) / scale - 1) < 1e-6)
    }
  }

  @Test(arguments: 0..<18) func whatIsWrittenIsReadAgain(_ index: Int) throws {
    let found = try configuration(member(Self.cases[index], "config"))
    #expect(found.problem == nil)
    var again = try configuration(found.config)
    // Where a file names no end, ours says that there is none.
    #expect(again.endTokens == found.endTokens ?? [])
    again.endTokens = found.endTokens
    #expect(again == found)
    #expect(try configuration(member(Self.cases[index], "written")).shape == found.shape)
  }

  @Test(arguments: [
    ("hidden_act", "\"mish\""), ("hidden_size", "7"), ("hidden_size", "48.5"),
    ("num_key_value_heads", "4"), ("num_key_value_heads", "0"), ("head_dim", "7"),
    ("num_hidden_layers", "1025"), ("num_hidden_layers", "-1"),
    ("vocab_size", "9223372036854775807"), ("rms_norm_eps", "0"), ("rms_norm_eps", "1e-60"),
    ("rope_theta", "\"a\""), ("partial_rotary_factor", "0.5"), ("attention_bias", "3"),
    ("rope_scaling", "{\"rope_type\": \"yarn\", \"factor\": 4}"),
    ("rope_scaling", "{\"type\": \"dynamic\", \"factor\": 4}"),
    ("rope_scaling", "{\"type\": \"linear\"}"),
    ("rope_scaling", "{\"type\": \"linear\", \"factor\": 0}"),
    ("rope_scaling", "[1]"), ("rope_parameters", "{\"full_attention\": {\"rope_theta\": 5}}"),
    (
      "rope_scaling",
      "{\"rope_type\": \"llama3\", \"factor\": 4, \"low_freq_factor\": 4, \"high_freq_factor\": 4}"
    ),
    ("eos_token_id", "\"a\""), ("eos_token_id", "[1, 2.5]"), ("format_version", "2"),
    ("tokens", "\"tiktoken\""), ("attention_dropout", "1"), ("family", "\"mamba\""),
  ])
  func refuses(_ key: String, _ value: String) throws {
    var members = try #require(member(Self.cases[2], "config")).members
    members.append(.init(key, try JSONValue(parsing: Table(Array(value.utf8)))))
    let line = TestSupport.refuses([.badInput]) {
      _ = try TransformerConfiguration(ModelFields(members, place: "test: "))
    }
    #expect(line.hasPrefix("test: "))
    #expect(line.contains(key) || key == "family" || line.contains("head"), "\(line)")
  }

  @Test(arguments: [
    ("final_logit_softcapping", "30"), ("attn_logit_softcapping", "50"),
    ("use_bidirectional_attention", "true"), ("sliding_window", "null"), ("sliding_window", "0"),
    ("layer_types", "[\"full_attention\"]"),
    ("layer_types", "[\"full_attention\", \"chunked_attention\"]"),
    ("hidden_activation", "\"quick_gelu\""), ("query_pre_attn_scalar", "-1"),
    ("rope_parameters", "{\"rope_theta\": 5}"),
    ("rope_parameters", "{\"sliding_attention\": {\"rope_type\": \"linear\", \"factor\": 2}}"),
  ])
  func refusesOfGemma(_ key: String, _ value: String) throws {
    var members = try #require(member(Self.cases[15], "config")).members
    members.append(.init(key, try JSONValue(parsing: Table(Array(value.utf8)))))
    let line = TestSupport.refuses([.badInput]) {
      _ = try TransformerConfiguration(ModelFields(members, place: "test: "))
    }
    #expect(line.contains("'\(key)"), "\(line)")
  }

  /// The parts that see images are left out, their settings too.
  @Test func languageModelsInsideOthersAreRead() throws {
    let text = try #require(member(Self.cases[16], "config"))
    let whole: JSONValue = [
      "model_type": "gemma3", "text_config": text, "vision_config": ["hidden_size": 7],
    ]
    #expect(try configuration(whole).shape == configuration(text).shape)
  }

  @Test(arguments: [
    (8.0, 1.0, 4.0, 8192.0, 500_000.0, 64), (32, 1, 4, 8192, 500_000, 64),
    (4, 1, 8, 2048, 10000, 128), (8, 1, 4, 8192, 500_000, 6),
  ])
  func scalingIsFoundInItsFactors(
    _ factor: Double, _ low: Double, _ high: Double, _ original: Double, _ base: Double,
    _ headSize: Int
  ) throws {
    let scaling = RotaryScaling.llama3(factor: factor, low: low, high: high, original: original)
    let factors = try #require(
      RotaryEmbedding(base: base, scaling: scaling).factors(headSize: headSize))
    #expect(RotaryScaling(factors: factors, base: base) == scaling)
    #expect(RotaryScaling(factors: factors.reversed(), base: base) == nil)
    #expect(RotaryScaling(factors: [.nan, 3], base: base) == nil)
  }
}
