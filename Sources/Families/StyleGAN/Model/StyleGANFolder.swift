import Checkpoints
import Files
import NN
import Weights

/// The files of a model folder, beside its configuration.
enum StyleGANFolder {
  static let generator = "generator.safetensors"
  static let discriminator = "discriminator.safetensors"

  /// The generator of a model folder.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged file, mismatch for one of another model.
  static func generator(
    _ checkpoint: Checkpoint, _ configuration: StyleGANConfiguration
  ) throws(AIGCError) -> StyleGenerator {
    let network = ParameterPlan.shapes { StyleGenerator(configuration, using: &$0) }
    try StateDictionary.load(network.namedParameters, from: checkpoint)
    return network
  }

  /// - Throws: ``/Files/AIGCError``: as ``generator(_:_:)``.
  static func discriminator(
    _ checkpoint: Checkpoint, _ configuration: StyleGANConfiguration
  ) throws(AIGCError) -> StyleGANDiscriminator {
    let network = ParameterPlan.shapes { StyleGANDiscriminator(configuration, using: &$0) }
    try StateDictionary.load(network.namedParameters, from: checkpoint)
    return network
  }

  /// Writes configuration and weights.
  /// - Parameters:
  ///   - type: of the weights.
  ///   - path: gives the path of a file's name.
  static func write(
    _ configuration: StyleGANConfiguration, generator: NamedParameters,
    discriminator: NamedParameters?, type: ScalarType = .f32, to path: (String) -> String
  ) throws(AIGCError) {
    try StateDictionary.write(generator, to: path(Self.generator), type: type)
    if let discriminator {
      try StateDictionary.write(discriminator, to: path(Self.discriminator), type: type)
    }
    try ModelConfiguration.write(configuration, to: path(ModelConfiguration.fileName))
  }
}
