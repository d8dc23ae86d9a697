import CKernels
import Kernels

/// The mean of -log softmax(logits)[target], natural logarithm.
/// - Parameters:
///   - logits: [n, classes].
///   - targets: n class numbers; those below 0 are left out of the mean.
/// - Returns: one value.
public func crossEntropy(_ logits: Tensor, _ targets: [Int32]) -> Tensor {
  require(
    logits.rank == 2 && logits.shape[0] == targets.count,
    "crossEntropy: \(logits.shape) with \(targets.count) targets")
  requireClasses(targets, below: logits.shape[1])
  let count = Float(max(targets.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) }, 1))
  let (losses, _) = crossEntropyRows(logits, targets, scale: 0)
  return Tensor(losses.sum() / count, []).recorded(from: logits) { dy, logits in
    if dy.isRecorded || logits.isRecorded {
      let (rows, classes) = (logits.shape[0], logits.shape[1])
      let one = Tensor([rows, classes]) { memory in
        memory.update(repeating: 0)
        for (row, target) in targets.enumerated() where target >= 0 {
          memory[row * classes + Int(target)] = 1
        }
      }
      let isTaken = Tensor(targets.map { $0 >= 0 ? 1 : 0 }, [rows, 1])
      return (softmax(logits) * isTaken - one) * (dy / count)
    }
    return crossEntropyRows(logits, targets, scale: dy.item / count).gradient
  }
}

private func requireClasses(_ targets: [Int32], below classes: Int) {
  for target in targets {
    require(target < classes, "crossEntropy: class \(target) of \(classes)")
  }
}

/// Losses of all rows, and (softmax - one hot) · scale.
private func crossEntropyRows(
  _ logits: Tensor, _ targets: [Int32], scale: Float
) -> (losses: Tensor, gradient: Tensor) {
  let (rows, classes) = (logits.shape[0], logits.shape[1])
  let (losses, gradient) = (Storage(count: rows), Storage(count: logits.count))
  let (source, target, sums) = (logits.base, gradient.base, losses.base)
  targets.withUnsafeBufferPointer { targets in
    guard let targets = targets.baseAddress else { return }
    parallelRows(rows, classes) { row in
      let line = target + row * classes
      line.update(from: source + row * classes, count: classes)
      aigc_cross_entropy(1, classes, line, targets + row, scale, sums + row)
    }
  }
  return (Tensor(losses, [rows]), Tensor(gradient, logits.shape))
}

/// The mean squared difference.
public func meanSquaredError(_ x: Tensor, _ target: Tensor) -> Tensor { square(x - target).mean() }

/// The mean absolute difference.
public func meanAbsoluteError(_ x: Tensor, _ target: Tensor) -> Tensor { abs(x - target).mean() }

/// The mean of binary cross-entropy between sigmoid(logits) and targets in [0, 1].
public func binaryCrossEntropy(logits x: Tensor, _ target: Tensor) -> Tensor {
  require(x.shape == target.shape, "binaryCrossEntropy: \(x.shape) to \(target.shape)")
  let rows = x.rank > 1 ? x.shape[0] : 1
  let shape: Shape = [rows, x.count / max(rows, 1)]
  let losses = binaryCrossEntropyRows(logits: x.reshaped(shape), target.reshaped(shape))
  return losses.sum() / Float(max(x.count, 1))
}

/// Binary cross-entropy between sigmoid(logits) and targets in [0, 1], summed over each row, in the form
/// that does not overflow: max(x, 0) - x t + log(1 + e^-|x|).
/// - Parameters:
///   - x: [rows, columns].
///   - target: the same shape, or fewer rows, each for as many rows of x that follow each other.
/// - Returns: [rows].
public func binaryCrossEntropyRows(logits x: Tensor, _ target: Tensor) -> Tensor {
  require(
    x.rank == 2 && target.rank == 2 && x.shape[1] == target.shape[1]
      && x.shape[0] % max(target.shape[0], 1) == 0,
    "binaryCrossEntropyRows: \(x.shape) to \(target.shape)")
  let (rows, columns) = (x.shape[0], x.shape[1])
  let times = rows / max(target.shape[0], 1)
  let losses = Storage(count: rows)
  let (source, share, sums) = (x.base, target.base, losses.base)
  parallelRows(rows, columns * 8) { row in
    aigc_binary_cross_entropy(
      1, columns, source + row * columns, share + row / times * columns, columns, sums + row)
  }
  return Tensor(losses, [rows]).recorded(
    from: x, target,
    { dy, x, target in binaryCrossEntropyGradient(dy, x, target) },
    { dy, x, target in
      let (parts, columns) = (target.shape[0], target.shape[1])
      let each = -x * dy.reshaped([dy.count, 1])
      return each.reshaped([parts, dy.count / max(parts, 1), columns]).sum(axis: 1)
    })
}

/// dy (sigmoid(x) - t), one pass where nothing is recorded.
private func binaryCrossEntropyGradient(_ dy: Tensor, _ x: Tensor, _ target: Tensor) -> Tensor {
  let (rows, columns, parts) = (x.shape[0], x.shape[1], target.shape[0])
  let times = rows / max(parts, 1)
  if dy.isRecorded || x.isRecorded || target.isRecorded {
    let repeated = target.reshaped([parts, 1, columns]).broadcast(to: [parts, times, columns])
    return (sigmoid(x) - repeated.reshaped([rows, columns])) * dy.reshaped([rows, 1])
  }
  let gradient = Storage(count: x.count)
  let (scales, source, share, result) = (dy.base, x.base, target.base, gradient.base)
  parallelRows(rows, columns * 8) { row in
    let start = row * columns
    aigc_binary_cross_entropy_grad(
      1, columns, scales + row, source + start, share + row / times * columns, columns,
      result + start)
  }
  return Tensor(gradient, x.shape)
}

extension Tensor {
  /// One value of the given shape.
  fileprivate convenience init(_ value: Tensor, _ shape: Shape) {
    self.init(value.storage, shape)
  }
}
