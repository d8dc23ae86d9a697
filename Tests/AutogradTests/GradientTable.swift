import Autograd
import Kernels

/// Every differentiable operation, once for each way it is computed.
let gradientTable: [GradientRow] =
  arithmeticRows + unaryRows + reductionRows + movementRows + productRows + rowRows + lossRows
  + recurrentRows

private let arithmeticRows: [GradientRow] = [
  GradientRow("add", [[2, 3], [2, 3]]) { $0[0] + $0[1] },
  GradientRow("add, row", [[4, 3], [3]]) { $0[0] + $0[1] },
  GradientRow("add, column", [[2, 3], [2, 1]]) { $0[0] + $0[1] },
  GradientRow("add, both broadcast", [[2, 1, 3], [4, 1]]) { $0[0] + $0[1] },
  GradientRow("subtract", [[2, 3], [1, 3]]) { $0[0] - $0[1] },
  GradientRow("multiply", [[2, 3], [2, 3]]) { $0[0] * $0[1] },
  GradientRow("multiply, middle axis", [[2, 3, 2], [3, 1]]) { $0[0] * $0[1] },
  GradientRow("multiply, scalar tensor", [[2, 3], []]) { $0[0] * $0[1] },
  GradientRow("multiply, by itself", [[5]]) { $0[0] * $0[0] },
  GradientRow("divide", [[2, 3], [3]], from: 0.5, to: 2) { $0[0] / $0[1] },
  GradientRow("divide, scalar tensor", [[], [3]], from: 0.5, to: 2) { $0[0] / $0[1] },
  GradientRow("negate", [[4]]) { -$0[0] },
  GradientRow("with numbers", [[4]]) { (1 - ($0[0] * 3 + 2)) / 4 - 1 + (2 * $0[0]) },
]

private let unaryRows: [GradientRow] = [
  GradientRow("exp", [[6]]) { exp($0[0]) },
  GradientRow("log", [[6]], from: 0.5, to: 2) { log($0[0]) },
  GradientRow("sqrt", [[6]], from: 0.5, to: 2) { sqrt($0[0]) },
  GradientRow("square", [[6]]) { square($0[0]) },
  GradientRow("abs, positive", [[6]], from: 0.2, to: 1) { abs($0[0]) * $0[0] },
  GradientRow("abs, negative", [[6]], from: -1, to: -0.2) { abs($0[0]) * $0[0] },
  GradientRow("tanh", [[6]]) { tanh($0[0]) },
  GradientRow("sigmoid", [[6]]) { sigmoid($0[0]) },
  GradientRow("relu, positive", [[6]], from: 0.2, to: 1) { relu($0[0]) * $0[0] },
  GradientRow("relu, negative", [[6]], from: -1, to: -0.2) { relu($0[0]) + $0[0] },
  GradientRow("leakyRelu, positive", [[6]], from: 0.2, to: 1) { leakyRelu($0[0], slope: 0.2) },
  GradientRow("leakyRelu, negative", [[6]], from: -1, to: -0.2) {
    square(leakyRelu($0[0], slope: 0.2))
  },
  GradientRow("softplus", [[6]]) { softplus($0[0]) },
]

private let reductionRows: [GradientRow] = [
  GradientRow("sum", [[2, 3]]) { square($0[0]).sum() },
  GradientRow("mean", [[2, 3]]) { square($0[0]).mean() },
  GradientRow("sum of an axis", [[2, 3, 4]]) { square($0[0]).sum(axis: 1) },
  GradientRow("mean of the last axis", [[2, 3]]) { square($0[0]).mean(axis: -1, keepsAxis: true) },
  GradientRow("summed", [[2, 3, 4]]) { square($0[0]).summed(to: [3, 1]) },
  GradientRow("broadcast", [[3, 1]]) { square($0[0].broadcast(to: [2, 3, 2])) },
]

private let movementRows: [GradientRow] = [
  GradientRow("reshaped", [[2, 6]]) { square($0[0].reshaped([3, 4])) },
  GradientRow("permuted", [[2, 3, 4]]) { square($0[0].permuted([2, 0, 1])) },
  GradientRow("transposed", [[2, 3]]) { square($0[0].transposed) },
  GradientRow("sliced", [[4, 3]]) { square($0[0].sliced(1..<3)) },
  GradientRow("sliced, last axis", [[2, 5]]) { square($0[0].sliced(2..<4, axis: -1)) },
  GradientRow("concatenated", [[2, 3], [1, 3]]) { square(concatenated([$0[0], $0[1]])) },
  GradientRow("concatenated, last axis", [[2, 2], [2, 3]]) {
    square(concatenated([$0[0], $0[1]], axis: 1))
  },
]

private let productRows: [GradientRow] = [
  GradientRow("matmul", [[2, 3], [3, 4]]) { matmul($0[0], $0[1]) },
  GradientRow("matmul, left transposed", [[3, 2], [3, 4]]) {
    matmul($0[0], $0[1], transposeA: true)
  },
  GradientRow("matmul, right transposed", [[2, 3], [4, 3]]) {
    matmul($0[0], $0[1], transposeB: true)
  },
  GradientRow("matmul, both transposed", [[3, 2], [4, 3]]) {
    matmul($0[0], $0[1], transposeA: true, transposeB: true)
  },
  GradientRow("matmul, one row", [[1, 3], [4, 3]]) { matmul($0[0], $0[1], transposeB: true) },
  GradientRow("matmul, batch", [[2, 2, 3], [2, 3, 2]]) { matmul($0[0], $0[1]) },
  GradientRow("matmul, batch, both transposed", [[2, 3, 2], [2, 2, 3]]) {
    matmul($0[0], $0[1], transposeA: true, transposeB: true)
  },
  GradientRow("linear", [[2, 2, 3], [4, 3], [4]]) { linear($0[0], $0[1], $0[2]) },
  GradientRow("linear, no bias", [[2, 3], [4, 3]]) { square(linear($0[0], $0[1])) },
]

private let rowRows: [GradientRow] = [
  GradientRow("gathered", [[4, 3]]) { square($0[0].gathered(Indices([2, 0, 2], [3]))) },
  GradientRow("gathered, two axes", [[4, 2]]) {
    square($0[0].gathered(Indices([1, 3, 1, 0], [2, 2])))
  },
  GradientRow("softmax", [[2, 5]]) { softmax($0[0]) },
  GradientRow("logSoftmax", [[2, 5]]) { logSoftmax($0[0]) },
  GradientRow("layerNorm", [[2, 5], [5], [5]]) {
    layerNorm($0[0], $0[1], $0[2], epsilon: 1e-2)
  },
  GradientRow("dropout", [[3, 4]]) { inputs in
    square(
      inputs[0].dropout(0.4, Context(isTraining: true, random: RandomSource(seed: 5))))
  },
]

private let lossRows: [GradientRow] = [
  GradientRow("crossEntropy", [[3, 5]]) { crossEntropy($0[0], [4, -1, 2]) },
  GradientRow("linearCrossEntropy", [[4, 3], [5, 3], [5]], second: false) {
    linearCrossEntropy($0[0], $0[1], $0[2], [4, -1, 2, 0]) * 2
  },
  GradientRow("linearCrossEntropy, no bias", [[4, 3], [70, 3]], second: false) {
    linearCrossEntropy($0[0], $0[1], nil, [69, 1, 2, 0])
  },
  GradientRow("meanSquaredError", [[2, 3], [2, 3]]) { meanSquaredError($0[0], $0[1]) },
  GradientRow("meanAbsoluteError", [[2, 3]], from: 0.2, to: 1) {
    meanAbsoluteError($0[0] * $0[0], Tensor.zeros([2, 3]))
  },
  GradientRow("binaryCrossEntropy", [[2, 3]]) {
    binaryCrossEntropy(logits: $0[0], Tensor([0, 1, 1, 0, 0.3, 1], [2, 3]))
  },
]

private func weights(_ inputs: [Tensor], _ first: Int = 1) -> RecurrentWeights {
  RecurrentWeights(
    hidden: inputs[first], inputBias: inputs[first + 1], hiddenBias: inputs[first + 2])
}

/// Fused: first derivatives only. 3 steps, batch 7 (one row more than a tile), 2 units.
private let recurrentRows: [GradientRow] = [
  GradientRow("lstm", [[3, 7, 8], [8, 2], [8], [8]], second: false) {
    lstm(.sequence($0[0]), weights($0)).states
  },
  GradientRow(
    "lstm, with states", [[3, 2, 8], [8, 2], [8], [8], [2, 2], [2, 2]], second: false
  ) {
    lstm(.sequence($0[0]), weights($0), h0: $0[4], c0: $0[5]).states
  },
  GradientRow("lstm, cell given only", [[3, 2, 8], [8, 2], [8], [8], [2, 2]], second: false) {
    lstm(.sequence($0[0]), weights($0), c0: $0[4]).states
  },
  GradientRow("lstm, table", [[3, 8], [8, 2], [8], [8]], second: false) {
    lstm(.table($0[0], Indices([0, 2, 1, 1, 0, 2], [3, 2])), weights($0)).states
  },
  GradientRow("gru", [[3, 7, 6], [6, 2], [6], [6]], second: false) {
    gru(.sequence($0[0]), weights($0))
  },
  GradientRow("gru, with state, table", [[3, 6], [6, 2], [6], [6], [2, 2]], second: false) {
    gru(.table($0[0], Indices([0, 2, 1, 1, 0, 2], [3, 2])), weights($0), h0: $0[4])
  },
  GradientRow("rnn", [[3, 7, 2], [2, 2], [2], [2]], second: false) {
    rnn(.sequence($0[0]), weights($0), .tanh)
  },
  GradientRow(
    "rnn, relu, with state", [[3, 2, 2], [2, 2], [2], [2], [2, 2]], from: 0.2, second: false
  ) {
    rnn(.sequence($0[0]), weights($0), .relu, h0: $0[4])
  },
]
