import Datasets
import Files

/// What gives the classes of a text their scores.
protocol TextScorer: Sendable {
  /// The logits of each text.
  /// - Returns: [texts, classes].
  /// - Throws: ``/Files/AIGCError``: badInput for damaged weights, interrupted after Ctrl-C.
  func logits(_ texts: TextList) throws(AIGCError) -> [Float]

  /// What each word of a text adds to the logit of a class, less the mean of what it adds to the others: they sum up
  /// to how far the text's margin is from that of the empty text.
  /// - Parameters:
  ///   - text: the text.
  ///   - words: of the text.
  ///   - label: the class.
  /// - Returns: one a word.
  func contributions(
    _ text: ArraySlice<UInt8>, _ words: [TextWords.Word], to label: Int
  ) throws(AIGCError) -> [Double]

  /// Writes the files of the weights.
  func write(to path: (String) -> String) throws(AIGCError)
}
