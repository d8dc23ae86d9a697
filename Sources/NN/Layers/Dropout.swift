import Autograd

/// Sets values to 0 at random while training; see ``/Autograd/Tensor/dropout(_:_:)``.
public struct Dropout: Layer {
  /// The probability that a value is dropped, 0 to 1.
  public let rate: Float

  /// - Parameter rate: the probability of a value to be dropped, 0 to 1.
  public init(_ rate: Float) { self.rate = rate }

  /// Drops values of x in training; in inference, x passes unchanged.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    x.dropout(rate, context)
  }
}
