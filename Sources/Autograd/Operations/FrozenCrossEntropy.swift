import CKernels
import Kernels

/// The last layer of a language model and its loss in one, as
/// ``linearCrossEntropy(_:_:_:_:)``, where the layer's weights are frozen and get no gradient: the mean cross-entropy
/// of softmax(x Wᵀ).
///
/// Rows without a target get no logits, and of the others some at a time. First derivative only.
/// - Parameters:
///   - x: [n, in].
///   - weight: from in to classes.
///   - targets: n class numbers; those below 0 are left out of the mean.
/// - Returns: one value.
public func frozenCrossEntropy(
  _ x: Tensor, _ weight: FrozenMatrix, _ targets: [Int32]
) -> Tensor {
  let isRecorded = x.isRecorded
  let (losses, dx) = crossEntropy(x, weight, targets, withGradient: isRecorded)
  let count = max(targets.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) }, 1)
  let loss = Tensor(Float(losses.reduce(0.0) { $0 + Double($1) }) / Float(count))
  guard isRecorded, let dx else { return loss }
  return loss.recorded(from: [x], keepsFirst: false, keepsOutput: false) { dy, context in
    Tensor.requireFirstOrder(context, "frozenCrossEntropy")
    let factor = dy.item
    return [factor == 1 ? dx : dx * factor]
  }
}

/// ``linearTokenLoss(_:_:_:_:_:)`` where the layer's weights are frozen and get no gradient: a sum of functions of each
/// token's log-probability log softmax(x Wᵀ)[target]. First derivative only.
/// - Parameters:
///   - x: [n, in].
///   - weight: from in to classes.
///   - targets: n class numbers; those below 0 add nothing.
///   - term: of a row with its log-probability, what it adds and the derivative of that by the log-probability;
///     called on several threads.
/// - Returns: one value, the sum.
public func frozenTokenLoss(
  _ x: Tensor, _ weight: FrozenMatrix, _ targets: [Int32],
  _ term: @escaping @Sendable (_ row: Int, _ logProbability: Float) -> (value: Float, slope: Float)
) -> Tensor {
  let isRecorded = x.isRecorded
  let (losses, dx) = crossEntropy(x, weight, targets, withGradient: isRecorded, term)
  let loss = Tensor(Float(losses.reduce(0.0) { $0 + Double($1) }))
  guard isRecorded, let dx else { return loss }
  return loss.recorded(from: [x], keepsFirst: false, keepsOutput: false) { dy, context in
    Tensor.requireFirstOrder(context, "frozenTokenLoss")
    let factor = dy.item
    return [factor == 1 ? dx : dx * factor]
  }
}

/// The loss of each row of ``frozenCrossEntropy(_:_:_:)``, 0 of rows without a target, without history.
public func frozenCrossEntropyLosses(
  _ x: Tensor, _ weight: FrozenMatrix, _ targets: [Int32]
) -> [Float] {
  crossEntropy(x, weight, targets, withGradient: false).losses
}

/// Logits held at a time, in values: enough rows that decoding the weights for them costs little.
private let logitsMemory = 24 << 20

/// - Parameter term: what each row adds, where that is not its part of a mean cross-entropy.
private func crossEntropy(
  _ x: Tensor, _ weight: FrozenMatrix, _ targets: [Int32], withGradient: Bool,
  _ term: (@Sendable (Int, Float) -> (value: Float, slope: Float))? = nil
) -> (losses: [Float], gradient: Tensor?) {
  let (input, classes) = (weight.inputs, weight.outputs)
  require(
    x.rank == 2 && x.shape == [targets.count, input] && targets.allSatisfy { $0 < classes },
    "frozenCrossEntropy: \(x.shape), \(targets.count) targets of \(classes) classes")
  let wanted = targets.indices.filter { targets[$0] >= 0 }
  let gradient = withGradient ? Tensor(Storage(count: x.count), x.shape) : nil
  if wanted.count < targets.count { gradient?.base.update(repeating: 0, count: x.count) }
  var losses = [Float](repeating: 0, count: targets.count)
  guard !wanted.isEmpty else { return (losses, gradient) }
  // Equal parts, so that the last one is not a small one.
  let most = max(1, logitsMemory / max(classes, 1))
  let parts = (wanted.count + most - 1) / most
  let size = (wanted.count + parts - 1) / parts
  let logits = Storage(count: size * classes)
  let states = Storage(count: size * input)
  let scale = term == nil ? 1 / Float(wanted.count) : 1
  for first in stride(from: 0, to: wanted.count, by: size) {
    let rows = Array(wanted[first..<min(first + size, wanted.count)])
    for (index, row) in rows.enumerated() {
      (states.base + index * input).update(from: x.pointer + row * input, count: input)
    }
    weight.multiply(rows: rows.count, states.base, nil, start: nil, logits.base)
    let found = Storage(count: rows.count)
    let (values, results, chosen) = (logits.base, found.base, rows.map { targets[$0] })
    parallelRows(rows.count, classes) { row in
      var target = chosen[row]
      let line = values + row * classes
      aigc_cross_entropy(1, classes, line, &target, scale, results + row)
      guard let term else { return }
      // What stands in the line is the derivative of the cross-entropy, softmax - one hot.
      let (value, slope) = term(rows[row], -results[row])
      results[row] = value
      if withGradient { aigc_scale_add(classes, -slope, 0, line, line) }
    }
    for (index, row) in rows.enumerated() { losses[row] = found.base[index] }
    guard let gradient else { continue }
    weight.multiplyBack(rows: rows.count, logits.base, nil, states.base)
    for (index, row) in rows.enumerated() {
      (gradient.base + row * input).update(from: states.base + index * input, count: input)
    }
  }
  return (losses, gradient)
}
