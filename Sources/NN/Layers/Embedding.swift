import Autograd
import Kernels

/// A vector for each token.
public struct Embedding: Module {
  /// [tokens, size].
  public let weight: Parameter

  /// Vectors drawn from the standard normal distribution, as PyTorch does.
  public init(_ tokens: Int, _ size: Int, using random: inout RandomSource) {
    weight = Parameter(.normal([tokens, size], using: &random))
  }

  /// - Parameter indices: token ids of any shape.
  /// - Returns: [..., size].
  public func callAsFunction(_ indices: Indices) -> Tensor { weight.value.gathered(indices) }
}
