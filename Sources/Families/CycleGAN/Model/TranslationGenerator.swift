import Autograd
import Files
import NN

/// Makes images of one domain of images of the other.
public struct TranslationGenerator: Module {
  /// The layers, from pixels to pixels between -1 and 1; their names are those of the article's class, or
  /// of pytorch-CycleGAN's `networks.py`.
  public let model: any TiledLayer

  /// - Parameters:
  ///   - configuration: sizes that make a model.
  ///   - plan: takes the parameters.
  public init(_ configuration: CycleGANConfiguration, using plan: inout ParameterPlan) {
    let sizes = configuration
    switch sizes.generator {
    case .article: model = Sequential(Self.article(sizes, &plan))
    case .resnet6: model = Sequential(Self.residual(sizes, blocks: 6, &plan))
    case .resnet9: model = Sequential(Self.residual(sizes, blocks: 9, &plan))
    case .unet128: model = UNetBlock.network(sizes, halvings: 7, &plan)
    case .unet256: model = UNetBlock.network(sizes, halvings: 8, &plan)
    }
    if sizes.generator != .article { drawAsPublished(self, &plan) }
  }

  /// - Parameters:
  ///   - x: [batch, height, width, channels], values from -1 to 1; sides are multiples of what the
  ///     configuration says.
  ///   - context: whether the pass is one of training.
  /// - Returns: as many images of the same size, values from -1 to 1.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { model(x, context) }

  /// The article's `CycleGANGenerator`.
  private static func article(
    _ sizes: CycleGANConfiguration, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    let width = sizes.generatorWidth
    var layers: [any Layer] = [
      Conv2d(sizes.channels, width, kernel: 7, padding: 3, using: &plan), Activation.relu,
    ]
    for _ in 0..<sizes.blocks {
      layers.append(
        ResidualBlock([
          Conv2d(width, width, kernel: 3, padding: 1, using: &plan), Activation.relu,
          Conv2d(width, width, kernel: 3, padding: 1, using: &plan),
        ]))
    }
    return layers + [
      Conv2d(width, sizes.channels, kernel: 7, padding: 3, using: &plan), Activation(tanh),
    ]
  }

  /// `ResnetGenerator` with reflected borders.
  private static func residual(
    _ sizes: CycleGANConfiguration, blocks: Int, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    let width = sizes.generatorWidth
    let norms = TranslationNorms(sizes)
    var layers: [any Layer] = [
      ReflectionPad2d(3),
      Conv2d(sizes.channels, width, kernel: 7, hasBias: norms.hasBias, using: &plan),
    ]
    layers += norms.layers(width, Activation.relu, &plan)
    for factor in [1, 2] {
      layers.append(
        Conv2d(
          factor * width, 2 * factor * width, kernel: 3, stride: 2, padding: 1,
          hasBias: norms.hasBias, using: &plan))
      layers += norms.layers(2 * factor * width, Activation.relu, &plan)
    }
    for _ in 0..<blocks {
      var inner: [any Layer] = [
        ReflectionPad2d(1),
        Conv2d(4 * width, 4 * width, kernel: 3, hasBias: norms.hasBias, using: &plan),
      ]
      inner += norms.layers(4 * width, Activation.relu, &plan)
      if sizes.usesDropout { inner.append(Dropout(0.5)) }
      inner += [
        ReflectionPad2d(1),
        Conv2d(4 * width, 4 * width, kernel: 3, hasBias: norms.hasBias, using: &plan),
      ]
      layers.append(ResidualBlock(inner + norms.layers(4 * width, nil, &plan)))
    }
    for factor in [4, 2] {
      layers.append(
        ConvTranspose2d(
          factor * width, factor * width / 2, kernel: 3, stride: 2, padding: 1, outputPadding: 1,
          hasBias: norms.hasBias, using: &plan))
      layers += norms.layers(factor * width / 2, Activation.relu, &plan)
    }
    return layers + [
      ReflectionPad2d(3), Conv2d(width, sizes.channels, kernel: 7, using: &plan),
      Activation(tanh),
    ]
  }
}

/// x plus what some layers make of it (He et al. 2016).
struct ResidualBlock: TiledLayer {
  static let checkpointNames = ["layers": "conv_block"]
  private let layers: Sequential

  init(_ layers: [any Layer]) { self.layers = Sequential(layers) }

  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { x + layers(x, context) }

  func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    // Kept, or the sums of all blocks before would be computed again whenever this one is read.
    try x.joined(layers(x, context), channels: x.channels) { $0 + $1 }.stored()
  }
}

/// What stands behind the convolutions of these networks.
struct TranslationNorms {
  private let kind: CycleGANConfiguration.Normalization

  init(_ sizes: CycleGANConfiguration) { kind = sizes.normalization }

  /// Whether convolutions before a norm have a bias: where the norm has none of its own.
  var hasBias: Bool { kind != .batch }

  /// The norm, which has a place in the numbering even where it does nothing, and the activation.
  func layers(
    _ channels: Int, _ activation: Activation?, _ plan: inout ParameterPlan
  ) -> [any Layer] {
    let norm: any Layer =
      switch kind {
      case .instance: InstanceNorm2d(channels, using: &plan)
      case .batch: BatchNorm2d(channels, using: &plan)
      case .none: Activation { $0 }
      }
    return [norm] + (activation.map { [$0] } ?? [])
  }
}

/// Starting values of pytorch-CycleGAN's `init_net`: convolutions from N(0, 0.02), biases 0, factors of
/// norms from N(1, 0.02).
func drawAsPublished(_ network: some Module, _ plan: inout ParameterPlan) {
  for (name, parameter) in network.namedParameters where parameter.isTrainable {
    if parameter.stored == .convolution {
      plan.redraw(parameter, .normal(deviation: 0.02))
    } else if name.hasSuffix("bias") {
      plan.redraw(parameter, .constant(0))
    } else {
      plan.redraw(parameter, .normal(mean: 1, deviation: 0.02))
    }
  }
}
