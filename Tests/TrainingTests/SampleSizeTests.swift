import Kernels
import Testing

@testable import Inference
@testable import Training

/// From how many examples on measures mean something.
@Suite struct SampleSizeTests {
  /// `count` rows of `size` features by chance.
  private func features(_ count: Int, size: Int, seed: UInt64) -> ImageFeatures {
    var random = RandomSource(seed: seed)
    return ImageFeatures(
      values: (0..<count * size).map { _ in Float(random.normal()) }, size: size,
      classes: [Int](repeating: 0, count: count))
  }

  /// A sphere that reaches the third of two neighbours covers all: that is no precision of 1.
  @Test func fewImagesHaveNoPrecision() throws {
    var random = RandomSource(seed: 1)
    func distance(_ generated: Int, _ real: Int) throws -> ImageDistance {
      try ImageDistance(
        generated: features(generated, size: 8, seed: 1), real: features(real, size: 8, seed: 2),
        classes: 1, using: &random)
    }
    let two = try distance(2, 2)
    #expect(two.precision == nil && two.recall == nil)
    // Precision is of the spheres around real images, recall of those around generated ones.
    let mixed = try distance(3, 4)
    #expect(mixed.precision != nil && mixed.recall == nil)
    let four = try distance(4, 4)
    #expect(four.precision != nil && four.recall != nil)
  }

  @Test func distancesOfFewImagesAreNamed() {
    func lines(_ a: Int, _ b: Int) -> [String] {
      SampleSize.ofDistances([a, b], features: 128, neighbor: 3)
    }
    #expect(lines(2, 10000).count == 3)
    #expect(lines(2, 10000)[0].hasPrefix("precision and recall need more than 3 images"))
    #expect(lines(4, 4).count == 2)
    // The rank of 128 images' covariance is 127.
    #expect(lines(128, 5000).count == 1 && lines(128, 5000)[0].contains("of 128 images: too large"))
    #expect(lines(129, 5000).isEmpty)
  }

  /// Wilson's interval, as statsmodels' proportion_confint(method="wilson") has it.
  @Test(arguments: [
    (5, 5, 0.5655, 1.0), (0, 10, 0.0, 0.2775), (50, 100, 0.4038, 0.5962), (1, 3, 0.0615, 0.7923),
  ])
  func intervalsOfShares(hits: Int, count: Int, low: Double, high: Double) {
    let interval = SampleSize.interval(hits, of: count)
    #expect(abs(interval.lowerBound - low) < 1e-3 && abs(interval.upperBound - high) < 1e-3)
  }

  @Test func sharesOfFewAreNamed() throws {
    let line = try #require(SampleSize.ofShare("accuracy", 5, of: 5))
    #expect(
      line
        == "accuracy of 5 images: of many it would lie between 57% and 100%; measure on more")
    #expect(SampleSize.ofShare("accuracy", 100, of: 100) == nil)
    #expect(SampleSize.ofShare("accuracy", 40, of: 80) != nil)
    #expect(SampleSize.ofMeans("elbo", 99, "images") != nil)
    #expect(SampleSize.ofMeans("elbo", 100, "images") == nil)
    #expect(
      SampleSize.ofCodes(63, entries: 64) != nil && SampleSize.ofCodes(64, entries: 64) == nil)
  }

  @Test func curvesOfFewAreNamed() throws {
    #expect(
      SampleSize.ofROC(anomalies: 0, normal: 7)
        == "no ROC curve: all 7 examples are normal; both kinds are needed")
    #expect(SampleSize.ofROC(anomalies: 7, normal: 0)?.contains("are anomalies") == true)
    #expect(SampleSize.ofROC(anomalies: 3, normal: 5)?.contains("± 0.44") == true)
    #expect(SampleSize.ofROC(anomalies: 100, normal: 100) == nil)
    #expect(SampleSize.ofROC(anomalies: 0, normal: 0) == nil)
    #expect(SampleSize.ofQuantile(0.95, of: 19) != nil)
    #expect(SampleSize.ofQuantile(0.95, of: 20) == nil && SampleSize.ofQuantile(1, of: 1) == nil)
  }

  @Test func imagesUnlikeTheClassifiersAreNamed() {
    func lines(_ doubts: [Float], _ usual: Double?, losesColors: Bool = false) -> [String] {
      SampleSize.ofFeatures(
        of: "data", doubts: doubts, usual: usual, losesColors: losesColors)
    }
    let sure = [Float](repeating: 0.002, count: 500)
    let unsure = sure.indices.map { Float($0 % 10) / 20 }
    #expect(lines(sure, 0.0025).isEmpty && lines(sure, nil).isEmpty)
    #expect(lines(sure, 0.0025, losesColors: true).count == 1)
    #expect(
      lines(unsure, 0.002).first?.hasPrefix(
        "the classifier is sure of 77.5% of what data shows, of images as it learned 99.8%") == true
    )
    #expect(lines(unsure, nil).count == 1)
    // Two images say little; a classifier that always doubts says nothing new.
    #expect(lines([0, 0.5], 0.0025).isEmpty && lines(unsure, 0.2).isEmpty)
  }
}
