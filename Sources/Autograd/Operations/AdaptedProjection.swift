import Kernels

/// A projection whose weights are frozen: x Wᵀ + b, or with a change of low rank x (W + scale · B A)ᵀ + b (LoRA,
/// Hu et al. 2021).
///
/// The change is added to each part of the weights as it is decoded, in both passes: products of many rows then cost
/// what they cost without it. W and b get no gradient. First derivative only.
/// - Parameters:
///   - x: [..., in].
///   - weight: W, from in to out.
///   - bias: b, [out].
///   - change: A [rank, in], B [out, rank] and the scale.
/// - Returns: [..., out].
public func adaptedProjection(
  _ x: Tensor, _ weight: FrozenMatrix, _ bias: Tensor?,
  _ change: (a: Tensor, b: Tensor, scale: Float)? = nil
) -> Tensor {
  let (input, output) = (weight.inputs, weight.outputs)
  require(
    x.rank >= 1 && x.shape[-1] == input && bias?.shape ?? [output] == [output],
    "adaptedProjection: \(x.shape) with \(output) outputs of \(input)")
  if let change {
    require(
      change.a.rank == 2 && change.b.shape == [output, change.a.shape[0]]
        && change.a.shape[1] == input,
      "adaptedProjection: a change of \(change.a.shape) and \(change.b.shape)")
  }
  let rows = x.count / max(input, 1)
  var shape = x.shape
  shape[-1] = output
  let result = Storage(count: rows * output)
  weight.multiply(rows: rows, x.pointer, lowRank(change), start: bias?.pointer, result.base)
  let scale = change?.scale ?? 0
  let inputs = [x] + (change.map { [$0.a, $0.b] } ?? [])
  // Without a change the values of x are not needed again.
  return Tensor(result, shape).recorded(
    from: inputs, keepsFirst: change != nil, keepsOutput: false
  ) { dy, context in
    Tensor.requireFirstOrder(context, "adaptedProjection")
    let change =
      context.inputCount > 1
      ? (a: context.input(1), b: context.input(2), scale: scale) : nil
    var results: [Tensor?] = [nil, nil, nil]
    if context.needs(0) {
      let dx = Tensor(Storage(count: rows * input), context.inputShape(0))
      weight.multiplyBack(rows: rows, dy.pointer, lowRank(change), dx.base)
      results[0] = dx
    }
    if let change, context.needs(1) || context.needs(2) {
      let (da, db) = lowRankGradients(
        rows, context.input(0).pointer, dy.pointer, change.a, change.b, scale)
      (results[1], results[2]) = (da, db)
    }
    return Array(results.prefix(context.inputCount))
  }
}

private func lowRank(_ change: (a: Tensor, b: Tensor, scale: Float)?) -> LowRankChange? {
  change.map {
    LowRankChange(
      rank: $0.a.shape[0], inputs: $0.a.shape[1], scale: $0.scale, a: $0.a.pointer,
      b: $0.b.pointer)
  }
}

/// The gradients of A, scale · (dy B)ᵀ x, and of B, scale · dyᵀ (x Aᵀ).
private func lowRankGradients(
  _ rows: Int, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ a: Tensor, _ b: Tensor,
  _ scale: Float
) -> (Tensor, Tensor) {
  let (rank, input, output) = (a.shape[0], a.shape[1], b.shape[0])
  let (da, db) = (Storage(count: rank * input), Storage(count: output * rank))
  let (narrow, turned) = (Storage(count: rows * rank), Storage(count: output * rank))
  let narrowView = MatrixView(narrow.base, stride: rank, isTransposed: true)
  // x Aᵀ, then its product with dy as [rank, out], which is B's gradient turned.
  gemm(
    rows, rank, input, MatrixView(x, stride: input),
    MatrixView(a.pointer, stride: input, isTransposed: true), beta: 0, narrow.base, stride: rank)
  gemm(
    rank, output, rows, narrowView, MatrixView(dy, stride: output), beta: 0, turned.base,
    stride: output)
  for row in 0..<output {
    for column in 0..<rank {
      db.base[row * rank + column] = scale * turned.base[column * output + row]
    }
  }
  gemm(
    rows, rank, output, MatrixView(dy, stride: output), MatrixView(b.pointer, stride: rank),
    beta: 0, narrow.base, stride: rank)
  gemm(
    rank, input, rows, narrowView, MatrixView(x, stride: input), beta: 0, da.base, stride: input)
  return (Tensor(da, a.shape) * scale, Tensor(db, b.shape))
}

/// Rows of a frozen table as they are, in 32 bits: embeddings.
/// - Parameters:
///   - table: its rows are decoded as they are asked for.
///   - indices: below the number of rows; -1 is a row of zeros.
/// - Returns: [..., columns] for indices of shape [...], without history.
public func gathered(_ table: FrozenMatrix, _ indices: Indices) -> Tensor {
  let columns = table.inputs
  let output = Storage(count: indices.values.count * columns)
  for index in indices.values {
    require(index >= -1 && index < table.outputs, "gathered: row \(index) of \(table.outputs)")
  }
  let (target, values) = (output.base, indices.values)
  parallelRows(values.count, columns) { row in
    let place = target + row * columns
    if values[row] < 0 {
      place.update(repeating: 0, count: columns)
    } else {
      table.copyRow(Int(values[row]), to: place)
    }
  }
  return Tensor(output, Shape(indices.shape.dimensions + [columns]))
}
