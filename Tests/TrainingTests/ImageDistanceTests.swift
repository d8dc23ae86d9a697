import Datasets
import Files
import FoundationEssentials
import Kernels
import TestSupport
import Testing

@testable import Plots
@testable import Inference
@testable import Training

/// Distances between sets of images beside those of NumPy and SciPy, from
/// `Scripts/fixtures/image_distance.py`.
@Suite struct ImageDistanceTests {
  private struct Case: Decodable {
    var rowsA: Int
    var rowsB: Int
    var shift: Float
    var scale: Float
    var frechetDistance: Double
    var kid: Double?
    var precision: Double
    var recall: Double

    enum CodingKeys: String, CodingKey {
      case rowsA = "rows_a"
      case rowsB = "rows_b"
      case frechetDistance = "frechet_distance"
      case shift, scale, kid, precision, recall
    }
  }

  private static let size = 12

  /// The features of the script.
  private func features(_ rows: Int, seed: UInt32, shift: Float, scale: Float) -> ImageFeatures {
    var state = seed
    var values = (0..<rows * Self.size).map { _ -> Float in
      state = state &* 1_664_525 &+ 1_013_904_223
      return (Float(state >> 16) - 32768) / 32768
    }
    for row in 0..<rows {
      for column in 1..<Self.size {
        let index = row * Self.size + column
        values[index] += 0.5 * values[index - 1]
      }
    }
    for index in values.indices { values[index] = values[index] * scale + shift }
    return ImageFeatures(
      values: values, size: Self.size, classes: (0..<rows).map { $0 % 4 == 0 ? 1 : 0 })
  }

  private func cases() throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(bytes(fixture("image_distance.json"))))
  }

  @Test func equalSciPy() throws {
    for expected in try cases() {
      let a = features(expected.rowsA, seed: 1, shift: expected.shift, scale: expected.scale)
      let b = features(expected.rowsB, seed: 2, shift: 0, scale: 1)
      var random = RandomSource(seed: 3)
      let found = try ImageDistance(generated: a, real: b, classes: 3, using: &random)
      let name = "\(expected.rowsA) and \(expected.rowsB) rows"
      let scale = max(expected.frechetDistance, 1)
      #expect(abs(found.frechetDistance - expected.frechetDistance) < 1e-5 * scale, "\(name)")
      if let kid = expected.kid {
        #expect(abs(found.kernelDistance - kid) < 1e-4 * max(abs(kid), 1), "\(name)")
      }
      // One image at the edge of a sphere may fall to either side.
      let (precision, recall) = (try #require(found.precision), try #require(found.recall))
      #expect(abs(precision - expected.precision) <= 1.01 / Double(a.count), "\(name)")
      #expect(abs(recall - expected.recall) <= 1.01 / Double(b.count), "\(name)")
      let ones = (expected.rowsA + 3) / 4
      #expect(found.classShares[1] == Double(ones) / Double(expected.rowsA))
      #expect(found.classShares[2] == 0)
    }
  }

  /// Subsets of more images than one has: near what all of them give, and of the seed alone.
  @Test func kernelDistanceOfSubsets() throws {
    let a = features(1300, seed: 1, shift: 0.5, scale: 1)
    let b = features(1200, seed: 2, shift: 0, scale: 1)
    func distance(_ seed: UInt64) throws -> Double {
      var random = RandomSource(seed: seed)
      return try ImageDistance(generated: a, real: b, classes: 2, using: &random).kernelDistance
    }
    let all = KernelDistance.polynomial(
      Array(a.values.prefix(1200 * Self.size)), b.values, size: Self.size)
    let found = try distance(1)
    #expect(abs(found - all) < 0.05 * all)
    #expect(try distance(1) == found)
    #expect(try distance(2) != found)
  }

  @Test func sameBytesForAnyNumberOfRowsAtOnce() throws {
    // Each row is its own neighbour's neighbour: three copies leave no distance.
    let one = features(70, seed: 4, shift: 0, scale: 1).values
    let radii = Neighborhoods.radii(one + one + one + one, size: Self.size, k: 3)
    #expect(radii.allSatisfy { $0 < 1e-5 })
    #expect(
      Neighborhoods.radii(Array(one.prefix(2 * Self.size)), size: Self.size, k: 3) == [
        .infinity, .infinity,
      ])
  }

  @Test func tooFewImages() {
    var random = RandomSource(seed: 1)
    let one = features(1, seed: 1, shift: 0, scale: 1)
    let two = features(2, seed: 1, shift: 0, scale: 1)
    let error = #expect(throws: AIGCError.self) {
      try ImageDistance(generated: one, real: two, classes: 2, using: &random)
    }
    #expect(error?.code == .badInput)
  }

  @Test func confusion() throws {
    var matrix = ConfusionMatrix(classes: ["cat", "dog", "a long name"])
    for (label, predicted) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
      matrix.add(label, predicted: predicted)
    }
    #expect(matrix.accuracy == 0.75)
    #expect(matrix.accuracy(0).map { abs($0 - 2.0 / 3) < 1e-12 } == true)
    #expect(matrix.accuracy(2) == nil)
    #expect(matrix.count(0, predicted: 1) == 1)
    let image = matrix.plot.image()
    #expect(image.width > 100 && image.height > 100)
    // The two hits of the cat are darker than its miss, and an empty cell is white.
    #expect(Set(image.pixels).count > 10)
  }
}
