import Files
import Inference
import NN

/// `config.json` of two translators of images, A to B and B to A: everything needed to build their
/// networks, and how they were trained.
public struct CycleGANConfiguration: Codable, Equatable, Sendable {
  /// The network that translates, under the names of pytorch-CycleGAN's `--netG`.
  public enum Generator: String, Codable, CaseIterable, Sendable {
    /// The article's: residual blocks at full size between two convolutions of 7 x 7, without norms.
    case article
    /// Residual blocks at a quarter of the size (Johnson et al. 2016).
    case resnet6 = "resnet_6blocks"
    case resnet9 = "resnet_9blocks"
    /// Convolutions down to one pixel and back, with connections between equal sizes (Isola et al. 2017).
    case unet128 = "unet_128"
    case unet256 = "unet_256"
  }

  /// The network that judges, under the names of `--netD`.
  public enum Discriminator: String, Codable, CaseIterable, Sendable {
    /// Three convolutions that halve the sides, and one that judges.
    case article
    /// Judges patches of 70 x 70 pixels (Isola et al. 2017).
    case basic
    /// The same with another number of layers.
    case layers = "n_layers"
    /// Judges each pixel.
    case pixel
  }

  /// What stands behind convolutions.
  public enum Normalization: String, Codable, CaseIterable, Sendable {
    case instance, batch, none
  }

  /// "cyclegan".
  public var family = CycleGANFamily.name
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model makes: images of images.
  public var kind = "translation"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the one to take when none is named.
  public var isDefault: Bool?
  /// The size of the images that were learned from, in pixels. Others can be translated.
  public var width: Int
  /// Rows of these images.
  public var height: Int
  /// 1 for grey, 3 for colour, the same in both domains.
  public var channels: Int
  /// The network that translates.
  public var generator = Generator.resnet9
  /// Residual blocks of ``Generator/article``; without meaning for the others, whose names say it.
  public var blocks = 6
  /// Channels of the generator's first layer.
  public var generatorWidth = 64
  /// The network that judges.
  public var discriminator = Discriminator.basic
  /// Convolutions that halve the sides, of ``Discriminator/layers``.
  public var discriminatorLayers = 3
  /// Channels of the discriminator's first layer.
  public var discriminatorWidth = 64
  /// What stands behind convolutions; the article's generator has nothing there.
  public var normalization = Normalization.instance
  /// Whether values are dropped in residual blocks, and in the inner layers of a U-Net.
  public var usesDropout = false
  /// Whether it was trained on pairs of images (pix2pix): then there is one translator, A to B.
  public var isPaired = false
  /// How it was trained; nil: by another program.
  public var training: CycleGANTrainingOptions?
  /// Images seen in training, each pass counted.
  public var trainingImages: Int?
  /// Whether images were learned as they are stored; nil: turned as EXIF says.
  public var ignoresOrientation: Bool?

  enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind, description
    case isDefault = "default"
    case width, height, channels, generator, blocks
    case generatorWidth = "ngf"
    case discriminator
    case discriminatorLayers = "n_layers"
    case discriminatorWidth = "ndf"
    case normalization = "norm"
    case usesDropout = "dropout"
    case isPaired = "paired"
    case training
    case trainingImages = "training_images"
    case ignoresOrientation = "ignore_orientation"
  }

  /// Creates the configuration of the published networks for images of a size.
  /// - Parameters:
  ///   - width: of the images in pixels.
  ///   - height: of the images in pixels.
  ///   - channels: 1 or 3.
  public init(width: Int, height: Int, channels: Int) {
    (self.width, self.height, self.channels) = (width, height, channels)
  }

  /// The article's networks for the same images.
  public static func article(width: Int, height: Int, channels: Int) -> CycleGANConfiguration {
    var result = CycleGANConfiguration(width: width, height: height, channels: channels)
    (result.generator, result.discriminator) = (.article, .article)
    return result
  }

  /// Of what the sides of images must be multiples, so that what comes out has the size of what went in.
  var sideMultiple: Int {
    switch generator {
    case .article: 1
    case .resnet6, .resnet9: 4
    case .unet128: 128
    case .unet256: 256
    }
  }

  /// The shortest side that the generator takes: reflected borders are shorter than the image.
  var shortestSide: Int { max(sideMultiple, generator == .article ? 1 : 8) }

  /// What keeps the sizes from making a model; nil when they do.
  var problem: String? {
    guard (1...4096).contains(width), (1...4096).contains(height), [1, 3].contains(channels),
      (0...1000).contains(blocks), (1...12).contains(discriminatorLayers),
      (1...4096).contains(generatorWidth), (1...4096).contains(discriminatorWidth)
    else {
      return
        "sizes that make no model: sides and widths are 1 to 4096, channels 1 or 3, at most 1000 blocks "
        + "and 12 layers"
    }
    let side = sideMultiple
    guard width % side == 0, height % side == 0, min(width, height) >= shortestSide else {
      return
        "\(width)x\(height) pixels: \(generator.rawValue) needs multiples of \(side), at least \(shortestSide)"
    }
    guard width * height * max(generatorWidth, discriminatorWidth) <= largestImageMap else {
      return "maps of \(width)x\(height) pixels of \(generatorWidth) channels: too large"
    }
    if let problem = judgedProblem { return problem }
    return ParameterPlan.problem {
      (TranslationGenerator(self, using: &$0), PatchDiscriminator(self, using: &$0))
    }
  }

  /// Why nothing of the images would be left to judge; nil: there is.
  private var judgedProblem: String? {
    guard let sides = PatchDiscriminator.judgedSize(self), min(sides.height, sides.width) > 0 else {
      return "\(width)x\(height) pixels are too few for the discriminator \(discriminator.rawValue)"
    }
    return nil
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or its sizes make no model.
  public static func read(folder: String) throws(AIGCError) -> CycleGANConfiguration {
    let result = try ModelConfiguration.decode(CycleGANConfiguration.self, folder: folder)
    let place = "\(folder)/\(ModelConfiguration.fileName)"
    guard result.family == CycleGANFamily.name, result.formatVersion == 1 else {
      throw .badInput("\(place): not a CycleGAN that this aigc reads")
    }
    if let problem = result.problem { throw .badInput("\(place): \(problem)") }
    return result
  }
}
