import Kernels
import Testing

/// The definition, one product after the other, in double precision.
enum NaiveConvolution {
  /// Calls `body` with the index of x, of the weights and of y of every product.
  static func products(_ s: ConvolutionShape, _ body: (_ x: Int, _ weight: Int, _ y: Int) -> Void) {
    for n in 0..<s.batch {
      for row in 0..<s.outputHeight {
        for column in 0..<s.outputWidth {
          for dy in 0..<s.kernelHeight {
            for dx in 0..<s.kernelWidth {
              let (h, w) = (
                row * s.stride + dy - s.padding, column * s.stride + dx - s.padding
              )
              guard h >= 0, h < s.height, w >= 0, w < s.width else { continue }
              let x = ((n * s.height + h) * s.width + w) * s.channels
              let y = ((n * s.outputHeight + row) * s.outputWidth + column) * s.kernels
              let weight = (dy * s.kernelWidth + dx) * s.channels * s.kernels
              for c in 0..<s.channels {
                for k in 0..<s.kernels { body(x + c, weight + c * s.kernels + k, y + k) }
              }
            }
          }
        }
      }
    }
  }
}

/// Random values of a shape, the results of the naive twin, and the largest difference to ours.
struct ConvolutionCase {
  let shape: ConvolutionShape
  let x: [Float]
  let weight: [Float]
  let y: [Float]
  let bias: [Float]
  let inputBias: [Float]

  init(_ shape: ConvolutionShape, seed: UInt64 = 1) {
    self.shape = shape
    var random = RandomSource(seed: seed)
    func values(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.normal()) } }
    x = values(shape.inputCount)
    weight = values(shape.weightCount)
    y = values(shape.outputCount)
    bias = values(shape.kernels)
    inputBias = values(shape.channels)
  }

  typealias Results = (forward: [Float], input: [Float], weight: [Float])

  /// The largest error of each direction over the root mean square of its results.
  func errors(_ mode: ConvolutionMode) -> (forward: Double, input: Double, weight: Double) {
    let ours = results(mode)
    var forward = (0..<shape.outputCount).map { Double(bias[$0 % shape.kernels]) }
    var input = (0..<shape.inputCount).map { Double(inputBias[$0 % shape.channels]) }
    var gradient = [Double](repeating: 0, count: shape.weightCount)
    NaiveConvolution.products(shape) { i, w, o in
      forward[o] += Double(x[i]) * Double(weight[w])
      input[i] += Double(y[o]) * Double(weight[w])
      gradient[w] += Double(x[i]) * Double(y[o])
    }
    return (
      Self.error(ours.forward, forward), Self.error(ours.input, input),
      Self.error(ours.weight, gradient)
    )
  }

  /// Ours, in the three directions.
  func results(_ mode: ConvolutionMode) -> Results {
    // NaN shows what is not written.
    var forward = [Float](repeating: .nan, count: shape.outputCount)
    var input = [Float](repeating: .nan, count: shape.inputCount)
    var gradient = [Float](repeating: .nan, count: shape.weightCount)
    Convolution.forward(shape, mode, x, weight, bias: bias, &forward)
    Convolution.inputGradient(shape, mode, y, weight, bias: inputBias, &input)
    Convolution.weightGradient(shape, mode, x, y, &gradient)
    return (forward, input, gradient)
  }

  static func error(_ ours: [Float], _ exact: [Double]) -> Double {
    let power = exact.reduce(0) { $0 + $1 * $1 } / Double(max(exact.count, 1))
    let largest = zip(ours, exact).reduce(0.0) { worst, pair in
      let difference = abs(Double(pair.0) - pair.1)
      return difference > worst || difference.isNaN ? difference : worst
    }
    return largest / max(power.squareRoot(), 1e-30)
  }
}

@Suite struct ConvolutionTests {
  /// Odd sizes, rectangles, strides that leave pixels over, paddings from none to more than the window.
  static let shapes: [ConvolutionShape] = [
    .init(batch: 2, height: 5, width: 7, channels: 3, kernels: 4, kernelHeight: 3, kernelWidth: 3),
    .init(
      batch: 1, height: 6, width: 4, channels: 2, kernels: 5, kernelHeight: 3, kernelWidth: 3,
      padding: 1),
    .init(
      batch: 3, height: 8, width: 8, channels: 4, kernels: 6, kernelHeight: 4, kernelWidth: 4,
      stride: 2, padding: 1),
    .init(
      batch: 2, height: 9, width: 11, channels: 1, kernels: 3, kernelHeight: 4, kernelWidth: 4,
      stride: 2, padding: 1),
    .init(
      batch: 2, height: 4, width: 4, channels: 5, kernels: 2, kernelHeight: 4, kernelWidth: 4),
    .init(
      batch: 1, height: 9, width: 5, channels: 2, kernels: 3, kernelHeight: 7, kernelWidth: 7,
      padding: 3),
    .init(
      batch: 1, height: 3, width: 3, channels: 2, kernels: 2, kernelHeight: 2, kernelWidth: 1,
      stride: 3, padding: 2),
    .init(batch: 1, height: 1, width: 1, channels: 1, kernels: 1, kernelHeight: 1, kernelWidth: 1),
  ]

  @Test(arguments: shapes)
  func exactEqualsTheDefinition(_ shape: ConvolutionShape) {
    let errors = ConvolutionCase(shape).errors(.exact)
    #expect(errors.forward < 1e-5)
    #expect(errors.input < 1e-5)
    #expect(errors.weight < 1e-5)
  }
}
