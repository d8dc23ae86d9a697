import Autograd
import Kernels
import NN

/// √2, by which leaky ReLUs are multiplied so that they keep the variance.
let activationGain = Float(2).squareRoot()

/// The slope below 0 of all activations of these networks.
let activationSlope: Float = 0.2

/// Leaky ReLU that keeps the variance.
func gainedLeakyRelu(_ x: Tensor) -> Tensor {
  leakyRelu(x, slope: activationSlope) * activationGain
}

/// x cut to -limit … limit; nil: as it is.
func clamped(_ x: Tensor, _ limit: Float?) -> Tensor {
  guard let limit else { return x }
  return limit - relu(2 * limit - relu(x + limit))
}

/// y = x Wᵀ + b with equalised learning rates: weights start from N(0, 1) and are divided by √inputs whenever
/// they are used (Karras et al. 2018).
struct EqualizedLinear: Module {
  let prefix: ModulePrefix
  /// [out, in].
  let weight: Parameter
  /// [out].
  let bias: Parameter
  private let isActivated: Bool
  private let rate: Float
  private let gain: Float

  /// - Parameters:
  ///   - input: size of the last axis of x.
  ///   - output: size of the last axis of y.
  ///   - name: in checkpoints; nil: that of the property.
  ///   - bias: what the bias starts with.
  ///   - isActivated: whether a leaky ReLU stands behind it.
  ///   - rate: factor of the learning rate; weights start from N(0, 1/rate).
  ///   - plan: takes both.
  init(
    _ input: Int, _ output: Int, name: String? = nil, bias: Float = 0, isActivated: Bool = false,
    rate: Float = 1, using plan: inout ParameterPlan
  ) {
    prefix = name.map { .own($0) } ?? .property
    weight = plan.parameter([output, input], .normal(deviation: 1 / rate))
    self.bias = plan.parameter([output], .constant(bias))
    self.isActivated = isActivated
    self.rate = rate
    gain = rate / Float(max(input, 1)).squareRoot()
  }

  /// Maps x, [batch, in], to [batch, out].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = linear(x, weight.value * gain, rate == 1 ? bias.value : bias.value * rate)
    return isActivated ? gainedLeakyRelu(y) : y
  }
}

/// A convolution with equalised learning rates, which may halve the sides behind a binomial filter.
struct EqualizedConv2d: Module {
  let prefix: ModulePrefix
  /// [kernel, kernel, in, out].
  let weight: Parameter
  /// [out]; nil: none.
  let bias: Parameter?
  private let isActivated: Bool
  private let halves: Bool

  /// - Parameters:
  ///   - input: channels of x.
  ///   - output: channels of y.
  ///   - kernel: 1 or 3.
  ///   - hasBias: whether there is a bias.
  ///   - isActivated: whether a leaky ReLU stands behind it.
  ///   - halves: whether the sides are halved.
  ///   - plan: takes weight and bias.
  init(
    _ input: Int, _ output: Int, kernel: Int, hasBias: Bool = true, isActivated: Bool = true,
    halves: Bool = false, using plan: inout ParameterPlan
  ) {
    prefix = .property
    weight = plan.parameter(
      [kernel, kernel, input, output], .normal(deviation: 1), stored: .convolution)
    bias = hasBias ? plan.parameter([output], .constant(0)) : nil
    self.isActivated = isActivated
    self.halves = halves
  }

  /// - Parameters:
  ///   - x: [batch, height, width, in].
  ///   - gain: of what leaves the layer.
  ///   - context: how convolutions are computed.
  func callAsFunction(_ x: Tensor, gain: Float = 1, _ context: Context) -> Tensor {
    let (kernel, input) = (weight.shape[0], weight.shape[2])
    // A gain of a layer without activation joins that of the weights.
    let scale = 1 / Float(kernel * kernel * input).squareRoot() * (isActivated ? 1 : gain)
    let scaled = weight.value * scale
    let y: Tensor
    if halves {
      let before = kernel == 3 ? 2 : 1
      let filter = ResamplingFilter(
        ResamplingFilter.binomial, down: kernel == 1 ? 2 : 1, before: before, after: before)
      y = conv2d(
        resample2d(x, filter), scaled, stride: kernel == 1 ? 1 : 2, mode: context.convolution)
    } else {
      y = conv2d(x, scaled, padding: kernel / 2, mode: context.convolution)
    }
    if !isActivated { return bias.map { styledActivation(y, bias: $0.value) } ?? y }
    return styledActivation(
      y, bias: bias?.value, slope: activationSlope, gain: activationGain * gain)
  }
}
