import Files
import FoundationEssentials
import Kernels
import NN
import Training

/// A plain autoencoder, or one that learns from a discriminator too.
public enum VAEKind: String, CaseIterable, Sendable {
  /// Kingma and Welling 2014.
  case vae
  /// Larsen et al. 2016.
  case vaegan
}

/// `config.json` of a variational autoencoder: everything needed to build its networks, and how it
/// was trained.
public struct VAEConfiguration: Codable, Equatable, Sendable {
  /// What encoder and decoder are made of.
  public enum Network: String, Codable, CaseIterable, Sendable {
    case linear, convolutional
  }

  /// How pixels are distributed around what the decoder says.
  public enum Likelihood: String, Codable, CaseIterable, Sendable {
    /// Grey values as probabilities of white.
    case bernoulli
    /// A normal distribution, its deviation learned (Rybkin et al. 2021).
    case gaussian
  }

  /// "vae" or "vaegan"; of a VQ-VAE "vqvae", or as it was called before it had a family of its own "vae".
  public var family: String
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model makes, "image"; of a model of tables "table".
  public var kind = "image"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the image model to take when none is named.
  public var isDefault: Bool?
  /// Numbers of a latent.
  public var latent = 20
  /// Of the images, in pixels.
  public var width: Int
  /// Rows of an image in pixels; 1 for a model of tables.
  public var height: Int
  /// 1 for grey, 3 for colour.
  public var channels: Int
  /// Whether encoder and decoder are fully connected or convolutional.
  public var network = Network.linear
  /// Units of the encoder's layers; or channels of its convolutions, each of which halves the sides. The
  /// decoder has the same the other way round.
  public var layers = [256, 128]
  /// Convolutional: units between the last map and the latent.
  public var hidden = 256
  /// Names of the classes; empty: the networks know of none.
  public var classes: [String] = []
  /// The distribution of pixels around what the decoder says.
  public var likelihood = Likelihood.bernoulli
  /// What makes it a VQ-VAE; nil: it is none.
  public var codebook: Codebook?
  /// How latents of the training's images are distributed, for their compression; nil: as the prior.
  public var latents: LatentStatistics?
  /// Of a model of tables, whose rows are ``channels`` = ``height`` = 1 and as wide as they have
  /// numbers; nil: of images.
  public var table: VAETable?
  /// From which score on something is an anomaly; nil: nothing was held out to find it.
  public var threshold: AnomalyThreshold?
  /// How it was trained; nil: by another program.
  public var training: VAETrainingOptions?
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
    case latent, width, height, channels, network, layers, hidden, classes, likelihood
    case codebook, latents
    case table, threshold
    case training
    case trainingImages = "training_pictures"
    case ignoresOrientation = "ignore_orientation"
  }

  /// Creates the configuration of an unconditional model with fully connected layers of 256 and 128
  /// units and 20 latent dimensions.
  /// - Parameters:
  ///   - kind: plain, or with a discriminator.
  ///   - width: of the images in pixels.
  ///   - height: of the images in pixels.
  ///   - channels: 1, 3 or 4.
  public init(_ kind: VAEKind, width: Int, height: Int, channels: Int) {
    family = kind.rawValue
    self.width = width
    self.height = height
    self.channels = channels
  }

  /// The article's, 28 x 28 grey pixels.
  public static func standard(_ kind: VAEKind) -> VAEConfiguration {
    VAEConfiguration(kind, width: 28, height: 28, channels: 1)
  }

  var vaeKind: VAEKind { VAEKind(rawValue: family) ?? .vae }

  /// Values of an image.
  var imageCount: Int { width * height * channels }
  /// Rows and columns of the last map of a convolutional encoder.
  var mapHeight: Int { height >> layers.count }
  var mapWidth: Int { width >> layers.count }
  /// Values of that map.
  private var mapCount: Int { mapHeight * mapWidth * (layers.last ?? 1) }

  /// What keeps the sizes from making a model; nil when they do.
  var problem: String? {
    guard (1...4096).contains(latent), (1...4096).contains(width), (1...4096).contains(height),
      [1, 3, 4].contains(channels), (1...12).contains(layers.count), classes.count <= 4096,
      (1...1 << 16).contains(hidden), layers.allSatisfy({ (1...1 << 16).contains($0) })
    else {
      return
        "sizes that make no model: sides and latents are 1 to 4096, 1 to 12 layers of 1 to 65536 units"
    }
    if network == .convolutional {
      let side = 1 << layers.count
      guard width % side == 0, height % side == 0 else {
        return "\(width)x\(height) pixels: \(layers.count) convolutions need multiples of \(side)"
      }
    }
    if let problem = codebook.flatMap({ problem($0) }) { return problem }
    if let latents, !latents.fits(latent) { return "'latents' does not fit" }
    if let table {
      if let problem = table.problem { return problem }
      guard table.width == width, height == 1, channels == 1, network == .linear,
        likelihood == .gaussian, classes.isEmpty, vaeKind == .vae
      else { return "sizes that make no model of a table" }
    }
    guard largestMap <= largestImageMap else {
      return "maps of \(largestMap) values: too large"
    }
    return ParameterPlan.problem { plan in
      if let codebook {
        _ = VQVAENetworks(self, codebook, using: &plan)
      } else {
        _ = VAENetworks(self, using: &plan)
      }
      if let sizes = VAEFolder.discriminatorSizes(self) {
        _ = GANDiscriminator(sizes, using: &plan)
      }
    }
  }

  /// Values of an image with its classes, or of the largest map between convolutions.
  private var largestMap: Int {
    if network == .linear { return imageCount }
    return layers.enumerated().reduce(width * height * (channels + classes.count)) {
      max($0, (width >> ($1.0 + 1)) * (height >> ($1.0 + 1)) * $1.1)
    }
  }

  /// How many images are computed at once: `most`, or fewer where their maps are large.
  func batch(upTo most: Int) -> Int {
    imagesAtOnce(largestMap: largestMap, upTo: most)
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or its sizes make no model.
  public static func read(folder: String) throws(AIGCError) -> VAEConfiguration {
    let result = try ModelConfiguration.decode(VAEConfiguration.self, folder: folder)
    let place = "\(folder)/\(ModelConfiguration.fileName)"
    let isVQVAE = result.family == VQVAEFamily.name && result.codebook != nil
    guard VAEKind(rawValue: result.family) != nil || isVQVAE, result.formatVersion == 1 else {
      throw .badInput("\(place): not an autoencoder that this aigc reads")
    }
    if let problem = result.problem { throw .badInput("\(place): \(problem)") }
    return result
  }
}
