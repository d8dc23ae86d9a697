import Autograd
import Kernels
import NN

/// A network that tells images of the data from generated ones.
protocol StyleJudge: Module {
  /// The maps behind each size, the largest first.
  func features(_ images: Tensor, _ context: Context) -> [Tensor]
  /// - Parameters:
  ///   - images: [batch, side, side, channels].
  ///   - labels: the class of each; without meaning for a model without classes.
  ///   - batches: how many batches of the same size the images are; what an image is told by those beside it comes from
  ///     its own.
  ///   - context: how convolutions are computed.
  /// - Returns: [batch, 1], above 0 for what looks like the data.
  func logits(_ images: Tensor, labels: [Int32], batches: Int, _ context: Context) -> Tensor
}

extension StyleJudge {
  /// Names begin with those of the parts.
  var prefix: ModulePrefix { .none }
}

/// The discriminator of any of these models that is trained here.
struct StyleGANDiscriminator: Module {
  let network: any StyleJudge

  /// - Parameters:
  ///   - configuration: sizes that make a model, not one of lucidrains.
  ///   - plan: takes the parameters.
  init(_ configuration: StyleGANConfiguration, using plan: inout ParameterPlan) {
    network =
      configuration.network == .article
      ? ArticleStyleDiscriminator(configuration, using: &plan)
      : StyleDiscriminator(configuration, using: &plan)
  }

  /// See ``StyleJudge/logits(_:labels:batches:_:)``.
  func callAsFunction(
    _ images: Tensor, labels: [Int32], batches: Int = 1, _ context: Context
  ) -> Tensor {
    network.logits(images, labels: labels, batches: batches, context)
  }
}

/// Tells images of the data from generated ones: residual blocks that halve the sides, and a channel of how much
/// the images of a batch differ (Karras et al. 2020).
struct StyleDiscriminator: StyleJudge {
  private let blocks: [DiscriminatorBlock]
  private let mapping: MappingNetwork?
  private let last: DiscriminatorEnd

  /// - Parameters:
  ///   - sizes: of the model.
  ///   - plan: takes the parameters.
  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    blocks = sizes.sides.dropFirst().reversed().map {
      DiscriminatorBlock(sizes, side: $0, using: &plan)
    }
    let classes = sizes.classes.count
    mapping =
      classes > 0
      ? MappingNetwork(
        latent: 0, classes: classes, width: sizes.maps(4), depth: 8, keepsAverage: false,
        using: &plan) : nil
    last = DiscriminatorEnd(sizes, using: &plan)
  }

  func logits(_ images: Tensor, labels: [Int32], batches: Int, _ context: Context) -> Tensor {
    let logits = last(features(images, context).last ?? images, batches: batches, context)
    guard let mapping else { return logits }
    let style = mapping(nil, labels: labels)
    return (logits * style).sum(axis: 1, keepsAxis: true) / Float(style.shape[1]).squareRoot()
  }

  func features(_ images: Tensor, _ context: Context) -> [Tensor] {
    var maps: [Tensor] = []
    for block in blocks { maps.append(block(maps.last ?? images, context)) }
    return maps
  }
}

/// A residual block that halves the sides; the first one also reads the image.
private struct DiscriminatorBlock: Module {
  static let checkpointNames = ["read": "fromrgb", "first": "conv0", "second": "conv1"]
  let prefix: ModulePrefix
  private let read: EqualizedConv2d?
  private let first: EqualizedConv2d
  private let second: EqualizedConv2d
  private let skip: EqualizedConv2d

  init(_ sizes: StyleGANConfiguration, side: Int, using plan: inout ParameterPlan) {
    prefix = .own("b\(side)")
    let (inner, output) = (sizes.maps(side), sizes.maps(side / 2))
    read =
      side == sizes.side
      ? EqualizedConv2d(sizes.channels, inner, kernel: 1, using: &plan) : nil
    first = EqualizedConv2d(inner, inner, kernel: 3, using: &plan)
    second = EqualizedConv2d(inner, output, kernel: 3, halves: true, using: &plan)
    skip = EqualizedConv2d(
      inner, output, kernel: 1, hasBias: false, isActivated: false, halves: true, using: &plan)
  }

  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    let x = read?(x, context) ?? x
    let gain = Float(0.5).squareRoot()
    return second(first(x, context), gain: gain, context) + skip(x, gain: gain, context)
  }
}

/// The smallest size and the logits.
private struct DiscriminatorEnd: Module {
  let prefix = ModulePrefix.own("b4")
  private let conv: EqualizedConv2d
  private let fc: EqualizedLinear
  private let out: EqualizedLinear
  private let groupSize: Int

  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    let maps = sizes.maps(4)
    groupSize = sizes.groupSize
    conv = EqualizedConv2d(maps + (groupSize > 0 ? 1 : 0), maps, kernel: 3, using: &plan)
    fc = EqualizedLinear(16 * maps, maps, isActivated: true, using: &plan)
    out = EqualizedLinear(maps, sizes.classes.isEmpty ? 1 : maps, using: &plan)
  }

  func callAsFunction(_ x: Tensor, batches: Int, _ context: Context) -> Tensor {
    var maps = x
    if groupSize > 0 {
      let size = x.shape[0] / batches
      let spreads = (0..<batches).map { deviations(x.sliced($0 * size..<($0 + 1) * size)) }
      maps = concatenated([x, concatenated(spreads)], axis: 3)
    }
    return out(fc(conv(maps, context).flattened()))
  }

  /// The mean standard deviation of the values of a group of images, [batch, 4, 4, 1]: images i, i + batch /
  /// group, … are one group (Karras et al. 2018). A batch that groups do not divide is in smaller ones.
  private func deviations(_ x: Tensor) -> Tensor {
    let batch = x.shape[0]
    let group = (1...min(groupSize, batch)).last { batch % $0 == 0 } ?? 1
    let (groups, values) = (batch / group, x.count / batch)
    let rows = x.reshaped([group, groups * values])
    let squares = square(rows - rows.mean(axis: 0, keepsAxis: true)).mean(axis: 0)
    let deviations = sqrt(squares + 1e-8).reshaped([groups, values]).mean(axis: 1)
    return deviations.reshaped([1, groups, 1]).broadcast(to: [group, groups, 16])
      .reshaped([batch, 4, 4, 1])
  }
}
