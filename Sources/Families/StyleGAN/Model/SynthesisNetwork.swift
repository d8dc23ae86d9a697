import Autograd
import Kernels
import NN

/// Makes images of styles, from 4 x 4 pixels by doubling; each size adds its image to that of the size before
/// (Karras et al. 2020).
struct SynthesisNetwork: Module {
  private let blocks: [SynthesisBlock]

  /// - Parameters:
  ///   - sizes: of the model.
  ///   - plan: takes the parameters.
  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    blocks = sizes.sides.map { SynthesisBlock(sizes, side: $0, using: &plan) }
  }

  /// Where the noise of a layer comes from, for so many images.
  typealias Noise = (_ layer: SynthesisLayer, _ batch: Int) -> Tensor?

  /// - Parameters:
  ///   - styles: [batch, w] for each layer, ``StyleGANConfiguration/styleCount`` of them.
  ///   - noise: of each layer.
  ///   - context: how convolutions are computed.
  /// - Returns: [batch, side, side, channels], values around -1 to 1.
  func callAsFunction(
    _ styles: [Tensor], noise: Noise, _ context: Context
  ) -> Tensor {
    var (maps, image): (Tensor?, Tensor?) = (nil, nil)
    var place = 0
    for block in blocks {
      (maps, image) = block(maps, image, Array(styles[place...]), noise, context)
      place += block.layerCount
    }
    return image ?? .zeros([0])
  }
}

/// The layers of one size.
private struct SynthesisBlock: Module {
  static let checkpointNames = ["start": "const", "first": "conv0", "second": "conv1"]
  let prefix: ModulePrefix
  /// [4, 4, channels], of the smallest size.
  private let start: Parameter?
  private let first: SynthesisLayer?
  private let second: SynthesisLayer
  private let torgb: ImageLayer

  init(_ sizes: StyleGANConfiguration, side: Int, using plan: inout ParameterPlan) {
    prefix = .own("b\(side)")
    let output = sizes.maps(side)
    if side == 4 {
      start = plan.parameter([4, 4, output], .normal(deviation: 1), stored: .map)
      first = nil
    } else {
      start = nil
      first = SynthesisLayer(
        sizes.maps(side / 2), output, sizes, side: side, doubles: true, using: &plan)
    }
    second = SynthesisLayer(output, output, sizes, side: side, using: &plan)
    torgb = ImageLayer(output, sizes, using: &plan)
  }

  /// How many styles it takes from the next block's.
  var layerCount: Int { first == nil ? 1 : 2 }

  /// The image's style is the first one of the next block.
  func callAsFunction(
    _ maps: Tensor?, _ image: Tensor?, _ styles: [Tensor], _ noise: SynthesisNetwork.Noise,
    _ context: Context
  ) -> (Tensor, Tensor) {
    let batch = styles[0].shape[0]
    var (x, next) = (maps ?? .zeros([0]), 0)
    func layer(_ layer: SynthesisLayer) {
      x = layer(x, style: styles[next], noise: noise(layer, batch), context)
      next += 1
    }
    if let start {
      x = start.value.reshaped([1, 4, 4, start.shape[2]])
        .broadcast(to: [batch, 4, 4, start.shape[2]])
    }
    if let first { layer(first) }
    layer(second)
    let own = torgb(x, style: styles[next], context)
    return (x, image.map { resample2d($0, .doubling) + own } ?? own)
  }
}
