import Datasets
import Files

/// A model whose inner values describe images: what distances between sets of images are taken on.
public protocol FeatureExtractor: Sendable {
  /// Says in results which features they are of.
  var featuresName: String { get }
  /// Of the images it takes.
  var size: ImageSize { get }
  /// Of the images it takes: 1 or 3.
  var channels: Int { get }
  /// Names of the classes that it tells apart.
  var classes: [String] { get }
  /// Values that describe an image.
  var featureCount: Int { get }

  /// The mean doubt, see ``features(_:)``, of images as those that it learned from; nil: not known.
  var usualDoubt: Double? { get }

  /// - Parameter values: [images, height, width, channels], -1 to 1.
  /// - Returns: ``featureCount`` values for each image, the class that it looks like, and the doubt of it:
  ///   1 less its probability.
  /// - Throws: ``/Files/AIGCError``: interrupted after Ctrl-C.
  func features(
    _ values: [Float]
  ) throws(AIGCError) -> (features: [Float], classes: [Int], doubts: [Float])
}
