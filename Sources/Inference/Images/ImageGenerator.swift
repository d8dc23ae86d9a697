import Files
import Kernels

/// A model that makes images of latents: what `aigc sample` and evaluation need of a family.
///
/// An image depends on its latent and label alone, not on those that are made beside it.
public protocol ImageGenerator: ImageModel {
  /// The latent dimension; the numbers are drawn from the standard normal distribution.
  var latentCount: Int { get }

  /// Makes images.
  /// - Parameters:
  ///   - latents: ``latentCount`` numbers for each image.
  ///   - labels: the class of each image, numbers of ``ImageModel/classes``; empty for a model without.
  /// - Returns: [images, height, width, channels], values from -1 (0) to 1 (255).
  /// - Throws: ``/Files/AIGCError``: usage for latents of another dimension and for a label that is no class,
  ///   interrupted after Ctrl-C.
  func images(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float]
}

/// The most values that a network may hold of one image in one map: configurations beyond are
/// refused before their memory is asked for.
public let largestImageMap = 1 << 24

/// How many images a network computes at once: its largest map of them all holds 16 MB.
/// - Parameters:
///   - largestMap: the most values of one image in one map.
///   - most: images at once, however small their maps are.
public func imagesAtOnce(largestMap: Int, upTo most: Int) -> Int {
  max(1, min(most, (1 << 22) / max(largestMap, 1)))
}

extension ImageGenerator {
  /// Latents can be given.
  public var inputs: ImageInputs { .latents }

  /// Latents of `count` images, one after the other.
  public func latents(_ count: Int, using random: inout RandomSource) -> [Float] {
    (0..<count * latentCount).map { _ in Float(random.normal()) }
  }

  /// Latent and label of the image of a random seed: the same seed is the same image, in any company.
  /// - Parameters:
  ///   - seed: of the latent, and of a class that is drawn.
  ///   - label: the class; nil draws one where the model has classes.
  public func draw(seed: UInt64, label: Int32? = nil) -> (latent: [Float], labels: [Int32]) {
    var random = RandomSource(seed: seed)
    let latent = latents(1, using: &random)
    if classes.isEmpty { return (latent, []) }
    return (latent, [label ?? Int32(random.integer(below: UInt64(classes.count)))])
  }

  /// A request for latents, and classes where the model has some, that are drawn from `random`.
  public func request(_ count: Int, using random: inout RandomSource) -> ImageRequest {
    let latents = latents(count, using: &random)
    var labels: [Int32] = []
    if !classes.isEmpty {
      labels = (0..<count).map { _ in Int32(random.integer(below: UInt64(classes.count))) }
    }
    return ImageRequest(latents: latents, count: count, labels: labels)
  }

  /// Draws the latents of a request and makes their images, 64 at a time.
  /// - Throws: ``/Files/AIGCError``: usage for texts, input images and latents of another dimension.
  public func images(
    _ request: ImageRequest, _ progress: (_ made: Int) throws(AIGCError) -> Void
  ) throws(AIGCError) -> [Float] {
    guard request.texts.isEmpty, request.inputs.isEmpty else {
      throw .usage("this model makes images of latents: it takes no texts and no images")
    }
    let block = 64
    var values: [Float] = []
    values.reserveCapacity(request.count * width * height * channels)
    for first in stride(from: 0, to: request.count, by: block) {
      let range = first..<min(first + block, request.count)
      let (latents, labels) = try part(range, of: request)
      values += try images(latents: latents, labels: labels)
      try progress(range.upperBound)
    }
    return values
  }

  /// Latents and labels of some images of a request.
  private func part(
    _ range: Range<Int>, of request: ImageRequest
  ) throws(AIGCError) -> (latents: [Float], labels: [Int32]) {
    func label(_ index: Int) -> Int32? {
      request.labels.isEmpty ? nil : request.labels[index % request.labels.count]
    }
    switch request.chance {
    case .seeds(let seeds):
      let draws = range.map { draw(seed: seeds[$0], label: label($0)) }
      return (draws.flatMap { $0.latent }, draws.flatMap { $0.labels })
    case .latents(let latents, let count):
      guard latents.count == count * latentCount else {
        throw .usage("\(latents.count) numbers are no \(count) latents of \(latentCount)")
      }
      let part = latents[range.lowerBound * latentCount..<range.upperBound * latentCount]
      return (Array(part), range.compactMap { label($0) })
    }
  }
}
