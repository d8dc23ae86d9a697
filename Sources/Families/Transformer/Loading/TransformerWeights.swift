import Autograd
import Checkpoints
import Files
import Kernels
import NN

/// The weights of a transformer as they lie in its files, Hugging Face's or a GGUF file, by what they are for. Nothing
/// is read or copied before it is asked for.
public struct TransformerWeights: Sendable {
  /// The file, or the index of several.
  public let path: String
  /// In the order of Hugging Face's files.
  let tensors: [TransformerTensor]
  private let stored: [TransformerTensor.Key: StoredTensor]
  private let places: [TransformerTensor.Key: TransformerTensor]
  let isGGUF: Bool
  let shape: TransformerShape
  /// What is added to tensors as they are read; see ``merged(with:)``.
  private(set) var adapters: [Adapter] = []

  static let file = "model.safetensors"
  /// What is looked for, in this order: one file or the index of several, as transformers names them.
  private static let files = [
    file, "\(file).index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
  ]

  /// Opens the weights in a model folder. Every tensor of the configuration must be there with its
  /// shape, and no other, except the buffers that older versions of transformers saved, the parts of a model that sees
  /// images, and a projection that equals the embeddings that it is tied to.
  /// - Throws: ``/Files/AIGCError``: badInput when there is no file or it is damaged; mismatch that lists all
  ///   that does not fit.
  public init(folder: String, _ configuration: TransformerConfiguration) throws(AIGCError) {
    let paths = Self.files.map { "\(folder)/\($0)" }
    guard let path = paths.first(where: { fileExists($0) }) else {
      throw .badInput("\(folder): no weights: it has neither \(Self.file) nor pytorch_model.bin")
    }
    try self.init(Checkpoint.open(path), configuration)
  }

  /// The same for tensors that are open already; those of a GGUF file have its names and forms.
  init(
    _ checkpoint: Checkpoint, _ configuration: TransformerConfiguration
  ) throws(AIGCError) {
    try self.init(
      checkpoint.tensors, path: checkpoint.path, isGGUF: checkpoint.format == .gguf, configuration)
  }

  /// - Parameters:
  ///   - source: all tensors of a file, or of a model in memory.
  ///   - path: of the file, for messages.
  ///   - isGGUF: whether they have GGUF's names and forms.
  init(
    _ source: [StoredTensor], path: String, isGGUF: Bool, _ configuration: TransformerConfiguration
  ) throws(AIGCError) {
    let (architecture, shape) = (configuration.architecture, configuration.shape)
    (self.path, self.isGGUF, self.shape) = (path, isGGUF, shape)
    tensors = architecture.tensors(of: shape)
    let naming = CheckpointNaming(architecture, Set(source.map { $0.name }), isGGUF: isGGUF)
    var found: [String: StoredTensor] = [:]
    for tensor in source { found[naming.plainName(tensor.name)] = tensor }
    var problems: [String] = []
    var known: Set<String> = []
    var stored: [TransformerTensor.Key: StoredTensor] = [:]
    for expected in tensors {
      let name = isGGUF ? expected.ggufName : expected.name
      let sizes = isGGUF ? expected.ggufShape : expected.shape
      known.insert(name)
      guard let tensor = found[name] else {
        problems.append("\(name) is missing")
        continue
      }
      stored[expected.key] = tensor
      if tensor.shape != sizes {
        problems.append("\(name) has the shape \(tensor.shape), not \(sizes)")
      } else if ![.f32, .f16, .bf16].contains(tensor.type) {
        problems.append("\(name) holds \(tensor.typeName), not F32, F16 or BF16")
      }
    }
    let head = TransformerTensor.Key(part: .head)
    let headName = isGGUF ? TensorNames.gguf(head) : architecture.names.name(head)
    if known.insert(headName).inserted, let head = found[headName],
      let table = stored[.init(part: .embeddings)], try !Self.areEqual(head, table)
    {
      problems.append(
        "\(headName) is another one than \(tensors[0].name), but the configuration ties them")
    }
    // In the order of the file, so that the message is the same every time.
    for tensor in source {
      let name = naming.plainName(tensor.name)
      if !known.contains(name), !naming.isLeftOut(name) {
        problems.append("\(printable(tensor.name)) is unknown")
      }
    }
    guard problems.isEmpty else { throw StateDictionary.mismatch(path, problems) }
    self.stored = stored
    places = Dictionary(tensors.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
  }

  private static func areEqual(_ a: StoredTensor, _ b: StoredTensor) throws(AIGCError) -> Bool {
    guard a.shape == b.shape, a.typeName == b.typeName else { return false }
    return try a.bytes().holdsSame(as: b.bytes())
  }

  /// The tensor as it stands in the file, or in 32 bits with what adapters add to it.
  /// - Throws: ``/Files/AIGCError``: mismatch when the model has none, failed when the system refuses memory.
  func tensor(_ key: TransformerTensor.Key) throws(AIGCError) -> StoredTensor {
    let tensor = try fileTensor(key)
    let changes = adapters.compactMap { $0.changes[key] }
    guard !changes.isEmpty, let place = places[key] else { return tensor }
    var values = try tensor.floats()
    for change in changes { place.add(change, to: &values, isGGUF: isGGUF) }
    return try StoredTensor(
      name: tensor.name, type: .f32, shape: tensor.shape, storage: Table(values).rawBytes,
      place: path)
  }

  /// The tensor as it stands in the file.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when the model has none.
  func fileTensor(_ key: TransformerTensor.Key) throws(AIGCError) -> StoredTensor {
    guard let tensor = stored[key] else {
      throw .mismatch("\(path): no tensor \(TensorNames.gguf(key))")
    }
    return tensor
  }

  /// The same weights with what adapters add to them, each tensor computed when it is asked for.
  func merged(with adapters: [Adapter]) -> TransformerWeights {
    var result = self
    result.adapters = adapters
    return result
  }

  /// The tensor that Hugging Face's files call so, after the architecture's base.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is none.
  func tensor(named name: String) throws(AIGCError) -> StoredTensor {
    guard let tensor = tensors.first(where: { $0.name == name || $0.name.hasSuffix(".\(name)") })
    else { throw .mismatch("\(path): no tensor is called \(printable(name))") }
    return try self.tensor(tensor.key)
  }

  /// How the tensor stands in files.
  func place(_ key: TransformerTensor.Key) -> TransformerTensor? { places[key] }

  /// Whether the model has such a tensor.
  func has(_ key: TransformerTensor.Key) -> Bool { stored[key] != nil }

  /// Whether some are blocks of few bits.
  var hasBlocks: Bool { stored.values.contains { $0.blocks != nil } }

  /// The type of the first layer's largest matrix, which stands for the whole: "F32", "Q4_1".
  public var typeName: String {
    let key = TransformerTensor.Key(part: .up, layer: 0)
    return (stored[key] ?? stored[tensors[0].key])?.typeName ?? ScalarType.f32.rawValue
  }

  /// The type in which weights are saved that are as those of the file: F32 for blocks of few bits.
  public var type: ScalarType { stored[tensors[0].key]?.type ?? .f32 }

  /// A line that names the first tensor with a value that is not finite; nil: all are. Reads
  /// everything, so it is asked for when scores came out wrong.
  public func nonFiniteProblem() -> AIGCError? {
    for tensor in tensors {
      guard let values = try? stored[tensor.key]?.floats() else { continue }
      let name = isGGUF ? tensor.ggufName : tensor.name
      if let found = DamagedWeights.line(name, values, of: path) { return found }
    }
    return nil
  }
}

// MARK: In Hugging Face's form

extension TransformerWeights {
  /// The values as they stand in Hugging Face's files, in 32 bits.
  func floats(_ tensor: TransformerTensor) throws(AIGCError) -> [Float] {
    let values = try self.tensor(tensor.key).floats()
    guard isGGUF else { return values }
    switch tensor.ggufForm {
    case .same: return values
    case .plusOne: return values.map { $0 - 1 }
    case .transposed:
      let (rows, columns) = (tensor.shape[0], tensor.shape[1])
      var result = [Float](repeating: 0, count: values.count)
      for row in 0..<rows {
        for column in 0..<columns { result[row * columns + column] = values[column * rows + row] }
      }
      return result
    case .interleaved(let headSize):
      let order = RowOrder.interleaved(headSize: headSize)
      let width = values.count / tensor.shape[0]
      var result: [Float] = []
      result.reserveCapacity(values.count)
      for row in 0..<tensor.shape[0] {
        let first = order.source(of: row) * width
        result += values[first..<first + width]
      }
      return result
    }
  }

  /// Sets a network's parameters, which have Hugging Face's names.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory; mismatch for another model's network.
  func load(into parameters: NamedParameters) throws(AIGCError) {
    let named = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    for (name, parameter) in parameters {
      guard let tensor = named[name] else {
        throw .mismatch("\(path): no tensor is called \(printable(name))")
      }
      parameter.value = Tensor(try floats(tensor), parameter.shape)
    }
  }

  /// The tensors to be written to a file of Hugging Face's form, as `type`; nil: as they are.
  func newTensors(_ type: ScalarType?) throws(AIGCError) -> [NewTensor] {
    var result: [NewTensor] = []
    for tensor in tensors {
      let stored = try self.tensor(tensor.key)
      let isAsIs = !isGGUF || tensor.ggufForm == .same && stored.blocks == nil
      let kept = try fileTensor(tensor.key).type
      if isAsIs, (type ?? kept) == stored.type {
        result.append(NewTensor(stored, name: tensor.name))
      } else {
        result.append(
          NewTensor(
            name: tensor.name, shape: tensor.shape, floats: try floats(tensor),
            type: type ?? kept))
      }
    }
    return result
  }
}

/// How names of a checkpoint become those of an architecture.
private struct CheckpointNaming {
  private let names: TensorNames
  /// What stands before the names in the file; nil: as in ``TensorNames/base``, or a GGUF file.
  private let base: String?
  private let isGGUF: Bool

  init(_ architecture: any Architecture, _ found: Set<String>, isGGUF: Bool) {
    let names = architecture.names
    let first = names.parts[.embeddings] ?? ""
    (self.names, self.isGGUF) = (names, isGGUF)
    let bases = isGGUF ? [] : architecture.otherBases
    base =
      found.contains("\(names.base)\(first).weight")
      ? nil : bases.first { found.contains("\($0)\(first).weight") }
  }

  /// The name with the architecture's own base.
  func plainName(_ name: String) -> String {
    guard let base else { return name }
    // The head stands beside the base.
    if name == "lm_head.weight" || name == "language_model.lm_head.weight" {
      return "lm_head.weight"
    }
    return name.hasPrefix(base) ? names.base + name.dropFirst(base.count) : name
  }

  /// Whether it is no weight of the language model: a buffer of causal masks or rotary frequencies, or a part for
  /// images.
  func isLeftOut(_ name: String) -> Bool {
    if isGGUF { return name == "rope_freqs.weight" }
    if base?.contains("language_model") == true,
      ["vision_tower.", "multi_modal_projector."].contains(where: {
        name.hasPrefix($0) || name.hasPrefix("model.\($0)")
      })
    {
      return true
    }
    guard name.hasPrefix(names.base) else { return false }
    let parts = name.dropFirst(names.base.count)
      .split(separator: ".", omittingEmptySubsequences: false)
    if parts.suffix(2) == ["rotary_emb", "inv_freq"] { return true }
    return parts.count == 4 && parts[0] == "h" && Int(parts[1]) != nil && parts[2] == "attn"
      && (parts[3] == "bias" || parts[3] == "masked_bias")
  }
}
