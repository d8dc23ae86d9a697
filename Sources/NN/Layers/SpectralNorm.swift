import Autograd
import Kernels

/// Spectral normalisation (Miyato et al. 2018): a weight over its largest singular value, which one
/// round of the power method a training step follows; the vectors and names of PyTorch's
/// `nn.utils.spectral_norm`. The vectors count as constants for gradients.
struct SpectralNorm: Module {
  static let weightName = "weight_orig"

  /// For each output of the layer a value.
  let u: Parameter
  /// For each value of one output's weights a value.
  let v: Parameter
  private let outputAxis: Int

  var prefix: ModulePrefix { .none }

  /// - Parameters:
  ///   - weight: a matrix, or weights of a convolution.
  ///   - outputAxis: the axis of the layer's outputs.
  ///   - plan: takes both vectors.
  init(_ weight: Parameter, outputAxis: Int, using plan: inout ParameterPlan) {
    let outputs = weight.shape[outputAxis]
    var shape = weight.shape.dimensions
    shape.remove(at: outputAxis)
    u = plan.parameter([outputs], .normalized, name: "weight_u", isTrainable: false)
    v = plan.parameter(
      shape, .normalized, name: "weight_v", isTrainable: false,
      stored: weight.shape.rank == 4 ? .window : .plain)
    self.outputAxis = outputAxis
  }

  /// The weight to be used.
  func callAsFunction(_ weight: Tensor, _ context: Context) -> Tensor {
    // [the rest, outputs].
    var order = Array(0..<weight.rank)
    order.append(order.remove(at: outputAxis))
    let matrix = weight.permuted(order).reshaped([v.count, u.count])
    if context.isTraining {
      let plain = matrix.detached
      let right = matmul(plain, u.value.reshaped([u.count, 1])).normalized()
      v.value = right.reshaped(v.shape)
      u.value = matmul(plain, right, transposeA: true).normalized().reshaped(u.shape)
    }
    let product = matmul(matrix, u.value.reshaped([u.count, 1]))
    let value = matmul(v.value.reshaped([1, v.count]), product).reshaped([])
    return weight / value
  }
}

extension Tensor {
  /// Over its Euclidean norm.
  fileprivate func normalized() -> Tensor {
    self / Swift.max(Float(squareSum().squareRoot()), 1e-12)
  }
}
