import Kernels

@testable import Autograd

extension GradientRows {
  /// All transpositions of 2-D and batched products.
  static var products: [GradientRow] {
    var rows: [GradientRow] = []
    for (index, (m, k, n)) in [(3, 4, 5), (1, 6, 3), (4, 3, 1), (2, 1, 3)].enumerated() {
      for batch in [0, 2] {
        for flags in 0..<4 {
          let (left, right) = (flags & 1 == 1, flags & 2 == 2)
          let leading = batch == 0 ? [] : [batch]
          let a = Samples.normal(Shape(leading + (left ? [k, m] : [m, k])), UInt64(20 + index))
          let b = Samples.normal(Shape(leading + (right ? [n, k] : [k, n])), UInt64(40 + index))
          rows.append(
            GradientRow("matmul \(leading) \(m) \(k) \(n) \(left) \(right)", [a, b]) {
              matmul($0[0], $0[1], transposeA: left, transposeB: right)
            })
        }
      }
    }
    let (x, weight, bias) = (
      Samples.normal([2, 3, 4], 30), Samples.normal([5, 4], 31), Samples.normal([5], 32)
    )
    let across = Samples.normal([4, 5], 73)
    return rows + [
      GradientRow("linear", [x, weight, bias]) { linear($0[0], $0[1], $0[2]) },
      GradientRow("linear without bias", [x, weight]) { linear($0[0], $0[1]) },
      GradientRow("linear of one row", [Samples.normal([4], 33), weight, bias]) {
        linear($0[0], $0[1], $0[2])
      },
      GradientRow("linear twice", [Samples.normal([3, 5], 34), weight, bias]) {
        linear(tanh(matmul($0[0], $0[1])), $0[1], $0[2])
      },
      GradientRow("conv1D", [x, across, bias]) { conv1D($0[0], $0[1], $0[2]) },
      GradientRow("projection", [x, across.transposed]) {
        projection($0[0], $0[1], nil, isByInput: false)
      },
      GradientRow("projection with a bias", [x, across.transposed, bias]) {
        projection($0[0], $0[1], $0[2], isByInput: false)
      },
      GradientRow("conv1D of one row", [Samples.normal([4], 33), across, bias]) {
        conv1D($0[0], $0[1], $0[2])
      },
      GradientRow("checkpointed", [Samples.normal([3, 4], 74), across], hasSecond: false) { x in
        // The parameter's recording is the row's second input, so that the gradient reaches that.
        let parameter = Parameter(x[1])
        _ = parameter.exchangeRecording(x[1])
        let context = Context(isTraining: true, random: RandomSource(seed: 9))
        return checkpointed(x[0], [parameter], context) { x, context in
          tanh(matmul(x, parameter.value)).dropout(0.4, context)
        }
      },
    ]
  }

  static var rowwise: [GradientRow] {
    let x = [Samples.normal([3, 7], 35, scale: 1)]
    let norm = [
      Samples.normal([2, 3, 6], 36, scale: 1), Samples.signed([6], 37), Samples.normal([6], 38),
    ]
    return [
      GradientRow("softmax", x) { softmax($0[0]) },
      GradientRow("softmax of one axis", [Samples.normal([5], 39)]) { softmax($0[0]) },
      GradientRow("logSoftmax", x) { logSoftmax($0[0]) },
      GradientRow("layerNorm", norm) { layerNorm($0[0], $0[1], $0[2], epsilon: 1e-5) },
      GradientRow("attention", [Samples.normal([2, 5, 18], 70, scale: 1)], hasSecond: false) {
        attention($0[0], heads: 2)
      },
      GradientRow("attention of one step", [Samples.normal([1, 1, 6], 71)], hasSecond: false) {
        attention($0[0], heads: 1)
      },
      GradientRow("attention, twice", [Samples.normal([1, 4, 12], 72)], hasSecond: false) {
        attention(
          $0[0]
            + concatenated([$0[0].sliced(0..<8, axis: 2), attention($0[0], heads: 2)], axis: 2),
          heads: 1)
      },
    ]
  }

  /// What Llama and its kin are made of beside GPT-2's operations.
  static var transformers: [GradientRow] {
    let x = Samples.normal([2, 3, 8], 80, scale: 1)
    let (narrow, wide) = (Samples.signed([4], 81), Samples.signed([8], 82))
    let table = RotaryTable(frequencies: [1, 0.3], positions: 0..<5)
    // Four heads of queries, two of keys and values, of 3 values each.
    let parts = [
      Samples.normal([2, 5, 12], 83, scale: 1), Samples.normal([2, 5, 6], 84, scale: 1),
      Samples.normal([2, 5, 6], 85),
    ]
    let pair = [Samples.signed([3, 5], 86), Samples.normal([3, 5], 87)]
    let activations: [TransformerActivation] = [.geluTanh, .gelu, .relu, .silu]
    return activations.flatMap { activation in
      [
        GradientRow("activated by \(activation)", [pair[0]]) { $0[0].activated(by: activation) },
        GradientRow("gated by \(activation)", pair) { gated($0[0], $0[1], by: activation) },
      ]
    } + [
      GradientRow("silu", [pair[0]]) { silu($0[0]) },
      GradientRow("rmsNorm", [x, wide]) { rmsNorm($0[0], $0[1], epsilon: 1e-5) },
      GradientRow("rmsNorm of heads, 1 + weight", [x, narrow]) {
        rmsNorm($0[0], $0[1], addsOne: true, epsilon: 1e-5)
      },
      GradientRow("rotary", [x]) { square(rotary($0[0], table)) },
      GradientRow("attention of grouped heads", parts, hasSecond: false) {
        attention($0[0], $0[1], $0[2], headSize: 3, scale: 0.7)
      },
      GradientRow("attention with a window", parts, hasSecond: false) {
        attention($0[0], $0[1], $0[2], headSize: 3, window: 2)
      },
    ]
  }

  static var losses: [GradientRow] {
    let logits = Samples.normal([5, 4], 41, scale: 1)
    let target = Samples.positive([5, 4], 42)
    let share = sigmoid(Samples.normal([5, 4], 43))
    let (x, weight, bias) = (
      Samples.normal([5, 3], 44), Samples.normal([4, 3], 45), Samples.normal([4], 46)
    )
    let (all, some): ([Int32], [Int32]) = ([0, 3, 1, 1, 2], [0, -1, 3, -1, 2])
    let none = [Int32](repeating: -1, count: 5)
    // More rows than one block, more classes than one panel.
    let wide = [
      Samples.normal([100, 7], 47), Samples.normal([70, 7], 48), Samples.normal([70], 49),
    ]
    let many = (0..<100).map { Int32($0 % 9 == 0 ? -1 : $0 * 7 % 70) }
    let soft = SoftTargets(
      count: 2, ids: [0, 1, 1, 3, 3, 2, 0, 2, 2, 1],
      probabilities: [0.5, 0.4, 0.6, 0.1, 0.9, 0.05, 0.3, 0.3, 1, 0], temperature: 2, ratio: 0.6)
    // All classes: nothing is left for others.
    let wideSoft = SoftTargets(
      count: 70, ids: (0..<7000).map { Int32($0 % 70) },
      probabilities: (0..<7000).map { Float($0 % 7 + 1) / 280 }, temperature: 1, ratio: 1)
    return [
      GradientRow("crossEntropy", [logits]) { crossEntropy($0[0], all) },
      GradientRow("crossEntropy, targets left out", [logits]) { crossEntropy($0[0], some) },
      GradientRow("crossEntropy, all left out", [logits]) { crossEntropy($0[0], none) },
      GradientRow("square of crossEntropy", [logits]) { square(crossEntropy($0[0], some)) },
      GradientRow("meanSquaredError", [logits, target]) { meanSquaredError($0[0], $0[1]) },
      GradientRow("meanAbsoluteError", [logits - 4, target]) { meanAbsoluteError($0[0], $0[1]) },
      GradientRow("binaryCrossEntropy", [logits, share]) {
        binaryCrossEntropy(logits: $0[0], $0[1])
      },
      GradientRow("square of binaryCrossEntropyRows", [logits, share]) {
        square(binaryCrossEntropyRows(logits: $0[0], $0[1]))
      },
      GradientRow("square of binaryCrossEntropyRows, a target for all", [logits, share]) {
        square(binaryCrossEntropyRows(logits: $0[0], $0[1].sliced(2..<3)))
      },
      GradientRow("linearCrossEntropy", [x, weight, bias], hasSecond: false) {
        linearCrossEntropy($0[0], $0[1], $0[2], all)
      },
      GradientRow("linearCrossEntropy without bias", [x, weight], hasSecond: false) {
        linearCrossEntropy($0[0], $0[1], nil, some)
      },
      GradientRow("square of linearCrossEntropy", [x, weight, bias], hasSecond: false) {
        square(linearCrossEntropy($0[0], $0[1], $0[2], some))
      },
      GradientRow("linearCrossEntropy, wide", wide, hasSecond: false) {
        linearCrossEntropy($0[0], $0[1], $0[2], many)
      },
      GradientRow("linearDistillation", [x, weight, bias], hasSecond: false) {
        linearDistillation($0[0], $0[1], $0[2], some, soft)
      },
      GradientRow(
        "square of linearDistillation, wide, without bias", [wide[0], wide[1]], hasSecond: false
      ) {
        square(linearDistillation($0[0], $0[1], nil, many, wideSoft))
      },
      GradientRow("linearTokenLoss", [x, weight, bias], hasSecond: false) {
        linearTokenLoss($0[0], $0[1], $0[2], some) { row, log in
          (Float(row + 1) * log * log, 2 * Float(row + 1) * log)
        }
      },
      GradientRow("square of linearTokenLoss, without bias", [x, weight], hasSecond: false) {
        square(linearTokenLoss($0[0], $0[1], nil, all) { _, log in (-log / 4, -0.25) })
      },
    ]
  }

  /// Sequence and table input, with and without given states; sizes beside whole panels and tiles.
  static var recurrent: [GradientRow] {
    var rows: [GradientRow] = []
    for (steps, batch, hidden) in [(3, 2, 5), (2, 7, 67), (1, 1, 3)] {
      for usesTable in [false, true] {
        for given in 0..<4 {
          let sizes = RecurrentSizes(
            steps: steps, batch: batch, hidden: hidden, usesTable: usesTable,
            hasState: given & 1 == 1, hasCell: given & 2 == 2)
          rows.append(sizes.lstm)
          if !sizes.hasCell { rows += [sizes.gru, sizes.rnn(.tanh), sizes.rnn(.relu)] }
        }
      }
    }
    return rows
  }
}

private struct RecurrentSizes {
  let steps: Int
  let batch: Int
  let hidden: Int
  let usesTable: Bool
  let hasState: Bool
  let hasCell: Bool

  private var name: String {
    "\(steps)x\(batch)x\(hidden)\(usesTable ? " table" : "")\(hasState ? " h0" : "")"
      + (hasCell ? " c0" : "")
  }

  private func inputs(gates: Int) -> [Tensor] {
    let width = gates * hidden
    let leading: Shape = usesTable ? [4, width] : [steps, batch, width]
    let scale = 1 / Float(hidden).squareRoot()
    return [
      Samples.normal(leading, 50), Samples.normal([width, hidden], 51, scale: scale),
      Samples.normal([width], 52), Samples.normal([width], 53),
    ] + (hasState ? [Samples.normal([batch, hidden], 54)] : [])
      + (hasCell ? [Samples.normal([batch, hidden], 55)] : [])
  }

  private func gates(_ tensor: Tensor) -> RecurrentGates {
    guard usesTable else { return .sequence(tensor) }
    let rows = (0..<steps * batch).map { Int32(($0 * 3 + $0 / 4) % 4) }
    return .table(tensor, Indices(rows, [steps, batch]))
  }

  private func weights(_ inputs: [Tensor]) -> RecurrentWeights {
    RecurrentWeights(hidden: inputs[1], inputBias: inputs[2], hiddenBias: inputs[3])
  }

  var lstm: GradientRow {
    GradientRow("lstm \(name)", inputs(gates: 4), hasSecond: false) { x in
      Autograd.lstm(
        gates(x[0]), weights(x), h0: hasState ? x[4] : nil,
        c0: hasCell ? x[hasState ? 5 : 4] : nil
      ).states
    }
  }

  var gru: GradientRow {
    GradientRow("gru \(name)", inputs(gates: 3), hasSecond: false) { x in
      Autograd.gru(gates(x[0]), weights(x), h0: hasState ? x[4] : nil)
    }
  }

  func rnn(_ nonlinearity: RNNSequence.Nonlinearity) -> GradientRow {
    var inputs = inputs(gates: 1)
    if nonlinearity == .relu {
      // Far from the kink: of 67 units some would cross it. The input's sign decides.
      inputs[0] = Samples.signed(inputs[0].shape, 56) * 3
      inputs[1] = inputs[1] * 0.1
      inputs[2] = inputs[2] * 0.1
      inputs[3] = inputs[3] * 0.1
    }
    return GradientRow("rnn \(nonlinearity) \(name)", inputs, hasSecond: false) { x in
      Autograd.rnn(gates(x[0]), weights(x), nonlinearity, h0: hasState ? x[4] : nil)
    }
  }
}
