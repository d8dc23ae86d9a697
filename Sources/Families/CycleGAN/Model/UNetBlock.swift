import Autograd
import Files
import NN

/// One size of a U-Net (Isola et al. 2017): a convolution that halves the sides, the smaller sizes, one that
/// doubles them, and x beside what comes of it. pytorch-CycleGAN's `UnetSkipConnectionBlock`.
struct UNetBlock: TiledLayer {
  private let model: Sequential
  /// Whether x stands beside the result: not at the full size.
  private let isJoined: Bool

  private init(_ layers: [any Layer], isJoined: Bool) {
    model = Sequential(layers)
    self.isJoined = isJoined
  }

  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    let y = model(x, context)
    return isJoined ? concatenated([x, y], axis: 3) : y
  }

  func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    let y = try model(x, context)
    guard isJoined else { return y }
    return x.joined(y, channels: x.channels + y.channels) { concatenated([$0, $1], axis: 3) }
  }

  /// `UnetGenerator`: as many halvings as bring the side to one pixel. Parameters are planned from the
  /// innermost size outwards, as theirs are.
  static func network(
    _ sizes: CycleGANConfiguration, halvings: Int, _ plan: inout ParameterPlan
  ) -> UNetBlock {
    let (width, norms) = (sizes.generatorWidth, TranslationNorms(sizes))
    var block = inner(8 * width, 8 * width, nil, norms, &plan)
    for _ in 0..<halvings - 5 {
      block = inner(
        8 * width, 8 * width, block, norms, &plan, dropout: sizes.usesDropout ? 0.5 : nil)
    }
    for factor in [4, 2, 1] {
      block = inner(factor * width, 2 * factor * width, block, norms, &plan)
    }
    return UNetBlock(
      [
        Conv2d(
          sizes.channels, width, kernel: 4, stride: 2, padding: 1, hasBias: norms.hasBias,
          using: &plan), block, Activation.relu,
        ConvTranspose2d(
          2 * width, sizes.channels, kernel: 4, stride: 2, padding: 1, using: &plan),
        Activation(tanh),
      ], isJoined: false)
  }

  /// - Parameters:
  ///   - outer: channels of x, and of what is made of it.
  ///   - inner: channels at half the size.
  ///   - block: the smaller sizes; nil: the smallest.
  private static func inner(
    _ outer: Int, _ inner: Int, _ block: UNetBlock?, _ norms: TranslationNorms,
    _ plan: inout ParameterPlan, dropout: Float? = nil
  ) -> UNetBlock {
    var layers: [any Layer] = [
      Activation.leakyRelu(0.2),
      Conv2d(
        outer, inner, kernel: 4, stride: 2, padding: 1, hasBias: norms.hasBias, using: &plan),
    ]
    if let block { layers += norms.layers(inner, nil, &plan) + [block] }
    layers += [
      Activation.relu,
      ConvTranspose2d(
        block == nil ? inner : 2 * inner, outer, kernel: 4, stride: 2, padding: 1,
        hasBias: norms.hasBias, using: &plan),
    ]
    layers += norms.layers(outer, nil, &plan)
    if let dropout { layers.append(Dropout(dropout)) }
    return UNetBlock(layers, isJoined: true)
  }
}
