import CKernels
import Glibc
import Kernels
import Testing

/// The fast mode of 3 x 3 windows at stride 1, against the definition.
@Suite struct WinogradTests {
  private static func shape(
    _ batch: Int, _ height: Int, _ width: Int, _ channels: Int, _ kernels: Int, padding: Int = 1
  ) -> ConvolutionShape {
    ConvolutionShape(
      batch: batch, height: height, width: width, channels: channels, kernels: kernels,
      kernelHeight: 3, kernelWidth: 3, padding: padding)
  }

  /// Maps of no whole number of tiles, several images in a block of tiles, channels that fill neither a
  /// vector nor a panel, every padding.
  static let shapes = [
    shape(1, 13, 17, 32, 32), shape(4, 9, 5, 33, 40), shape(1, 16, 15, 32, 35, padding: 0),
    shape(2, 10, 11, 34, 32, padding: 2), shape(2, 12, 12, 32, 65), shape(4, 8, 8, 100, 32),
    shape(16, 1, 2, 32, 33),
  ]
  /// Enough tiles that the gradient of the weights has several groups of several blocks.
  static let large = shape(24, 20, 18, 64, 48)

  private static func isClose(_ errors: (forward: Double, input: Double, weight: Double)) -> Bool {
    errors.forward < 3e-5 && errors.input < 3e-5 && errors.weight < 3e-5
  }

  @Test(arguments: shapes)
  func equalsTheDefinition(_ shape: ConvolutionShape) {
    let problem = ConvolutionCase(shape)
    let errors = problem.errors(.fast, from: NaiveConvolution.results(problem))
    #expect(Self.isClose(errors), "\(errors)")
  }

  /// Both ways round to different bytes: otherwise the fast one was not taken, or the exact one not left alone.
  @Test func fastDiffersFromExactByLittle() {
    let problem = ConvolutionCase(Self.large)
    let (fast, exact) = (problem.results(.fast), problem.results(.exact))
    func error(_ values: (ConvolutionCase.Results) -> [Float]) -> Double {
      ConvolutionCase.error(values(fast), values(exact).map { Double($0) })
    }
    for error in [error { $0.forward }, error { $0.input }, error { $0.weight }] {
      #expect(error < 3e-5)
      #expect(error > 0)
    }
  }

  @Test func everyLevel() async {
    await #expect(processExitsWith: .success) {
      let problem = ConvolutionCase(WinogradTests.shapes[1])
      let exact = NaiveConvolution.results(problem)
      for level in 0..<Int32(AIGC_LEVEL_COUNT) where aigc_set_level(level) == 1 {
        let errors = problem.errors(.fast, from: exact)
        #expect(WinogradTests.isClose(errors), "level \(level): \(errors)")
        if !WinogradTests.isClose(errors) { exit(EXIT_FAILURE) }
      }
    }
  }

  @Test func sameBytesForAnyNumberOfThreads() async {
    await #expect(processExitsWith: .success) {
      let problem = ConvolutionCase(WinogradTests.large)
      Threads.count = 1
      let one = problem.results(.fast)
      for threads in [2, 3] {
        Threads.count = threads
        let several = problem.results(.fast)
        if several.forward != one.forward || several.input != one.input
          || several.weight != one.weight
        {
          Issue.record("\(threads) threads")
          exit(EXIT_FAILURE)
        }
      }
    }
  }

  /// A wrong value in one of the many must be seen.
  @Test func errorCanFail() {
    #expect(ConvolutionCase.error([1, 2, 3], [1, 2, 3.001]) > 3e-5)
    #expect(ConvolutionCase.error([1, .nan, 3], [1, 2, 3]).isNaN)
  }
}
