import Checkpoints
import Files
import Kernels

/// What a model's weights are turned to when it is quantised.
public enum QuantizedType: String, CaseIterable, Sendable {
  case f16 = "F16"
  case bf16 = "BF16"
  case q80 = "Q8_0"
  case q40 = "Q4_0"
  case q41 = "Q4_1"
  case q4K = "Q4_K"
  case q6K = "Q6_K"

  /// How most weights are stored.
  public var stored: GGUFType {
    switch self {
    case .f16: .scalar(.f16)
    case .bf16: .scalar(.bf16)
    case .q80: .blocks(.q80)
    case .q40: .blocks(.q40)
    case .q41: .blocks(.q41)
    case .q4K: .blocks(.q4K)
    case .q6K: .blocks(.q6K)
    }
  }

  /// The number of "general.file_type" in GGUF (llama.cpp's `llama_ftype`).
  public var fileType: UInt32 {
    switch self {
    case .f16: 1
    case .bf16: 32
    case .q80: 7
    case .q40: 2
    case .q41: 3
    case .q4K: 15
    case .q6K: 18
    }
  }
}

/// Which type each tensor of a model gets: llama.cpp's rules of 2026 (`llama-quantize` without options), so that files
/// of one type have about one size and quality.
///
/// Matrices are turned; vectors, norms, positions and scalars stay as they are. Of a model with GGUF's names the last
/// layer, or the embeddings where these serve as it, gets Q6_K (Q8_0 with Q8_0); with Q4_K the values of attention and
/// the second matrices of feed-forward parts get Q6_K in the first and last eighth of the layers and every third one
/// between.
public struct QuantizationRule: Sendable {
  /// What most matrices become.
  public let type: QuantizedType
  private let layers: Int
  private let hasOutput: Bool

  /// - Parameters:
  ///   - type: what most matrices become.
  ///   - names: of all tensors of the model.
  public init(_ type: QuantizedType, names: some Sequence<String>) {
    self.type = type
    var (layers, hasOutput) = (0, false)
    for name in names {
      if let layer = Self.layer(name) { layers = max(layers, layer + 1) }
      if name == Self.output { hasOutput = true }
    }
    (self.layers, self.hasOutput) = (layers, hasOutput)
  }

  /// What a tensor becomes, and why it is another type than the rule wanted.
  public struct Choice: Sendable {
    /// The type that the tensor is stored as.
    public let type: GGUFType
    /// What was wanted for it, where its rows are no whole blocks of that.
    public let wanted: GGUFType?
  }

  /// - Parameter tensor: under the name that it has in the new file.
  public func choice(for tensor: StoredTensor) -> Choice {
    choice(
      name: tensor.name, shape: tensor.shape,
      type: tensor.blocks.map { .blocks($0) } ?? .scalar(tensor.type))
  }

  /// The same for a tensor that is not made yet.
  /// - Parameters:
  ///   - name: that it has in the new file.
  ///   - shape: outermost first.
  ///   - type: that it has now.
  public func choice(name: String, shape: [Int], type: GGUFType) -> Choice {
    guard isQuantized(name, shape, type) else { return Choice(type: type, wanted: nil) }
    let wanted = wanted(name, rowLength: shape.last ?? 1)
    let fitting = Self.fitting(wanted, rowLength: shape.last ?? 1)
    return Choice(type: fitting, wanted: fitting == wanted ? nil : wanted)
  }

  private func isQuantized(_ name: String, _ shape: [Int], _ type: GGUFType) -> Bool {
    if case .scalar(let scalar) = type, !scalar.isFloatingPoint { return false }
    guard shape.filter({ $0 > 1 }).count >= 2 else { return false }
    if !name.hasSuffix("weight"), layers > 0 || name.hasSuffix("bias") { return false }
    return !name.hasSuffix("_norm.weight") && !Self.kept.contains(name)
  }
  private static let kept: Set<String> = ["position_embd.weight", "token_types.weight"]
  private static let output = "output.weight"

  private func wanted(_ name: String, rowLength: Int) -> GGUFType {
    guard case .blocks(let blocks) = type.stored else { return type.stored }
    if name == Self.output || !hasOutput && name == "token_embd.weight" {
      return .blocks(blocks == .q80 || rowLength % blocks.values != 0 ? .q80 : .q6K)
    }
    if blocks == .q4K, let layer = Self.layer(name), takesMoreBits(layer),
      name.hasSuffix(".attn_v.weight") || name.hasSuffix(".ffn_down.weight")
    {
      return .blocks(.q6K)
    }
    return type.stored
  }

  private func takesMoreBits(_ layer: Int) -> Bool {
    let eighth = layers / 8
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2
  }

  /// The type itself, or where rows are no whole blocks of it the next one with smaller blocks that is no worse.
  private static func fitting(_ type: GGUFType, rowLength: Int) -> GGUFType {
    guard case .blocks(let blocks) = type else { return type }
    if rowLength % blocks.values == 0 { return type }
    if rowLength % 32 != 0 { return .scalar(.f16) }
    return .blocks(blocks == .q4K ? .q50 : .q80)
  }

  /// The layer that GGUF's names speak of: of "blk.3.attn_v.weight" 3.
  private static func layer(_ name: String) -> Int? {
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "blk", let layer = Int(parts[1]),
      (0..<65_536).contains(layer)
    else { return nil }
    return layer
  }
}
