import ArgumentParser
import Datasets
import FamilySupport
import Files
import Kernels
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

/// `aigc evaluate` of sets of images.
@Suite struct ImageEvaluationTests {
  /// Makes colour images larger than those of the classifier.
  private struct Noise: ImageGenerator {
    let latentCount = 16 * 12 * 3
    let width = 16
    let height = 12
    let channels = 3
    let classes: [String] = []

    func images(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
      latents.map { min(max($0, -1), 1) }
    }
  }

  /// Makes the images that it was given.
  private struct Replay: ImageGenerator {
    let latentCount = 1
    let width: Int
    let height: Int
    let channels: Int
    let classes: [String] = []
    let values: [Float]

    init(_ set: ImageSet) throws {
      (width, height, channels) = (set.size.width, set.size.height, set.channels)
      values = try set.values(Array(0..<set.count))
    }

    func images(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
      Array(values[..<(latents.count * width * height * channels)])
    }
  }

  /// Who makes the very images of the data is at no distance from them, at whatever size.
  @Test(arguments: [0.5, 1, 1.5]) func modelsAreMeasuredAtTheirSize(_ factor: Double) throws {
    let folder = try TemporaryFolder()
    _ = try smallClassifier(folder, steps: 10).train(to: folder.file("model"))
    let data = try writeBars(folder, count: 60, name: "data")
    let classifier = try Classifier(folder: folder.file("model"))
    func side(_ value: Int) -> Int { Int((Double(value) * factor).rounded()) }
    let own = try ImageSet.open(data, classifier.imageOptions)
    let set = try ImageSet.open(
      data,
      ImageOptions(
        size: ImageSize(width: side(own.size.width), height: side(own.size.height)), channels: 3))
    let generator = try Replay(set)
    let score = try FeatureScore(classifier, set, count: 60)
    #expect(try abs(score.distance(of: generator)) < 1e-3)
    guard factor < 1 else { return }
    // Against images of a larger size it misses what it has no room for.
    #expect(try FeatureScore(classifier, own, count: 60).distance(of: generator) > 0.01)
  }

  /// Two sets of images by the features of a classifier; a generator in place of one of them.
  @Test func distances() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallClassifier(folder, steps: 10)
    _ = try recipe.train(to: folder.file("model"))
    let (few, many) = (
      try writeBars(folder, count: 120, name: "few"),
      try writeBars(folder, count: 150, name: "many")
    )
    func members(_ arguments: [String], _ model: String, _ data: String?) throws -> [String: Double]
    {
      let flags = ["--features", folder.file("model")] + arguments
      let result = try ImageEvaluationArguments.parse(flags).evaluate(model, data)
      return Dictionary(
        uniqueKeysWithValues: result.members.compactMap { member in
          member.value.number.map { (member.name, $0) }
        })
    }
    let two = try members([], few, many)
    #expect(two["generated"] == 120 && two["real"] == 150)
    #expect(try #require(two["precision"]) > 0.5)
    #expect(try members(["--num", "50"], few, many)["real"] == 50)
    let own = try members([], many, many)
    #expect(abs(try #require(own["frechet_distance"])) < 1e-3)
    #expect(own["precision"] == 1 && own["recall"] == 1)
    let halves = try members(["--halves"], many, nil)
    #expect(halves["generated"] == 75 && halves["real"] == 75)
    // Images of noise are far away.
    var random = RandomSource(seed: 1)
    let classifier = try Classifier(folder: folder.file("model"))
    let noise = try ImageFeatures(of: Noise(), count: 60, by: classifier, using: &random)
    let real = try ImageFeatures(
      of: ImageSet.open(many, classifier.imageOptions), limit: 100, by: classifier,
      using: &random)
    #expect(noise.count == 60 && real.count == 100)
    let far = try ImageDistance(generated: noise, real: real, classes: 3, using: &random)
    #expect(far.frechetDistance > 2 * (two["frechet_distance"] ?? 0))
  }
}
