import Autograd
import Kernels
import NN

/// What a layer adds to its maps, pixel by pixel (`--noise-mode`).
public enum StyleNoise: String, Codable, CaseIterable, Sendable {
  /// The same for all images, as it was drawn before training.
  case const
  /// Drawn anew for each image.
  case random
  /// Nothing.
  case none
}

/// A convolution whose input channels are scaled by a style and whose output is brought back to unit variance
/// (Karras et al. 2020): the scales stand before and behind a convolution with the same weights for all images.
struct ModulatedConv2d {
  /// [kernel, kernel, in, out].
  let weight: Tensor
  /// Whether the sides are doubled, before a binomial filter.
  var doubles = false
  /// How convolutions are computed.
  let mode: ConvolutionMode

  /// The convolution, not yet brought back to unit variance.
  /// - Parameters:
  ///   - x: [batch, height, width, in].
  ///   - styles: [batch, in].
  func callAsFunction(_ x: Tensor, styles: Tensor) -> Tensor {
    let scaled = styledActivation(x, scale: styles)
    guard doubles else { return conv2d(scaled, weight, padding: weight.shape[0] / 2, mode: mode) }
    let transposed = convTranspose2d(scaled, weight.permuted([0, 1, 3, 2]), stride: 2, mode: mode)
    return resample2d(
      transposed,
      ResamplingFilter(ResamplingFilter.binomial.map { 2 * $0 }, before: 1, after: 1))
  }

  /// What brings outputs back to unit variance, [batch, out].
  func demodulation(_ styles: Tensor) -> Tensor {
    let (window, input, output) = (
      weight.shape[0] * weight.shape[1], weight.shape[2], weight.shape[3]
    )
    let squares = square(weight).reshaped([window, input, output]).sum(axis: 0)
    return Tensor.ones([1]) / sqrt(linear(square(styles), squares.permuted([1, 0])) + 1e-8)
  }
}

/// One modulated convolution with noise, bias and leaky ReLU.
struct SynthesisLayer: Module {
  static let checkpointNames = ["noise": "noise_const", "noiseStrength": "noise_strength"]
  /// Of the style.
  private let affine: EqualizedLinear
  /// [3, 3, in, out].
  private let weight: Parameter
  /// [side, side].
  let noise: Parameter
  private let noiseStrength: Parameter
  private let bias: Parameter
  private let doubles: Bool
  private let clamp: Float?

  /// - Parameters:
  ///   - input: channels of x.
  ///   - output: channels of y.
  ///   - sizes: of the model.
  ///   - side: rows and columns of y.
  ///   - doubles: whether x has half as many.
  ///   - plan: takes the parameters.
  init(
    _ input: Int, _ output: Int, _ sizes: StyleGANConfiguration, side: Int, doubles: Bool = false,
    using plan: inout ParameterPlan
  ) {
    affine = EqualizedLinear(sizes.style, input, bias: 1, using: &plan)
    weight = plan.parameter([3, 3, input, output], .normal(deviation: 1), stored: .convolution)
    noise = plan.parameter([side, side], .normal(deviation: 1), isTrainable: false)
    noiseStrength = plan.parameter([], .constant(0))
    bias = plan.parameter([output], .constant(0))
    self.doubles = doubles
    clamp = sizes.clamp
  }

  /// - Parameters:
  ///   - x: [batch, height, width, in].
  ///   - style: [batch, style].
  ///   - noise: [batch or 1, side, side, 1]; nil: none.
  ///   - context: how convolutions are computed.
  func callAsFunction(
    _ x: Tensor, style: Tensor, noise: Tensor?, _ context: Context
  ) -> Tensor {
    let convolution = ModulatedConv2d(
      weight: weight.value, doubles: doubles, mode: context.convolution)
    let styles = affine(style)
    let y = styledActivation(
      convolution(x, styles: styles), scale: convolution.demodulation(styles),
      noise: noise.map { $0 * noiseStrength.value }, bias: bias.value, slope: activationSlope,
      gain: activationGain)
    return clamped(y, clamp)
  }
}

/// Maps as an image: a modulated convolution of one pixel.
struct ImageLayer: Module {
  private let affine: EqualizedLinear
  /// [1, 1, in, channels].
  private let weight: Parameter
  private let bias: Parameter
  private let clamp: Float?

  init(_ input: Int, _ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    let channels = sizes.channels
    clamp = sizes.clamp
    affine = EqualizedLinear(sizes.style, input, bias: 1, using: &plan)
    weight = plan.parameter([1, 1, input, channels], .normal(deviation: 1), stored: .convolution)
    bias = plan.parameter([channels], .constant(0))
  }

  func callAsFunction(_ x: Tensor, style: Tensor, _ context: Context) -> Tensor {
    let styles = affine(style) / Float(weight.shape[2]).squareRoot()
    let y = ModulatedConv2d(weight: weight.value, mode: context.convolution)(x, styles: styles)
    return clamped(styledActivation(y, bias: bias.value), clamp)
  }
}
