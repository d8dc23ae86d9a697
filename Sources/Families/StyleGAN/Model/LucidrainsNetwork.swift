import Autograd
import Kernels
import NN

/// The generator of lucidrains' `stylegan2-pytorch` 1.9 without attention: bilinear doubling, scales 1 + style,
/// noise of one channel that each layer weights by map. Its state_dict's `SE.…` and `GE.…` are `S.…` and `G.…`
/// here.
struct LucidrainsNetwork: StyleNetwork {
  static let checkpointNames = ["mapping": "S", "synthesis": "G", "average": averageName]
  /// The files of that program do not hold it.
  static let averageName = "w_avg"
  private let mapping: LucidrainsMapping
  private let synthesis: LucidrainsSynthesis
  let average: Parameter?

  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    mapping = LucidrainsMapping(sizes, using: &plan)
    synthesis = LucidrainsSynthesis(sizes, using: &plan)
    average = plan.parameter([sizes.style], .constant(0), isTrainable: false)
  }

  func style(_ z: Tensor, labels: [Int32], _ context: Context) -> Tensor { mapping(z) }

  func image(_ styles: [Tensor], _ noise: StyleNoiseSource, _ context: Context) -> Tensor {
    let (batch, side) = (styles[0].shape[0], synthesis.side)
    let map: Tensor
    switch noise {
    case .none: map = .zeros([1, side, side, 1])
    // The program of the file draws noise anew for each image and keeps none.
    case .const: map = StyleNoiseDraws([RandomSource(seed: 0)]).uniform(1, side: side)
    case .random(let draws): map = draws.uniform(batch, side: side)
    }
    return synthesis(styles, noise: map, context)
  }

  /// Images with a given noise, [batch or 1, side, side, 1].
  func image(_ styles: [Tensor], noise: Tensor, _ context: Context) -> Tensor {
    synthesis(styles, noise: noise, context)
  }
}

/// `StyleVectorizer`.
private struct LucidrainsMapping: Module {
  private let net: Sequential
  private let rate: Float = 0.1

  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    net = Sequential(
      (0..<sizes.depth).flatMap { index -> [any Layer] in
        [
          Linear(index == 0 ? sizes.latent : sizes.style, sizes.style, using: &plan),
          Activation.leakyRelu(activationSlope),
        ]
      })
  }

  func callAsFunction(_ z: Tensor) -> Tensor {
    let length = sqrt(square(z).sum(axis: 1, keepsAxis: true))
    var x = z / (length + 1e-12)
    for case let layer as Linear in net.layers {
      let bias = layer.bias.map { $0.value * rate }
      x = leakyRelu(linear(x, layer.weight.value * rate, bias), slope: activationSlope)
    }
    return x
  }
}

/// `Generator`.
private struct LucidrainsSynthesis: Module {
  static let checkpointNames = ["start": "initial_block", "first": "initial_conv"]
  private let start: Parameter
  private let first: Conv2d
  private let blocks: [LucidrainsBlock]
  let side: Int

  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    let maps = sizes.maps(4)
    side = sizes.side
    start = plan.parameter([4, 4, maps], .normal(deviation: 1), stored: .map)
    first = Conv2d(maps, maps, kernel: 3, padding: 1, using: &plan)
    blocks = sizes.sides.map { side in
      LucidrainsBlock(
        side == 4 ? maps : sizes.maps(side / 2), sizes.maps(side), sizes, side: side, using: &plan)
    }
  }

  func callAsFunction(
    _ styles: [Tensor], noise: Tensor, _ context: Context
  ) -> Tensor {
    let batch = styles[0].shape[0]
    var x = start.value.reshaped([1, 4, 4, start.shape[2]])
      .broadcast(to: [batch, 4, 4, start.shape[2]])
    x = first(x, context)
    var image: Tensor?
    for (style, block) in zip(styles, blocks) {
      (x, image) = block(x, image, style, noise, context)
    }
    return image ?? x
  }
}

/// `GeneratorBlock` with its `RGBBlock`.
private struct LucidrainsBlock: Module {
  static let checkpointNames = [
    "style1": "to_style1", "noise1": "to_noise1", "style2": "to_style2", "noise2": "to_noise2",
    "image": "to_rgb",
  ]
  private let style1: Linear
  private let noise1: Linear
  private let conv1: LucidrainsConvolution
  private let style2: Linear
  private let noise2: Linear
  private let conv2: LucidrainsConvolution
  private let image: LucidrainsImageLayer
  private let side: Int
  private let isLast: Bool

  init(
    _ input: Int, _ output: Int, _ sizes: StyleGANConfiguration, side: Int,
    using plan: inout ParameterPlan
  ) {
    style1 = Linear(sizes.style, input, using: &plan)
    noise1 = Linear(1, output, using: &plan)
    conv1 = LucidrainsConvolution(input, output, kernel: 3, using: &plan)
    style2 = Linear(sizes.style, output, using: &plan)
    noise2 = Linear(1, output, using: &plan)
    conv2 = LucidrainsConvolution(output, output, kernel: 3, using: &plan)
    image = LucidrainsImageLayer(output, sizes, using: &plan)
    self.side = side
    isLast = side == sizes.side
  }

  func callAsFunction(
    _ x: Tensor, _ before: Tensor?, _ style: Tensor, _ noise: Tensor, _ context: Context
  ) -> (Tensor, Tensor) {
    // Rows and columns of the noise are exchanged in the program of the files.
    let part = noise.sliced(0..<side, axis: 1).sliced(0..<side, axis: 2).permuted([0, 2, 1, 3])
    func layer(_ x: Tensor, _ style: Tensor, _ conv: LucidrainsConvolution, _ own: Linear) -> Tensor
    {
      leakyRelu(
        conv(x, style, isDemodulated: true, context) + own(part), slope: activationSlope)
    }
    var x = side == 4 ? x : upsampleBilinear(x, factor: 2)
    x = layer(x, style1(style), conv1, noise1)
    x = layer(x, style2(style), conv2, noise2)
    let added = image(x, style, context)
    let sum = before.map { $0 + added } ?? added
    return (x, isLast ? sum : LucidrainsImageLayer.doubled(sum))
  }
}

/// `RGBBlock`.
private struct LucidrainsImageLayer: Module {
  static let checkpointNames = ["style": "to_style"]
  private let style: Linear
  private let conv: LucidrainsConvolution

  init(_ input: Int, _ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    style = Linear(sizes.style, input, using: &plan)
    conv = LucidrainsConvolution(input, sizes.channels, kernel: 1, using: &plan)
  }

  func callAsFunction(_ x: Tensor, _ style: Tensor, _ context: Context) -> Tensor {
    conv(x, self.style(style), isDemodulated: false, context)
  }

  /// Bilinear doubling and a blur of [1, 2, 1] with mirrored borders.
  static func doubled(_ image: Tensor) -> Tensor {
    let blur = ResamplingFilter([0.25, 0.5, 0.25], before: 0, after: 0)
    return resample2d(reflectionPad2d(upsampleBilinear(image, factor: 2), padding: 1), blur)
  }
}

/// `Conv2DMod`.
private struct LucidrainsConvolution: Module {
  /// [kernel, kernel, in, out].
  private let weight: Parameter

  init(_ input: Int, _ output: Int, kernel: Int, using plan: inout ParameterPlan) {
    weight = plan.parameter(
      [kernel, kernel, input, output],
      .normal(deviation: (2 / Float(kernel * kernel * input)).squareRoot()), stored: .convolution)
  }

  func callAsFunction(
    _ x: Tensor, _ style: Tensor, isDemodulated: Bool, _ context: Context
  ) -> Tensor {
    let (convolution, styles) = (
      ModulatedConv2d(weight: weight.value, mode: context.convolution), style + 1
    )
    let y = convolution(x, styles: styles)
    return isDemodulated ? styledActivation(y, scale: convolution.demodulation(styles)) : y
  }
}
