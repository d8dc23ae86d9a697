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
    return try quantizeFolder(path, to: output, type: type, force: force) {
      folder throws(AIGCError) in
      try scorer.vocabulary.write(to: folder.file(TextVocabulary.file))
      try ModelConfiguration.write(
        classifier.configuration, to: folder.file(ModelConfiguration.fileName))
    }
  }

  /// A classifier writes no text: nil.
  public func generationSpeed(_ path: String) throws(AIGCError) -> Double? { nil }

  /// Classifiers are measured on labelled texts: nil.
  public func compare(
    _ path: String, with quantized: String, on text: Table<UInt8>, name: String
  ) throws(AIGCError) -> QuantizationComparison? { nil }
}
