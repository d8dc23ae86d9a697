import CKernels
import Kernels

/// Normalisation by the root of the mean square (Zhang and Sennrich 2019) over rows of as many values as the weight
/// has: the last axis, or its parts side by side, as heads of queries are: x / √(mean(x²) + epsilon) · weight.
/// - Parameters:
///   - x: [..., parts · n].
///   - weight: [n].
///   - addsOne: whether the factor is 1 + weight, as Gemma has it.
///   - epsilon: added to the mean square.
public func rmsNorm(
  _ x: Tensor, _ weight: Tensor, addsOne: Bool = false, epsilon: Float
) -> Tensor {
  let columns = weight.count
  require(
    weight.rank == 1 && x.rank > 0 && columns > 0 && x.shape[-1] % columns == 0,
    "rmsNorm: \(x.shape) with the weight \(weight.shape)")
  let (rows, offset): (Int, Float) = (x.count / columns, addsOne ? 1 : 0)
  let inverses = Storage(count: rows)
  func normalized(_ x: Tensor, _ weight: Tensor) -> Tensor {
    let output = Storage(count: x.count)
    let (source, target, w, inverse) = (x.base, output.base, weight.base, inverses.base)
    parallelRows(rows, columns) { row in
      let first = row * columns
      aigc_rms_norm(1, columns, source + first, w, offset, epsilon, target + first, inverse + row)
    }
    return Tensor(output, x.shape)
  }
  return normalized(x, weight).recorded(
    from: [x, weight], recomputing: { normalized($0.input(0), $0.input(1)) }
  ) { dy, context in
    context.withHistory
      ? recordedGradients(dy, context, offset: offset, epsilon: epsilon)
      : plainGradients(dy, context, inverses, offset: offset)
  }
}

/// The definition in plain operations, which can be differentiated again.
private func recordedGradients(
  _ dy: Tensor, _ context: PullbackContext, offset: Float, epsilon: Float
) -> [Tensor?] {
  let (input, weight) = (context.input(0), context.input(1))
  let rows: Shape = [input.count / weight.count, weight.count]
  let (x, dy) = (input.reshaped(rows), dy.reshaped(rows))
  let inverse = 1 / sqrt(square(x).mean(axis: -1, keepsAxis: true) + epsilon)
  let normalized = x * inverse
  let slope = dy * (weight + offset)
  let projection = (slope * normalized).mean(axis: -1, keepsAxis: true)
  let dx = (slope - normalized * projection) * inverse
  return [
    context.needs(0) ? dx.reshaped(input.shape) : nil,
    context.needs(1) ? (dy * normalized).summed(to: weight.shape) : nil,
  ]
}

/// Both in one pass; the sums over rows block by block, then over the blocks.
private func plainGradients(
  _ dy: Tensor, _ context: PullbackContext, _ inverses: Storage, offset: Float
) -> [Tensor?] {
  let (x, weight) = (context.input(0), context.input(1))
  let (columns, rows) = (weight.count, inverses.count)
  let block = max(1, fineBlock / columns)
  let blocks = (rows + block - 1) / block
  let (output, sums) = (Storage(count: x.count), Storage(count: columns))
  let parts = Storage(count: blocks * columns)
  nonisolated(unsafe) let memory = (
    slope: dy.base, source: x.base, weight: weight.base, target: output.base,
    inverses: inverses.base, parts: parts.base
  )
  parallelFor(blocks) { index in
    let (row, first) = (index * block, index * block * columns)
    let part = memory.parts + index * columns
    part.update(repeating: 0, count: columns)
    aigc_rms_norm_grad(
      min(block, rows - row), columns, memory.slope + first, memory.source + first, memory.weight,
      offset, memory.inverses + row, memory.target + first, part)
  }
  aigc_column_sum(blocks, columns, parts.base, columns, 0, sums.base)
  return [
    context.needs(0) ? Tensor(output, x.shape) : nil,
    context.needs(1) ? Tensor(sums, weight.shape) : nil,
  ]
}
