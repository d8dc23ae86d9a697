import Checkpoints
import Files
import Kernels
import NN

/// GPT-2 for generation: weights as they lie in a file, without the tensor engine. One serves any
/// number of sessions, on any threads.
final class TransformerEngine: Sendable {
  let sizes: GPT2Network.Sizes
  let decoder: TransformerDecoder
  /// The same for many texts at a time; nil where few are written with the same weights.
  let packed: PackedDecoder?
  /// Names and bytes of all weights, for ``fingerprint()``.
  private let parts: [WeightMatrix]

  /// Weights by Hugging Face's names, with `transformer.` before them or not; other tensors in the
  /// file are of no concern.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when a weight is missing or has another shape; failed when
  ///   memory is refused.
  convenience init(_ checkpoint: Checkpoint, sizes: GPT2Network.Sizes) throws(AIGCError) {
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
  ///   - isPacked: whether many texts are written at a time; the weights are in 32 bits then.
  ///   - weight: gives the weights by their names, such as `h.0.attn.c_attn.weight`.
  /// - Throws: what `weight` throws; ``/Files/AIGCError`` (mismatch) when a shape is another one.
  init(
    _ sizes: GPT2Network.Sizes, isPacked: Bool = false,
    _ weight: (String) throws(AIGCError) -> WeightMatrix
  ) throws(AIGCError) {
    self.sizes = sizes
    var builder = TransformerAssembly(sizes: sizes)
    let weights = try builder.weights(weight)
    decoder = TransformerDecoder(weights)
    packed = isPacked ? PackedDecoder(decoder) : nil
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
  let sizes: GPT2Network.Sizes
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
      _ name: String, _ inputs: Int, _ outputs: Int
    ) throws(AIGCError) -> StoredLinear {
      StoredLinear(
        try take("\(name).weight", [inputs, outputs]).matrix(.byInput),
        bias: try take("\(name).bias", [outputs]).vector())
    }
    let (width, inner) = (sizes.width, sizes.inner)
    let tokens = try take("wte.weight", [sizes.vocabulary, width]).matrix(.byOutput)
    let positions = try take("wpe.weight", [sizes.context, width]).matrix(.byOutput)
    var layers: [DecoderLayer] = []
    for index in 0..<sizes.layers {
      layers.append(
        DecoderLayer(
          norm1: try norm("h.\(index).ln_1"),
          attention: try linear("h.\(index).attn.c_attn", width, 3 * width),
          attentionOutput: try linear("h.\(index).attn.c_proj", width, width),
          norm2: try norm("h.\(index).ln_2"),
          inner: try linear("h.\(index).mlp.c_fc", width, inner),
          innerOutput: try linear("h.\(index).mlp.c_proj", inner, width)))
    }
    let norm = try norm("ln_f")
    let head =
      sizes.isTied
      ? tokens : try take("lm_head.weight", [sizes.vocabulary, width]).matrix(.byOutput)
    return DecoderWeights(
      tokens: tokens, positions: positions, layers: layers, norm: norm, head: head,
      heads: sizes.heads, epsilon: sizes.epsilon, activation: sizes.activation.decoder)
  }
}

extension GPT2Network.Activation {
  fileprivate var decoder: DecoderActivation {
    switch self {
    case .geluNew: .geluTanh
    case .gelu: .gelu
    case .relu: .relu
    }
  }
}
