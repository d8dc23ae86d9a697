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
  // Without a change the values of x are not needed again, and those of a norm or an activation cost little to compute.
  let keepsX = change != nil && x.node?.isRecomputable != true
  return Tensor(result, shape).recorded(
    from: inputs, keepsFirst: keepsX, keepsOutput: false
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
    if let change, let lowRank = lowRank(change), context.needs(1) || context.needs(2) {
      let (da, db) = (Storage(count: change.a.count), Storage(count: change.b.count))
      lowRank.gradients(
        rows: rows, context.values(0).pointer, dy.pointer, a: da.base, b: db.base)
      (results[1], results[2]) = (Tensor(da, change.a.shape), Tensor(db, change.b.shape))
    }
    return Array(results.prefix(context.inputCount))
  }
}

private func lowRank(_ change: (a: Tensor, b: Tensor, scale: Float)?) -> LowRankChange? {
  change.map {
    LowRankChange(
      rank: $0.a.shape[0], inputs: $0.a.shape[1], outputs: $0.b.shape[0], scale: $0.scale,
      a: $0.a.pointer, b: $0.b.pointer)
  }
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
