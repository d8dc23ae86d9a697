import CKernels
import Kernels

/// x · sigmoid(x): SiLU (Elfwing et al. 2017), also called Swish.
public func silu(_ x: Tensor) -> Tensor {
  x.map(aigc_silu).recorded(from: [x], recomputing: { $0.input(0).map(aigc_silu) }) { dy, context in
    [siluGradient(dy, context.input(0))]
  }
}

/// One pass where nothing is recorded, else plain operations, which can be differentiated again.
private func siluGradient(_ dy: Tensor, _ x: Tensor) -> Tensor {
  guard dy.isRecorded || x.isRecorded else { return zip(dy, x, aigc_silu_grad) }
  let s = sigmoid(x)
  return dy * (s + x * s * (1 - s))
}

extension TransformerActivation {
  /// The function over n values, and its derivative from dy and the input.
  fileprivate var kernels: (value: UnaryKernel, gradient: BinaryKernel) {
    switch self {
    case .geluTanh: (aigc_gelu_tanh, aigc_gelu_tanh_grad)
    case .gelu: (aigc_gelu_erf, aigc_gelu_erf_grad)
    case .relu: (aigc_relu, { aigc_leaky_relu_grad($0, 0, $1, $2, $3) })
    case .silu: (aigc_silu, aigc_silu_grad)
    }
  }

  /// The derivative from dy and the input, which can be differentiated again.
  fileprivate func gradient(_ dy: Tensor, _ x: Tensor) -> Tensor {
    switch self {
    case .geluTanh: geluGradient(dy, x, .tanh)
    case .gelu: geluGradient(dy, x, .none)
    case .relu: leakyReluGradient(dy, x, slope: 0)
    case .silu: siluGradient(dy, x)
    }
  }
}

extension Tensor {
  /// Each value through `activation`.
  public func activated(by activation: TransformerActivation) -> Tensor {
    switch activation {
    case .geluTanh: gelu(self, approximation: .tanh)
    case .gelu: gelu(self, approximation: .none)
    case .relu: relu(self)
    case .silu: silu(self)
    }
  }
}

/// activation(gate) · up (Shazeer 2020): SwiGLU with SiLU, GeGLU with GELU. One pass over memory, and the
/// activation's values are not kept for the gradient.
/// - Parameters:
///   - gate: of any shape.
///   - up: of the same.
///   - activation: of the gate.
public func gated(_ gate: Tensor, _ up: Tensor, by activation: TransformerActivation) -> Tensor {
  require(gate.shape == up.shape, "gated: \(gate.shape) and \(up.shape)")
  func product(_ gate: Tensor, _ up: Tensor) -> Tensor {
    zip(gate, up) { n, gate, up, y in
      activation.kernels.value(n, gate, y)
      aigc_multiply(n, y, up, y)
    }
  }
  return product(gate, up).recorded(
    from: [gate, up], recomputing: { product($0.input(0), $0.input(1)) }
  ) { dy, context in
    let (gate, up) = (context.input(0), context.input(1))
    if context.withHistory {
      return [
        context.needs(0) ? activation.gradient(dy * up, gate) : nil,
        context.needs(1) ? dy * gate.activated(by: activation) : nil,
      ]
    }
    return gatedGradients(dy, gate, up, activation).enumerated().map {
      context.needs($0) ? $1 : nil
    }
  }
}

/// Both gradients in one pass, without history.
private func gatedGradients(
  _ dy: Tensor, _ gate: Tensor, _ up: Tensor, _ activation: TransformerActivation
) -> [Tensor] {
  let (dgate, dup) = (Storage(count: dy.count), Storage(count: dy.count))
  let (slope, g, u, first, second) = (dy.base, gate.base, up.base, dgate.base, dup.base)
  let (value, gradient) = activation.kernels
  parallelElements(dy.count) { start, end in
    let count = end - start
    aigc_multiply(count, slope + start, u + start, first + start)
    gradient(count, first + start, g + start, first + start)
    value(count, g + start, second + start)
    aigc_multiply(count, second + start, slope + start, second + start)
  }
  return [Tensor(dgate, gate.shape), Tensor(dup, up.shape)]
}
