import Kernels

/// x W + b: ``linear(_:_:_:)`` with a weight that lies the other way round, as GPT-2's do.
/// - Parameters:
///   - x: [..., in].
///   - weight: [in, out].
///   - bias: [out].
/// - Returns: [..., out].
public func conv1D(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
  projection(x, weight, bias, isByInput: true)
}

/// A fully connected layer of a transformer, whose weight lies either way. How it is computed follows from the sizes
/// alone, so that a block that is computed again gives the same bytes; ``linear(_:_:_:)`` does not promise that.
/// - Parameters:
///   - x: [..., in].
///   - weight: [in, out] by input, else [out, in].
///   - bias: [out].
///   - isByInput: how the weight lies.
/// - Returns: [..., out].
public func projection(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, isByInput: Bool
) -> Tensor {
  let layout = ProjectionLayout(weight, isByInput: isByInput)
  let (input, output) = (layout.input, layout.output)
  require(
    weight.rank == 2 && x.rank >= 1 && x.shape[-1] == input,
    "projection: \(x.shape) with the weight \(weight.shape)")
  if let bias { require(bias.shape == [output], "projection: the bias \(bias.shape)") }
  let rows = input == 0 ? 0 : x.count / input
  var shape = x.shape
  shape[-1] = output
  let result = Storage(count: rows * output)
  if rows >= PanelProducts.fewestRows {
    PanelProducts.multiply(
      rows: rows, x.pointer, layout.panels(weight), start: bias?.pointer, result.base)
  } else if PanelProducts.suits(rows: rows, depth: input, columns: output) {
    PanelProducts.multiplyFew(
      rows: rows, depth: input, columns: output, x.pointer, weight.pointer,
      depthStride: layout.inputStride, columnStride: layout.outputStride, start: bias?.pointer,
      result.base)
  } else {
    // The product adds to what stands there: the bias.
    if let bias {
      parallelRows(rows, output) { row in
        (result.base + row * output).update(from: bias.base, count: output)
      }
    }
    gemm(
      rows, output, input, MatrixView(x.pointer, stride: input),
      MatrixView(
        weight.pointer, stride: isByInput ? output : input, isTransposed: !isByInput),
      beta: bias == nil ? 0 : 1, result.base, stride: output)
  }
  let inputs = [x, weight] + (bias.map { [$0] } ?? [])
  return Tensor(result, shape).recorded(from: inputs, keepsOutput: false) { dy, context in
    let (x, weight) = (context.input(0), context.input(1))
    let count = dy.count / max(output, 1)
    if !context.withHistory, count >= PanelProducts.fewestRows {
      return projectionGradients(dy, x, weight, layout, context)
    }
    let rows = dy.reshaped([count, output])
    let columns = x.reshaped([x.count / input, input])
    let pair = isByInput ? (columns, rows) : (rows, columns)
    return [
      context.needs(0) ? matmul(rows, weight, transposeB: isByInput).reshaped(x.shape) : nil,
      context.needs(1) ? matmul(pair.0, pair.1, transposeA: true) : nil,
      context.inputCount > 2 && context.needs(2) ? rows.sum(axis: 0) : nil,
    ]
  }
}

/// How a weight lies.
private struct ProjectionLayout {
  let input: Int
  let output: Int
  let isByInput: Bool
  var inputStride: Int { isByInput ? output : 1 }
  var outputStride: Int { isByInput ? 1 : input }

  init(_ weight: Tensor, isByInput: Bool) {
    let (first, second) = weight.rank == 2 ? (weight.shape[0], weight.shape[1]) : (0, 0)
    (input, output) = isByInput ? (first, second) : (second, first)
    self.isByInput = isByInput
  }

  /// For products with rows of inputs.
  func panels(_ weight: Tensor) -> PackedPanels {
    PackedPanels(
      depth: input, columns: output, weight.pointer, depthStride: inputStride,
      columnStride: outputStride)
  }

  /// For products with rows of outputs.
  func transposedPanels(_ weight: Tensor) -> PackedPanels {
    PackedPanels(
      depth: output, columns: input, weight.pointer, depthStride: outputStride,
      columnStride: inputStride)
  }
}

/// The gradients for many rows, without history.
private func projectionGradients(
  _ dy: Tensor, _ x: Tensor, _ weight: Tensor, _ layout: ProjectionLayout,
  _ context: PullbackContext
) -> [Tensor?] {
  let (input, output) = (layout.input, layout.output)
  let rows = dy.count / output
  let needsBias = context.inputCount > 2 && context.needs(2)
  var results: [Tensor?] = [nil, nil, nil]
  if layout.isByInput, context.needs(1) || needsBias {
    let (dweight, dbias) = (Storage(count: weight.count), Storage(count: output))
    PanelProducts.multiplyTransposed(
      depth: rows, rows: input, columns: output, x.pointer, dy.pointer, dweight.base,
      sums: dbias.base)
    results[1] = Tensor(dweight, weight.shape)
    results[2] = Tensor(dbias, [output])
  } else {
    if context.needs(1) {
      let dweight = Storage(count: weight.count)
      PanelProducts.multiplyTransposed(
        depth: rows, rows: output, columns: input, dy.pointer, x.pointer, dweight.base, sums: nil)
      results[1] = Tensor(dweight, weight.shape)
    }
    if needsBias { results[2] = dy.reshaped([rows, output]).sum(axis: 0) }
  }
  if context.needs(0) {
    let dx = Storage(count: x.count)
    PanelProducts.multiply(
      rows: rows, dy.pointer, layout.transposedPanels(weight), start: nil, dx.base)
    results[0] = Tensor(dx, x.shape)
  }
  return Array(results.prefix(context.inputCount))
}
