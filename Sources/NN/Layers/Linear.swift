import Autograd
import Kernels

/// y = x Wᵀ + b over the last axis.
public struct Linear: Layer {
  /// [out, in].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?
  let spectralNorm: SpectralNorm?

  /// - Parameters:
  ///   - input: size of the last axis of x.
  ///   - output: size of the last axis of y.
  ///   - hasBias: whether b is there.
  ///   - isSpectral: whether the weight is divided by its largest singular value.
  ///   - random: draws both uniformly within ±1/√input, as PyTorch does.
  public init(
    _ input: Int, _ output: Int, hasBias: Bool = true, isSpectral: Bool = false,
    using random: inout RandomSource
  ) {
    weight = Parameter(
      Initializer.fanIn([output, input], fanIn: input, using: &random),
      name: isSpectral ? SpectralNorm.weightName : nil)
    bias =
      hasBias ? Parameter(Initializer.fanIn([output], fanIn: input, using: &random)) : nil
    spectralNorm = isSpectral ? SpectralNorm(weight, outputAxis: 0, using: &random) : nil
  }

  /// A layer that shares a weight: the output of a language model tied to its embedding.
  public init(weight: Parameter, bias: Parameter?) {
    self.weight = weight
    self.bias = bias
    spectralNorm = nil
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    linear(x, spectralNorm?(weight.value, context) ?? weight.value, bias?.value)
  }

  /// For layers without spectral normalisation.
  public func callAsFunction(_ x: Tensor) -> Tensor { linear(x, weight.value, bias?.value) }
}
