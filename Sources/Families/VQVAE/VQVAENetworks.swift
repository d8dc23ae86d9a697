import Autograd
import Kernels
import NN

/// Encoder, codebook and decoder of a VQ-VAE (van den Oord et al. 2017): images to maps of codes and
/// back.
///
/// Images have values from 0 to 1 here.
public struct VQVAENetworks: Module {
  /// From pixels to one vector for each place of the grid, [batch, map height, map width,
  /// dimension].
  public let encoder: Sequential
  /// Puts the nearest entry of the codebook in the place of each vector.
  public let quantizer: VectorQuantizer
  /// Up to the logits.
  public let decoder: Sequential
  /// Logarithm of the deviation of pixels; nil for the Bernoulli likelihood.
  public let logDeviation: Parameter?

  /// ``logDeviation`` is called `log_sigma` in checkpoints.
  public static let checkpointNames = ["logDeviation": "log_sigma"]

  /// - Parameters:
  ///   - configuration: sizes that make a model.
  ///   - codebook: of the configuration.
  ///   - plan: takes the parameters.
  public init(
    _ configuration: VAEConfiguration, _ codebook: Codebook, using plan: inout ParameterPlan
  ) {
    encoder = Sequential(Self.encoder(configuration, codebook, &plan))
    quantizer = VectorQuantizer(
      codebook.entries, dimension: codebook.dimension, update: codebook.update, using: &plan)
    decoder = Sequential(Self.decoder(configuration, codebook, &plan))
    logDeviation =
      configuration.likelihood == .gaussian ? plan.parameter([1], .constant(0)) : nil
  }

  var likelihood: VAELikelihood { VAELikelihood(logDeviation: logDeviation?.value) }

  /// - Parameters:
  ///   - x: [batch, height, width, channels].
  ///   - context: whether the pass is one of training, and where random draws come from.
  /// - Returns: entries of the codebook, [batch, map height, map width, dimension].
  public func encode(_ x: Tensor, _ context: Context) -> Quantized {
    quantizer(encoder(x, context), context)
  }

  /// - Parameters:
  ///   - vectors: of ``encode(_:_:)``.
  ///   - context: whether the pass is one of training, and where random draws come from.
  /// - Returns: logits of the pixels' means, [batch, height, width, channels].
  public func decode(_ vectors: Tensor, _ context: Context) -> Tensor { decoder(vectors, context) }

  /// Windows of 4 x 4 that halve the sides, one of 3 x 3, and one of a single place to the size of
  /// the codebook's entries.
  private static func encoder(
    _ sizes: VAEConfiguration, _ codebook: Codebook, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    var (layers, input): ([any Layer], Int) = ([], sizes.channels)
    for output in sizes.layers {
      layers += [
        Conv2d(input, output, kernel: 4, stride: 2, padding: 1, using: &plan), Activation.relu,
      ]
      input = output
    }
    return layers + [
      Conv2d(input, input, kernel: 3, padding: 1, using: &plan), Activation.relu,
      Conv2d(input, codebook.dimension, kernel: 1, using: &plan),
    ]
  }

  private static func decoder(
    _ sizes: VAEConfiguration, _ codebook: Codebook, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    var input = sizes.layers.last ?? 1
    var layers: [any Layer] = [
      Conv2d(codebook.dimension, input, kernel: 3, padding: 1, using: &plan), Activation.relu,
    ]
    for output in sizes.layers.dropLast().reversed() {
      layers += [
        ConvTranspose2d(input, output, kernel: 4, stride: 2, padding: 1, using: &plan),
        Activation.relu,
      ]
      input = output
    }
    return layers + [
      ConvTranspose2d(input, sizes.channels, kernel: 4, stride: 2, padding: 1, using: &plan)
    ]
  }
}
