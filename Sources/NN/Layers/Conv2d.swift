import Autograd
import Kernels

/// Two-dimensional convolution of images [batch, height, width, channels].
public struct Conv2d: Layer {
  /// [kernel, kernelWidth, in, out].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?
  let spectralNorm: SpectralNorm?
  /// Pixels of x from one window to the next, both ways.
  public let stride: Int
  /// Rows and columns of zeros on each side of x.
  public let padding: Int

  /// - Parameters:
  ///   - input: channels of x.
  ///   - output: channels of y.
  ///   - kernel: rows of a window, and its columns.
  ///   - kernelWidth: the columns, where they are others.
  ///   - stride: pixels from one window to the next.
  ///   - padding: rows and columns of zeros around x.
  ///   - hasBias: whether each channel of y gets a value of its own added.
  ///   - isSpectral: whether the weight is divided by its largest singular value.
  ///   - plan: takes weight and bias, which start uniformly within ±1/√(kernel² · in), as in PyTorch.
  public init(
    _ input: Int, _ output: Int, kernel: Int, kernelWidth: Int? = nil, stride: Int = 1,
    padding: Int = 0, hasBias: Bool = true, isSpectral: Bool = false,
    using plan: inout ParameterPlan
  ) {
    let kernelWidth = kernelWidth ?? kernel
    let start = ParameterStart.fanIn(kernel * kernelWidth * input)
    weight = plan.parameter(
      [kernel, kernelWidth, input, output], start,
      name: isSpectral ? SpectralNorm.weightName : nil, stored: .convolution)
    bias = hasBias ? plan.parameter([output], start) : nil
    spectralNorm = isSpectral ? SpectralNorm(weight, outputAxis: 3, using: &plan) : nil
    self.stride = stride
    self.padding = padding
  }

  /// Convolves x, [batch, height, width, in].
  /// - Returns: [batch, outputHeight, outputWidth, out], where outputHeight is
  ///   (height + 2 · padding - kernel) / stride + 1, rounded down, and outputWidth likewise.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    conv2d(
      x, spectralNorm?(weight.value, context) ?? weight.value, bias?.value, stride: stride,
      padding: padding, mode: context.convolution)
  }
}

/// Transposed two-dimensional convolution of images [batch, height, width, channels].
public struct ConvTranspose2d: Layer {
  /// [kernel, kernelWidth, out, in].
  public let weight: Parameter
  /// [out].
  public let bias: Parameter?
  let spectralNorm: SpectralNorm?
  /// Pixels of y from one window to the next, both ways.
  public let stride: Int
  /// Rows and columns that are left out on each side of y.
  public let padding: Int
  /// Rows and columns that y has in addition, at the bottom and at the right.
  public let outputPadding: Int

  /// - Parameters:
  ///   - input: channels of x.
  ///   - output: channels of y.
  ///   - kernel: rows of a window, and its columns.
  ///   - kernelWidth: the columns, where they are others.
  ///   - stride: pixels of y from one window to the next.
  ///   - padding: rows and columns left out around y.
  ///   - outputPadding: rows and columns more at the end of y.
  ///   - hasBias: whether each channel of y gets a value of its own added.
  ///   - isSpectral: whether the weight is divided by its largest singular value.
  ///   - plan: takes weight and bias, which start uniformly within ±1/√(kernel² · out), as in PyTorch.
  public init(
    _ input: Int, _ output: Int, kernel: Int, kernelWidth: Int? = nil, stride: Int = 1,
    padding: Int = 0, outputPadding: Int = 0, hasBias: Bool = true, isSpectral: Bool = false,
    using plan: inout ParameterPlan
  ) {
    let kernelWidth = kernelWidth ?? kernel
    let start = ParameterStart.fanIn(kernel * kernelWidth * output)
    weight = plan.parameter(
      [kernel, kernelWidth, output, input], start,
      name: isSpectral ? SpectralNorm.weightName : nil, stored: .convolution)
    bias = hasBias ? plan.parameter([output], start) : nil
    spectralNorm = isSpectral ? SpectralNorm(weight, outputAxis: 2, using: &plan) : nil
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
  }

  /// Applies the transposed convolution to x, [batch, height, width, in].
  /// - Returns: [batch, outputHeight, outputWidth, out], where outputHeight is
  ///   (height - 1) · stride - 2 · padding + kernel + outputPadding, and outputWidth likewise.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    convTranspose2d(
      x, spectralNorm?(weight.value, context) ?? weight.value, bias?.value, stride: stride,
      padding: padding, outputPadding: outputPadding, mode: context.convolution)
  }
}
