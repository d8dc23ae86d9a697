import Autograd
import Kernels
import NN

/// Encoder and decoder: images to the mean and the logarithm of the variance of their latents'
/// distribution, and latents to images. The article's class `VAE`, whose names these are.
///
/// Images have values from 0 to 1 here.
public struct VAENetworks: Module {
  /// From pixels with their classes to twice the latent dimension: the mean, then the logarithm of
  /// the variance.
  public let encoder: Sequential
  /// Up to the logits, without the article's last sigmoid.
  public let decoder: Sequential
  /// Logarithm of the deviation of pixels; nil for the Bernoulli likelihood.
  public let logDeviation: Parameter?
  private let configuration: VAEConfiguration

  /// ``logDeviation`` is called `log_sigma` in checkpoints.
  public static let checkpointNames = ["logDeviation": "log_sigma"]

  /// - Parameters:
  ///   - configuration: sizes that make a model.
  ///   - plan: takes the parameters.
  public init(_ configuration: VAEConfiguration, using plan: inout ParameterPlan) {
    self.configuration = configuration
    switch configuration.network {
    case .linear:
      encoder = Sequential(Self.linearEncoder(configuration, &plan))
      decoder = Sequential(Self.linearDecoder(configuration, &plan))
    case .convolutional:
      encoder = Sequential(Self.convolutionalEncoder(configuration, &plan))
      decoder = Sequential(Self.convolutionalDecoder(configuration, &plan))
    }
    let sizes = configuration.table == nil ? [1] : [configuration.width, 1]
    logDeviation =
      configuration.likelihood == .gaussian ? plan.parameter(sizes, .constant(0)) : nil
  }

  /// See ``VAEConfiguration/batch(upTo:)``.
  func batch(upTo most: Int) -> Int { configuration.batch(upTo: most) }

  var likelihood: VAELikelihood {
    guard let value = logDeviation?.value, configuration.table != nil else {
      return VAELikelihood(logDeviation: logDeviation?.value)
    }
    // A column that never changes would take its deviation to nothing, and its likelihood beyond all
    // bounds.
    let least = Self.leastLogDeviation
    return VAELikelihood(logDeviation: softplus(value - least) + least, isUnbounded: true)
  }

  /// Of a table's columns: a twentieth of the deviation of the rows learned from.
  private static let leastLogDeviation: Float = -3

  /// The distribution of the latents of images.
  /// - Parameters:
  ///   - x: [batch, height, width, channels].
  ///   - labels: the class of each; without meaning for a model without classes.
  ///   - context: whether the pass is one of training, and where random draws come from.
  /// - Returns: mean and logarithm of the variance, [batch, latent] each.
  public func encode(
    _ x: Tensor, labels: [Int32], _ context: Context
  ) -> (mean: Tensor, logVariance: Tensor) {
    let latent = configuration.latent
    let output = encoder(encoderInput(x, labels), context)
    return (output.sliced(0..<latent, axis: 1), output.sliced(latent..<2 * latent, axis: 1))
  }

  /// What pixels are like, given latents.
  /// - Parameters:
  ///   - z: [batch, latent].
  ///   - labels: the class of each; without meaning for a model without classes.
  ///   - context: whether the pass is one of training, and where random draws come from.
  /// - Returns: logits of the pixels' means, [batch, height, width, channels].
  public func decode(_ z: Tensor, labels: [Int32], _ context: Context) -> Tensor {
    let sizes = configuration
    let input =
      sizes.classes.isEmpty
      ? z : concatenated([z, oneHot(labels, sizes.classes.count)], axis: 1)
    let output = decoder(input, context)
    if sizes.network == .convolutional { return output }
    return output.unflattened(height: sizes.height, width: sizes.width, channels: sizes.channels)
  }

  /// Draws latents from their distribution, in a form that has a derivative: mean + e^(½ log variance)
  /// · noise.
  /// - Parameters:
  ///   - mean: [batch, latent].
  ///   - logVariance: logarithm of the variance, [batch, latent].
  ///   - noise: from the standard normal distribution, in the shape of the mean.
  public static func reparameterized(
    _ mean: Tensor, _ logVariance: Tensor, noise: Tensor
  ) -> Tensor { mean + exp(logVariance * 0.5) * noise }

  /// Images with their classes: behind the pixels, each as one of as many ones and zeros; for
  /// convolutions as maps of ones and zeros.
  private func encoderInput(_ x: Tensor, _ labels: [Int32]) -> Tensor {
    let sizes = configuration
    if sizes.network == .linear {
      let rows = x.flattened()
      return sizes.classes.isEmpty
        ? rows : concatenated([rows, oneHot(labels, sizes.classes.count)], axis: 1)
    }
    if sizes.classes.isEmpty { return x }
    let (batch, classes) = (x.shape[0], sizes.classes.count)
    let maps = oneHot(labels, classes).reshaped([batch, 1, 1, classes])
      .broadcast(to: [batch, sizes.height, sizes.width, classes])
    return concatenated([x, maps], axis: 3)
  }

  /// pixels → 256 → 128 → 2 · latent.
  private static func linearEncoder(
    _ sizes: VAEConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    linear([sizes.imageCount + sizes.classes.count] + sizes.layers + [2 * sizes.latent], &plan)
  }

  /// latent → 128 → 256 → pixels.
  private static func linearDecoder(
    _ sizes: VAEConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    linear(
      [sizes.latent + sizes.classes.count] + sizes.layers.reversed() + [sizes.imageCount],
      &plan)
  }

  /// Fully connected layers of these sizes, with ReLU between them.
  private static func linear(_ sizes: [Int], _ plan: inout ParameterPlan) -> [any Layer] {
    var layers: [any Layer] = []
    for (input, output) in zip(sizes, sizes.dropFirst()) {
      if !layers.isEmpty { layers.append(Activation.relu) }
      layers.append(Linear(input, output, using: &plan))
    }
    return layers
  }

  /// Windows of 4 x 4 that halve the sides, then two fully connected layers.
  private static func convolutionalEncoder(
    _ sizes: VAEConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    var (layers, input): ([any Layer], Int) = ([], sizes.channels + sizes.classes.count)
    for output in sizes.layers {
      layers += [
        Conv2d(input, output, kernel: 4, stride: 2, padding: 1, using: &plan), Activation.relu,
      ]
      input = output
    }
    return layers + [
      Flatten(), Linear(sizes.mapHeight * sizes.mapWidth * input, sizes.hidden, using: &plan),
      Activation.relu, Linear(sizes.hidden, 2 * sizes.latent, using: &plan),
    ]
  }

  /// The encoder the other way round.
  private static func convolutionalDecoder(
    _ sizes: VAEConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    var input = sizes.layers.last ?? 1
    let (height, width) = (sizes.mapHeight, sizes.mapWidth)
    var layers: [any Layer] = [
      Linear(sizes.latent + sizes.classes.count, sizes.hidden, using: &plan), Activation.relu,
      Linear(sizes.hidden, height * width * input, using: &plan), Activation.relu,
      Unflatten(height: height, width: width, channels: input),
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
