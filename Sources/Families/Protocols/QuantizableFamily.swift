import Datasets
import Files
import Kernels
import Training
import Weights

/// A family whose models can be stored with weights of few bits: `aigc quantize`.
public protocol QuantizableFamily: Family {
  /// Writes the model at `path` with weights of another type.
  /// - Parameters:
  ///   - path: of the model.
  ///   - output: the new file or folder, by what the family writes.
  ///   - type: what most matrices become.
  ///   - force: whether a model folder may be replaced.
  /// - Throws: ``/Files/AIGCError``: usage for a name of another kind of file, badInput for damaged weights and
  ///   those that the type does not hold.
  func quantize(
    _ path: String, to output: String, type: QuantizedType, force: Bool
  ) throws(AIGCError) -> QuantizedModel

  /// Tokens a second of a short text that the model writes.
  func generationSpeed(_ path: String) throws(AIGCError) -> Double?

  /// Measures a model and what was made of it on a text.
  /// - Returns: nil where there is nothing to measure on texts.
  func compare(
    _ path: String, with quantized: String, on text: Table<UInt8>, name: String
  ) throws(AIGCError) -> QuantizationComparison?
}

extension QuantizableFamily {
  /// Writes a model folder whose network has blocks of few bits.
  /// - Parameter write: writes all of the folder but the weights.
  /// - Throws: ``/Files/AIGCError``: what `write` throws; as ``quantize(_:to:type:force:)``.
  func quantizeFolder(
    _ path: String, to output: String, type: QuantizedType, force: Bool,
    _ write: (OutputFolder) throws(AIGCError) -> Void
  ) throws(AIGCError) -> QuantizedModel {
    let weights = try ModelWeights.open(path)
    let folder = try OutputFolder(
      path: RunFolder.path(family: name, data: path, out: output, force: force))
    let before = try MappedFile(path: weights.path).count
    try write(folder)
    let choices = try ModelWeights.quantize(
      weights, architecture: name, type, to: folder.file(ModelWeights.quantizedFile))
    try folder.commit()
    return QuantizedModel(
      choices, bytesBefore: before,
      bytesAfter: try MappedFile(path: ModelWeights.path(output)).count)
  }
}

/// What became of a model's weights.
public struct QuantizedModel: Sendable {
  /// A tensor that is stored as another type than was wanted, as its rows are no whole blocks of that.
  public struct Fallback: Sendable {
    public let name: String
    /// The type that was wanted.
    public let wanted: String
    /// The type that it has.
    public let type: String
  }

  /// Bytes of the weights' files.
  public let bytesBefore: Int
  /// The same afterwards.
  public let bytesAfter: Int
  /// How many tensors each type has, in the order in which they come.
  public let types: [(name: String, count: Int)]
  /// In the order of the file.
  public let fallbacks: [Fallback]
}

/// How much a model lost, on a text.
public struct QuantizationComparison: Sendable {
  /// One way to compute with the new weights.
  public struct Way: Sendable {
    /// What is multiplied with the weights: "f32", "int8".
    public let activations: String
    public let perplexity: Double
    /// The mean Kullback-Leibler divergence of the next token's probabilities from the first model's, nats a
    /// token; nil where only perplexities are known.
    public let divergence: Double?
  }

  /// Tokens that were scored.
  public let tokens: Int
  /// Of the first model, in 32 bits.
  public let perplexity: Double
  public let ways: [Way]
}
