import Autograd
import Checkpoints
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing

@testable import Families

/// Adapters in the decoder, in files and in models.
@Suite struct AdapterFileTests {
  static let all = [("llama", "llama"), ("gpt2", "gpt2"), ("patterns", "llama-biases")]

  private func expectNear(
    _ found: [Float], _ peer: [Float], _ limit: Float = 1e-4,
    location: SourceLocation = #_sourceLocation
  ) {
    let largest = peer.reduce(0) { max($0, abs($1)) }
    let worst = zip(found, peer).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(
      found.count == peer.count && worst <= limit * largest, "\(worst) of \(largest)",
      sourceLocation: location)
  }

  /// Logits of both texts of a fixture by a decoder.
  private func logits(
    _ peer: AdapterFixture, _ weights: TransformerWeights, _ adapters: [Adapter]
  ) throws -> [Float] {
    let engine = try TransformerEngine(weights, adapters: adapters)
    let tokens = try peer.tokens("tokens")
    var result: [Float] = []
    for text in stride(from: 0, to: tokens.values.count, by: tokens.shape[1]) {
      let cache = KeyValueCache(for: engine.decoder.weights, type: .f32)
      engine.decoder.logits(Array(tokens.values[text..<text + tokens.shape[1]]), from: 0, cache) {
        result += $0
      }
    }
    return result
  }

  /// PEFT's adapters give PEFT's logits, beside the weights and merged into them.
  @Test(arguments: all) func decoderAndMerged(_ name: String, base: String) throws {
    let peer = try AdapterFixture(name, base: base)
    let adapter = try Adapter.read(peer.folder, for: peer.configuration)
    let expected = try peer.answers.tensor("logits").floats()
    expectNear(try logits(peer, peer.weights, [adapter]), expected)
    expectNear(try logits(peer, peer.weights.merged(with: [adapter]), []), expected)
    let halves = try [0.25, 0.75].map { try adapter.scaled(AdapterChoice("a", scale: $0)) }
    expectNear(try logits(peer, peer.weights, halves), expected)
  }

  /// Equal bytes for one token after the other and for all at once.
  @Test(arguments: all) func rowsDoNotMatter(_ name: String, base: String) throws {
    let peer = try AdapterFixture(name, base: base)
    let adapter = try Adapter.read(peer.folder, for: peer.configuration)
    let decoder = try TransformerEngine(peer.weights, adapters: [adapter]).decoder
    let tokens = Array(try peer.tokens("tokens").values.prefix(20))
    var (whole, single): ([Float], [Float]) = ([], [])
    decoder.logits(tokens, from: 0, KeyValueCache(for: decoder.weights, type: .f32)) {
      whole += $0
    }
    let cache = KeyValueCache(for: decoder.weights, type: .f32)
    for token in tokens {
      var scores: [Float] = []
      decoder.read([token], cache, scores: &scores)
      single += scores
    }
    #expect(whole == single)
  }

  /// What PEFT reads back is what was read, and so is llama.cpp's form.
  @Test(arguments: all, ["folder", "file.gguf"]) func writtenAndRead(
    _ model: (String, String), form: String
  ) throws {
    let peer = try AdapterFixture(model.0, base: model.1)
    let adapter = try Adapter.read(peer.folder, for: peer.configuration)
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/\(form)"
    if form == "folder" {
      try makeFolder(path)
      try adapter.writePEFT(peer.configuration, base: "base") { "\(path)/\($0)" }
    } else {
      try adapter.writeGGUF(peer.configuration, name: "a", to: path)
    }
    #expect(Adapter.recognizes(path))
    let again = try Adapter.read(path, for: peer.configuration)
    #expect(Set(again.changes.keys) == Set(adapter.changes.keys))
    for (key, change) in adapter.changes {
      let found = try #require(again.changes[key])
      expectNear(found.a, change.a, 1e-6)
      expectNear(found.b.map { $0 * found.scale }, change.b.map { $0 * change.scale }, 1e-6)
    }
    // Names and shapes as PEFT writes them.
    guard form == "folder" else { return }
    let own = try Checkpoint.open("\(path)/adapter_model.safetensors")
    let theirs = try Checkpoint.open("\(peer.folder)/adapter_model.safetensors")
    #expect(
      Set(own.tensors.map { "\($0.name) \($0.shape)" })
        == Set(theirs.tensors.map { "\($0.name) \($0.shape)" }))
  }

  /// Bases of 16 bits and of few bits: the gradients are those of the same weights in 32 bits.
  @Test(arguments: [StoredType.f16, .bf16]) func frozenProducts(_ type: StoredType) throws {
    var random = RandomSource(seed: 3)
    let bits = (0..<40 * 24).map { _ in UInt16(truncatingIfNeeded: random.next() & 0x3BFF) }
    for layout in [StoredMatrix.Layout.byInput, .byOutput] {
      let matrix = try StoredMatrix(
        Table(bits).rawBytes, type: type, layout: layout, inputs: 24, outputs: 40)
      let values = bits.map { type == .f16 ? float(half: $0) : float(brain: $0) }
      let weight = Tensor(values, layout == .byInput ? [24, 40] : [40, 24])
      let a = Parameter(Tensor.normal([3, 24], using: &random))
      let b = Parameter(Tensor.normal([40, 3], using: &random))
      let x = Parameter(Tensor.normal([7, 24], using: &random))
      let dy = Tensor.normal([7, 40], using: &random)
      let (value, found) = valueAndGradients(for: [x, a, b]) {
        (adaptedProjection(
          x.value, FrozenMatrix(matrix), nil, (a: a.value, b: b.value, scale: 0.5)) * dy).sum()
      }
      let (peer, expected) = valueAndGradients(for: [x, a, b]) {
        let change = matmul(b.value, a.value) * 0.5
        let whole = layout == .byInput ? weight + change.transposed : weight + change
        return (projection(x.value, whole, nil, isByInput: layout == .byInput) * dy).sum()
      }
      expectNear(value.values, peer.values, 1e-5)
      for (found, expected) in zip(found, expected) {
        expectNear(found.values, expected.values, 1e-5)
      }
    }
  }

  /// The last layer's loss without targets in some rows, and in parts.
  @Test func frozenLoss() throws {
    var random = RandomSource(seed: 4)
    let weight = Tensor.normal([50, 16], using: &random)
    let matrix = try StoredMatrix(
      Table(weight.values).rawBytes, type: .f32, layout: .byOutput, inputs: 16, outputs: 50)
    let x = Parameter(Tensor.normal([9, 16], using: &random))
    let targets: [Int32] = [3, -1, 49, 0, -1, -1, 7, 8, -1]
    let (found, gradient) = valueAndGradients(for: [x]) {
      frozenCrossEntropy(x.value, FrozenMatrix(matrix), targets)
    }
    let (peer, expected) = valueAndGradients(for: [x]) {
      linearCrossEntropy(x.value, weight, nil, targets)
    }
    expectNear(found.values, peer.values, 1e-6)
    expectNear(gradient[0].values, expected[0].values, 1e-5)
    expectNear(
      frozenCrossEntropyLosses(x.value, FrozenMatrix(matrix), targets),
      linearCrossEntropyLosses(x.value, weight, nil, targets), 1e-5)
  }

  /// A sum of functions of log-probabilities, where the weights are blocks of few bits and where they are not.
  @Test func frozenTokenLosses() throws {
    var random = RandomSource(seed: 5)
    // Rows of one block: a scale of 16 bits, and 32 values of 8.
    var bytes: [UInt8] = []
    for row in 0..<50 {
      bytes += [0x66, 0x24]
      for column in 0..<32 { bytes.append(UInt8((row * 32 + column) * 7 % 256)) }
    }
    let blocks = try BlockMatrix(Table(bytes), type: .q80, inputs: 32, outputs: 50)
    let all = Indices((0..<50).map { Int32($0) }, [50])
    let weight = gathered(FrozenMatrix(blocks), all)
    let x = Parameter(Tensor.normal([9, 32], using: &random) * 0.3)
    let targets: [Int32] = [3, -1, 49, 0, -1, -1, 7, 8, -1]
    @Sendable func term(_ row: Int, _ log: Float) -> (value: Float, slope: Float) {
      (Float(row) * log * log, 2 * Float(row) * log)
    }
    let (found, gradient) = valueAndGradients(for: [x]) {
      frozenTokenLoss(x.value, FrozenMatrix(blocks), targets, term)
    }
    let (peer, expected) = valueAndGradients(for: [x]) {
      linearTokenLoss(x.value, weight, nil, targets, term)
    }
    #expect(abs(found.item - peer.item) < 1e-5 * abs(peer.item))
    expectNear(gradient[0].values, expected[0].values, 1e-5)
    #expect(expected[0].values.contains { abs($0) > 0.1 })
  }
}

/// Files that are no adapters of a model.
@Suite struct AdapterRefusalTests {
  private func refusal(
    _ change: (inout [String: (shape: [Int], values: [Float])]) -> Void = { _ in },
    config: (String) -> String = { $0 }
  ) throws -> String {
    let peer = try AdapterFixture("llama", base: "llama")
    let folder = try TemporaryFolder()
    var tensors: [String: (shape: [Int], values: [Float])] = [:]
    for tensor in try Checkpoint.open("\(peer.folder)/adapter_model.safetensors").tensors {
      tensors[tensor.name] = (tensor.shape, try tensor.floats())
    }
    change(&tensors)
    try SafetensorsWriter.write(
      tensors.sorted { $0.key < $1.key }.map {
        NewTensor(name: $0.key, shape: $0.value.shape, floats: $0.value.values)
      }, metadata: [:], to: "\(folder.path)/adapter_model.safetensors", sync: false)
    let text = String(decoding: try bytes("\(peer.folder)/adapter_config.json"), as: UTF8.self)
    try folder.write("adapter_config.json", config(text))
    do {
      _ = try Adapter.read(folder.path, for: peer.configuration)
      return ""
    } catch { return "\(error)" }
  }

  private static let q = "base_model.model.model.layers.0.self_attn.q_proj.lora_"

  @Test func sound() throws { #expect(try refusal() == "") }

  @Test func tensors() throws {
    let q = Self.q
    #expect(
      try refusal { $0["\(q)A.weight"] = ([2, 24], [Float](repeating: 0, count: 48)) }
        .contains("has the shape"))
    #expect(try refusal { $0["\(q)A.weight"]?.values[3] = .nan }.contains("holds nan"))
    #expect(try refusal { $0["\(q)B.weight"] = nil }.contains("one of two halves"))
    #expect(try refusal { $0["\(q)magnitude_vector"] = ([1], [1]) }.contains("DoRA"))
    #expect(try refusal { $0["x.lora_A.weight"] = ([1], [1]) }.contains("no such projection"))
    #expect(try refusal { $0 = [:] }.contains("of nothing"))
  }

  @Test(arguments: [
    (#""use_dora": false"#, #""use_dora": true"#, "use_dora"),
    (#""modules_to_save": null"#, #""modules_to_save": ["lm_head"]"#, "modules_to_save"),
    (#""bias": "none""#, #""bias": "all""#, "bias"),
    (#""peft_type": "LORA""#, #""peft_type": "IA3""#, "IA3"),
    (#""init_lora_weights": true"#, #""init_lora_weights": "pissa""#, "pissa"),
    (#""alpha_pattern": {}"#, #""alpha_pattern": {"q.*": 2}"#, "q.*"),
    (#""r": 4"#, #""r": 5"#, "has the rank"), (#""r": 4"#, #""r": 0"#, "'r' is 0"),
    (#""lora_alpha": 8"#, #""lora_alpha": -8"#, "lora_alpha"),
    ("{", "[", "not valid JSON"),
  ]) func settings(_ old: String, _ new: String, _ text: String) throws {
    let found = try refusal(config: { source in
      guard let range = source.firstRange(of: old) else { return source }
      return source.replacingCharacters(in: range, with: new)
    })
    #expect(found.contains(text), "\(found)")
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}
