import Autograd
import Kernels

/// Starting values of weights, as PyTorch's `nn.init` and its layers' own defaults draw them.
public enum Initializer {
  /// Uniform within ±1/√fanIn: what Linear and convolutions start with (He et al. 2015 with a = √5).
  public static func fanIn(
    _ shape: Shape, fanIn: Int, using random: inout RandomSource
  ) -> Tensor {
    let bound = fanIn > 0 ? 1 / Float(fanIn).squareRoot() : 0
    return .uniform(shape, -bound, bound, using: &random)
  }

  /// Sets a parameter to draws of a normal distribution: the start of DCGAN's weights (Radford et al.
  /// 2016: 0.02 around 0, and around 1 for those of batch normalisation).
  public static func normal(
    _ parameter: Parameter, mean: Float = 0, deviation: Float, using random: inout RandomSource
  ) {
    parameter.value = .normal(
      parameter.shape, mean: mean, deviation: deviation, using: &random)
  }

  /// Orthonormal rows or columns, whichever are fewer (Saxe et al. 2014), by LAPACK's QR.
  /// - Parameter shape: [rows, columns].
  public static func orthogonal(
    _ shape: Shape, gain: Float = 1, using random: inout RandomSource
  ) -> Tensor {
    precondition(shape.rank == 2, "orthogonal: the shape \(shape)")
    let isWide = shape[0] < shape[1]
    let (rows, columns) = isWide ? (shape[1], shape[0]) : (shape[0], shape[1])
    let tall = Tensor.normal([rows, columns], using: &random).orthonormalColumns() * gain
    return isWide ? tall.transposed : tall
  }
}
