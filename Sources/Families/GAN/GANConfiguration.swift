import Files
import FoundationEssentials
import NN
import Training

/// Which of the two networks of fully connected or convolutional layers.
public enum GANKind: String, CaseIterable, Sendable {
  /// Goodfellow et al. 2014.
  case gan
  /// Radford et al. 2016.
  case dcgan
}

/// `config.json` of a GAN: everything needed to build its networks, and how it was trained.
public struct GANConfiguration: Codable, Equatable, Sendable {
  /// What stands between the convolutions of the discriminator.
  public enum Normalization: String, Codable, CaseIterable, Sendable {
    case batch, instance, none
  }

  /// "gan" or "dcgan".
  public var family: String
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model makes, "image".
  public var kind = "image"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the image model to take when none is named.
  public var isDefault: Bool?
  /// Numbers of a latent.
  public var latent = 100
  /// Of the images, in pixels.
  public var width: Int
  /// Rows of an image in pixels.
  public var height: Int
  /// 1 for grey, 3 for colour.
  public var channels: Int
  /// Sizes of the generator's inner layers: [128, 256], or channels, [512, 256, 128]. The
  /// discriminator has the same the other way round.
  public var layers: [Int]
  /// Names of the classes; empty: the networks know of none.
  public var classes: [String] = []
  /// What normalises between the convolutions of a DCGAN's discriminator; without meaning for fully
  /// connected layers.
  public var discriminatorNorm = Normalization.batch
  /// Whether the discriminator's weights are divided by their largest singular value.
  public var isSpectral = false
  /// How it was trained; nil: by another program.
  public var training: GANTrainingOptions?
  /// Images seen in training, each pass counted.
  public var trainingImages: Int?
  /// Whether images were learned as they are stored; nil: turned as EXIF says.
  public var ignoresOrientation: Bool?

  enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind
    case description
    case isDefault = "default"
    case latent, width, height, channels, layers, classes
    case discriminatorNorm = "discriminator_norm"
    case isSpectral = "spectral_norm"
    case training
    case trainingImages = "training_pictures"
    case ignoresOrientation = "ignore_orientation"
  }

  /// Creates the configuration of an unconditional GAN with 100 latent dimensions.
  /// - Parameters:
  ///   - kind: fully connected or convolutional.
  ///   - width: of the images in pixels.
  ///   - height: of the images in pixels.
  ///   - channels: 1, 3 or 4.
  ///   - layers: units or channels of the generator's inner layers.
  public init(_ kind: GANKind, width: Int, height: Int, channels: Int, layers: [Int]) {
    family = kind.rawValue
    self.width = width
    self.height = height
    self.channels = channels
    self.layers = layers
  }

  /// The article's GAN, 28 x 28 grey pixels.
  public static var gan: GANConfiguration {
    GANConfiguration(.gan, width: 28, height: 28, channels: 1, layers: [128, 256])
  }

  /// The article's DCGAN, 32 x 32 grey pixels.
  public static var dcgan: GANConfiguration {
    GANConfiguration(.dcgan, width: 32, height: 32, channels: 1, layers: [512, 256, 128])
  }

  var ganKind: GANKind { GANKind(rawValue: family) ?? .gan }

  /// Values of an image.
  var imageCount: Int { width * height * channels }
  /// What the generator takes: a latent, and the class as one of as many ones and zeros.
  var inputCount: Int { latent + classes.count }
  /// Logits of the discriminator: one for each class. An image's is that of its class (Mescheder
  /// et al. 2018).
  var logitCount: Int { max(classes.count, 1) }
  /// Rows and columns of the map that the convolutions of a DCGAN start from: each of the others
  /// doubles it.
  var startHeight: Int { height >> layers.count }
  var startWidth: Int { width >> layers.count }

  /// Layers of a DCGAN that bring the smaller side from 4 pixels or a little more to its size.
  static func doublings(width: Int, height: Int) -> Int {
    var count = 0
    while min(width, height) >> (count + 1) >= 4, width % (2 << count) == 0,
      height % (2 << count) == 0
    { count += 1 }
    return count
  }

  /// The sizes next to these that a DCGAN can have, the smaller one first.
  private static func sizesNear(width: Int, height: Int) -> String {
    func fits(_ width: Int, _ height: Int) -> Bool {
      let count = doublings(width: width, height: height)
      return count > 0 && max(width, height) >> count <= 16
    }
    func first(_ candidates: some Sequence<Int>) -> String? {
      // Square images stay square; of others both sides are rounded.
      candidates.lazy.map { step in
        (width == height)
          ? (width + step, height + step)
          : (width / 8 * 8 + step / 8 * 8, height / 8 * 8 + step / 8 * 8)
      }.first { $0.0 >= 8 && $0.1 >= 8 && fits($0.0, $0.1) }.map { "\($0.0)x\($0.1)" }
    }
    let found = [first(stride(from: -1, through: -64, by: -1)), first(1...64)].compactMap { $0 }
    return found.isEmpty ? "32x32 and 64x64" : found.joined(separator: " and ")
  }

  /// What keeps the sizes from making a model; nil when they do.
  var problem: String? {
    guard (1...4096).contains(latent), (1...4096).contains(width), (1...4096).contains(height),
      [1, 3, 4].contains(channels), classes.count <= 4096,
      ((ganKind == .dcgan ? 0 : 1)...12).contains(layers.count),
      layers.allSatisfy({ (1...1 << 16).contains($0) })
    else {
      return
        "sizes that make no model: sides and latents are 1 to 4096, channels 1, 3 or 4, layers of 1 to "
        + "65536"
    }
    if ganKind == .dcgan, layers.isEmpty || max(startWidth, startHeight) > 16 {
      return
        "\(width)x\(height) pixels make no DCGAN: its maps grow from 4x4 to 16x16 by doubling; sizes "
        + "that do are \(Self.sizesNear(width: width, height: height))"
    }
    if ganKind == .dcgan {
      let side = 1 << layers.count
      guard width % side == 0, height % side == 0 else {
        return "\(width)x\(height) pixels: \(layers.count) layers need multiples of \(side)"
      }
    }
    guard largestMap <= largestImageMap else {
      return "maps of \(largestMap) values: too large"
    }
    return ParameterPlan.problem {
      (GANGenerator(self, using: &$0), GANDiscriminator(self, using: &$0))
    }
  }

  /// Values of an image, or of the largest map between convolutions.
  private var largestMap: Int {
    if ganKind == .gan { return imageCount }
    let start = startWidth * startHeight
    return layers.enumerated().reduce(imageCount) { max($0, start << (2 * $1.0) * $1.1) }
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or its sizes make no model.
  public static func read(folder: String) throws(AIGCError) -> GANConfiguration {
    let result = try ModelConfiguration.decode(GANConfiguration.self, folder: folder)
    let place = "\(folder)/\(ModelConfiguration.fileName)"
    guard GANKind(rawValue: result.family) != nil, result.formatVersion == 1 else {
      throw .badInput("\(place): not a GAN that this aigc reads")
    }
    if let problem = result.problem { throw .badInput("\(place): \(problem)") }
    return result
  }
}
