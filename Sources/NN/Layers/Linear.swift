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
  ///   - plan: takes both, which start uniformly within ±1/√input, as in PyTorch.
  public init(
    _ input: Int, _ output: Int, hasBias: Bool = true, isSpectral: Bool = false,
    using plan: inout ParameterPlan
  ) {
    weight = plan.parameter(
      [output, input], .fanIn(input), name: isSpectral ? SpectralNorm.weightName : nil)
    bias = hasBias ? plan.parameter([output], .fanIn(input)) : nil
    spectralNorm = isSpectral ? SpectralNorm(weight, outputAxis: 0, using: &plan) : nil
  }

  /// A layer that shares a weight: the output of a language model tied to its embedding.
  public init(weight: Parameter, bias: Parameter?) {
    self.weight = weight
    self.bias = bias
    spectralNorm = nil
  }

  /// Maps x, [..., in], to [..., out]. With spectral normalisation, a pass in training also improves
  /// the estimate of the largest singular value.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    linear(x, spectralNorm?(weight.value, context) ?? weight.value, bias?.value)
  }

  /// For layers without spectral normalisation.
  public func callAsFunction(_ x: Tensor) -> Tensor { linear(x, weight.value, bias?.value) }
}
