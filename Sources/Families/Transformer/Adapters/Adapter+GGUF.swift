import Checkpoints
import Files

extension Adapter {
  private static let aEnd = ".lora_a"
  private static let bEnd = ".lora_b"

  /// llama.cpp's adapters: pairs of tensors named after the model's, with its order of rows.
  static func readGGUF(
    _ path: String, _ configuration: TransformerConfiguration
  ) throws(AIGCError) -> Adapter {
    let file = try GGUFFile.open(path)
    let metadata = file.metadata
    guard (try? metadata.string("general.type")) == "adapter" else {
      throw .mismatch("\(path): a model, and an adapter is needed here")
    }
    let kind = try metadata.string("adapter.type")
    guard kind == "lora", metadata["adapter.alora.invocation_tokens"] == nil else {
      throw .mismatch("\(path): an adapter of the kind \(printable(kind)) is not applied here")
    }
    let family = try metadata.string("general.architecture")
    guard family == configuration.family else {
      throw .mismatch(
        "\(path): an adapter of \(printable(family)) models, and the model is one of \(configuration.family)"
      )
    }
    let alpha = try metadata.float("adapter.lora.alpha")
    let known = Dictionary(
      configuration.adaptable.map { ($0.ggufName, $0) }, uniquingKeysWith: { $1 })
    var pairs: [String: (a: StoredTensor?, b: StoredTensor?)] = [:]
    for tensor in try file.tensors() {
      let name = String(tensor.name.dropLast(aEnd.utf8.count))
      let isA = tensor.name.hasSuffix(aEnd)
      guard isA || tensor.name.hasSuffix(bEnd), known[name] != nil else {
        throw .mismatch(
          "\(path): \(printable(tensor.name)): the model has no such projection in its layers")
      }
      if isA { pairs[name, default: (nil, nil)].a = tensor }
      if !isA { pairs[name, default: (nil, nil)].b = tensor }
    }
    var result = Adapter(changes: [:], base: try? metadata.string("general.base_model.0.name"))
    for (name, pair) in pairs.sorted(by: { $0.key < $1.key }) {
      guard let tensor = known[name] else { continue }
      guard let a = pair.a, let b = pair.b else {
        throw .mismatch("\(path): \(name) has one of two halves only")
      }
      var change = try change(tensor, a, b, path: path) {
        alpha == 0 ? 1 : alpha / Float($0)
      }
      change.b = tensor.fromGGUF(change.b, width: change.rank)
      result.changes[tensor.key] = change
    }
    guard !result.changes.isEmpty else { throw .badInput("\(path): an adapter of nothing") }
    return result
  }

  /// Writes a GGUF file that llama.cpp applies.
  /// - Throws: ``/Files/AIGCError``: mismatch for an adapter of nothing, failed when the disk refuses.
  func writeGGUF(
    _ configuration: TransformerConfiguration, name: String, to path: String
  ) throws(AIGCError) {
    let adapted = configuration.adaptable.filter { changes[$0.key] != nil }
    guard let first = adapted.first.flatMap({ changes[$0.key] }) else {
      throw .mismatch("an adapter of nothing")
    }
    let alpha = first.scale * Float(first.rank)
    var tensors: [GGUFTensor] = []
    for tensor in adapted {
      guard let change = changes[tensor.key] else { continue }
      let factor = change.scale / (alpha / Float(change.rank))
      let b = factor == 1 ? change.b : change.b.map { $0 * factor }
      tensors.append(
        try Self.tensor(tensor.ggufName + Self.aEnd, [change.rank, tensor.inputs], change.a))
      tensors.append(
        try Self.tensor(
          tensor.ggufName + Self.bEnd, [tensor.outputs, change.rank],
          tensor.toGGUF(b, width: change.rank)))
    }
    try GGUFWriter.write(
      metadata: [
        ("general.architecture", .string(configuration.family)),
        ("general.type", .string("adapter")), ("general.name", .string(name)),
        ("adapter.type", .string("lora")), ("adapter.lora.alpha", .float32(alpha)),
      ], tensors, to: path, sync: true)
  }

  private static func tensor(
    _ name: String, _ shape: [Int], _ values: [Float]
  ) throws(AIGCError) -> GGUFTensor {
    let stored = try StoredTensor(
      name: name, type: .f32, shape: shape, storage: Table(values).rawBytes, place: name)
    return GGUFTensor(name: name, shape: shape, as: .scalar(.f32)) { () throws(AIGCError) in
      stored
    }
  }
}

extension TransformerTensor {
  /// Rows of `width` values in Hugging Face's order, of those of a GGUF file.
  fileprivate func fromGGUF(_ values: [Float], width: Int) -> [Float] {
    guard case .interleaved(let size) = ggufForm else { return values }
    let order = RowOrder.interleaved(headSize: size)
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for row in 0..<outputs {
      let first = order.source(of: row) * width
      result += values[first..<first + width]
    }
    return result
  }

  /// The other way.
  func toGGUF(_ values: [Float], width: Int) -> [Float] {
    guard case .interleaved(let size) = ggufForm else { return values }
    let order = RowOrder.interleaved(headSize: size)
    var result = values
    for row in 0..<outputs {
      let target = order.source(of: row) * width
      result.replaceSubrange(
        target..<target + width, with: values[row * width..<(row + 1) * width])
    }
    return result
  }
}
