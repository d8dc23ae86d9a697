import Checkpoints
import Files
import Kernels
import Weights

/// The weights of an encoder as they lie in its files, Hugging Face's or a GGUF file.
struct EncoderTensors: Sendable {
  private let path: String
  private let isGGUF: Bool
  private let found: [String: StoredTensor]

  private static let files = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
  ]

  /// Opens the weights in a model folder.
  /// - Throws: ``/Files/AIGCError`` (badInput) when there is no file, or it is damaged.
  static func open(folder: String) throws(AIGCError) -> Checkpoint {
    let paths = files.map { "\(folder)/\($0)" }
    guard let path = paths.first(where: { fileExists($0) }) else {
      throw .badInput(
        "\(folder): no weights: it has neither \(files[0]) nor pytorch_model.bin")
    }
    return try Checkpoint.open(path)
  }

  init(_ checkpoint: Checkpoint) {
    path = checkpoint.path
    isGGUF = checkpoint.format == .gguf
    var found: [String: StoredTensor] = [:]
    for tensor in checkpoint.tensors {
      var name = tensor.name[...]
      if !isGGUF {
        if name.hasPrefix("bert.") { name = name.dropFirst(5) }
        // What the first files of BERT call the parts of a layer norm.
        if name.hasSuffix(".gamma") { name = name.dropLast(5) + "weight" }
        if name.hasSuffix(".beta") { name = name.dropLast(4) + "bias" }
      }
      found[String(name)] = tensor
    }
    self.found = found
  }

  /// The weights for products: packed, on all threads.
  /// - Throws: ``/Files/AIGCError``: mismatch that names a tensor which is missing or has another shape, failed when
  ///   memory is refused.
  func weights(
    _ configuration: EncoderConfiguration, _ activations: ActivationType
  ) throws(AIGCError) -> EncoderWeights {
    let shape = configuration.shape
    let width = shape.width
    let names = isGGUF ? Names.gguf : Names.huggingFace
    let kinds = try tensor("\(names.kinds).weight", [configuration.kinds, width])
    let kind = try kinds.rows(0..<1).floats()
    var layers: [EncoderLayer] = []
    for index in 0..<shape.layers {
      func linear(_ part: String, _ inputs: Int, _ outputs: Int) throws(AIGCError) -> StoredLinear {
        let name = "\(names.layer)\(index).\(part)"
        let bias = try vector("\(name).bias", outputs)
        return StoredLinear(
          try packed("\(name).weight", inputs: inputs, outputs: outputs, activations), bias: bias)
      }
      func norm(_ part: String) throws(AIGCError) -> StoredNorm {
        try self.norm("\(names.layer)\(index).\(part)", width)
      }
      layers.append(
        EncoderLayer(
          query: try linear(names.query, width, width), key: try linear(names.key, width, width),
          value: try linear(names.value, width, width),
          output: try linear(names.output, width, width),
          attentionNorm: try norm(names.attentionNorm),
          up: try linear(names.up, width, shape.inner),
          down: try linear(names.down, shape.inner, width),
          outputNorm: try norm(names.outputNorm)))
      try Interruption.check()
    }
    return EncoderWeights(
      shape: shape, embeddings: try rows("\(names.embeddings).weight", shape.vocabulary, width),
      positions: try rows("\(names.positions).weight", shape.context, width),
      kind: try StoredVector(Table(kind)), norm: try norm(names.norm, width), layers: layers)
  }

  /// A line that names the first tensor with a value that is not finite; nil: all are. Reads everything.
  func damage() -> AIGCError? {
    for name in found.keys.sorted() {
      guard let tensor = found[name], let values = try? tensor.floats() else { continue }
      if let line = DamagedWeights.line(tensor.name, values, of: path) { return line }
    }
    return nil
  }

  // MARK: Tensors

  private func tensor(_ name: String, _ shape: [Int]) throws(AIGCError) -> StoredTensor {
    guard let tensor = found[name] else {
      throw .mismatch("\(path): tensor \(printable(name)) is missing")
    }
    guard tensor.shape == shape else {
      throw .mismatch(
        "\(path): tensor \(printable(name)) has the shape \(tensor.shape), not \(shape)")
    }
    guard [.f32, .f16, .bf16].contains(tensor.type) else {
      throw .mismatch(
        "\(path): tensor \(printable(name)) holds \(tensor.typeName), not F32, F16 or BF16")
    }
    return tensor
  }

  private func vector(_ name: String, _ count: Int) throws(AIGCError) -> StoredVector {
    try StoredVector(Table(try tensor(name, [count]).floats()))
  }

  private func norm(_ name: String, _ width: Int) throws(AIGCError) -> StoredNorm {
    StoredNorm(
      weight: try vector("\(name).weight", width), bias: try vector("\(name).bias", width))
  }

  private func rows(_ name: String, _ count: Int, _ width: Int) throws(AIGCError) -> StoredRows {
    let tensor = try tensor(name, [count, width])
    if let bytes = tensor.blockBytes, let type = tensor.blocks {
      return .blocks(try BlockMatrix(bytes, type: type, inputs: width, outputs: count))
    }
    return .values(try matrix(tensor))
  }

  private func packed(
    _ name: String, inputs: Int, outputs: Int, _ activations: ActivationType
  ) throws(AIGCError) -> PackedMatrix {
    let tensor = try tensor(name, [outputs, inputs])
    if let bytes = tensor.blockBytes, let type = tensor.blocks {
      return try PackedMatrix(
        BlockMatrix(bytes, type: type, inputs: inputs, outputs: outputs), activations: activations)
    }
    return PackedMatrix(try matrix(tensor))
  }

  private func matrix(_ tensor: StoredTensor) throws(AIGCError) -> StoredMatrix {
    let type: StoredType =
      switch tensor.type {
      case .f16: .f16
      case .bf16: .bf16
      default: .f32
      }
    return try StoredMatrix(
      tensor.bytes(), type: type, layout: .byOutput, inputs: tensor.shape[1],
      outputs: tensor.shape[0])
  }

  /// What tensors are called, without ".weight" and ".bias".
  private struct Names {
    var embeddings, positions, kinds, norm, layer: String
    var query, key, value, output, attentionNorm, up, down, outputNorm: String

    static let huggingFace = Names(
      embeddings: "embeddings.word_embeddings", positions: "embeddings.position_embeddings",
      kinds: "embeddings.token_type_embeddings", norm: "embeddings.LayerNorm",
      layer: "encoder.layer.", query: "attention.self.query", key: "attention.self.key",
      value: "attention.self.value", output: "attention.output.dense",
      attentionNorm: "attention.output.LayerNorm", up: "intermediate.dense", down: "output.dense",
      outputNorm: "output.LayerNorm")
    static let gguf = Names(
      embeddings: "token_embd", positions: "position_embd", kinds: "token_types",
      norm: "token_embd_norm", layer: "blk.", query: "attn_q", key: "attn_k", value: "attn_v",
      output: "attn_output", attentionNorm: "attn_output_norm", up: "ffn_up", down: "ffn_down",
      outputNorm: "layer_output_norm")
  }
}
