import Autograd
import Kernels

/// Starting values of weights, as PyTorch's `nn.init` and its layers' own defaults draw them.
public enum Initializer {
  /// Orthonormal rows or columns, whichever are fewer (Saxe et al. 2014), by LAPACK's QR.
  /// - Parameters:
  ///   - shape: [rows, columns].
  ///   - gain: what the orthonormal values are multiplied by.
  ///   - random: draws the matrix that is made orthonormal.
  public static func orthogonal(
    _ shape: Shape, gain: Float = 1, using random: inout RandomSource
  ) -> Tensor {
    require(shape.rank == 2, "orthogonal: the shape \(shape)")
    let isWide = shape[0] < shape[1]
    let (rows, columns) = isWide ? (shape[1], shape[0]) : (shape[0], shape[1])
    let tall = Tensor.normal([rows, columns], using: &random).orthonormalColumns() * gain
    return isWide ? tall.transposed : tall
  }
}
