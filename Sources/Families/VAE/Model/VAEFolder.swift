import Checkpoints
import Files
import Kernels
import NN
import Training

/// The files of a model folder, beside its configuration.
enum VAEFolder {
  /// The names are those of the article's class: of `VAE` bare, of `VAEGAN` with `vae.` and
  /// `discriminator.` before them.
  static let weights = "model.safetensors"

  static func prefix(_ kind: VAEKind) -> String { kind == .vae ? "" : "vae." }
  static let discriminatorPrefix = "discriminator."

  /// The networks of a folder.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged file, mismatch for one of another model.
  static func networks(
    _ checkpoint: Checkpoint, _ configuration: VAEConfiguration
  ) throws(AIGCError) -> VAENetworks {
    let networks = ParameterPlan.shapes { VAENetworks(configuration, using: &$0) }
    try StateDictionary.load(
      networks.namedParameters, from: checkpoint, prefix: prefix(configuration.vaeKind))
    return networks
  }

  /// The sizes of a VAE-GAN's discriminator: the article's, or with convolutions that of a DCGAN; nil for
  /// a plain autoencoder.
  static func discriminatorSizes(_ configuration: VAEConfiguration) -> GANConfiguration? {
    guard configuration.vaeKind == .vaegan else { return nil }
    var result = GANConfiguration(
      configuration.network == .linear ? .gan : .dcgan, width: configuration.width,
      height: configuration.height, channels: configuration.channels,
      layers: configuration.layers.reversed())
    result.classes = configuration.classes
    return result
  }

  /// The discriminator of a file that has one.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged file, mismatch for one of another model.
  static func discriminator(
    _ checkpoint: Checkpoint, _ configuration: VAEConfiguration
  ) throws(AIGCError) -> GANDiscriminator? {
    guard let sizes = discriminatorSizes(configuration),
      checkpoint["\(discriminatorPrefix)model.0.weight"] != nil
    else { return nil }
    let network = ParameterPlan.shapes { GANDiscriminator(sizes, using: &$0) }
    try StateDictionary.load(
      network.namedParameters, from: checkpoint, prefix: discriminatorPrefix)
    return network
  }

  /// All that a file holds of a model, with the names it has there.
  static func named(
    _ kind: VAEKind, _ networks: VAENetworks, _ discriminator: GANDiscriminator?
  ) -> NamedParameters {
    networks.namedParameters.map { (prefix(kind) + $0.name, $0.parameter) }
      + (discriminator?.namedParameters ?? []).map {
        (discriminatorPrefix + $0.name, $0.parameter)
      }
  }

  /// Writes configuration and weights.
  /// - Parameters:
  ///   - type: of the weights.
  ///   - path: gives the path of a file's name.
  static func write(
    _ configuration: VAEConfiguration, _ networks: VAENetworks,
    discriminator: GANDiscriminator? = nil, type: ScalarType = .f32, to path: (String) -> String
  ) throws(AIGCError) {
    try StateDictionary.write(
      named(configuration.vaeKind, networks, discriminator), to: path(weights), type: type)
    try ModelConfiguration.write(configuration, to: path(ModelConfiguration.fileName))
  }
}
