import CKernels
import Kernels

/// Operations that move values and change none.
extension Tensor {
  /// The same values in another shape of as many values; nothing is copied.
  public func reshaped(_ target: Shape) -> Tensor {
    require(target.count == count, "reshaped: \(shape) to \(target)")
    if target == shape { return self }
    return Tensor(storage, target).recordedLinear(from: self) { dy, shape in dy.reshaped(shape) }
  }

  /// Axes in another order: result axis i is axis `order[i]`.
  public func permuted(_ order: [Int]) -> Tensor {
    require(order.sorted() == Array(0..<rank), "permuted: axes \(order) of \(shape)")
    if order == Array(0..<rank) { return self }
    let target = Shape(order.map { shape[$0] })
    // Where only axes of one element move, the values stay where they are.
    let long = order.filter { shape[$0] != 1 }
    if long == long.sorted() { return reshaped(target) }
    var inverse = order
    for (index, axis) in order.enumerated() { inverse[axis] = index }
    return Tensor(permutedStorage(order, target), target).recordedLinear(from: self) {
      [inverse] dy, _ in dy.permuted(inverse)
    }
  }

  /// The last two axes exchanged.
  public var transposed: Tensor {
    require(rank >= 2, "transposed: the shape \(shape)")
    var order = Array(0..<rank)
    order.swapAt(rank - 1, rank - 2)
    return permuted(order)
  }

  private func permutedStorage(_ order: [Int], _ target: Shape) -> Storage {
    var strides = [Int](repeating: 1, count: rank)
    for axis in (0..<max(rank - 1, 0)).reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let output = Storage(count: count)
    let (source, result) = (base, output.base)
    let inner = target[rank - 1]
    let innerStride = strides[order[rank - 1]]
    parallelRows(inner == 0 ? 0 : count / inner, inner) { row in
      var (rest, offset) = (row, 0)
      for axis in (0..<target.rank - 1).reversed() {
        offset += rest % target[axis] * strides[order[axis]]
        rest /= target[axis]
      }
      let to = result + row * inner
      if innerStride == 1 {
        to.update(from: source + offset, count: inner)
      } else {
        for index in 0..<inner { to[index] = source[offset + index * innerStride] }
      }
    }
    return output
  }

  /// Elements `range` of an axis.
  public func sliced(_ range: Range<Int>, axis: Int = 0) -> Tensor {
    let axis = shape.axis(axis)
    require(
      range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "sliced: \(range) of axis \(axis) of \(shape)")
    if range == 0..<shape[axis] { return self }
    var target = shape
    target[axis] = range.count
    let outer = shape.count(0..<axis)
    let inner = shape.count(axis + 1..<rank)
    let output = Storage(count: target.count)
    for row in 0..<outer {
      (output.base + row * range.count * inner).update(
        from: base + (row * shape[axis] + range.lowerBound) * inner, count: range.count * inner)
    }
    return Tensor(output, target).recordedLinear(from: self) { dy, shape in
      dy.padded(to: shape[axis], from: range.lowerBound, axis: axis)
    }
  }

  /// Zeros around the values along one axis: the derivative of ``sliced(_:axis:)``.
  func padded(to size: Int, from start: Int, axis: Int) -> Tensor {
    var target = shape
    target[axis] = size
    let (length, inner) = (shape[axis], shape.count(axis + 1..<rank))
    let output = Storage(count: target.count)
    for row in 0..<shape.count(0..<axis) {
      let line = output.base + row * size * inner
      line.update(repeating: 0, count: start * inner)
      (line + start * inner).update(from: base + row * length * inner, count: length * inner)
      (line + (start + length) * inner).update(
        repeating: 0, count: (size - start - length) * inner)
    }
    return Tensor(output, target).recordedLinear(from: self) { dy, _ in
      dy.sliced(start..<start + length, axis: axis)
    }
  }
}

/// Tensors one after the other along an axis; the other sizes are equal.
public func concatenated(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
  guard let first = tensors.first else { preconditionFailure("concatenated: no tensors") }
  let axis = first.shape.axis(axis)
  var target = first.shape
  target[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
  let outer = target.count(0..<axis)
  let inner = target.count(axis + 1..<target.rank)
  let output = Storage(count: target.count)
  var starts: [Int] = []
  var start = 0
  for tensor in tensors {
    var expected = target
    expected[axis] = tensor.shape[axis]
    require(tensor.shape == expected, "concatenated: \(tensor.shape) beside \(first.shape)")
    let length = tensor.shape[axis] * inner
    for row in 0..<outer {
      (output.base + (row * target[axis] + start) * inner).update(
        from: tensor.base + row * length, count: length)
    }
    starts.append(start)
    start += tensor.shape[axis]
  }
  return Tensor(output, target).recorded(from: tensors, keepsOutput: false) {
    [starts] dy, context in
    starts.enumerated().map { index, start in
      guard context.needs(index) else { return nil }
      return dy.sliced(start..<start + context.inputShape(index)[axis], axis: axis)
    }
  }
}
