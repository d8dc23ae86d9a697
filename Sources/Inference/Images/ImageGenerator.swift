import Files
import Kernels

/// A model that makes pictures of latents: what `aigc sample` and evaluation need of a family.
///
/// A picture depends on its latent and label alone, not on those that are made beside it.
public protocol ImageGenerator {
  /// Numbers of a latent, drawn from the standard normal distribution.
  var latentCount: Int { get }

  /// Columns and rows of its pictures.
  var width: Int { get }
  var height: Int { get }

  /// 1 for grey, 3 for RGB.
  var channels: Int { get }

  /// Names of the classes that can be asked for, "0" …; empty for a model without.
  var classes: [String] { get }

  /// Whether it learned pictures as they are stored, whatever EXIF says about turning them.
  var ignoresOrientation: Bool { get }

  /// Makes pictures.
  /// - Parameters:
  ///   - latents: ``latentCount`` numbers for each picture.
  ///   - labels: the class of each picture, numbers of ``classes``; empty for a model without.
  /// - Returns: [pictures, height, width, channels], values from -1 (0) to 1 (255).
  /// - Throws: ``AIGCError``: usage for a label that is no class, interrupted after Ctrl-C.
  func pictures(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float]
}

/// The most values that a network may hold of one picture in one map: configurations beyond are
/// refused before their memory is asked for.
public let largestPictureMap = 1 << 24

extension ImageGenerator {
  public var ignoresOrientation: Bool { false }

  /// Latents of `count` pictures, one after the other.
  public func latents(_ count: Int, using random: inout RandomSource) -> [Float] {
    (0..<count * latentCount).map { _ in Float(random.normal()) }
  }

  /// Latent and label of the picture `seed`: the same seed is the same picture, in any company.
  /// - Parameter label: the class; nil draws one where the model has classes.
  public func draw(seed: UInt64, label: Int32? = nil) -> (latent: [Float], labels: [Int32]) {
    var random = RandomSource(seed: seed)
    let latent = latents(1, using: &random)
    if classes.isEmpty { return (latent, []) }
    return (latent, [label ?? Int32(random.integer(below: UInt64(classes.count)))])
  }

  /// `count` pictures of latents and, where the model has classes, labels drawn from `random`.
  /// - Returns: The pictures as ``pictures(latents:labels:)`` gives them, and their labels.
  /// - Throws: ``AIGCError``: interrupted after Ctrl-C.
  public func pictures(
    _ count: Int, using random: inout RandomSource
  ) throws(AIGCError) -> (values: [Float], labels: [Int32]) {
    let latents = latents(count, using: &random)
    var labels: [Int32] = []
    if !classes.isEmpty {
      labels = (0..<count).map { _ in Int32(random.integer(below: UInt64(classes.count))) }
    }
    return (try pictures(latents: latents, labels: labels), labels)
  }
}
