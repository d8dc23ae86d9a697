import CKernels
import Kernels

extension Tensor {
  /// The sum of all values, without axes.
  public func sum() -> Tensor { summed(to: []) }

  /// The mean of all values, without axes.
  public func mean() -> Tensor { sum() / Float(max(count, 1)) }

  /// The sum over one axis, which goes, or stays with size 1.
  public func sum(axis: Int, keepsAxis: Bool = false) -> Tensor {
    let axis = shape.axis(axis)
    var sizes = shape.dimensions
    sizes[axis] = 1
    let kept = summed(to: Shape(sizes))
    if keepsAxis { return kept }
    sizes.remove(at: axis)
    return kept.reshaped(Shape(sizes))
  }

  /// The mean over one axis, which goes, or stays with size 1.
  public func mean(axis: Int, keepsAxis: Bool = false) -> Tensor {
    sum(axis: axis, keepsAxis: keepsAxis) / Float(max(shape[axis], 1))
  }

  /// Sums axes so that the rest has `target`: the inverse of broadcasting, and its derivative.
  public func summed(to target: Shape) -> Tensor {
    if shape == target { return self }
    guard Shape.broadcast(target, shape) == shape else {
      preconditionFailure("summed: \(shape) does not sum to \(target)")
    }
    var result = detached
    let lead = shape.rank - target.rank
    for axis in 0..<shape.rank {
      let wanted = axis < lead ? 1 : target[axis - lead]
      if shape[axis] != wanted { result = result.axisSum(axis) }
    }
    return Tensor(result.storage, target).recordedLinear(from: self) { dy, shape in
      dy.broadcast(to: shape)
    }
  }

  /// Repeats axes of size 1, and adds axes in front, up to `target`.
  public func broadcast(to target: Shape) -> Tensor {
    if shape == target { return self }
    guard Shape.broadcast(shape, target) == target else {
      preconditionFailure("broadcast: \(shape) does not fit \(target)")
    }
    return (detached + Tensor.zeros(target)).recordedLinear(from: self) { dy, shape in
      dy.summed(to: shape)
    }
  }

  /// One axis summed to size 1, without history. The order of the sums depends on the shape alone.
  private func axisSum(_ axis: Int) -> Tensor {
    let outer = shape.count(0..<axis)
    let size = shape[axis]
    let inner = shape.count(axis + 1..<shape.rank)
    var target = shape
    target[axis] = 1
    let output = Storage(count: target.count)
    let (source, sums) = (base, output.base)
    if inner == 1 {
      parallelRows(outer, size) { row in
        aigc_sum(size, source + row * size, sums + row)
      }
    } else {
      // Blocks of columns: each is one thread's for all rows.
      let width = max(64, min(inner, elementBlock / max(size, 1)) / 64 * 64)
      let blocks = (inner + width - 1) / width
      parallelRows(outer * blocks, size * min(width, inner)) { task in
        let (row, first) = (task / blocks, task % blocks * width)
        aigc_column_sum(
          size, min(width, inner - first), source + row * size * inner + first, inner, 0,
          sums + row * inner + first)
      }
    }
    return Tensor(output, target)
  }
}

/// `body` for each of `rows` rows of `work` elements, on threads where it pays.
func parallelRows(_ rows: Int, _ work: Int, _ body: (Int) -> Void) {
  if rows * max(work, 1) < elementsWorthThreads {
    for row in 0..<rows { body(row) }
    return
  }
  withoutActuallyEscaping(body) { body in
    nonisolated(unsafe) let body = body
    parallelBlocks(rows, size: max(1, fineBlock / max(work, 1))) { first, end in
      for row in first..<end { body(row) }
    }
  }
}
