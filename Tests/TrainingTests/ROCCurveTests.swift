import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Inference
@testable import Training

/// ROC curves beside those of scikit-learn, from `Scripts/fixtures/roc.py`.
@Suite struct ROCCurveTests {
  private struct Case: Decodable {
    var scores: [Double]
    var anomalies: [Bool]
    var area: Double
    var averagePrecision: Double
    var falsePositiveRates: [Double]
    var truePositiveRates: [Double]
    var thresholds: [Double]

    enum CodingKeys: String, CodingKey {
      case scores, anomalies, area, thresholds
      case averagePrecision = "average_precision"
      case falsePositiveRates = "false_positive_rates"
      case truePositiveRates = "true_positive_rates"
    }
  }

  private func cases() throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(bytes(fixture("roc.json"))))
  }

  @Test func equalsScikitLearn() throws {
    for expected in try cases() {
      let curve = try #require(ROCCurve(scores: expected.scores, isAnomaly: expected.anomalies))
      #expect(abs(curve.area - expected.area) < 1e-12)
      #expect(abs(curve.averagePrecision - expected.averagePrecision) < 1e-12)
      #expect(curve.points.map { $0.falsePositiveRate } == expected.falsePositiveRates)
      #expect(curve.points.map { $0.truePositiveRate } == expected.truePositiveRates)
      #expect(curve.points.dropFirst().map { $0.threshold } == expected.thresholds)
      #expect(curve.points[0].threshold == .infinity)
    }
  }

  @Test func ratesAtAThreshold() throws {
    let curve = try #require(
      ROCCurve(scores: [1, 2, 3, 4], isAnomaly: [false, true, false, true]))
    #expect(curve.rates(at: 5).truePositiveRate == 0)
    #expect(curve.rates(at: 4).truePositiveRate == 0.5)
    #expect(curve.rates(at: 3.5).falsePositiveRate == 0)
    #expect(curve.rates(at: 3).falsePositiveRate == 0.5)
    #expect(curve.rates(at: -1).falsePositiveRate == 1)
  }

  @Test func noCurveOfOneKind() throws {
    #expect(ROCCurve(scores: [1, 2], isAnomaly: [true, true]) == nil)
    #expect(ROCCurve(scores: [], isAnomaly: []) == nil)
    // What is no number is far from normal.
    let curve = try #require(ROCCurve(scores: [.nan, 3], isAnomaly: [true, false]))
    #expect(curve.area == 1)
    #expect(curve.plot(title: "", threshold: 3).image().width == 640)
  }
}
