import Checkpoints
import Files
import Kernels
import NN

/// GPT-2 for generation: weights as they lie in a file, without the tensor engine. One serves any
/// number of sessions, on any threads.
final class TransformerEngine: Sendable {
  let sizes: TransformerShape
  let decoder: TransformerDecoder
  /// Names and bytes of all weights, for ``fingerprint()``.
  private let parts: [WeightMatrix]

  /// Weights by Hugging Face's names, with `transformer.` before them or not; other tensors in the
  /// file are of no concern.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when a weight is missing or has another shape; failed when
  ///   memory is refused.
  convenience init(_ checkpoint: Checkpoint, sizes: TransformerShape) throws(AIGCError) {
    let prefix = checkpoint["transformer.wte.weight"] == nil ? "" : "transformer."
    try self.init(sizes) { (name) throws(AIGCError) -> WeightMatrix in
      let full = name == "lm_head.weight" ? name : prefix + name
      guard let tensor = checkpoint[full] else {
        throw .mismatch("\(checkpoint.path): does not fit the model: \(full) is missing")
      }
      return try WeightMatrix(tensor)
    }
  }

  /// - Parameters:
  ///   - sizes: of the network.
  ///   - weight: gives the weights by their names, such as `h.0.attn.c_attn.weight`.
  /// - Throws: what `weight` throws; ``/Files/AIGCError`` (mismatch) when a shape is another one.
  init(
    _ sizes: TransformerShape, _ weight: (String) throws(AIGCError) -> WeightMatrix
  ) throws(AIGCError) {
    self.sizes = sizes
    var builder = TransformerAssembly(sizes: sizes)
    let weights = try builder.weights(weight)
    decoder = TransformerDecoder(weights)
    parts = builder.parts
  }

  /// A number that differs between models: of every weight's name and bytes. Reads the whole file.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  func fingerprint() throws(AIGCError) -> UInt64 {
    var sum: UInt64 = UInt64(sizes.heads)
    for part in parts {
      for byte in part.name.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
      sum = (sum ^ (try Checksum.of(part.bytes))) &* 0x100_0000_01B3
    }
    return sum
  }
}

/// Builds a decoder of named weights, shape by shape.
private struct TransformerAssembly {
  let sizes: TransformerShape
  var parts: [WeightMatrix] = []

  mutating func weights(
    _ source: (String) throws(AIGCError) -> WeightMatrix
  ) throws(AIGCError) -> DecoderWeights {
    func take(_ name: String, _ shape: [Int]) throws(AIGCError) -> WeightMatrix {
      let weight = try source(name)
      guard weight.shape == shape else {
        throw .mismatch(
          "the weights do not fit the model: \(printable(weight.name)) has the shape "
            + "\(weight.shape), not \(shape)")
      }
      parts.append(weight)
      return weight
    }
    func norm(_ name: String) throws(AIGCError) -> StoredNorm {
      StoredNorm(
        weight: try take("\(name).weight", [width]).vector(),
        bias: try take("\(name).bias", [width]).vector())
    }
    func linear(
      _ name: String, _ inputs: Int, _ outputs: Int, parts: Int = 1
    ) throws(AIGCError) -> [StoredLinear] {
      let matrix = try take("\(name).weight", [inputs, parts * outputs]).matrix(.byInput)
      let bias = try take("\(name).bias", [parts * outputs])
      var result: [StoredLinear] = []
      for part in 0..<parts {
        let range = part * outputs..<(part + 1) * outputs
        result.append(
          StoredLinear(
            PackedMatrix(matrix.outputs(range)), bias: try bias.part(range).vector()))
      }
      return result
    }
    let (width, inner) = (sizes.width, sizes.inner)
    let tokens = try take("wte.weight", [sizes.vocabulary, width]).matrix(.byOutput)
    let positions = try take("wpe.weight", [sizes.context, width]).matrix(.byOutput)
    var layers: [DecoderLayer] = []
    for index in 0..<sizes.layers {
      let attention = try linear("h.\(index).attn.c_attn", width, width, parts: 3)
      layers.append(
        DecoderLayer(
          attentionNorm: try norm("h.\(index).ln_1"), query: attention[0], key: attention[1],
          value: attention[2], output: try linear("h.\(index).attn.c_proj", width, width)[0],
          feedForwardNorm: try norm("h.\(index).ln_2"),
          up: try linear("h.\(index).mlp.c_fc", width, inner)[0],
          down: try linear("h.\(index).mlp.c_proj", inner, width)[0]))
    }
    let norm = try norm("ln_f")
    let head =
      sizes.isTied
      ? tokens : try take("lm_head.weight", [sizes.vocabulary, width]).matrix(.byOutput)
    return DecoderWeights(
      shape: sizes, embeddings: tokens, positions: positions, layers: layers, norm: norm,
      head: PackedMatrix(head))
  }
}
