import Checkpoints
import Files
import Kernels

/// A transformer for generation, without the tensor engine. One serves any number of sessions, on any threads.
final class TransformerEngine: Sendable {
  /// Of what is read: as many tokens and positions as were asked for.
  let sizes: TransformerShape
  let decoder: TransformerDecoder
  /// How sessions keep keys and values.
  let cacheType: CacheType
  private let activations: ActivationType
  private let weights: TransformerWeights
  private let adapters: [Adapter]

  /// - Parameters:
  ///   - weights: are packed; what they lie in is not needed afterwards but for ``fingerprint()``.
  ///   - vocabulary: the first rows of the embeddings, which alone are scored; nil: all.
  ///   - context: the first positions, more are never read; nil: all.
  ///   - adapters: what is added to the products, whose own arithmetic stays.
  /// - Throws: ``/Files/AIGCError`` (failed) when memory is refused.
  init(
    _ weights: TransformerWeights, vocabulary: Int? = nil, context: Int? = nil,
    cacheType: CacheType = .f32, activations: ActivationType = .int8, adapters: [Adapter] = []
  ) throws(AIGCError) {
    var sizes = weights.shape
    sizes.vocabulary = min(vocabulary ?? sizes.vocabulary, sizes.vocabulary)
    sizes.context = min(context ?? sizes.context, sizes.context)
    self.sizes = sizes
    (self.weights, self.cacheType, self.activations) = (weights, cacheType, activations)
    self.adapters = adapters
    let packed = try weights.decoderWeights(sizes, activations)
    decoder = TransformerDecoder(try weights.changed(packed, by: adapters))
  }

  private init(_ engine: TransformerEngine, adapters: [Adapter]) throws(AIGCError) {
    (sizes, weights, cacheType) = (engine.sizes, engine.weights, engine.cacheType)
    (activations, self.adapters) = (engine.activations, adapters)
    decoder = TransformerDecoder(
      try engine.weights.changed(engine.decoder.weights, by: adapters))
  }

  /// The same model with these adapters, in place of those that it has; the packed weights are shared.
  /// - Throws: ``/Files/AIGCError`` (failed) when memory is refused.
  func adapted(by adapters: [Adapter]) throws(AIGCError) -> TransformerEngine {
    try TransformerEngine(self, adapters: adapters)
  }

  /// A number that differs between models, and between ways to compute them: of every weight's name and bytes, of the
  /// shape and of the activations. Reads the whole file.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  func fingerprint() throws(AIGCError) -> UInt64 {
    var shape = sizes
    // What is read of a longer model is the same.
    (shape.vocabulary, shape.context) = (0, 0)
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in "\(shape) \(activations.rawValue)".utf8 {
      sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    for tensor in weights.tensors {
      let stored = try weights.tensor(tensor.key)
      for byte in tensor.name.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
      let bytes = if let blocks = stored.blockBytes { blocks } else { try stored.bytes() }
      sum = (sum ^ (try Checksum.of(bytes))) &* 0x100_0000_01B3
      for change in adapters.compactMap({ $0.changes[tensor.key] }) {
        for values in [change.a, change.b, [change.scale]] {
          sum = (sum ^ (try Checksum.of(Table(values).rawBytes))) &* 0x100_0000_01B3
        }
      }
    }
    return sum
  }
}

// MARK: Packing

extension TransformerWeights {
  /// The weights as a decoder takes them.
  /// - Parameter sizes: those of the model, maybe with fewer tokens and positions.
  fileprivate func decoderWeights(
    _ sizes: TransformerShape, _ activations: ActivationType
  ) throws(AIGCError) -> DecoderWeights {
    var shape = sizes
    // Norms are given as what values are multiplied by.
    if case .rms = shape.norm { shape.norm = .rms(addsOne: false) }
    let embeddings = try matrix(.embeddings, rows: shape.vocabulary)
    var layers: [DecoderLayer] = []
    for index in 0..<shape.layers {
      layers.append(try decoderLayer(index, shape, activations))
      try Interruption.check()
    }
    return DecoderWeights(
      shape: shape, embeddings: try embeddings.rows(),
      positions: shape.positions == .learned
        ? try matrix(.positions, rows: shape.context).rows() : nil,
      layers: layers, norm: try storedNorm(.norm),
      head: try (shape.isTied ? embeddings : matrix(.head, rows: shape.vocabulary)).packed(
        activations))
  }

  private func decoderLayer(
    _ index: Int, _ shape: TransformerShape, _ activations: ActivationType
  ) throws(AIGCError) -> DecoderLayer {
    func linear(_ part: TransformerPart) throws(AIGCError) -> StoredLinear {
      StoredLinear(
        try matrix(part, layer: index).packed(activations), bias: try bias(part, layer: index))
    }
    func norm(_ part: TransformerPart) throws(AIGCError) -> StoredNorm {
      try storedNorm(part, layer: index)
    }
    var layer = DecoderLayer(
      attentionNorm: try norm(.attentionNorm), query: try linear(.query), key: try linear(.key),
      value: try linear(.value), output: try linear(.output),
      feedForwardNorm: try norm(.feedForwardNorm), up: try linear(.up), down: try linear(.down))
    if shape.isGated { layer.gate = try linear(.gate) }
    if shape.normalizesHeads {
      (layer.queryNorm, layer.keyNorm) = (try norm(.queryNorm), try norm(.keyNorm))
    }
    if shape.hasSandwichNorms {
      layer.outputNorm = try norm(.attentionOutputNorm)
      layer.downNorm = try norm(.feedForwardOutputNorm)
    }
    return layer
  }

  /// Packed weights with what adapters add to the layers, and nothing else.
  fileprivate func changed(
    _ packed: DecoderWeights, by adapters: [Adapter]
  ) throws(AIGCError) -> DecoderWeights {
    try packed.changingLayers { (layer, index) throws(AIGCError) in
      func changed(
        _ linear: StoredLinear, _ part: TransformerPart
      ) throws(AIGCError) -> StoredLinear {
        linear.changed(by: try change(part, layer: index, adapters))
      }
      var result = layer
      result.query = try changed(layer.query, .query)
      result.key = try changed(layer.key, .key)
      result.value = try changed(layer.value, .value)
      result.output = try changed(layer.output, .output)
      if let gate = layer.gate { result.gate = try changed(gate, .gate) }
      result.up = try changed(layer.up, .up)
      result.down = try changed(layer.down, .down)
      return result
    }
  }

  /// What adapters add to a matrix of a layer, all in one.
  private func change(
    _ part: TransformerPart, layer: Int, _ adapters: [Adapter]
  ) throws(AIGCError) -> LinearChange? {
    let range = fusedRange(part)
    let key = TransformerTensor.Key(part: range == nil ? part : .queryKeyValue, layer: layer)
    let changes = adapters.compactMap { $0.changes[key] }
    guard !changes.isEmpty else { return nil }
    var (a, b): ([Float], [Float]) = ([], [])
    for change in changes {
      a += change.a
      let rows = range ?? 0..<change.b.count / change.rank
      for index in 0..<change.rank {
        b += rows.map { change.scale * change.b[$0 * change.rank + index] }
      }
    }
    let rank = changes.reduce(0) { $0 + $1.rank }
    return try LinearChange(a: Table(a), b: Table(b), rank: rank)
  }

  private func storedNorm(
    _ part: TransformerPart, layer: Int? = nil
  ) throws(AIGCError) -> StoredNorm {
    StoredNorm(weight: try norm(part, layer: layer), bias: try bias(part, layer: layer))
  }
}

extension StoredWeight {
  /// Rows that are looked up, as they lie in memory.
  fileprivate func rows() throws(AIGCError) -> StoredRows {
    switch form {
    case .plain(let type): .values(try values(type))
    case .blocks(let type): .blocks(try blocks(type))
    }
  }

  /// For products.
  fileprivate func packed(_ activations: ActivationType) throws(AIGCError) -> PackedMatrix {
    switch form {
    case .plain(let type): PackedMatrix(try values(type))
    case .blocks(let type): try PackedMatrix(blocks(type), activations: activations)
    }
  }

  private func values(_ type: StoredType) throws(AIGCError) -> StoredMatrix {
    let whole = try StoredMatrix(
      bytes, type: type, layout: layout, inputs: inputs, outputs: storedOutputs)
    return outputs == 0..<storedOutputs ? whole : whole.outputs(outputs)
  }

  private func blocks(_ type: BlockType) throws(AIGCError) -> BlockMatrix {
    try BlockMatrix(bytes, type: type, inputs: inputs, outputs: storedOutputs)
  }
}
