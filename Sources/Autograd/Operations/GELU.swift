import CKernels
import Kernels

/// How ``gelu(_:approximation:)`` is computed, as `torch.nn.functional.gelu` names it.
public enum GELUApproximation: Sendable {
  /// Exact, by the error function.
  case none
  /// By tanh: GPT-2's `gelu_new`.
  case tanh
}

/// The Gaussian error linear unit (Hendrycks and Gimpel 2016): x times the normal distribution's share
/// below x, or GPT-2's approximation x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2.
public func gelu(_ x: Tensor, approximation: GELUApproximation = .none) -> Tensor {
  let kernel = approximation == .tanh ? aigc_gelu_tanh : aigc_gelu_erf
  return x.map(kernel).recorded(from: [x], recomputing: { $0.input(0).map(kernel) }) {
    dy, context in
    [geluGradient(dy, context.input(0), approximation)]
  }
}

/// The derivative from dy and the input: one pass where nothing is recorded.
func geluGradient(_ dy: Tensor, _ x: Tensor, _ approximation: GELUApproximation) -> Tensor {
  let isRecorded = dy.isRecorded || x.isRecorded
  switch approximation {
  case .none:
    if isRecorded { return dy * (normalCDF(x) + x * normalDensity(x)) }
    return zip(dy, x, aigc_gelu_erf_grad)
  case .tanh:
    if isRecorded { return dy * tanhSlope(x) }
    return zip(dy, x, aigc_gelu_tanh_grad)
  }
}

/// The slope of GPT-2's approximation in plain operations, which can be differentiated again.
private func tanhSlope(_ x: Tensor) -> Tensor {
  // (1 + tanh u) / 2 = sigmoid(2 u).
  let factor: Float = 1.595_769_121_6
  let s = sigmoid((x + 0.044715 * (square(x) * x)) * factor)
  return s + x * s * (1 - s) * (factor + (3 * 0.044715 * factor) * square(x))
}

/// The normal distribution's share below x.
private func normalCDF(_ x: Tensor) -> Tensor {
  x.map(aigc_normal_cdf).recorded(from: x) { dy, x in dy * normalDensity(x) }
}

private func normalDensity(_ x: Tensor) -> Tensor { exp(square(x) * -0.5) * 0.398_942_28 }
