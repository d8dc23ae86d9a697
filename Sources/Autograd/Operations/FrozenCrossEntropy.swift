import CKernels
import Kernels

/// The last layer of a language model and its loss in one, as
/// ``linearCrossEntropy(_:_:_:_:)``, where the layer's weights are frozen and get no gradient: the mean cross-entropy
/// of softmax(x Wᵀ).
///
/// Rows without a target get no logits, and the others those of some classes at a time. First derivative only.
/// - Parameters:
///   - x: [n, in].
///   - weight: from in to classes, a row for each class.
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
///   - weight: from in to classes, a row for each class.
///   - targets: n class numbers; those below 0 add nothing.
///   - term: of a row with its log-probability, what it adds and the derivative of that by the log-probability.
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
  let states = Storage(count: wanted.count * input)
  for (index, row) in wanted.enumerated() {
    (states.base + index * input).update(from: x.pointer + row * input, count: input)
  }
  let found = Storage(count: 2 * wanted.count)
  let means = withGradient ? Storage(count: wanted.count * input) : nil
  weight.softmax(
    rows: wanted.count, states.base, wanted.map { targets[$0] }, logSums: found.base,
    chosen: found.base + wanted.count, means: means?.base)
  var slopes = [Float](repeating: 1 / Float(wanted.count), count: wanted.count)
  for (index, row) in wanted.enumerated() {
    losses[row] = found.base[index] - found.base[wanted.count + index]
    guard let term else { continue }
    let (value, slope) = term(row, -losses[row])
    (losses[row], slopes[index]) = (value, -slope)
  }
  guard let gradient, let means else { return (losses, gradient) }
  // The gradient of a row's loss is what its softmax expects of the weights less those of its target.
  let (target, expected, chosenSlopes) = (gradient.base, means.base, slopes)
  parallelRows(wanted.count, input) { index in
    let (row, slope) = (wanted[index], chosenSlopes[index])
    let place = target + row * input
    weight.copyRow(Int(targets[row]), to: place)
    aigc_scale_add(input, -slope, 0, place, place)
    aigc_axpy(input, slope, expected + index * input, place)
  }
  return (losses, gradient)
}
