import Autograd
import Kernels

/// y = x Wᵀ + b over the last axis.
public struct Linear: Layer {
  /// [out, in].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?

  /// - Parameters:
  ///   - input: size of the last axis of x.
  ///   - output: size of the last axis of y.
  ///   - hasBias: whether b is there.
  ///   - random: draws both uniformly within ±1/√input, as PyTorch does.
  public init(
    _ input: Int, _ output: Int, hasBias: Bool = true, using random: inout RandomSource
  ) {
    weight = Parameter(Initializer.fanIn([output, input], fanIn: input, using: &random))
    bias =
      hasBias ? Parameter(Initializer.fanIn([output], fanIn: input, using: &random)) : nil
  }

  /// A layer that shares a weight: the output of a language model tied to its embedding.
  public init(weight: Parameter, bias: Parameter?) {
    self.weight = weight
    self.bias = bias
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { self(x) }

  public func callAsFunction(_ x: Tensor) -> Tensor { linear(x, weight.value, bias?.value) }
}
