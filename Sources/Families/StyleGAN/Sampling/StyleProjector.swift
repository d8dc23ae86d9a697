import Autograd
import Checkpoints
import Datasets
import Files
import Glibc
import Kernels
import NN
import Training

/// Finds the styles of an image: the nearest of many random images, improved by gradients of pixels and of what
/// the model's own discriminator sees (after `projector.py` of stylegan2-ada-pytorch, which compares the features
/// of VGG).
public struct StyleProjector {
  /// What came of it.
  public struct Result: Sendable {
    /// ``StyleGANModel/styleCount`` styles.
    public let styles: [Float]
    /// The peak signal-to-noise ratio of the image of these styles, in decibels.
    public let psnr: Double
    /// The same of the nearest of the random images.
    public let firstPSNR: Double
  }

  private let model: StyleGANModel
  private let discriminator: StyleGANDiscriminator?
  /// Steps of the optimizer.
  public var steps = 500

  private static let candidates = 1000
  private static let rate: Float = 0.1
  /// What features weigh beside pixels.
  private static let featureWeight: Float = 0.1

  /// Creates a projector of a model folder; a model without a discriminator compares pixels alone.
  /// - Throws: ``/Files/AIGCError``: badInput or mismatch for a damaged discriminator.
  public init(_ model: StyleGANModel, folder: String) throws(AIGCError) {
    self.model = model
    let path = "\(folder)/\(StyleGANFolder.discriminator)"
    discriminator =
      fileExists(path)
      ? try StyleGANFolder.discriminator(Checkpoint.open(path), model.configuration) : nil
  }

  /// Whether there is a discriminator whose features are compared.
  public var comparesFeatures: Bool { discriminator != nil }

  /// Finds the styles of an image.
  /// - Parameters:
  ///   - target: [side, side, channels], values from -1 to 1.
  ///   - seed: draws the random images.
  ///   - label: the class of the image; nil: any.
  ///   - progress: is told each step, and the PSNR so far; what it throws ends the work.
  /// - Throws: ``/Files/AIGCError``: usage for an image of another size, and what the model throws.
  public func callAsFunction(
    _ target: [Float], seed: UInt64, label: Int32? = nil,
    _ progress: (_ step: Int, _ psnr: Double) throws(AIGCError) -> Void = { _, _ in }
  ) throws(AIGCError) -> Result {
    let side = model.width
    let target = Tensor(target, [1, side, side, model.channels])
    let start = try nearest(target.values, seed, label)
    let width = model.styleWidth
    let styles = Parameter(Tensor(start.styles, [model.styleCount, width]))
    let optimizer = Adam([styles], Adam.Configuration())
    let features = discriminator?.network.features(target, .inference) ?? []
    var best = (styles: start.styles, psnr: start.psnr)
    for step in 0..<steps {
      var psnr = 0.0
      let (_, gradients) = valueAndGradients(for: [styles]) {
        let layers = (0..<model.styleCount).map { styles.value.sliced($0..<$0 + 1) }
        let image = model.generator.image(layers, .const, .inference)
        psnr = Self.psnr(clipped(image.values), target.values)
        return loss(image, target, features)
      }
      if psnr > best.psnr { best = (styles.value.values, psnr) }
      try progress(step, best.psnr)
      try Interruption.check()
      optimizer.step(gradients, rate: Self.rate(step, of: steps), scale: 1)
    }
    let image = try model.images(styles: styles.value.values)
    let last = Self.psnr(image, target.values)
    if last > best.psnr { best = (styles.value.values, last) }
    return Result(styles: best.styles, psnr: best.psnr, firstPSNR: start.psnr)
  }

  private func loss(_ image: Tensor, _ target: Tensor, _ features: [Tensor]) -> Tensor {
    var result = square(Self.difference(image, target)).mean()
    guard let discriminator else { return result }
    for (own, other) in zip(discriminator.network.features(image, .inference), features) {
      let size = max(Float(other.squareSum()) / Float(other.count), 1e-8)
      result = result + meanSquaredError(own, other) * (Self.featureWeight / size)
    }
    return result
  }

  /// What an image lacks. Where the target is as bright or as dark as images get, brighter and darker pixels, which
  /// are cut when the image is written, are right too.
  private static func difference(_ image: Tensor, _ target: Tensor) -> Tensor {
    let bright = Tensor(target.values.map { $0 >= 1 ? 1 : 0 }, target.shape)
    let dark = Tensor(target.values.map { $0 <= -1 ? 1 : 0 }, target.shape)
    let difference = image - target
    return difference - relu(difference) * bright + relu(-difference) * dark
  }

  /// NVlabs' schedule: up over a twentieth of the steps, down over the last quarter.
  private static func rate(_ step: Int, of steps: Int) -> Float {
    let share = Float(step) / Float(max(steps, 1))
    let fall = min(1, (1 - share) / 0.25)
    return rate * fall * fall * (3 - 2 * fall) * min(1, (share + 1 / Float(max(steps, 1))) / 0.05)
  }

  /// The styles of the random image that is nearest.
  private func nearest(
    _ target: [Float], _ seed: UInt64, _ label: Int32?
  ) throws(AIGCError) -> (styles: [Float], psnr: Double) {
    var random = RandomSource(seed: seed)
    var best: (styles: [Float], psnr: Double) = ([], -.infinity)
    let block = 50
    for _ in 0..<Self.candidates / block {
      let latents = model.latents(block, using: &random)
      let labels = (0..<block).map { _ in
        label ?? Int32(random.integer(below: UInt64(max(model.classes.count, 1))))
      }
      let styles = model.truncated(
        try model.styles(latents: latents, labels: model.classes.isEmpty ? [] : labels))
      let images = try model.images(styles: styles)
      for index in 0..<block {
        let image = Array(images[index * target.count..<(index + 1) * target.count])
        let psnr = Self.psnr(image, target)
        if psnr > best.psnr {
          let size = model.styleCount * model.styleWidth
          best = (Array(styles[index * size..<(index + 1) * size]), psnr)
        }
      }
    }
    return best
  }

  private func clipped(_ values: [Float]) -> [Float] { values.map { min(max($0, -1), 1) } }

  /// Of values from -1 to 1: the peak is 2.
  static func psnr(_ a: [Float], _ b: [Float]) -> Double {
    let sum = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let mean = max(sum / Double(max(a.count, 1)), 1e-12)
    return 10 * log10(4 / mean)
  }
}

/// Styles in a file, as `sample stylegan --target` writes them.
public enum StyleFile {
  /// The name of the tensor, that of NVlabs' `projected_w.npz`.
  private static let name = "w"

  /// Writes styles of one image, [1, layers, width].
  /// - Throws: ``/Files/AIGCError`` (failed) when the file cannot be written.
  public static func write(
    _ styles: [Float], of model: StyleGANModel, to path: String
  ) throws(AIGCError) {
    try SafetensorsWriter.write(
      [
        NewTensor(
          name: name,
          shape: [
            styles.count / model.styleCount / model.styleWidth, model.styleCount, model.styleWidth,
          ],
          floats: styles, type: .f32)
      ], to: path, sync: false)
  }

  /// Reads styles for a model.
  /// - Returns: ``StyleGANModel/styleCount`` styles for each image.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged file, mismatch for styles of another model.
  public static func read(_ path: String, for model: StyleGANModel) throws(AIGCError) -> [Float] {
    let tensor = try Checkpoint.open(path).tensor(name)
    guard tensor.shape.count == 3, tensor.shape[0] > 0,
      tensor.shape[1...] == [model.styleCount, model.styleWidth], tensor.count <= 1 << 26
    else {
      throw .mismatch(
        "\(path): styles of the shape \(tensor.shape), but the model's are [images, \(model.styleCount), "
          + "\(model.styleWidth)]")
    }
    return try tensor.floats()
  }
}
