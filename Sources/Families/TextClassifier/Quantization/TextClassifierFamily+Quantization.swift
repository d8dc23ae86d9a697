import Checkpoints
import Files
import Training
import Weights

extension TextClassifierFamily: QuantizableFamily {
  /// Writes a model folder whose network has blocks of few bits; they become 32-bit values when it is opened.
  /// - Throws: ``/Files/AIGCError``: usage for a method without a network and for a folder that is not to be
  ///   replaced, badInput for damaged files.
  public func quantize(
    _ path: String, to output: String, type: QuantizedType, force: Bool
  ) throws(AIGCError) -> QuantizedModel {
    let classifier = try TextClassifier(folder: path)
    guard let scorer = classifier.scorer as? TextNetworkScorer else {
      throw .usage(
        "\(path): a classifier of the method \(classifier.configuration.method.rawValue) has no network to "
          + "quantise; its file has weights of 8 bits, counts or a single layer")
    }
    let weights = try ModelWeights.open(path)
    let folder = try OutputFolder(
      path: RunFolder.path(family: name, data: path, out: output, force: force))
    let before = try MappedFile(path: weights.path).count
    try scorer.vocabulary.write(to: folder.file(TextVocabulary.file))
    try ModelConfiguration.write(
      classifier.configuration, to: folder.file(ModelConfiguration.fileName))
    let choices = try ModelWeights.quantize(
      weights, architecture: name, type, to: folder.file(ModelWeights.quantizedFile))
    try folder.commit()
    return QuantizedModel(
      choices, bytesBefore: before,
      bytesAfter: try MappedFile(path: ModelWeights.path(output)).count)
  }

  /// A classifier writes no text: nil.
  public func generationSpeed(_ path: String) throws(AIGCError) -> Double? { nil }

  /// Classifiers are measured on labelled texts: nil.
  public func compare(
    _ path: String, with quantized: String, on text: Table<UInt8>, name: String
  ) throws(AIGCError) -> QuantizationComparison? { nil }
}
