import Checkpoints
import Files
import Kernels
import Weights

/// A low-rank adapter of a transformer (LoRA, Hu et al. 2021) in memory: what it adds to which projections, in Hugging
/// Face's order of rows.
struct Adapter: Sendable {
  struct Change: Sendable {
    var rank: Int
    var scale: Float
    /// [rank, inputs].
    var a: [Float]
    /// [outputs, rank].
    var b: [Float]
  }
  var changes: [TransformerTensor.Key: Change]
  /// What the file calls its base; nil where it does not say.
  var base: String?

  /// Reads an adapter: a folder of PEFT, its adapter_model.safetensors, or a GGUF file of llama.cpp.
  /// - Parameter configuration: of the model that it is for.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when it is another model's
  ///   or holds what is not applied here.
  static func read(
    _ path: String, for configuration: TransformerConfiguration
  ) throws(AIGCError) -> Adapter {
    if isFolder(path) { return try readPEFT(path, configuration) }
    if try GGUFFile.recognizes(path) { return try readGGUF(path, configuration) }
    let parent = parentFolder(of: path)
    guard fileExists("\(parent)/\(AdapterFields.fileName)") else {
      throw .badInput(
        "\(path): no adapter: name a folder with \(AdapterFields.fileName), or a GGUF file of one")
    }
    return try readPEFT(parent, configuration)
  }

  /// Whether a folder or a file is an adapter.
  static func recognizes(_ path: String) -> Bool {
    if isFolder(path) { return fileExists("\(path)/\(AdapterFields.fileName)") }
    guard (try? GGUFFile.recognizes(path)) == true, let file = try? GGUFFile.open(path) else {
      return false
    }
    return (try? file.metadata.string("general.type")) == "adapter"
  }

  /// Takes a pair of matrices whose shapes were not checked yet.
  /// - Parameter scale: of the rank.
  static func change(
    _ tensor: TransformerTensor, _ a: StoredTensor, _ b: StoredTensor, path: String,
    scale: (Int) -> Float
  ) throws(AIGCError) -> Change {
    let rank = a.shape.first ?? 0
    guard a.shape == [rank, tensor.inputs], b.shape == [tensor.outputs, rank], rank > 0 else {
      throw .mismatch(
        "\(path): \(printable(a.name)) has the shape \(a.shape) and its other half \(b.shape), not [rank, "
          + "\(tensor.inputs)] and [\(tensor.outputs), rank], as \(tensor.module) of the model has it"
      )
    }
    let values = (a: try a.floats(), b: try b.floats())
    for (name, values) in [(a.name, values.a), (b.name, values.b)] {
      if let line = DamagedWeights.line(name, values, of: path) { throw line }
    }
    let scale = scale(rank)
    guard scale.isFinite else { throw .badInput("\(path): a scale that is no number") }
    return Change(rank: rank, scale: scale, a: values.a, b: values.b)
  }
}

extension Adapter {
  /// The same with its changes times the scale of a choice.
  /// - Throws: ``/Files/AIGCError`` (usage) for a scale that is no number.
  func scaled(_ choice: AdapterChoice) throws(AIGCError) -> Adapter {
    let scale = choice.scale
    guard scale.isFinite else {
      throw .usage("`adapters` \(choice.path): a scale that is no number")
    }
    var result = self
    result.changes = changes.mapValues { change in
      var change = change
      change.scale *= scale
      return change
    }
    return result
  }
}
