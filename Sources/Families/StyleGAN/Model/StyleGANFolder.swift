import Checkpoints
import Files
import NN
import Weights

/// The networks in the files of a model folder, which have the names that those of a GAN have.
enum StyleGANFolder {
  static let generator = GANFolder.generator
  static let discriminator = GANFolder.discriminator

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
}
