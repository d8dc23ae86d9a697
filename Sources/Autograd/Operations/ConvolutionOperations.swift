import CKernels
import Kernels

/// Two-dimensional convolution, as PyTorch's `conv2d` on images whose channels lie side by side.
/// - Parameters:
///   - x: [batch, height, width, in].
///   - weight: [kernelHeight, kernelWidth, in, out].
///   - bias: [out]; nil: none.
///   - stride: pixels from one window to the next.
///   - padding: rows and columns of zeros around x.
///   - mode: exact sums, or fewer multiplications.
/// - Returns: [batch, (height + 2 padding - kernelHeight) / stride + 1, likewise the width, out].
public func conv2d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Int = 1, padding: Int = 0,
  mode: ConvolutionMode
) -> Tensor {
  require(
    x.rank == 4 && weight.rank == 4 && x.shape[3] == weight.shape[2],
    "conv2d: \(x.shape) with the weight \(weight.shape)")
  require(
    bias.map { $0.shape == [weight.shape[3]] } ?? true,
    "conv2d: the bias \(bias?.shape ?? []) with the weight \(weight.shape)")
  let shape = ConvolutionShape(
    batch: x.shape[0], height: x.shape[1], width: x.shape[2], channels: x.shape[3],
    kernels: weight.shape[3], kernelHeight: weight.shape[0], kernelWidth: weight.shape[1],
    stride: stride, padding: padding)
  return ConvolutionSizes(shape: shape, mode: mode).forward(x, weight, bias)
}

/// Transposed convolution: the gradient of ``conv2d(_:_:_:stride:padding:mode:)`` by its input, as
/// PyTorch's `conv_transpose2d`.
/// - Parameters:
///   - x: [batch, height, width, in].
///   - weight: [kernelHeight, kernelWidth, out, in].
///   - bias: [out]; nil: none.
///   - stride: pixels of the result from one window to the next.
///   - padding: rows and columns left out around the result.
///   - outputPadding: rows and columns more at the end, below `stride`.
///   - mode: exact sums, or fewer multiplications.
/// - Returns: [batch, (height - 1) stride - 2 padding + kernelHeight + outputPadding, likewise the
///   width, out].
public func convTranspose2d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Int = 1, padding: Int = 0,
  outputPadding: Int = 0, mode: ConvolutionMode
) -> Tensor {
  require(
    x.rank == 4 && weight.rank == 4 && x.shape[3] == weight.shape[3],
    "convTranspose2d: \(x.shape) with the weight \(weight.shape)")
  require(
    bias.map { $0.shape == [weight.shape[2]] } ?? true,
    "convTranspose2d: the bias \(bias?.shape ?? []) with the weight \(weight.shape)")
  require(
    outputPadding >= 0 && outputPadding < stride,
    "convTranspose2d: an output padding of \(outputPadding) with the stride \(stride)")
  func size(_ axis: Int) -> Int {
    (x.shape[axis] - 1) * stride - 2 * padding + weight.shape[axis - 1] + outputPadding
  }
  let shape = ConvolutionShape(
    batch: x.shape[0], height: size(1), width: size(2), channels: weight.shape[2],
    kernels: x.shape[3], kernelHeight: weight.shape[0], kernelWidth: weight.shape[1],
    stride: stride, padding: padding)
  return ConvolutionSizes(shape: shape, mode: mode).inputGradient(x, weight, bias)
}

/// The three directions of one convolution. Each is linear in two operands, and its gradients are the
/// two others, so derivatives of any order exist.
private struct ConvolutionSizes {
  let shape: ConvolutionShape
  let mode: ConvolutionMode

  private var xShape: Shape { [shape.batch, shape.height, shape.width, shape.channels] }
  private var yShape: Shape { [shape.batch, shape.outputHeight, shape.outputWidth, shape.kernels] }
  private var weightShape: Shape {
    [shape.kernelHeight, shape.kernelWidth, shape.channels, shape.kernels]
  }

  func forward(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
    let output = Storage(count: yShape.count)
    Convolution.forward(shape, mode, x.pointer, weight.pointer, bias: bias?.pointer, output.base)
    let inputs = [x, weight] + (bias.map { [$0] } ?? [])
    return Tensor(output, yShape).recorded(from: inputs, keepsOutput: false) { dy, context in
      let hasBias = context.inputCount > 2
      return [
        context.needs(0) ? inputGradient(dy, context.input(1), nil) : nil,
        context.needs(1) ? weightGradient(context.input(0), dy) : nil,
      ] + (hasBias ? [context.needs(2) ? dy.channelSum() : nil] : [])
    }
  }

  func inputGradient(_ y: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
    let output = Storage(count: xShape.count)
    Convolution.inputGradient(
      shape, mode, y.pointer, weight.pointer, bias: bias?.pointer, output.base)
    let inputs = [y, weight] + (bias.map { [$0] } ?? [])
    return Tensor(output, xShape).recorded(from: inputs, keepsOutput: false) { dx, context in
      let hasBias = context.inputCount > 2
      return [
        context.needs(0) ? forward(dx, context.input(1), nil) : nil,
        context.needs(1) ? weightGradient(dx, context.input(0)) : nil,
      ] + (hasBias ? [context.needs(2) ? dx.channelSum() : nil] : [])
    }
  }

  private func weightGradient(_ x: Tensor, _ y: Tensor) -> Tensor {
    let output = Storage(count: weightShape.count)
    Convolution.weightGradient(shape, mode, x.pointer, y.pointer, output.base)
    return Tensor(output, weightShape).recorded(
      from: x, y, { dw, _, y in inputGradient(y, dw, nil) },
      { dw, x, _ in forward(x, dw, nil) })
  }
}
