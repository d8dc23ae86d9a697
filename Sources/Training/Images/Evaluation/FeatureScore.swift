import Datasets
import Files
import Kernels

/// What generated images are measured by while a model is trained, under the names of `--metrics`.
public enum ImageMetric: String, Codable, CaseIterable, Sendable {
  /// The Fréchet distance on the features of a classifier.
  case frechet
  /// The kernel distance on the same.
  case kid
  /// Precision and recall on the same.
  case pr
}

/// Scores a generator while it is trained: the Fréchet distance of some images of it to some of the
/// data, on the features of a classifier. Lower is better.
public final class FeatureScore {
  /// Images of each side where no number is given.
  public static let usualCount = 2048

  private let extractor: any FeatureExtractor
  private let real: ImageFeatures
  private let imageCount: Int
  /// What the user should know of the score.
  public let warnings: [String]

  /// - Parameters:
  ///   - extractor: gives the features.
  ///   - images: the data, at the generator's size.
  ///   - count: of generated images, and of those of the data at most.
  /// - Throws: ``/Files/AIGCError``: badInput when an image cannot be read, interrupted.
  public init(
    _ extractor: any FeatureExtractor, _ images: ImageSet, count: Int = usualCount
  ) throws(AIGCError) {
    self.extractor = extractor
    imageCount = count
    var random = RandomSource(seed: 0)
    real = try ImageFeatures(
      of: images, limit: count, by: extractor, using: &random)
    let few = SampleSize.ofCovariance(real.count, features: real.size)
    warnings =
      (few.map { [$0] } ?? [])
      + SampleSize.ofFeatures(
        of: images.path, doubts: real.doubts, usual: extractor.usualDoubt,
        losesColors: images.losesColors || images.channels > extractor.channels)
  }

  /// The same latents each time.
  public func distance(of generator: any ImageModel) throws(AIGCError) -> Double {
    var random = RandomSource(seed: 1)
    let generated = try ImageFeatures(
      of: generator, count: imageCount, by: extractor, using: &random)
    return try ImageDistance.frechetDistance(generated, real)
  }

  /// The same latents each time.
  /// - Returns: the Fréchet distance, and what `metrics` ask for under the names that `evaluate` has.
  public func measures(
    _ metrics: [ImageMetric], of generator: any ImageModel
  ) throws(AIGCError) -> (distance: Double, members: [JSONValue.Member]) {
    guard metrics.contains(where: { $0 != .frechet }) else {
      return (try distance(of: generator), [])
    }
    var random = RandomSource(seed: 1)
    let generated = try ImageFeatures(
      of: generator, count: imageCount, by: extractor, using: &random)
    var draws = RandomSource(seed: 2)
    let result = try ImageDistance(
      generated: generated, real: real, classes: extractor.classes.count, using: &draws)
    var members: [JSONValue.Member] = []
    if metrics.contains(.kid) {
      members.append(.init("kernel_distance", .double(result.kernelDistance)))
    }
    if metrics.contains(.pr) {
      members += [
        .init("precision", JSONValue(result.precision)), .init("recall", JSONValue(result.recall)),
      ]
    }
    return (result.frechetDistance, members)
  }
}
