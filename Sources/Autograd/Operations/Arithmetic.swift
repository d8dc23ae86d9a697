import CKernels
import Kernels

/// A kernel over n values: y from a and b.
typealias BinaryKernel = (
  Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>
) -> Void

/// Elementwise operations. Shapes are aligned at the last axis; an axis of size 1 is repeated to fit
/// (NumPy's broadcasting).
extension Tensor {
  /// The elementwise sum of `a` and `b`.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    combine(a, b, "+", aigc_add).recordedLinear(
      from: a, b, { dy, shape in dy.summed(to: shape) }, { dy, shape in dy.summed(to: shape) })
  }

  /// The elementwise difference of `a` and `b`.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    combine(a, b, "-", aigc_subtract).recordedLinear(
      from: a, b, { dy, shape in dy.summed(to: shape) }, { dy, shape in (-dy).summed(to: shape) })
  }

  /// The elementwise product of `a` and `b`, which is not that of matrices.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    combine(a, b, "*", aigc_multiply).recorded(
      from: a, b, { dy, a, b in (dy * b).summed(to: a.shape) },
      { dy, a, b in (dy * a).summed(to: b.shape) })
  }

  /// The elementwise quotient of `a` and `b`; where `b` is 0 it is infinite or not a number.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    combine(a, b, "/", aigc_divide).recorded(
      from: a, b, { dy, a, b in (dy / b).summed(to: a.shape) },
      { dy, a, b in (-(dy * a) / square(b)).summed(to: b.shape) })
  }

  /// Every value of `x` negated.
  public static prefix func - (x: Tensor) -> Tensor { x.affine(-1, 0) }
  /// Every value of `x` plus `value`.
  public static func + (x: Tensor, value: Float) -> Tensor { x.affine(1, value) }
  /// `value` plus every value of `x`.
  public static func + (value: Float, x: Tensor) -> Tensor { x.affine(1, value) }
  /// Every value of `x` minus `value`.
  public static func - (x: Tensor, value: Float) -> Tensor { x.affine(1, -value) }
  /// `value` minus every value of `x`.
  public static func - (value: Float, x: Tensor) -> Tensor { x.affine(-1, value) }
  /// Every value of `x` times `value`.
  public static func * (x: Tensor, value: Float) -> Tensor { x.affine(value, 0) }
  /// `value` times every value of `x`.
  public static func * (value: Float, x: Tensor) -> Tensor { x.affine(value, 0) }
  /// Every value of `x` over `value`, computed as a product with the reciprocal 1 / `value`.
  public static func / (x: Tensor, value: Float) -> Tensor { x.affine(1 / value, 0) }

  /// factor · x + offset.
  func affine(_ factor: Float, _ offset: Float) -> Tensor {
    map { aigc_scale_add($0, factor, offset, $1, $2) }.recordedLinear(from: self) { dy, _ in
      dy.affine(factor, 0)
    }
  }
}

/// `kernel` over a and b without history.
private func combine(_ a: Tensor, _ b: Tensor, _ name: String, _ kernel: BinaryKernel) -> Tensor {
  if a.shape == b.shape { return zip(a, b, kernel) }
  guard let shape = Shape.broadcast(a.shape, b.shape) else {
    preconditionFailure("\(name): the shapes \(a.shape) and \(b.shape) do not fit")
  }
  let output = Storage(count: shape.count)
  let plan = BroadcastPlan(shape, a.shape, b.shape)
  plan.run(a.base, b.base, output.base, kernel)
  return Tensor(output, shape)
}

/// How two operands of different shapes are walked: axes that can be are joined, the innermost is one
/// call of a kernel.
private struct BroadcastPlan {
  private struct Axis {
    var size: Int
    var a: Int
    var b: Int
  }
  private var axes: [Axis] = []
  private static let blockSize = 1024

  init(_ shape: Shape, _ a: Shape, _ b: Shape) {
    var (strideA, strideB) = (1, 1)
    // From the innermost axis outwards; axes[0] becomes the innermost.
    for index in (0..<shape.rank).reversed() {
      let (i, j) = (index - shape.rank + a.rank, index - shape.rank + b.rank)
      let (sizeA, sizeB) = (i < 0 ? 1 : a[i], j < 0 ? 1 : b[j])
      let size = shape[index]
      let axis = Axis(
        size: size, a: sizeA == 1 && size != 1 ? 0 : strideA,
        b: sizeB == 1 && size != 1 ? 0 : strideB)
      strideA *= sizeA
      strideB *= sizeB
      if size == 1 { continue }
      if let last = axes.last, axis.a == last.a * last.size, axis.b == last.b * last.size {
        axes[axes.count - 1].size *= size
      } else {
        axes.append(axis)
      }
    }
    if axes.isEmpty { axes = [Axis(size: 1, a: 1, b: 1)] }
  }

  func run(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ kernel: BinaryKernel
  ) {
    let inner = axes[0]
    let outer = axes.dropFirst()
    let rows = outer.reduce(1) { $0 * $1.size }
    guard rows > 0, inner.size > 0 else { return }
    // Rows of one block are walked by one thread.
    let rowsPerBlock = max(1, fineBlock / inner.size)
    func walk(_ first: Int, _ end: Int) {
      withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.blockSize) { splat in
        guard let memory = splat.baseAddress else { return }
        for row in first..<end {
          var (rest, offsetA, offsetB) = (row, 0, 0)
          for axis in outer {
            let index = rest % axis.size
            rest /= axis.size
            offsetA += index * axis.a
            offsetB += index * axis.b
          }
          line(inner, a + offsetA, b + offsetB, y + row * inner.size, memory, kernel)
        }
      }
    }
    if rows * inner.size < elementsWorthThreads {
      walk(0, rows)
    } else {
      withoutActuallyEscaping(walk) { walk in
        nonisolated(unsafe) let walk = walk
        parallelBlocks(rows, size: rowsPerBlock) { walk($0, $1) }
      }
    }
  }

  /// The innermost axis, where one operand may be a single value.
  private func line(
    _ axis: Axis, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ splat: UnsafeMutablePointer<Float>, _ kernel: BinaryKernel
  ) {
    if axis.a == 1, axis.b == 1 {
      kernel(axis.size, a, b, y)
      return
    }
    splat.update(
      repeating: axis.a == 0 ? a.pointee : b.pointee, count: min(axis.size, Self.blockSize))
    var first = 0
    while first < axis.size {
      let count = min(Self.blockSize, axis.size - first)
      if axis.a == 0 {
        kernel(count, splat, b + first, y + first)
      } else {
        kernel(count, a + first, splat, y + first)
      }
      first += count
    }
  }
}
