import Autograd
import Kernels

/// A vector for each token.
public struct Embedding: Module {
  /// [tokens, size].
  public let weight: Parameter

  /// - Parameters:
  ///   - tokens: the number of vectors; ids go from 0 to below it.
  ///   - size: values of each vector.
  ///   - deviation: of the normal distribution that the vectors are drawn from; PyTorch's is 1.
  ///   - plan: takes the vectors.
  public init(
    _ tokens: Int, _ size: Int, deviation: Float = 1, using plan: inout ParameterPlan
  ) {
    weight = plan.parameter([tokens, size], .normal(deviation: deviation))
  }

  /// - Parameter indices: token ids of any shape.
  /// - Returns: [..., size].
  public func callAsFunction(_ indices: Indices) -> Tensor { weight.value.gathered(indices) }
}
