import Datasets
import Files
import Kernels

/// Scores a generator while it is trained: the Fréchet distance of some pictures of it to some of the
/// data, on the features of a classifier. Lower is better.
public final class FeatureScore {
  private let extractor: any FeatureExtractor
  private let real: PictureFeatures
  private static let pictureCount = 2048
  /// What the user should know of the score.
  public let warnings: [String]

  /// - Parameters:
  ///   - extractor: gives the features.
  ///   - pictures: the data, in the extractor's form.
  /// - Throws: ``AIGCError``: badInput when a picture cannot be read, interrupted.
  public init(_ extractor: any FeatureExtractor, _ pictures: PictureSet) throws(AIGCError) {
    self.extractor = extractor
    var random = RandomSource(seed: 0)
    real = try PictureFeatures(
      of: pictures, limit: Self.pictureCount, by: extractor, using: &random)
    let few = SampleSize.ofCovariance(real.count, features: real.size)
    warnings =
      (few.map { [$0] } ?? [])
      + SampleSize.ofFeatures(
        of: pictures.path, doubts: real.doubts, usual: extractor.usualDoubt,
        losesColors: pictures.losesColors)
  }

  /// The same latents each time.
  public func distance(of generator: any ImageModel) throws(AIGCError) -> Double {
    var random = RandomSource(seed: 1)
    let generated = try PictureFeatures(
      of: generator, count: Self.pictureCount, by: extractor, using: &random)
    return try PictureDistance.frechetDistance(generated, real)
  }
}
