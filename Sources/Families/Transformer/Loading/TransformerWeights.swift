import Autograd
import Checkpoints
import Files
import NN

/// The weights of a GPT-2 model as they lie in its files: by Hugging Face's names, with the prefix
/// `transformer.`, whatever the file has. Nothing is read or copied before it is asked for.
public struct TransformerWeights: Sendable {
  /// The file, or the index of several.
  public let path: String
  private let tensors: [String: StoredTensor]
  /// In the order of the network.
  private let names: [String]

  static let file = "model.safetensors"
  /// What is looked for, in this order: one file or the index of several, as transformers names them.
  private static let files = [
    file, "\(file).index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
  ]
  private static let prefix = "transformer."
  private static let head = "lm_head.weight"

  /// Opens the weights in a model folder. Every tensor of the configuration must be there with its
  /// shape, and no other, except the masks that older versions of transformers saved, and a projection
  /// that equals the embeddings that it is tied to.
  /// - Throws: ``/Files/AIGCError``: badInput when there is no file or it is damaged; mismatch that lists all
  ///   that does not fit.
  public init(folder: String, _ configuration: GPT2Configuration) throws(AIGCError) {
    let paths = Self.files.map { "\(folder)/\($0)" }
    guard let path = paths.first(where: { fileExists($0) }) else {
      throw .badInput("\(folder): no weights: it has neither \(Self.file) nor pytorch_model.bin")
    }
    try self.init(Checkpoint.open(path), configuration)
  }

  /// The same for tensors that are open already.
  init(_ checkpoint: Checkpoint, _ configuration: GPT2Configuration) throws(AIGCError) {
    path = checkpoint.path
    let expected = configuration.tensorShapes
    names = expected.map { $0.name }
    let isBare = checkpoint["wte.weight"] != nil
    var found: [String: StoredTensor] = [:]
    for tensor in checkpoint.tensors {
      let isHead = tensor.name == Self.head
      found[isBare && !isHead ? Self.prefix + tensor.name : tensor.name] = tensor
    }
    var problems: [String] = []
    var known: Set<String> = []
    for (name, shape) in expected {
      known.insert(name)
      guard let tensor = found[name] else {
        problems.append("\(name) is missing")
        continue
      }
      if tensor.shape != shape {
        problems.append("\(name) has the shape \(tensor.shape), not \(shape)")
      } else if ![.f32, .f16, .bf16].contains(tensor.type) {
        problems.append("\(name) holds \(tensor.type.rawValue), not F32, F16 or BF16")
      }
    }
    let isTied = known.insert(Self.head).inserted
    if isTied, let head = found[Self.head], let table = found[names[0]],
      try !Self.areEqual(head, table)
    {
      problems.append(
        "\(Self.head) is another one than \(names[0]), but the configuration ties them")
    }
    // In the order of the file, so that the message is the same every time.
    for tensor in checkpoint.tensors {
      let name = isBare && tensor.name != Self.head ? Self.prefix + tensor.name : tensor.name
      if !known.contains(name), !Self.isMask(name) {
        problems.append("\(printable(tensor.name)) is unknown")
      }
    }
    guard problems.isEmpty else { throw StateDictionary.mismatch(path, problems) }
    tensors = found
  }

  /// The tensor of that name: one of the configuration's ``GPT2Configuration/tensorShapes``.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is none.
  public func tensor(_ name: String) throws(AIGCError) -> StoredTensor {
    guard let tensor = tensors[name] else {
      throw .mismatch("\(path): no tensor is called \(printable(name))")
    }
    return tensor
  }

  /// The tensor of a name without the prefix: `h.0.attn.c_attn.weight`, `lm_head.weight`.
  func inner(_ name: String) throws(AIGCError) -> StoredTensor {
    try tensor(name == Self.head ? name : Self.prefix + name)
  }

  /// The type of the embeddings, which stands for the whole.
  public var type: ScalarType { tensors[names[0]]?.type ?? .f32 }

  /// A line that names the first tensor with a value that is not finite; nil: all are. Reads
  /// everything, so it is asked for when scores came out wrong.
  public func nonFiniteProblem() -> AIGCError? {
    for name in names {
      guard let values = try? tensors[name]?.floats() else { continue }
      if let found = DamagedWeights.line(name, values, of: path) { return found }
    }
    return nil
  }

  /// Sets a network's parameters.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  func load(into network: GPT2Network) throws(AIGCError) {
    for (name, parameter) in network.namedParameters {
      parameter.value = Tensor(try tensor(name).floats(), parameter.shape)
    }
  }

  /// The tensors to be written to a file of ours, as `type`; nil: as they are.
  func newTensors(_ type: ScalarType?) throws(AIGCError) -> [NewTensor] {
    var result: [NewTensor] = []
    for name in names {
      let stored = try tensor(name)
      if let type, type != stored.type {
        result.append(
          NewTensor(name: name, shape: stored.shape, floats: try stored.floats(), type: type))
      } else {
        result.append(NewTensor(stored, name: name))
      }
    }
    return result
  }

  private static func areEqual(_ a: StoredTensor, _ b: StoredTensor) throws(AIGCError) -> Bool {
    guard a.shape == b.shape, a.type == b.type else { return false }
    return try a.bytes().holdsSame(as: b.bytes())
  }

  /// Whether it is one of the buffers `h.N.attn.bias` and `h.N.attn.masked_bias`.
  private static func isMask(_ name: String) -> Bool {
    let parts = name.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
    return name.hasPrefix(prefix) && parts.count == 4 && parts[0] == "h" && Int(parts[1]) != nil
      && parts[2] == "attn" && (parts[3] == "bias" || parts[3] == "masked_bias")
  }
}

extension GPT2Configuration {
  /// The names and shapes of all tensors, the table of embeddings first.
  public var tensorShapes: [(name: String, shape: [Int])] {
    network.namedParameters.map { ($0.name, $0.parameter.shape.dimensions) }
  }
}
