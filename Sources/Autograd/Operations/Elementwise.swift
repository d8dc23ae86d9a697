import CKernels
import Kernels

/// A kernel over n values: y from x.
typealias UnaryKernel = (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void

extension Tensor {
  /// `kernel` over all values, without history.
  @inline(__always)
  func map(_ kernel: UnaryKernel) -> Tensor {
    let output = Storage(count: count)
    let (source, target) = (base, output.base)
    parallelElements(count) { first, end in
      kernel(end - first, source + first, target + first)
    }
    return Tensor(output, shape)
  }
}

/// eˣ.
public func exp(_ x: Tensor) -> Tensor {
  x.map(aigc_exp).recordedByOutput(from: x) { dy, y in dy * y }
}

/// The natural logarithm.
public func log(_ x: Tensor) -> Tensor {
  x.map(aigc_log).recorded(from: x) { dy, x in dy / x }
}

/// √x; its derivative at 0 is infinite.
public func sqrt(_ x: Tensor) -> Tensor {
  x.map(aigc_sqrt).recordedByOutput(from: x) { dy, y in dy / (y * 2) }
}

/// x².
public func square(_ x: Tensor) -> Tensor {
  (x.detached * x.detached).recorded(from: x) { dy, x in dy * (x * 2) }
}

/// |x|; its derivative at 0 is 0.
public func abs(_ x: Tensor) -> Tensor {
  x.map(aigc_abs).recorded(from: x) { dy, x in dy * x.detached.map(aigc_sign) }
}

/// The hyperbolic tangent.
public func tanh(_ x: Tensor) -> Tensor {
  x.map(aigc_tanh).recordedByOutput(from: x) { dy, y in tanhGradient(dy, y) }
}

/// 1 / (1 + e⁻ˣ).
public func sigmoid(_ x: Tensor) -> Tensor {
  x.map(aigc_sigmoid).recordedByOutput(from: x) { dy, y in sigmoidGradient(dy, y) }
}

/// max(x, 0); its derivative at 0 is 0.
public func relu(_ x: Tensor) -> Tensor {
  x.map(aigc_relu).recordedByOutput(from: x) { dy, y in leakyReluGradient(dy, y, slope: 0) }
}

/// x where positive, else slope · x.
public func leakyRelu(_ x: Tensor, slope: Float = 0.01) -> Tensor {
  let y = x.map { aigc_leaky_relu($0, slope, $1, $2) }
  // The output is above 0 where the input is, unless the slope is below 0.
  return slope < 0
    ? y.recorded(from: x) { dy, x in leakyReluGradient(dy, x, slope: slope) }
    : y.recordedByOutput(from: x) { dy, y in leakyReluGradient(dy, y, slope: slope) }
}

/// dy where x is positive, else slope · dy. Linear in dy, and the same function again is its
/// derivative; by x it has none.
func leakyReluGradient(_ dy: Tensor, _ x: Tensor, slope: Float) -> Tensor {
  zip(dy, x.detached) { aigc_leaky_relu_grad($0, slope, $1, $2, $3) }.recorded(
    from: [dy, x.detached], keepsFirst: false, keepsOutput: false
  ) { d, context in [leakyReluGradient(d, context.input(1), slope: slope), nil] }
}

/// 1 where x is above 0, else `slope`; without history.
func activationSlopes(_ x: Tensor, _ slope: Float) -> Tensor {
  x.map { n, x, y in
    aigc_step(n, x, y)
    aigc_scale_add(n, 1 - slope, slope, y, y)
  }
}

/// log(1 + eˣ).
public func softplus(_ x: Tensor) -> Tensor {
  x.map(aigc_softplus).recorded(from: x) { dy, x in dy * sigmoid(x) }
}

/// dy (1 - y²), one pass where nothing is recorded.
private func tanhGradient(_ dy: Tensor, _ y: Tensor) -> Tensor {
  if dy.isRecorded || y.isRecorded { return dy * (1 - square(y)) }
  return zip(dy, y, aigc_tanh_grad)
}

/// dy y (1 - y), the same.
private func sigmoidGradient(_ dy: Tensor, _ y: Tensor) -> Tensor {
  if dy.isRecorded || y.isRecorded { return dy * (y * (1 - y)) }
  return zip(dy, y, aigc_sigmoid_grad)
}

/// A kernel over two tensors of one shape, without history.
@inline(__always)
func zip(_ a: Tensor, _ b: Tensor, _ kernel: BinaryKernel) -> Tensor {
  let output = Storage(count: a.count)
  let (p, q, target) = (a.base, b.base, output.base)
  parallelElements(a.count) { first, end in
    kernel(end - first, p + first, q + first, target + first)
  }
  return Tensor(output, a.shape)
}

/// Adds `tensor` to memory of the same size.
func addInPlace(_ tensor: Tensor, to storage: Storage) {
  let (source, target) = (tensor.base, storage.base)
  parallelElements(tensor.count) { first, end in
    aigc_add(end - first, target + first, source + first, target + first)
  }
}
