import Datasets
import NN

/// What makes an autoencoder a VQ-VAE (van den Oord et al. 2017): latents are a map of codes, each an entry
/// of a learned codebook.
public struct Codebook: Codable, Equatable, Sendable {
  /// Entries of the codebook.
  public var entries = 256
  /// Numbers of an entry.
  public var dimension = 16
  /// How the codebook follows the encoder's vectors: by exponential moving averages, or by a
  /// gradient.
  public var update = VectorQuantizer.Update.average
  /// β: how much the encoder keeps to the entries it chose.
  public var commitment: Float = 0.25

  /// Possible numbers of ``entries``.
  public static let entryRange = 2...CodeGridModel.largest
  /// Possible values of ``dimension``.
  public static let dimensionRange = 1...1024

  /// Creates a codebook of 256 entries of 16 numbers, which follows by exponential moving averages.
  public init() {}

  enum CodingKeys: String, CodingKey {
    case entries, dimension, update
    case commitment = "commitment_cost"
  }
}

extension VAEConfiguration {
  /// What keeps a VQ-VAE's sizes from making a model; nil when they do.
  func problem(_ codebook: Codebook) -> String? {
    guard Codebook.entryRange.contains(codebook.entries),
      Codebook.dimensionRange.contains(codebook.dimension), codebook.commitment >= 0,
      network == .convolutional, latent == codeCount, classes.isEmpty, vaeKind == .vae,
      CodeGridModel.fits(entries: codebook.entries, height: mapHeight, width: mapWidth)
    else { return "sizes that make no VQ-VAE" }
    return nil
  }

  /// Codes of an image.
  var codeCount: Int { mapHeight * mapWidth }

  /// The same with a codebook: its latents are the codes' places.
  func quantized(_ codebook: Codebook) -> VAEConfiguration {
    var result = self
    result.codebook = codebook
    result.network = .convolutional
    result.latent = result.codeCount
    return result
  }
}
