import Checkpoints
import Files

/// The weights in a model's folder: a file of values of 16 or 32 bits, or one of few bits in its place, which is decoded
/// as it is read.
public enum ModelWeights {
  /// As networks are saved.
  public static let file = "model.safetensors"
  /// As they are quantised.
  public static let quantizedFile = "model.gguf"

  /// Opens the weights of a folder.
  /// - Throws: ``/Files/AIGCError`` (badInput) when there are none, or they are damaged.
  public static func open(_ folder: String) throws(AIGCError) -> Checkpoint {
    try Checkpoint.open(path(folder))
  }

  /// Where they are; that of ``file`` where there are none.
  public static func path(_ folder: String) -> String {
    let quantized = "\(folder)/\(quantizedFile)"
    return fileExists("\(folder)/\(file)") || !fileExists(quantized)
      ? "\(folder)/\(file)" : quantized
  }

  /// Writes the weights of a model with other types, matrices by a rule and all else as it is.
  /// - Parameters:
  ///   - checkpoint: the weights as they are.
  ///   - architecture: of the model, "lstm".
  ///   - type: what most matrices become.
  ///   - path: of the new file.
  /// - Returns: each tensor's name and what was chosen for it.
  /// - Throws: ``/Files/AIGCError``: badInput for values that the type does not hold, mismatch for tensors that the
  ///   format does not, failed when the disk refuses.
  public static func quantize(
    _ checkpoint: Checkpoint, architecture: String, _ type: QuantizedType, to path: String
  ) throws(AIGCError) -> [(name: String, choice: QuantizationRule.Choice)] {
    let rule = QuantizationRule(type, names: checkpoint.tensors.map { $0.name })
    let choices = checkpoint.tensors.map { ($0, rule.choice(for: $0)) }
    try GGUFWriter.write(
      metadata: [
        ("general.architecture", .string(architecture)),
        ("general.file_type", .uint32(type.fileType)), ("general.quantization_version", .uint32(2)),
      ], choices.map { GGUFTensor($0, as: $1.type) }, to: path, sync: true)
    return choices.map { ($0.name, $1) }
  }
}
