import Autograd
import Checkpoints
import Files
import Kernels
import NN
import Training

/// A trained generator: latents in, images out.
///
/// Nothing of it changes after it was opened, so that many callers may use it at once.
public final class GANModel: ImageGenerator, @unchecked Sendable {
  /// What `config.json` says of the model: sizes, classes and how it was trained.
  public let configuration: GANConfiguration
  let generator: GANGenerator
  /// The file of its weights; nil for a model in memory.
  private let path: String?

  /// Images that are made at once. Always as many, so that the sums of an image are the same
  /// whatever stands beside it.
  private static let batch = 16

  init(_ configuration: GANConfiguration, _ generator: GANGenerator, path: String? = nil) {
    self.configuration = configuration
    self.generator = generator
    self.path = path
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its
  ///   files do not fit together.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try GANConfiguration.read(folder: folder)
    let checkpoint = try Checkpoint.open("\(folder)/\(GANFolder.generator)")
    let generator = ParameterPlan.shapes { GANGenerator(configuration, using: &$0) }
    try StateDictionary.load(generator.namedParameters, from: checkpoint)
    self.init(configuration, generator, path: checkpoint.path)
  }

  /// The latent dimension.
  public var latentCount: Int { configuration.latent }
  /// Columns of an image in pixels.
  public var width: Int { configuration.width }
  /// Rows of an image in pixels.
  public var height: Int { configuration.height }
  /// The channels of an image: 1, 3 or 4.
  public var channels: Int { configuration.channels }
  /// The names of the classes; empty for an unconditional GAN.
  public var classes: [String] { configuration.classes }
  /// Whether the images were learned as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation: Bool { configuration.ignoresOrientation == true }

  /// Runs the generator in batches of 16, filled up with zeros, so that an image does not depend on
  /// those beside it.
  /// - Throws: ``/Files/AIGCError``: usage for a label that is no class, badInput when damaged weights
  ///   give values that are not numbers, interrupted after Ctrl-C.
  public func images(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
    let count = latents.count / latentCount
    try AIGCError.check(
      latents.count == count * latentCount,
      "\(latents.count) numbers are no latents of \(latentCount)")
    if !classes.isEmpty {
      guard labels.count == count, labels.allSatisfy({ classes.indices.contains(Int($0)) }) else {
        throw .usage("a class for each of \(count) images, 0 to \(classes.count - 1), is needed")
      }
    }
    var images: [Float] = []
    images.reserveCapacity(count * configuration.imageCount)
    for first in stride(from: 0, to: count, by: Self.batch) {
      let size = min(Self.batch, count - first)
      var part = Array(latents[first * latentCount..<(first + size) * latentCount])
      part += [Float](repeating: 0, count: (Self.batch - size) * latentCount)
      var classes = labels.isEmpty ? [] : Array(labels[first..<first + size])
      if !labels.isEmpty { classes += [Int32](repeating: 0, count: Self.batch - size) }
      let input = generator.input(Tensor(part, [Self.batch, latentCount]), labels: classes)
      let output = generator(input, .inference)
      try DamagedWeights.check(output, "images", of: path, generator.namedParameters)
      images += output.sliced(0..<size).values
      try Interruption.check()
    }
    return images
  }
}

/// The files of a model folder, beside its configuration.
enum GANFolder {
  static let generator = "generator.safetensors"
  static let discriminator = "discriminator.safetensors"

  /// The discriminator of a file.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged file, mismatch for one of another model.
  static func discriminator(
    _ path: String, _ configuration: GANConfiguration
  ) throws(AIGCError) -> GANDiscriminator {
    try discriminator(Checkpoint.open(path), configuration)
  }

  static func discriminator(
    _ checkpoint: Checkpoint, _ configuration: GANConfiguration
  ) throws(AIGCError) -> GANDiscriminator {
    let network = ParameterPlan.shapes { GANDiscriminator(configuration, using: &$0) }
    try StateDictionary.load(network.namedParameters, from: checkpoint)
    return network
  }

  /// Writes configuration and weights.
  /// - Parameters:
  ///   - type: of the weights.
  ///   - path: gives the path of a file's name.
  static func write(
    _ configuration: some Encodable, generator: NamedParameters?,
    discriminator: NamedParameters?, type: ScalarType = .f32, to path: (String) -> String
  ) throws(AIGCError) {
    if let generator {
      try StateDictionary.write(generator, to: path(Self.generator), type: type)
    }
    if let discriminator {
      try StateDictionary.write(discriminator, to: path(Self.discriminator), type: type)
    }
    try ModelConfiguration.write(configuration, to: path(ModelConfiguration.fileName))
  }
}
