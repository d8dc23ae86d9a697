import Autograd
import Kernels

/// y = x W + b over the last axis: GPT-2's fully connected layer, whose weight lies the other way
/// round than that of ``Linear``.
public struct Conv1D: Layer {
  /// [in, out].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter

  /// - Parameters:
  ///   - input: size of the last axis of x.
  ///   - output: size of the last axis of y.
  ///   - deviation: of the normal distribution that the weight is drawn from; the bias is 0.
  ///   - plan: takes weight and bias.
  public init(
    _ input: Int, _ output: Int, deviation: Float = 0.02, using plan: inout ParameterPlan
  ) {
    weight = plan.parameter([input, output], .normal(deviation: deviation))
    bias = plan.parameter([output], .constant(0))
  }

  /// Maps x, [..., in], to [..., out]; the context is not used.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { self(x) }

  /// Maps x, [..., in], to [..., out].
  public func callAsFunction(_ x: Tensor) -> Tensor { conv1D(x, weight.value, bias.value) }
}
