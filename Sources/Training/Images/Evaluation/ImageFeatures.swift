import Datasets
import Files
import Kernels

/// The features of a set of images: a row for each.
public struct ImageFeatures: Sendable {
  /// [count, size].
  public let values: [Float]
  /// The number of features of one image.
  public let size: Int
  /// The class that each looks like.
  public let classes: [Int]
  /// How unsure that is; see ``FeatureExtractor/features(_:)``.
  public let doubts: [Float]
  /// The number of images.
  public var count: Int { classes.count }

  /// Creates features that were computed elsewhere.
  /// - Parameters:
  ///   - values: [count, size].
  ///   - size: features of one image.
  ///   - classes: the class that each image looks like.
  ///   - doubts: 1 less the probability of that class, for each; empty where that is not known.
  public init(values: [Float], size: Int, classes: [Int], doubts: [Float] = []) {
    self.values = values
    self.size = size
    self.classes = classes
    self.doubts = doubts
  }

  /// Images that are in memory at once.
  private static let batch = 512

  /// Of images of data: `limit` of them, drawn by chance where there are more.
  /// - Parameters:
  ///   - images: in the form of the model that they are compared with, so that both come to the extractor's in
  ///     the same way and no detail is missed that the model's size has no room for; without a model in the
  ///     extractor's form.
  ///   - limit: images at most.
  ///   - extractor: computes the features.
  ///   - random: draws the images; it is left alone where all are taken.
  /// - Throws: ``/Files/AIGCError``: badInput when a file was changed, interrupted.
  public init(
    of images: ImageSet, limit: Int, by extractor: any FeatureExtractor,
    using random: inout RandomSource
  ) throws(AIGCError) {
    let chosen = Self.draw(limit, of: images.count, using: &random)
    var (values, classes, doubts): ([Float], [Int], [Float]) = ([], [], [])
    for first in stride(from: 0, to: chosen.count, by: Self.batch) {
      let part = Array(chosen[first..<min(first + Self.batch, chosen.count)])
      let found = try extractor.features(
        Self.fitted(
          images.values(part), images.size, channels: images.channels, to: extractor))
      values += found.features
      classes += found.classes
      doubts += found.doubts
    }
    self.init(
      values: values, size: extractor.featureCount, classes: classes, doubts: doubts)
  }

  /// Of images that a model makes, rounded to 8 bits as files of them are.
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  public init(
    of generator: any ImageModel, count: Int, by extractor: any FeatureExtractor,
    using random: inout RandomSource
  ) throws(AIGCError) {
    var (values, classes, doubts): ([Float], [Int], [Float]) = ([], [], [])
    for first in stride(from: 0, to: count, by: Self.batch) {
      let request = generator.request(min(Self.batch, count - first), using: &random)
      let images = try generator.images(request)
      let found = try extractor.features(
        Self.fitted(
          images, generator.size, channels: generator.channels, to: extractor))
      values += found.features
      classes += found.classes
      doubts += found.doubts
      try Interruption.check()
    }
    self.init(
      values: values, size: extractor.featureCount, classes: classes, doubts: doubts)
  }

  /// Of images that a model makes of others, rounded to 8 bits as files of them are.
  /// - Parameters:
  ///   - model: takes images, ``/Inference/ImageInputs/images``.
  ///   - inputs: in the model's form; `limit` of them, drawn by chance where there are more.
  ///   - limit: images at most.
  ///   - extractor: computes the features.
  ///   - random: draws the images; it is left alone where all are taken.
  /// - Throws: ``/Files/AIGCError``: badInput when a file was changed, interrupted.
  public init(
    of model: any ImageModel, inputs: ImageSet, limit: Int, by extractor: any FeatureExtractor,
    using random: inout RandomSource
  ) throws(AIGCError) {
    let chosen = Self.draw(limit, of: inputs.count, using: &random)
    var (values, classes, doubts): ([Float], [Int], [Float]) = ([], [], [])
    for first in stride(from: 0, to: chosen.count, by: Self.batch) {
      let part = Array(chosen[first..<min(first + Self.batch, chosen.count)])
      var request = model.request(part.count, using: &random)
      request.inputs = try inputs.values(part)
      let found = try extractor.features(
        Self.fitted(
          model.images(request), model.size, channels: model.channels, to: extractor))
      values += found.features
      classes += found.classes
      doubts += found.doubts
    }
    self.init(
      values: values, size: extractor.featureCount, classes: classes, doubts: doubts)
  }

  /// Some of the rows.
  func rows(_ indices: [Int]) -> [Float] {
    indices.flatMap { values[$0 * size..<($0 + 1) * size] }
  }

  /// Half of the rows, drawn by chance, and the others.
  public func halves(using random: inout RandomSource) -> (ImageFeatures, ImageFeatures) {
    let order = Self.shuffled(count, using: &random)
    func part(_ indices: ArraySlice<Int>) -> ImageFeatures {
      let indices = indices.sorted()
      return ImageFeatures(
        values: rows(indices), size: size, classes: indices.map { classes[$0] },
        doubts: doubts.isEmpty ? [] : indices.map { doubts[$0] })
    }
    return (part(order[..<(count / 2)]), part(order[(count / 2)...]))
  }

  /// `limit` of `count` numbers in their order; all where there are no more.
  static func draw(_ limit: Int, of count: Int, using random: inout RandomSource) -> [Int] {
    if limit >= count { return Array(0..<count) }
    return shuffled(count, using: &random).prefix(limit).sorted()
  }

  private static func shuffled(_ count: Int, using random: inout RandomSource) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(random.integer(below: UInt64(last + 1))))
    }
    return order
  }

  /// Images as the extractor takes them: scaled to its size, rounded to 8 bits.
  private static func fitted(
    _ values: [Float], _ size: ImageSize, channels: Int, to extractor: any FeatureExtractor
  ) -> [Float] {
    let length = size.width * size.height * channels
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for first in stride(from: 0, to: values.count, by: length) {
      var image = Image(
        width: size.width, height: size.height, color: [UInt8](repeating: 0, count: channels))
      image.pixels = values[first..<first + length].map { value in
        UInt8(min(max((value + 1) * 127.5, 0), 255).rounded())
      }
      let form = image.fitted(to: extractor.size, .stretch).converted(to: extractor.channels)
      result += form.pixels.map { Float($0) / 127.5 - 1 }
    }
    return result
  }
}
