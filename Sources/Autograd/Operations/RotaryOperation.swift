import Kernels

/// Rotary position embedding (Su et al. 2021): in each head value i and value i + headSize / 2 are a point that is
/// turned by position · frequency i; Hugging Face's order.
/// - Parameters:
///   - x: [batch, steps, heads · headSize].
///   - table: of the positions from 0 on, at least as many as there are.
public func rotary(_ x: Tensor, _ table: RotaryTable) -> Tensor {
  turned(x, table, direction: 1)
}

/// Forwards (1) or back (-1), which is the derivative of the other.
private func turned(_ x: Tensor, _ table: RotaryTable, direction: Float) -> Tensor {
  require(
    x.rank == 3 && x.shape[1] <= table.rows && table.headSize > 0
      && x.shape[2] % table.headSize == 0,
    "rotary: \(x.shape) with heads of \(table.headSize) and \(table.rows) positions")
  let (steps, width) = (x.shape[1], x.shape[2])
  let (output, heads) = (Storage(count: x.count), x.shape[2] / table.headSize)
  let (source, target) = (x.base, output.base)
  parallelRows(x.shape[0] * steps, width) { row in
    let first = row * width
    table.turn(row % steps, heads: heads, direction: direction, source + first, target + first)
  }
  return Tensor(output, x.shape).recordedLinear(from: x) { dy, _ in
    turned(dy, table, direction: -direction)
  }
}
