import Datasets
import Files
import Kernels

/// What images are asked for, of any model that makes some: `sample`, the sheets and the monitor of a
/// training and evaluation ask in this form, and models of latents, of input images or of texts answer it.
public struct ImageRequest: Sendable {
  /// Where the chance of each image comes from.
  public enum Chance: Sendable {
    /// A random seed each: the same seed is the same image, in any company.
    case seeds([UInt64])
    /// Latents of so many images, one after the other, of models that have latents.
    case latents([Float], count: Int)
  }

  /// Where the chance of each image comes from, and so how many are asked for.
  public var chance: Chance
  /// The classes that the images have in turn, numbers of ``ImageModel/classes``; empty: of each image
  /// by its chance, and none where the model knows no classes.
  public var labels: [Int32] = []
  /// The texts that the images show in turn, of models that read texts.
  public var texts: [String] = []
  /// The images that are changed in turn, [images, height, width, channels], from -1 to 1 in the model's
  /// form, of models that take images.
  public var inputs: [Float] = []

  /// - Parameters:
  ///   - seeds: one for each image.
  ///   - labels: see ``labels``.
  public init(seeds: [UInt64], labels: [Int32] = []) {
    (chance, self.labels) = (.seeds(seeds), labels)
  }

  /// - Parameters:
  ///   - latents: of all images, one after the other.
  ///   - count: of images.
  ///   - labels: see ``labels``.
  public init(latents: [Float], count: Int, labels: [Int32] = []) {
    (chance, self.labels) = (.latents(latents, count: count), labels)
  }

  /// How many images are asked for.
  public var count: Int {
    switch chance {
    case .seeds(let seeds): seeds.count
    case .latents(_, let count): count
    }
  }
}

/// What a model makes images of, beside chance.
public struct ImageInputs: OptionSet, Sendable {
  /// The inputs as bits.
  public let rawValue: Int
  /// Creates a set from the bits of its inputs.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Latents can be given: places between two, walks, maps.
  public static let latents = ImageInputs(rawValue: 1)
  /// ``ImageRequest/inputs`` are needed.
  public static let images = ImageInputs(rawValue: 2)
  /// ``ImageRequest/texts`` are read.
  public static let texts = ImageInputs(rawValue: 4)
}

/// A model that makes images when it is asked.
///
/// An image depends on its own part of a request alone, not on what is made beside it, and many callers
/// may ask at once.
public protocol ImageModel: Sendable {
  /// Columns of its images.
  var width: Int { get }
  /// Rows of its images.
  var height: Int { get }
  /// 1 for grey, 3 for RGB, 4 with alpha.
  var channels: Int { get }
  /// Names of the classes that can be asked for, "0" …; empty for a model without.
  var classes: [String] { get }
  /// What it makes images of.
  var inputs: ImageInputs { get }
  /// Whether it learned images as they are stored, whatever EXIF says about turning them.
  var ignoresOrientation: Bool { get }

  /// A request for `count` images whose chance, and whose classes, are drawn from `random`.
  func request(_ count: Int, using random: inout RandomSource) -> ImageRequest

  /// Makes images.
  /// - Parameters:
  ///   - request: what is wanted.
  ///   - progress: is told how many are made; what it throws ends the work.
  /// - Returns: [images, height, width, channels], values from -1 (0) to 1 (255).
  /// - Throws: ``/Files/AIGCError``: usage for a request that the model cannot answer, interrupted when the work
  ///   is stopped; and what `progress` throws.
  func images(
    _ request: ImageRequest, _ progress: (_ made: Int) throws(AIGCError) -> Void
  ) throws(AIGCError) -> [Float]
}

extension ImageModel {
  /// Images were turned as EXIF says.
  public var ignoresOrientation: Bool { false }

  /// ``images(_:_:)`` without a look at the progress.
  public func images(_ request: ImageRequest) throws(AIGCError) -> [Float] {
    try images(request) { _ in }
  }

  /// Width and height of its images.
  public var size: ImageSize { ImageSize(width: width, height: height) }
}
