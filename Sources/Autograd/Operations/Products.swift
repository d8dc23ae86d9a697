import CKernels
import Kernels

/// The matrix product of a [m, k] and b [k, n], or of each pair of a batch [batch, m, k] and
/// [batch, k, n]. A transposed operand lies in memory the other way round; nothing is copied.
public func matmul(
  _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false
) -> Tensor {
  guard let sizes = ProductSizes(a.shape, b.shape, transposeA, transposeB) else {
    preconditionFailure(
      "matmul: \(a.shape)\(transposeA ? "ᵀ" : "") and \(b.shape)\(transposeB ? "ᵀ" : "")")
  }
  let output = Storage(count: sizes.output.count)
  sizes.multiply(a.pointer, b.pointer, output.base)
  return Tensor(output, sizes.output).recorded(
    from: a, b,
    { dy, _, b in
      transposeA
        ? matmul(b, dy, transposeA: transposeB, transposeB: true)
        : matmul(dy, b, transposeB: !transposeB)
    },
    { dy, a, _ in
      transposeB
        ? matmul(dy, a, transposeA: true, transposeB: transposeA)
        : matmul(a, dy, transposeA: !transposeA)
    })
}

/// The sizes of a product or of a batch of them.
private struct ProductSizes {
  let batch: Int
  let m: Int
  let n: Int
  let k: Int
  let output: Shape
  private let strideA: Int
  private let strideB: Int
  private let transposeA: Bool
  private let transposeB: Bool

  init?(_ a: Shape, _ b: Shape, _ transposeA: Bool, _ transposeB: Bool) {
    guard a.rank == b.rank, a.rank == 2 || a.rank == 3, a.rank == 2 || a[0] == b[0] else {
      return nil
    }
    m = a[transposeA ? -1 : -2]
    k = a[transposeA ? -2 : -1]
    n = b[transposeB ? -2 : -1]
    guard b[transposeB ? -1 : -2] == k else { return nil }
    batch = a.rank == 3 ? a[0] : 1
    output = a.rank == 3 ? [a[0], m, n] : [m, n]
    (strideA, strideB) = (max(a[-1], 1), max(b[-1], 1))
    (self.transposeA, self.transposeB) = (transposeA, transposeB)
  }

  func multiply(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>
  ) {
    if k == 0 {
      c.update(repeating: 0, count: output.count)
      return
    }
    if batch == 1 {
      if !transposeA, PanelProducts.suits(rows: m, depth: k, columns: n) {
        PanelProducts.multiplyFew(
          rows: m, depth: k, columns: n, a, b, depthStride: transposeB ? 1 : strideB,
          columnStride: transposeB ? strideB : 1, start: nil, c)
        return
      }
      if transposeA, !transposeB, PanelProducts.suitsTransposed(depth: k, rows: m, columns: n) {
        PanelProducts.multiplyTransposed(
          depth: k, rows: m, columns: n, a, b, c, sums: nil)
        return
      }
      gemm(
        m, n, k, view(a, strideA, transposeA), view(b, strideB, transposeB), beta: 0, c, stride: n)
      return
    }
    parallelRows(batch, m * n * k / 16) { index in
      gemmTile(
        m, n, k, view(a + index * m * k, strideA, transposeA),
        view(b + index * k * n, strideB, transposeB), beta: 0, c + index * m * n, stride: n)
    }
  }

  private func view(_ base: UnsafePointer<Float>, _ stride: Int, _ isTransposed: Bool) -> MatrixView
  {
    MatrixView(base, stride: stride, isTransposed: isTransposed)
  }
}

/// x Wᵀ + b: the fully connected layer.
/// - Parameters:
///   - x: [..., in].
///   - weight: [out, in].
///   - bias: [out].
/// - Returns: [..., out]. Without history a row of it does not depend on the rows beside it, nor on how many they
///   are (up to ``/Kernels/PanelProducts/mostRows``): a seed gives the same image in any batch.
public func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
  require(
    weight.rank == 2 && x.rank >= 1 && x.shape[-1] == weight.shape[1],
    "linear: \(x.shape) with the weight \(weight.shape)")
  let (input, output) = (weight.shape[1], weight.shape[0])
  let rows = input == 0 ? 0 : x.count / input
  var shape = x.shape
  shape[-1] = output
  let result = Storage(count: rows * output)
  if let bias {
    require(bias.shape == [output], "linear: the bias \(bias.shape)")
  }
  let inputs = [x, weight] + (bias.map { [$0] } ?? [])
  // OpenBLAS sums a row in an order that depends on its place among the rows, panels do not.
  let isAlone = rows <= PanelProducts.mostRows && !inputs.contains(where: \.isRecorded)
  if isAlone || PanelProducts.suits(rows: rows, depth: input, columns: output) {
    PanelProducts.multiplyFew(
      rows: rows, depth: input, columns: output, x.pointer, weight.pointer, depthStride: 1,
      columnStride: input, start: bias?.pointer, result.base)
  } else {
    if let bias {
      for row in 0..<rows { (result.base + row * output).update(from: bias.base, count: output) }
    }
    gemm(
      rows, output, input, MatrixView(x.pointer, stride: input),
      MatrixView(weight.pointer, stride: input, isTransposed: true), beta: bias == nil ? 0 : 1,
      result.base, stride: output)
  }
  return Tensor(result, shape).recorded(from: inputs, keepsOutput: false) { dy, context in
    let (x, weight) = (context.input(0), context.input(1))
    let rows = dy.reshaped([dy.count / output, output])
    let columns = x.reshaped([x.count / input, input])
    return [
      context.needs(0) ? matmul(rows, weight).reshaped(x.shape) : nil,
      context.needs(1) ? matmul(rows, columns, transposeA: true) : nil,
      context.inputCount > 2 && context.needs(2) ? rows.sum(axis: 0) : nil,
    ]
  }
}
