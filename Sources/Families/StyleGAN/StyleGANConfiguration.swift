import Datasets
import Files
import Inference
import NN

/// `config.json` of a StyleGAN: everything needed to build its networks, and how it was trained.
public struct StyleGANConfiguration: Codable, Equatable, Sendable {
  /// Whose networks they are.
  public enum Network: String, Codable, CaseIterable, Sendable {
    /// Karras et al. 2020, in the form and with the names of NVlabs' stylegan2-ada-pytorch.
    case stylegan2
    /// The article's simplified generator.
    case article
    /// Those of `stylegan2-pytorch` of lucidrains; only to be sampled.
    case lucidrains
  }

  /// "stylegan".
  public var family = StyleGANFamily.name
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model makes, "image".
  public var kind = "image"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the image model to take when none is named.
  public var isDefault: Bool?
  /// Whose networks they are.
  public var network = Network.stylegan2
  /// Numbers of a latent.
  public var latent = 128
  /// Numbers of a style.
  public var style = 128
  /// Layers between latents and styles.
  public var depth = 8
  /// Rows and columns of an image in pixels.
  public var side: Int
  /// 1 for grey, 3 for colour, 4 with alpha.
  public var channels: Int
  /// Maps of a size are this over its side, up to ``mostMaps``.
  public var baseMaps = 2048
  /// The most maps of a size.
  public var mostMaps = 128
  /// Images of which the discriminator sees by how much they differ; 0: it does not.
  public var groupSize = 4
  /// What activations are cut to, above and below, as published weights of 16-bit training need it; nil: nothing.
  public var clamp: Float?
  /// Names of the classes; empty: the networks know of none.
  public var classes: [String] = []
  /// How it was trained; nil: by another program.
  public var training: StyleGANTrainingOptions?
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
    case network
    case latent = "z_dim"
    case style = "w_dim"
    case depth = "map_depth"
    case side = "resolution"
    case channels
    case baseMaps = "cbase"
    case mostMaps = "cmax"
    case groupSize = "mbstd_group"
    case clamp = "conv_clamp"
    case classes, training
    case trainingImages = "training_images"
    case ignoresOrientation = "ignore_orientation"
  }

  /// Creates the configuration of a StyleGAN2 of a size for a processor.
  /// - Parameters:
  ///   - side: of the images in pixels, a power of 2 from 8 to 1024.
  ///   - channels: 1, 3 or 4.
  public init(side: Int, channels: Int) {
    self.side = side
    self.channels = channels
  }

  /// The article's generator: 16 x 16 pixels.
  public static func article(channels: Int = 3) -> StyleGANConfiguration {
    var result = StyleGANConfiguration(side: 16, channels: channels)
    (result.network, result.latent, result.style, result.depth) = (.article, 100, 512, 3)
    return result
  }

  /// 4, 8, … up to the images' side.
  var sides: [Int] {
    var sides = [4]
    while let last = sides.last, last < side { sides.append(2 * last) }
    return sides
  }

  /// Maps of a size.
  func maps(_ side: Int) -> Int { max(1, min(baseMaps / side, mostMaps)) }

  /// How many layers take a style.
  var styleCount: Int {
    switch network {
    case .stylegan2: 2 * sides.count
    case .article: 1
    case .lucidrains: sides.count
    }
  }

  /// The side of the maps that the layer `index` makes; of an image's layer, that of its image.
  func side(ofLayer index: Int) -> Int {
    switch network {
    case .stylegan2: sides[min((index + 1) / 2, sides.count - 1)]
    case .article: side
    case .lucidrains: sides[index]
    }
  }

  /// What keeps the sizes from making a model; nil when they do.
  var problem: String? {
    guard (8...1024).contains(side), side & (side - 1) == 0 else {
      return "\(side) pixels make no StyleGAN: sides are 8, 16, 32, … 1024"
    }
    guard (1...4096).contains(latent), (1...4096).contains(style), [1, 3, 4].contains(channels),
      (1...64).contains(depth), (1...1 << 20).contains(baseMaps), (1...4096).contains(mostMaps),
      (0...256).contains(groupSize), clamp.map({ $0 > 0 && $0.isFinite }) ?? true,
      classes.count <= 4096
    else {
      return
        "sizes that make no model: latents and styles are 1 to 4096, layers of the mapping 1 to 64, channels "
        + "1, 3 or 4, maps 1 to 4096"
    }
    if network == .article, side != 16 || style % 4 != 0 || !classes.isEmpty {
      return "the article's generator makes images of 16 x 16 pixels, without classes"
    }
    let largest = sides.map { $0 * $0 * maps($0) }.max() ?? 0
    guard largest <= largestImageMap else { return "maps of \(largest) values: too large" }
    return ParameterPlan.problem {
      (
        StyleGenerator(self, using: &$0),
        network == .lucidrains ? nil : StyleGANDiscriminator(self, using: &$0)
      )
    }
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or its sizes make no model.
  public static func read(folder: String) throws(AIGCError) -> StyleGANConfiguration {
    let result = try ModelConfiguration.decode(StyleGANConfiguration.self, folder: folder)
    let place = "\(folder)/\(ModelConfiguration.fileName)"
    guard result.family == StyleGANFamily.name, result.formatVersion == 1 else {
      throw .badInput("\(place): not a StyleGAN that this aigc reads")
    }
    if let problem = result.problem { throw .badInput("\(place): \(problem)") }
    return result
  }
}
