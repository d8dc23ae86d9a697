import Kernels

@testable import Autograd

/// The table: every differentiable operation of `Sources/Autograd/Operations`.
enum GradientRows {
  /// Every pattern of broadcasting under each of the four operators.
  static var arithmetic: [GradientRow] {
    let pairs: [(Shape, Shape)] = [
      ([3, 4], [3, 4]), ([3, 4], [4]), ([3, 4], [3, 1]), ([3, 4], [1, 4]), ([3, 4], []),
      ([3, 1], [1, 4]), ([2, 3, 4], [3, 1]), ([2, 1, 4], [3, 1]), ([1], [5]), ([], []),
      ([2, 1, 3, 1], [1, 4, 1, 2]), ([2, 3, 2], [2, 1, 2]),
    ]
    var rows: [GradientRow] = []
    for (index, (left, right)) in pairs.enumerated() {
      for (a, b) in left == right ? [(left, right)] : [(left, right), (right, left)] {
        let inputs = [
          Samples.signed(a, UInt64(10 + index)), Samples.signed(b, UInt64(60 + index)),
        ]
        rows += [
          GradientRow("\(a) + \(b)", inputs) { $0[0] + $0[1] },
          GradientRow("\(a) - \(b)", inputs) { $0[0] - $0[1] },
          GradientRow("\(a) * \(b)", inputs) { $0[0] * $0[1] },
          GradientRow("\(a) / \(b)", inputs) { $0[0] / $0[1] },
        ]
      }
    }
    let x = [Samples.signed([2, 3], 1)]
    return rows + [
      GradientRow("-x", x) { -$0[0] },
      GradientRow("x + 2", x) { $0[0] + 2 },
      GradientRow("2 + x", x) { 2 + $0[0] },
      GradientRow("x - 2", x) { $0[0] - 2 },
      GradientRow("2 - x", x) { 2 - $0[0] },
      GradientRow("x * 3", x) { $0[0] * 3 },
      GradientRow("3 * x", x) { 3 * $0[0] },
      GradientRow("x / 3", x) { $0[0] / 3 },
      GradientRow("3 / x", x) { 3 / $0[0] },
      GradientRow("affine", x) { $0[0].affine(-2, 0.5) },
      GradientRow("x * x", x) { $0[0] * $0[0] },
      GradientRow("x + x", x) { $0[0] + $0[0] },
      GradientRow("shared twice", x) { x in
        let y = exp(x[0])
        return y * x[0] + y / (y + 1)
      },
    ]
  }

  static var functions: [GradientRow] {
    let x = [Samples.signed([3, 7], 2)]
    let positive = [Samples.positive([3, 7], 3)]
    let shape: Shape = [2, 3, 4]
    let cube = [Samples.normal(shape, 4)]
    return [
      GradientRow("exp", x) { exp($0[0]) },
      GradientRow("log", positive) { log($0[0]) },
      GradientRow("sqrt", positive) { sqrt($0[0]) },
      GradientRow("square", x) { square($0[0]) },
      GradientRow("abs", x) { abs($0[0]) },
      GradientRow("tanh", x) { tanh($0[0]) },
      GradientRow("sigmoid", x) { sigmoid($0[0]) },
      GradientRow("relu", x) { relu($0[0]) },
      GradientRow("square of relu", x) { square(relu($0[0])) },
      GradientRow("leakyRelu", x) { leakyRelu($0[0], slope: 0.2) },
      GradientRow("softplus", x) { softplus($0[0]) },
      GradientRow("gelu", x) { gelu($0[0]) },
      GradientRow("gelu by tanh", x) { gelu($0[0], approximation: .tanh) },
      GradientRow("square of gelu", x) { square(gelu($0[0])) },
      GradientRow("sum", cube) { square($0[0]).sum() },
      GradientRow("mean", cube) { square($0[0]).mean() },
      GradientRow("sum(axis: 0)", cube) { square($0[0]).sum(axis: 0) },
      GradientRow("sum(axis: 1)", cube) { square($0[0]).sum(axis: 1, keepsAxis: true) },
      GradientRow("sum(axis: -1)", cube) { square($0[0]).sum(axis: -1) },
      GradientRow("mean(axis: 1)", cube) { square($0[0]).mean(axis: 1) },
      GradientRow("mean(axis: 2)", cube) { square($0[0]).mean(axis: 2, keepsAxis: true) },
      GradientRow("summed(to: [3, 1])", cube) { square($0[0]).summed(to: [3, 1]) },
      GradientRow("summed(to: [2, 1, 4])", cube) { square($0[0]).summed(to: [2, 1, 4]) },
      GradientRow("broadcast", [Samples.normal([3, 1], 5)]) {
        square($0[0]).broadcast(to: [2, 3, 4])
      },
      GradientRow("dropout", cube) { x in
        square(x[0]).dropout(0.4, Context(isTraining: true, random: RandomSource(seed: 9)))
      },
    ]
  }

  static var movement: [GradientRow] {
    let x = [Samples.normal([2, 3, 4], 6)]
    let parts = [
      Samples.normal([2, 2, 3], 7), Samples.normal([2, 1, 3], 8), Samples.normal([2, 4, 3], 9),
    ]
    let rows = [Samples.normal([3, 4], 10), Samples.normal([2, 4], 11)]
    let table = [Samples.normal([5, 3], 12)]
    let indices = Indices([0, 3, 3, 4, 0, 3], [2, 3])
    return [
      GradientRow("reshaped", x) { square($0[0].reshaped([4, 6])) },
      GradientRow("permuted [2, 0, 1]", x) { square($0[0].permuted([2, 0, 1])) },
      GradientRow("permuted [1, 0, 2]", x) { square($0[0].permuted([1, 0, 2])) },
      GradientRow("transposed", x) { square($0[0].transposed) },
      GradientRow("sliced, axis 0", x) { square($0[0].sliced(1..<2)) },
      GradientRow("sliced, axis 1", x) { square($0[0].sliced(1..<3, axis: 1)) },
      GradientRow("sliced, axis -1", x) { square($0[0].sliced(0..<3, axis: -1)) },
      GradientRow("padded", x) { square($0[0].padded(to: 7, from: 2, axis: 1)) },
      GradientRow("concatenated, axis 0", rows) { square(concatenated($0)) },
      GradientRow("concatenated, axis 1", parts) { square(concatenated($0, axis: 1)) },
      GradientRow("concatenated with itself", rows) {
        square(concatenated([$0[0], $0[1], $0[0]], axis: 0))
      },
      GradientRow("gathered", table) { square($0[0].gathered(indices)) },
      GradientRow("scattered", [Samples.normal([2, 3, 3], 13)]) {
        square($0[0].scattered(indices, rows: 5))
      },
    ]
  }
}
