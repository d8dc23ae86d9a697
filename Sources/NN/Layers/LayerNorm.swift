import Autograd

/// Layer normalisation (Ba et al. 2016) over the last axis.
public struct LayerNorm: Layer {
  /// The factors (γ), [size].
  public let weight: Parameter
  /// The offsets (β), [size].
  public let bias: Parameter
  /// ε, which is added to the variance for numerical stability.
  public let epsilon: Float

  /// - Parameters:
  ///   - size: of the last axis.
  ///   - epsilon: added to the variance.
  ///   - plan: takes the factors, which start with 1, and the offsets, with 0.
  public init(_ size: Int, epsilon: Float = 1e-5, using plan: inout ParameterPlan) {
    weight = plan.parameter([size], .constant(1))
    bias = plan.parameter([size], .constant(0))
    self.epsilon = epsilon
  }

  /// Normalises each vector of the last axis of x, [..., size]; the context is not used.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    layerNorm(x, weight.value, bias.value, epsilon: epsilon)
  }
}
