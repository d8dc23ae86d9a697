/// Two-dimensional convolution in three directions, on all threads. Results have the same bytes for
/// any number of threads. This is the one place where a way is chosen, by shape and mode.
public enum Convolution {
  /// y = x convolved with the weights, plus the bias.
  /// - Parameters:
  ///   - shape: the sizes.
  ///   - mode: exact or fast.
  ///   - x: [batch, height, width, channels].
  ///   - weight: [kernelHeight, kernelWidth, channels, kernels].
  ///   - bias: [kernels]; nil: none.
  ///   - y: [batch, outputHeight, outputWidth, kernels].
  public static func forward(
    _ shape: ConvolutionShape, _ mode: ConvolutionMode, _ x: UnsafePointer<Float>,
    _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
  ) {
    if mode == .fast, let winograd = WinogradConvolution(shape) {
      return winograd.forward(x, weight, bias: bias, y)
    }
    if mode == .fast, let strided = StridedConvolution(shape) {
      return strided.forward(x, weight, bias: bias, y)
    }
    if let few = FewKernelConvolution(shape), few.forward(x, weight, bias: bias, y) { return }
    DirectConvolution(shape).forward(x, weight, bias: bias, y)
  }

  /// x = the transposed convolution of y, plus the bias: the gradient of ``forward(_:_:_:_:bias:_:)``
  /// by x, and the forward direction of transposed convolutions.
  /// - Parameters:
  ///   - shape: the sizes.
  ///   - mode: exact or fast.
  ///   - y: [batch, outputHeight, outputWidth, kernels].
  ///   - weight: [kernelHeight, kernelWidth, channels, kernels].
  ///   - bias: [channels]; nil: none.
  ///   - x: [batch, height, width, channels].
  public static func inputGradient(
    _ shape: ConvolutionShape, _ mode: ConvolutionMode, _ y: UnsafePointer<Float>,
    _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?, _ x: UnsafeMutablePointer<Float>
  ) {
    if mode == .fast, let winograd = WinogradConvolution(shape) {
      return winograd.inputGradient(y, weight, bias: bias, x)
    }
    if mode == .fast, let strided = StridedConvolution(shape), strided.suitsInputGradient {
      return strided.inputGradient(y, weight, bias: bias, x)
    }
    if let few = FewChannelConvolution(shape) {
      return few.inputGradient(y, weight, bias: bias, x)
    }
    DirectConvolution(shape).inputGradient(y, weight, bias: bias, x)
  }

  /// The gradient of both directions by the weights.
  /// - Parameters:
  ///   - shape: the sizes.
  ///   - mode: exact or fast.
  ///   - x: [batch, height, width, channels].
  ///   - y: the gradient that lies like y: [batch, outputHeight, outputWidth, kernels].
  ///   - weight: written: [kernelHeight, kernelWidth, channels, kernels].
  public static func weightGradient(
    _ shape: ConvolutionShape, _ mode: ConvolutionMode, _ x: UnsafePointer<Float>,
    _ y: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) {
    if mode == .fast, let winograd = WinogradConvolution(shape) {
      return winograd.weightGradient(x, y, weight)
    }
    if mode == .fast, let strided = StridedConvolution(shape) {
      return strided.weightGradient(x, y, weight)
    }
    if let few = FewKernelConvolution(shape), few.weightGradient(x, y, weight) { return }
    DirectConvolution(shape).weightGradient(x, y, weight)
  }
}
