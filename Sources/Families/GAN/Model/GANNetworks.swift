import Autograd
import Kernels
import NN

/// Makes images of latents.
public struct GANGenerator: Module {
  /// The layers, from latents with one-hot classes to pixels between -1 and 1; their names are
  /// those of the article's classes.
  public let model: Sequential
  private let configuration: GANConfiguration

  /// - Parameters:
  ///   - configuration: sizes that make a model.
  ///   - plan: takes the parameters.
  public init(_ configuration: GANConfiguration, using plan: inout ParameterPlan) {
    self.configuration = configuration
    switch configuration.ganKind {
    case .gan: model = Sequential(Self.linear(configuration, &plan))
    case .dcgan:
      model = Sequential(Self.convolutions(configuration, &plan))
      drawAsDCGAN(model.namedParameters, &plan)
    }
  }

  /// - Parameters:
  ///   - z: [batch, latent + classes]: see ``input(_:labels:)``.
  ///   - context: whether the pass is one of training, and where random draws come from.
  /// - Returns: [batch, height, width, channels], values from -1 to 1.
  public func callAsFunction(_ z: Tensor, _ context: Context) -> Tensor {
    let sizes = configuration
    if sizes.ganKind == .dcgan {
      return model(z.reshaped([z.shape[0], 1, 1, z.shape[1]]), context)
    }
    return model(z, context).unflattened(
      height: sizes.height, width: sizes.width, channels: sizes.channels)
  }

  /// Latents with their classes behind them, each as one of as many ones and zeros (Mirza and
  /// Osindero 2014).
  /// - Parameters:
  ///   - latents: [batch, latent].
  ///   - labels: the class of each; without meaning for a model without classes.
  public func input(_ latents: Tensor, labels: [Int32]) -> Tensor {
    if configuration.classes.isEmpty { return latents }
    return concatenated([latents, oneHot(labels, configuration.classes.count)], axis: 1)
  }

  /// latent → 128 → 256 → pixels: the article's `Generator`.
  private static func linear(
    _ sizes: GANConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    var (layers, input): ([any Layer], Int) = ([], sizes.inputCount)
    for output in sizes.layers {
      layers += [Linear(input, output, using: &plan), Activation.relu]
      input = output
    }
    return layers + [Linear(input, sizes.imageCount, using: &plan), Activation(tanh)]
  }

  /// latent → 4 x 4 → 8 x 8 → …: the article's `DCGANGenerator`.
  private static func convolutions(
    _ sizes: GANConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    var (layers, input): ([any Layer], Int) = ([], sizes.inputCount)
    for (index, output) in (sizes.layers + [sizes.channels]).enumerated() {
      let isFirst = index == 0
      layers.append(
        ConvTranspose2d(
          input, output, kernel: isFirst ? sizes.startHeight : 4,
          kernelWidth: isFirst ? sizes.startWidth : 4, stride: isFirst ? 1 : 2,
          padding: isFirst ? 0 : 1, hasBias: false, using: &plan))
      if index < sizes.layers.count {
        layers += [BatchNorm2d(output, using: &plan), Activation.relu]
      }
      input = output
    }
    return layers + [Activation(tanh)]
  }
}

/// Tells images of the data from generated ones.
public struct GANDiscriminator: Module {
  /// The layers, from pixels to one logit, or to one for each class.
  public let model: Sequential
  private let configuration: GANConfiguration

  /// - Parameters:
  ///   - configuration: sizes that make a model.
  ///   - plan: takes the parameters.
  public init(_ configuration: GANConfiguration, using plan: inout ParameterPlan) {
    self.configuration = configuration
    switch configuration.ganKind {
    case .gan: model = Sequential(Self.linear(configuration, &plan))
    case .dcgan:
      model = Sequential(Self.convolutions(configuration, &plan))
      drawAsDCGAN(model.namedParameters, &plan)
    }
  }

  /// Whether an image's logit depends on no other image of the batch, so that batches may be
  /// joined.
  var seesEachAlone: Bool {
    let usesBatches = configuration.ganKind == .dcgan && configuration.discriminatorNorm == .batch
    return !usesBatches && !configuration.isSpectral
  }

  /// - Parameters:
  ///   - images: [batch, height, width, channels].
  ///   - labels: the class of each; without meaning for a model without classes.
  ///   - context: whether the pass is one of training, and where random draws come from.
  /// - Returns: [batch, 1], above 0 for what looks like the data: the logit, before the article's
  ///   sigmoid.
  public func callAsFunction(
    _ images: Tensor, labels: [Int32], _ context: Context
  ) -> Tensor {
    let input = configuration.ganKind == .gan ? images.flattened() : images
    return chosen(model(input, context), labels)
  }

  /// The same, with what the last layer but one gives.
  func hiddenAndLogits(
    _ images: Tensor, labels: [Int32], _ context: Context
  ) -> (hidden: Tensor, logits: Tensor) {
    let input = configuration.ganKind == .gan ? images.flattened() : images
    let hidden = Sequential(Array(model.layers.dropLast()))(input, context)
    let last = Sequential(Array(model.layers.suffix(1)))
    return (hidden, chosen(last(hidden, context), labels))
  }

  /// The logit of each image's class.
  private func chosen(_ output: Tensor, _ labels: [Int32]) -> Tensor {
    let logits = output.reshaped([output.shape[0], configuration.logitCount])
    if configuration.classes.isEmpty { return logits }
    return (logits * oneHot(labels, configuration.classes.count)).sum(axis: 1, keepsAxis: true)
  }

  /// pixels → 256 → 128 → 1: the article's `Discriminator`.
  private static func linear(
    _ sizes: GANConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    var (layers, input): ([any Layer], Int) = ([], sizes.imageCount)
    for output in sizes.layers.reversed() {
      layers += [
        Linear(input, output, isSpectral: sizes.isSpectral, using: &plan), Activation.relu,
      ]
      input = output
    }
    return layers + [
      Linear(input, sizes.logitCount, isSpectral: sizes.isSpectral, using: &plan)
    ]
  }

  /// The generator the other way round, with slopes of 0.2 below 0 and no norm in the first layer
  /// (Radford et al. 2016).
  private static func convolutions(
    _ sizes: GANConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    var (layers, input): ([any Layer], Int) = ([], sizes.channels)
    for (index, output) in sizes.layers.reversed().enumerated() {
      layers.append(
        Conv2d(
          input, output, kernel: 4, stride: 2, padding: 1, hasBias: false,
          isSpectral: sizes.isSpectral, using: &plan))
      if index > 0 {
        switch sizes.discriminatorNorm {
        case .batch: layers.append(BatchNorm2d(output, using: &plan))
        case .instance: layers.append(InstanceNorm2d(output, using: &plan))
        case .none: break
        }
      }
      layers.append(Activation.leakyRelu(0.2))
      input = output
    }
    return layers + [
      Conv2d(
        input, sizes.logitCount, kernel: sizes.startHeight, kernelWidth: sizes.startWidth,
        hasBias: false, isSpectral: sizes.isSpectral, using: &plan)
    ]
  }
}

/// Starting values of Radford et al. 2016: convolutions from N(0, 0.02), factors of norms from
/// N(1, 0.02).
private func drawAsDCGAN(_ parameters: NamedParameters, _ plan: inout ParameterPlan) {
  for (_, parameter) in parameters where parameter.isTrainable {
    if parameter.stored == .convolution {
      plan.redraw(parameter, .normal(deviation: 0.02))
    } else if parameter.start == .constant(1) {
      plan.redraw(parameter, .normal(mean: 1, deviation: 0.02))
    }
  }
}
