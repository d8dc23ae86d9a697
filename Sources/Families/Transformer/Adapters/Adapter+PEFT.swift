import Checkpoints
import Files

extension Adapter {
  /// The weights beside ``AdapterFields/fileName``.
  static let weightsFile = "adapter_model.safetensors"
  private static let prefix = "base_model.model."
  private static let ends: [(end: String, isA: Bool)] = [
    (LowRankAdapter.aName, true), (LowRankAdapter.bName, false),
    (".lora_A.default.weight", true), (".lora_B.default.weight", false),
  ]

  static func readPEFT(
    _ folder: String, _ configuration: TransformerConfiguration
  ) throws(AIGCError) -> Adapter {
    let fields = try AdapterFields(folder: folder)
    let names = [weightsFile, "adapter_model.bin"]
    guard let name = names.first(where: { fileExists("\(folder)/\($0)") }) else {
      throw .badInput("\(folder): no adapter's weights: it has no \(weightsFile)")
    }
    let file = try Checkpoint.open("\(folder)/\(name)")
    let modules = Dictionary(
      configuration.adaptable.map { ($0.module, $0) }, uniquingKeysWith: { $1 })
    var pairs: [String: (a: StoredTensor?, b: StoredTensor?)] = [:]
    for tensor in file.tensors {
      let (module, isA) = try half(tensor.name, modules, file.path)
      if isA { pairs[module, default: (nil, nil)].a = tensor }
      if !isA { pairs[module, default: (nil, nil)].b = tensor }
    }
    var result = Adapter(changes: [:], base: fields.base)
    for (module, pair) in pairs.sorted(by: { $0.key < $1.key }) {
      guard let tensor = modules[module] else { continue }
      guard let a = pair.a, let b = pair.b else {
        throw .mismatch("\(file.path): \(module) has one of two halves only")
      }
      let change = try change(tensor, a, b, path: file.path) {
        fields.scale(module, rank: $0)
      }
      guard fields.admits(rank: change.rank) else {
        throw .mismatch(
          "\(file.path): \(module) has the rank \(change.rank), and \(AdapterFields.fileName) says "
            + "\(fields.rank)")
      }
      result.changes[tensor.key] = change
    }
    guard !result.changes.isEmpty else { throw .badInput("\(file.path): an adapter of nothing") }
    return result
  }

  /// The module of the model that a tensor belongs to, and which half it is.
  private static func half(
    _ name: String, _ modules: [String: TransformerTensor], _ path: String
  ) throws(AIGCError) -> (String, isA: Bool) {
    guard let (end, isA) = ends.first(where: { name.hasSuffix($0.end) }) else {
      let what = name.contains("magnitude") ? "a magnitude of DoRA, which is" : "which is"
      throw .mismatch("\(path): \(printable(name)), \(what) not applied here")
    }
    var module = name.dropLast(end.utf8.count)
    if module.hasPrefix(prefix) { module = module.dropFirst(prefix.utf8.count) }
    let found = String(module)
    guard modules[found] == nil else { return (found, isA) }
    throw .mismatch("\(path): \(printable(name)): the model has no such projection in its layers")
  }

  // MARK: Writing

  /// Writes a folder's files as PEFT has them.
  /// - Parameters:
  ///   - base: the model's path or name.
  ///   - path: of a file's name.
  func writePEFT(
    _ configuration: TransformerConfiguration, base: String, to path: (String) -> String
  ) throws(AIGCError) {
    let adapted = configuration.adaptable.filter { changes[$0.key] != nil }
    guard let first = adapted.first.flatMap({ changes[$0.key] }) else {
      throw .mismatch("an adapter of nothing")
    }
    let alpha = first.scale * Float(first.rank)
    var (tensors, ranks): ([NewTensor], [JSONValue.Member]) = ([], [])
    for tensor in adapted {
      guard let change = changes[tensor.key] else { continue }
      if change.rank != first.rank { ranks.append(.init(tensor.module, .int(change.rank))) }
      // One alpha for all: what is left of others goes into B.
      let factor = change.scale / (alpha / Float(change.rank))
      let name = Self.prefix + tensor.module
      tensors.append(
        NewTensor(
          name: name + LowRankAdapter.aName, shape: [change.rank, tensor.inputs],
          floats: change.a))
      tensors.append(
        NewTensor(
          name: name + LowRankAdapter.bName, shape: [tensor.outputs, change.rank],
          floats: factor == 1 ? change.b : change.b.map { $0 * factor }))
    }
    var modules: [String] = []
    for tensor in adapted where !modules.contains(tensor.moduleName) {
      modules.append(tensor.moduleName)
    }
    let members: [JSONValue.Member] = [
      .init("alpha_pattern", .object([])), .init("base_model_name_or_path", .string(base)),
      .init("bias", "none"), .init("fan_in_fan_out", .bool(configuration.architecture.isByInput)),
      .init("inference_mode", true), .init("init_lora_weights", true),
      .init("lora_alpha", Self.number(alpha)), .init("lora_dropout", 0.0),
      .init("modules_to_save", .null), .init("peft_type", "LORA"), .init("r", .int(first.rank)),
      .init("rank_pattern", .object(ranks)),
      .init("target_modules", .array(modules.map { .string($0) })),
      .init("task_type", "CAUSAL_LM"), .init("use_dora", false), .init("use_rslora", false),
    ]
    try TransformerFolder.write(tensors, to: path(Self.weightsFile))
    var bytes: [UInt8] = []
    JSONValue.object(members).write(into: &bytes)
    let text = String(decoding: bytes, as: UTF8.self) + "\n"
    try TransformerFolder.write([(AdapterFields.fileName, text)], to: path)
  }

  /// A whole number as one.
  private static func number(_ value: Float) -> JSONValue {
    value == value.rounded() && abs(value) < 1e9 ? .int(Int(value)) : .double(Double(value))
  }
}
