import Datasets
import Files
import Training

/// A family whose models make images of latents.
public protocol ImageFamily: Family {
  /// Opens the model folder.
  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch when they do not fit
  ///   each other.
  func load(_ path: String) throws(AIGCError) -> any ImageModel

  /// What `aigc evaluate` says of images by their likelihood.
  /// - Parameters:
  ///   - generator: a model of the family.
  ///   - path: of the images.
  ///   - options: how many images and latents are taken, and how images are read.
  ///   - notices: gets notes and warnings, on the thread of the call.
  /// - Returns: nothing where the family has no likelihood.
  /// - Throws: ``/Files/AIGCError``: badInput for images that cannot be read, mismatch for those that are not
  ///   the model's.
  func likelihood(
    _ generator: any ImageModel, of path: String, _ options: LikelihoodOptions,
    _ notices: NoticeHandler
  ) throws(AIGCError) -> [JSONValue.Member]
}

/// How likelihoods are measured.
public struct LikelihoodOptions: Sendable {
  /// Images at most.
  public var count: Int
  /// Latents for each image of the importance-weighted bound; 0: without it.
  public var draws: Int
  /// What happens when an image cannot be read: an error, or it is skipped.
  public var badImages = ImageOptions.BadImages.fail
  /// The random seed that chooses the images and draws their latents.
  public var seed: UInt64 = 0
  /// See ``/Datasets/ImageOptions/ignoresOrientation``.
  public var ignoresOrientation = false

  /// Creates the options of at most `count` images, with `draws` latents each for the
  /// importance-weighted bound.
  public init(count: Int, draws: Int = 500) { (self.count, self.draws) = (count, draws) }
}

extension ImageFamily {
  /// Unless a family says otherwise, it has no likelihood, and says nothing.
  public func likelihood(
    _ generator: any ImageModel, of path: String, _ options: LikelihoodOptions,
    _ notices: NoticeHandler
  ) throws(AIGCError) -> [JSONValue.Member] { [] }

  /// What its models make, "image".
  public var kind: String { "image" }
}

/// A family whose models say something about images of data: `aigc evaluate`.
public protocol ImageMeasuringFamily: Family {
  /// Measures the model at `path` on images.
  /// - Parameters:
  ///   - path: of the model folder.
  ///   - file: of the images.
  ///   - reading: how they are read; their form is the model's.
  ///   - notices: gets notes and warnings, on the thread of the call.
  /// - Throws: ``/Files/AIGCError``: badInput for images that cannot be read, mismatch for those that are not
  ///   the model's.
  func evaluate(
    _ path: String, on file: String, _ reading: ImageReading, _ notices: NoticeHandler
  ) throws(AIGCError) -> any Report
}

/// A family whose models also find latents of images, and so compress them: `aigc encode`, `reconstruct`.
public protocol AutoencoderFamily: ImageFamily {
  /// Opens the model folder.
  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch for a model that
  ///   compresses no images.
  func codec(_ path: String) throws(AIGCError) -> ImageCodec
}

extension AutoencoderFamily {
  /// Unless a family says otherwise, its folders hold what an ``ImageCodec`` reads.
  /// - Throws: ``/Files/AIGCError``: as ``ImageCodec/init(_:)``.
  public func codec(_ path: String) throws(AIGCError) -> ImageCodec { try ImageCodec(path) }
}
