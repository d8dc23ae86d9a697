import Autograd
import NN

/// Tells images of a domain from translated ones, patch by patch (PatchGAN, Isola et al. 2017).
public struct PatchDiscriminator: Module {
  /// The layers, from pixels to one logit for each patch; their names are those of pytorch-CycleGAN.
  public let model: Sequential

  /// - Parameters:
  ///   - configuration: sizes that make a model.
  ///   - plan: takes the parameters.
  public init(_ configuration: CycleGANConfiguration, using plan: inout ParameterPlan) {
    let sizes = configuration
    let norms = TranslationNorms(sizes)
    var (layers, input): ([any Layer], Int) = ([], Self.inputChannels(sizes))
    let steps = Self.steps(sizes)
    for (index, step) in steps.enumerated() {
      let (isFirst, isLast) = (index == 0, index == steps.count - 1)
      layers.append(
        Conv2d(
          input, step.channels, kernel: step.kernel, stride: step.stride, padding: step.padding,
          hasBias: isFirst || isLast || norms.hasBias, using: &plan))
      if !isLast {
        layers +=
          isFirst
          ? [Activation.leakyRelu(0.2)]
          : norms.layers(step.channels, Activation.leakyRelu(0.2), &plan)
      }
      input = step.channels
    }
    model = Sequential(layers)
    if sizes.generator != .article { drawAsPublished(self, &plan) }
  }

  /// - Parameters:
  ///   - images: [batch, height, width, channels]; of pix2pix the original's channels before the
  ///     translation's.
  ///   - context: whether the pass is one of training.
  /// - Returns: logits [batch, rows, columns, 1].
  public func callAsFunction(_ images: Tensor, _ context: Context) -> Tensor {
    model(images, context)
  }

  /// Channels of what is judged: with pairs the original too (a conditional discriminator).
  private static func inputChannels(_ sizes: CycleGANConfiguration) -> Int {
    sizes.isPaired ? 2 * sizes.channels : sizes.channels
  }

  private struct Step {
    var channels: Int
    var kernel = 4
    var stride = 2
    var padding = 1
  }

  private static func steps(_ sizes: CycleGANConfiguration) -> [Step] {
    let width = sizes.discriminatorWidth
    switch sizes.discriminator {
    case .article:
      return [width, 2 * width, 4 * width].map { Step(channels: $0) } + [
        Step(channels: 1, stride: 1)
      ]
    case .pixel:
      return [width, 2 * width, 1].map { Step(channels: $0, kernel: 1, stride: 1, padding: 0) }
    case .basic, .layers:
      let count = sizes.discriminator == .basic ? 3 : sizes.discriminatorLayers
      let halving = (0..<count).map { Step(channels: width * min(1 << $0, 8)) }
      return halving + [
        Step(channels: width * min(1 << count, 8), stride: 1), Step(channels: 1, stride: 1),
      ]
    }
  }

  /// Rows and columns of logits; nil where a window is larger than what is left.
  static func judgedSize(_ sizes: CycleGANConfiguration) -> (height: Int, width: Int)? {
    var (height, width) = (sizes.height, sizes.width)
    for step in steps(sizes) {
      guard min(height, width) + 2 * step.padding >= step.kernel else { return nil }
      height = (height + 2 * step.padding - step.kernel) / step.stride + 1
      width = (width + 2 * step.padding - step.kernel) / step.stride + 1
    }
    return (height, width)
  }
}
