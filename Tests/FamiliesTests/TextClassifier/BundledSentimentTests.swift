import Datasets
import TestSupport
import Testing

@testable import Families

/// What the card of the bundled model says holds.
@Suite struct BundledSentimentTests {
  private func model() throws -> TextClassifier {
    try TextClassifier(folder: "\(packageFolder)/Models/sentiment")
  }

  /// Of pairs of a sentence and its negation both are right in more than half.
  @Test func negationsTurnSentencesRound() throws {
    let texts = try LabelledTexts.read("\(packageFolder)/Scripts/benchmarks/negations.tsv")
    let model = try model()
    let matched = try texts.matched(to: model.classes, of: "the model")
    let probabilities = try model.probabilities(matched.texts)
    let isRight = matched.labels.indices.map {
      probabilities[$0 * 2 + Int(matched.labels[$0])] > 0.5
    }
    let pairs = stride(from: 0, to: isRight.count, by: 2).filter { isRight[$0] && isRight[$0 + 1] }
    #expect(isRight.count == 60 && pairs.count >= 16, "\(pairs.count)")
  }

  @Test func reviewsAreTold() throws {
    guard let data = testData() else { return }
    let test = try LabelledTexts.read("\(data)/sentiment/sst2/test.tsv")
    let measured = try model().evaluate(test)
    #expect(measured.confusion.accuracy >= 0.805, "\(measured.confusion.accuracy)")
    #expect(measured.calibrationError <= 0.03, "\(measured.calibrationError)")
  }
}
