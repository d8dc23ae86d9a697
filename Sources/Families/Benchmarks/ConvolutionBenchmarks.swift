import Kernels

/// The three directions of each convolution of DCGAN and CycleGAN at their sizes in training, and of two
/// wider ones. Their names say everything: channels, kernels, pixels of the larger map, window, stride,
/// padding, batch, direction. `Scripts/peers/torch_conv_bench.py` reads them.
public let convolutionBenchmarks: [Benchmark] = {
  /// Square maps and windows.
  func shape(
    _ channels: Int, _ kernels: Int, _ size: Int, _ window: Int, _ stride: Int, _ padding: Int,
    batch: Int
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, height: size, width: size, channels: channels, kernels: kernels,
      kernelHeight: window, kernelWidth: window, stride: stride, padding: padding)
  }
  let shapes = [
    // DCGAN; its transposed convolutions are input gradients of these.
    shape(512, 100, 4, 4, 1, 0, batch: 64), shape(256, 512, 8, 4, 2, 1, batch: 64),
    shape(128, 256, 16, 4, 2, 1, batch: 64), shape(1, 128, 32, 4, 2, 1, batch: 64),
    shape(512, 1, 4, 4, 1, 0, batch: 64),
    // CycleGAN: generator, patch discriminator.
    shape(3, 64, 64, 7, 1, 3, batch: 1), shape(64, 64, 64, 3, 1, 1, batch: 1),
    shape(64, 3, 64, 7, 1, 3, batch: 1), shape(3, 64, 64, 4, 2, 1, batch: 1),
    shape(64, 128, 32, 4, 2, 1, batch: 1), shape(128, 256, 16, 4, 2, 1, batch: 1),
    shape(256, 1, 8, 4, 1, 1, batch: 1),
    shape(256, 256, 64, 3, 1, 1, batch: 1), shape(128, 128, 32, 3, 1, 1, batch: 16),
    // A classifier of small images, and a wider one.
    shape(32, 64, 14, 3, 1, 1, batch: 64), shape(64, 64, 32, 3, 1, 1, batch: 32),
  ]
  return shapes.flatMap { shape in
    ConvolutionCall.Direction.allCases.map { direction in
      Benchmark(
        timing: ConvolutionCall.name(shape) + "-" + direction.rawValue, unit: "MFLOP/s",
        items: max(1, shape.operations / 1_000_000)
      ) {
        let call = ConvolutionCall(shape)
        return { call.run(direction) }
      }
    }
  }
}()

/// One convolution of random maps.
private final class ConvolutionCall {
  enum Direction: String, CaseIterable {
    case forward
    case input
    case weight
  }
  private let shape: ConvolutionShape
  private var x: [Float]
  private var weight: [Float]
  private var y: [Float]

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    var random = RandomSource(seed: 1)
    func values(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.normal()) } }
    x = values(shape.inputCount)
    weight = values(shape.weightCount)
    y = values(shape.outputCount)
  }

  /// Writes over the operand that the direction gives, as it is not read.
  func run(_ direction: Direction) {
    switch direction {
    case .forward: Convolution.forward(shape, .fast, x, weight, bias: nil, &y)
    case .input: Convolution.inputGradient(shape, .fast, y, weight, bias: nil, &x)
    case .weight: Convolution.weightGradient(shape, .fast, x, y, &weight)
    }
  }

  /// "conv-128-256-16-4s2p1-b64".
  static func name(_ shape: ConvolutionShape) -> String {
    "conv-\(shape.channels)-\(shape.kernels)-\(shape.height)-\(shape.kernelHeight)"
      + "s\(shape.stride)p\(shape.padding)-b\(shape.batch)"
  }
}
