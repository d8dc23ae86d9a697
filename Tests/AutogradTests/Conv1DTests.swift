import Kernels
import Testing

@testable import Autograd

@Suite struct Conv1DTests {
  /// From 384 rows on panels are multiplied; the definition is a product of matrices and a sum. Sizes
  /// beside whole panels, tiles, pieces and blocks of rows.
  @Test(arguments: [(384, 64, 64), (401, 70, 33), (390, 3, 130), (385, 500, 8)])
  func manyRowsEqualTheDefinition(_ rows: Int, _ input: Int, _ output: Int) {
    let inputs = [
      Samples.normal([rows, input], 1), Samples.normal([input, output], 2, scale: 0.1),
      Samples.normal([output], 3),
    ]
    func run(_ operation: ([Tensor]) -> Tensor) -> [Tensor] {
      let x = inputs.map { $0.watchedCopy() }
      let y = operation(x)
      let loss = (y * Samples.normal(y.shape, 4)).sum()
      return [y.detached] + gradients(of: loss, at: x)
    }
    let expected = run { matmul($0[0], $0[1]) + $0[2] }
    let turned = run { projection($0[0], $0[1].transposed, $0[2], isByInput: false) }
    for found in [run { conv1D($0[0], $0[1], $0[2]) }, turned] {
      compare(found, expected, "\(rows), \(input), \(output)")
    }
  }

  private func compare(_ found: [Tensor], _ expected: [Tensor], _ sizes: String) {
    for (index, (a, b)) in zip(found, expected).enumerated() {
      #expect(a.shape == b.shape)
      let worst = zip(a.values, b.values).reduce(Float(0)) {
        max($0, abs($1.0 - $1.1) / max(1, abs($1.1)))
      }
      #expect(worst < 1e-4, "result \(index) of \(sizes): \(worst)")
    }
  }

  /// A block whose results are thrown away and computed again must not change by that.
  @Test(arguments: [3, 40, 400, 600], [true, false])
  func historyChangesNoBytes(_ rows: Int, _ isByInput: Bool) {
    let x = Samples.normal([rows, 70], 8)
    let weight = Samples.normal(isByInput ? [70, 33] : [33, 70], 9)
    let plain = projection(x, weight, nil, isByInput: isByInput)
    let recorded = projection(x, weight.watchedCopy(), nil, isByInput: isByInput)
    #expect(plain.values == recorded.values)
    let expected = matmul(x, weight, transposeB: !isByInput)
    compare([plain], [expected], "\(rows) rows")
  }

  /// The gradient has a second derivative for many rows too.
  @Test func manyRowsTwice() {
    let x = Samples.normal([400, 3], 5).watchedCopy()
    let weight = Samples.normal([3, 2], 6).watchedCopy()
    let y = conv1D(x, weight, Samples.normal([2], 7))
    let slope = gradients(of: square(y).sum(), at: [weight], createGraph: true)[0]
    let second = gradients(of: slope.sum(), at: [weight])[0]
    // d²/dW² of the sum of squares: 2 xᵀ x, its rows summed, the same for each output.
    let expected = matmul(x.detached, x.detached, transposeA: true).sum(axis: 0).values
    for (index, value) in second.values.enumerated() {
      #expect(abs(value - 2 * expected[index / 2]) < 1e-2 * max(1, abs(value)))
    }
  }
}
