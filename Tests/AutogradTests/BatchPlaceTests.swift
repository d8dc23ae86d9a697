import Kernels
import TestSupport
import Testing

@testable import Autograd

/// An image's result does not depend on its place in a batch, nor on what stands beside it: the same seed is the same
/// image in any company.
@Suite struct BatchPlaceTests {
  private static let batch = 7

  /// What an operation makes of one row is what it makes of each of several equal ones.
  /// - Parameters:
  ///   - shape: of a row, with a batch of 1.
  ///   - operation: maps a batch of rows to as many.
  private func expectSameRows(
    _ name: String, _ shape: Shape, _ random: inout RandomSource, _ operation: (Tensor) -> Tensor
  ) {
    let one = Tensor.normal(shape, using: &random)
    let alone = operation(one).values
    let together = operation(concatenated([Tensor](repeating: one, count: Self.batch))).values
    let others = (0..<Self.batch).filter {
      !together[$0 * alone.count..<($0 + 1) * alone.count].elementsEqual(alone)
    }
    #expect(others.isEmpty, "\(name): places \(others) differ from the row alone")
  }

  @Test(arguments: [(4, 64), (16, 32), (8, 16), (7, 20)], [ConvolutionMode.fast, .exact])
  func convolutions(_ size: (side: Int, channels: Int), _ mode: ConvolutionMode) {
    var random = RandomSource(seed: 1)
    let (side, channels) = size
    let shape: Shape = [1, side, side, channels]
    for (kernel, output) in [(3, channels), (3, 2 * channels), (1, channels), (1, 3)] {
      let weight = Tensor.normal([kernel, kernel, channels, output], using: &random)
      expectSameRows("conv2d \(kernel) -> \(output)", shape, &random) {
        conv2d($0, weight, padding: kernel / 2, mode: mode)
      }
      guard kernel == 3 else { continue }
      expectSameRows("halving -> \(output)", shape, &random) {
        conv2d($0, weight, stride: 2, mode: mode)
      }
      let doubling = Tensor.normal([3, 3, output, channels], using: &random)
      expectSameRows("doubling -> \(output)", shape, &random) {
        convTranspose2d($0, doubling, stride: 2, mode: mode)
      }
    }
  }

  @Test(arguments: [16, 100, 300], [1, 3, 16, 130])
  func layers(_ input: Int, _ output: Int) {
    var random = RandomSource(seed: 1)
    let weight = Tensor.normal([output, input], using: &random)
    let bias = Tensor.normal([output], using: &random)
    expectSameRows("linear", [1, input], &random) { linear($0, weight, bias) }
    expectSameRows("linear without a bias", [1, input], &random) { linear($0, weight) }
  }
}
