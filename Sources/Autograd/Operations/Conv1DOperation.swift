import Kernels

/// x W + b: ``linear(_:_:_:)`` with a weight that lies the other way round, as GPT-2's do.
/// - Parameters:
///   - x: [..., in].
///   - weight: [in, out].
///   - bias: [out].
/// - Returns: [..., out].
public func conv1D(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
  require(
    weight.rank == 2 && x.rank >= 1 && x.shape[-1] == weight.shape[0],
    "conv1D: \(x.shape) with the weight \(weight.shape)")
  let (input, output) = (weight.shape[0], weight.shape[1])
  require(bias.shape == [output], "conv1D: the bias \(bias.shape)")
  let rows = input == 0 ? 0 : x.count / input
  var shape = x.shape
  shape[-1] = output
  let result = Storage(count: rows * output)
  if rows >= PanelProducts.fewestRows {
    let panels = PackedPanels(
      depth: input, columns: output, weight.pointer, depthStride: output, columnStride: 1)
    PanelProducts.multiply(rows: rows, x.pointer, panels, start: bias.pointer, result.base)
  } else if PanelProducts.suits(rows: rows, depth: input, columns: output) {
    PanelProducts.multiplyFew(
      rows: rows, depth: input, columns: output, x.pointer, weight.pointer, depthStride: output,
      columnStride: 1, start: bias.pointer, result.base)
  } else {
    // The product adds to what stands there: the bias.
    parallelRows(rows, output) { row in
      (result.base + row * output).update(from: bias.base, count: output)
    }
    gemm(
      rows, output, input, MatrixView(x.pointer, stride: input),
      MatrixView(weight.pointer, stride: output), beta: 1, result.base, stride: output)
  }
  return Tensor(result, shape).recorded(from: [x, weight, bias], keepsOutput: false) {
    dy, context in
    let (x, weight) = (context.input(0), context.input(1))
    let count = dy.count / max(output, 1)
    if !context.withHistory, count >= PanelProducts.fewestRows {
      return conv1DGradients(dy, x, weight, context)
    }
    let rows = dy.reshaped([count, output])
    let columns = x.reshaped([x.count / input, input])
    return [
      context.needs(0) ? matmul(rows, weight, transposeB: true).reshaped(x.shape) : nil,
      context.needs(1) ? matmul(columns, rows, transposeA: true) : nil,
      context.needs(2) ? rows.sum(axis: 0) : nil,
    ]
  }
}

/// The gradients for many rows, without history.
private func conv1DGradients(
  _ dy: Tensor, _ x: Tensor, _ weight: Tensor, _ context: PullbackContext
) -> [Tensor?] {
  let (input, output) = (weight.shape[0], weight.shape[1])
  let rows = dy.count / output
  var results: [Tensor?] = [nil, nil, nil]
  if context.needs(1) || context.needs(2) {
    let (dweight, dbias) = (Storage(count: weight.count), Storage(count: output))
    PanelProducts.multiplyTransposed(
      depth: rows, rows: input, columns: output, x.pointer, dy.pointer, dweight.base,
      sums: dbias.base)
    results[1] = Tensor(dweight, weight.shape)
    results[2] = Tensor(dbias, [output])
  }
  if context.needs(0) {
    let dx = Storage(count: x.count)
    let panels = PackedPanels(
      depth: output, columns: input, weight.pointer, depthStride: 1, columnStride: output)
    PanelProducts.multiply(rows: rows, dy.pointer, panels, start: nil, dx.base)
    results[0] = Tensor(dx, x.shape)
  }
  return results
}
