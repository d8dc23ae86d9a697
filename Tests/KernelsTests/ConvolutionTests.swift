import Kernels
import Testing

/// The definition, one product after the other, in double precision.
enum NaiveConvolution {
  /// Calls `body` for every channel of x that a window meets, with its index, that of its first weight,
  /// and that of the window's first kernel in y: it is multiplied with all kernels.
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
              for c in 0..<s.channels { body(x + c, weight + c * s.kernels, y) }
            }
          }
        }
      }
    }
  }

  /// All three directions of a case.
  static func results(_ one: ConvolutionCase) -> (
    forward: [Double], input: [Double], weight: [Double]
  ) {
    let shape = one.shape
    var forward = (0..<shape.outputCount).map { Double(one.bias[$0 % shape.kernels]) }
    var input = (0..<shape.inputCount).map { Double(one.inputBias[$0 % shape.channels]) }
    var gradient = [Double](repeating: 0, count: shape.weightCount)
    forward.withUnsafeMutableBufferPointer { forward in
      gradient.withUnsafeMutableBufferPointer { gradient in
        products(shape) { i, w, o in
          let x = Double(one.x[i])
          var sum = 0.0
          for k in 0..<shape.kernels {
            let (weight, y) = (Double(one.weight[w + k]), Double(one.y[o + k]))
            forward[o + k] += x * weight
            gradient[w + k] += x * y
            sum += weight * y
          }
          input[i] += sum
        }
      }
    }
    return (forward, input, gradient)
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
  func errors(
    _ mode: ConvolutionMode, from exact: (forward: [Double], input: [Double], weight: [Double])
  ) -> (forward: Double, input: Double, weight: Double) {
    let ours = results(mode)
    return (
      Self.error(ours.forward, exact.forward), Self.error(ours.input, exact.input),
      Self.error(ours.weight, exact.weight)
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

  /// Sizes of the plain ways: more than a block of windows, a piece of the sums and a panel; one window;
  /// few channels on either side with several tasks an image; strides above the window.
  static let plainShapes: [ConvolutionShape] = [
    .init(
      batch: 3, height: 9, width: 10, channels: 70, kernels: 67, kernelHeight: 3, kernelWidth: 3,
      padding: 1),
    .init(
      batch: 7, height: 4, width: 4, channels: 40, kernels: 33, kernelHeight: 4, kernelWidth: 4),
    .init(batch: 5, height: 4, width: 4, channels: 96, kernels: 1, kernelHeight: 4, kernelWidth: 4),
    .init(
      batch: 1, height: 33, width: 30, channels: 3, kernels: 40, kernelHeight: 7, kernelWidth: 7,
      padding: 3),
    .init(
      batch: 1, height: 30, width: 31, channels: 17, kernels: 3, kernelHeight: 7, kernelWidth: 7,
      padding: 3),
    .init(
      batch: 9, height: 19, width: 70, channels: 1, kernels: 16, kernelHeight: 4, kernelWidth: 4,
      stride: 2, padding: 1),
    .init(
      batch: 2, height: 8, width: 8, channels: 24, kernels: 1, kernelHeight: 4, kernelWidth: 4,
      padding: 1),
    .init(
      batch: 2, height: 13, width: 11, channels: 20, kernels: 9, kernelHeight: 2, kernelWidth: 3,
      stride: 4, padding: 1),
    .init(
      batch: 1, height: 70, width: 40, channels: 9, kernels: 64, kernelHeight: 3, kernelWidth: 3,
      stride: 2, padding: 0),
    .init(
      batch: 2, height: 12, width: 9, channels: 80, kernels: 2, kernelHeight: 3, kernelWidth: 3,
      stride: 2, padding: 1),
  ]

  @Test func plainWaysEqualTheDefinition() async {
    await #expect(processExitsWith: .success) {
      ConvolutionCheck.run(Self.shapes + Self.plainShapes, .exact, bound: 2e-5)
    }
  }

  /// Shapes that minimal filtering takes: whole tiles and parts of tiles, odd sizes, panels that are not
  /// full, more tiles than a block.
  static let stridedShapes: [ConvolutionShape] = [
    strided(batch: 2, height: 8, width: 8, channels: 32, kernels: 40),
    strided(batch: 1, height: 15, width: 17, channels: 33, kernels: 64),
    strided(batch: 3, height: 6, width: 22, channels: 65, kernels: 32),
    strided(batch: 67, height: 8, width: 7, channels: 32, kernels: 70),
    strided(batch: 2, height: 9, width: 9, channels: 32, kernels: 40, window: 3),
    strided(batch: 1, height: 16, width: 17, channels: 33, kernels: 64, window: 3),
    strided(batch: 3, height: 33, width: 18, channels: 65, kernels: 32, window: 3),
  ]

  static func strided(
    batch: Int, height: Int, width: Int, channels: Int, kernels: Int, window: Int = 4
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, height: height, width: width, channels: channels, kernels: kernels,
      kernelHeight: window, kernelWidth: window, stride: 2, padding: window - 3)
  }

  /// Every level and number of threads; in a process of its own, since both belong to the process.
  @Test func fastIsCloseToTheDefinition() async {
    await #expect(processExitsWith: .success) {
      ConvolutionCheck.run(Self.stridedShapes, .fast, bound: 5e-5)
    }
  }
}

/// A mode at every level against the definition, and 1, 2 and 3 threads byte by byte.
enum ConvolutionCheck {
  static func run(_ shapes: [ConvolutionShape], _ mode: ConvolutionMode, bound: Double) {
    let cases = shapes.map { ConvolutionCase($0) }
    let expected = cases.map { NaiveConvolution.results($0) }
    KernelCheck.atEveryLevel { check in
      for (one, exact) in zip(cases, expected) {
        Threads.count = 2
        let errors = one.errors(mode, from: exact)
        for (name, error) in [
          ("forward", errors.forward), ("input", errors.input), ("weight", errors.weight),
        ] where !(error < bound) {
          check.problems.append("\(name) of \(one.shape) at level \(check.level): error \(error)")
        }
        let results = (1...3).map { threads in
          Threads.count = threads
          let found = one.results(mode)
          return [found.forward, found.input, found.weight].map { $0.map { $0.bitPattern } }
        }
        if results[0] != results[1] || results[0] != results[2] {
          check.problems.append("threads change \(one.shape) at level \(check.level)")
        }
      }
    }
  }
}
