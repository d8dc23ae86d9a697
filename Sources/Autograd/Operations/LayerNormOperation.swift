import CKernels
import Kernels

/// Layer normalisation (Ba et al. 2016) over the last axis.
/// - Parameters:
///   - x: [..., n].
///   - weight: [n].
///   - bias: [n].
///   - epsilon: added to the variance.
public func layerNorm(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, epsilon: Float) -> Tensor {
  let columns = x.shape[-1]
  require(
    weight.shape == [columns] && bias.shape == [columns],
    "layerNorm: \(x.shape) with the weight \(weight.shape)")
  let rows = x.count / max(columns, 1)
  let statistics = Storage(count: 2 * rows)
  func normalized(_ x: Tensor, _ weight: Tensor, _ bias: Tensor) -> Tensor {
    let output = Storage(count: x.count)
    let (source, target, w, b) = (x.base, output.base, weight.base, bias.base)
    let (means, inverses) = (statistics.base, statistics.base + rows)
    parallelRows(rows, columns) { row in
      let first = row * columns
      aigc_layer_norm(
        1, columns, source + first, w, b, epsilon, target + first, means + row, inverses + row)
    }
    return Tensor(output, x.shape)
  }
  return normalized(x, weight, bias).recorded(
    from: [x, weight, bias],
    recomputing: { normalized($0.input(0), $0.input(1), $0.input(2)) }
  ) { dy, context in
    context.withHistory
      ? recordedGradients(dy, context, epsilon: epsilon)
      : plainGradients(dy, context, statistics)
  }
}

/// The definition in plain operations, which can be differentiated again.
private func recordedGradients(
  _ dy: Tensor, _ context: PullbackContext, epsilon: Float
) -> [Tensor?] {
  let (x, weight) = (context.input(0), context.input(1))
  let centered = x - x.mean(axis: -1, keepsAxis: true)
  let inverse = 1 / sqrt(square(centered).mean(axis: -1, keepsAxis: true) + epsilon)
  let normalized = centered * inverse
  let slope = dy * weight
  let projection = (slope * normalized).mean(axis: -1, keepsAxis: true)
  let dx = (slope - slope.mean(axis: -1, keepsAxis: true) - normalized * projection) * inverse
  return [
    context.needs(0) ? dx : nil,
    context.needs(1) ? (dy * normalized).summed(to: weight.shape) : nil,
    context.needs(2) ? dy.summed(to: weight.shape) : nil,
  ]
}

/// All three in one pass; the sums over rows block by block, then over the blocks.
private func plainGradients(
  _ dy: Tensor, _ context: PullbackContext, _ statistics: Storage
) -> [Tensor?] {
  let (x, weight) = (context.input(0), context.input(1))
  let (columns, rows) = (x.shape[-1], statistics.count / 2)
  let block = max(1, fineBlock / max(columns, 1))
  let blocks = (rows + block - 1) / block
  let (output, sums) = (Storage(count: x.count), Storage(count: 2 * columns))
  let parts = Storage(count: blocks * 2 * columns)
  let (slope, source, w, target) = (dy.base, x.base, weight.base, output.base)
  let (means, inverses) = (statistics.base, statistics.base + rows)
  let partial = parts.base
  nonisolated(unsafe) let memory = (slope, source, w, target, means, inverses, partial)
  parallelFor(blocks) { index in
    let (slope, source, w, target, means, inverses, partial) = memory
    let (row, first) = (index * block, index * block * columns)
    let part = partial + index * 2 * columns
    part.update(repeating: 0, count: 2 * columns)
    aigc_layer_norm_grad(
      min(block, rows - row), columns, slope + first, source + first, w, means + row,
      inverses + row, target + first, part, part + columns)
  }
  aigc_column_sum(blocks, 2 * columns, partial, 2 * columns, 0, sums.base)
  let both = Tensor(sums, [2, columns])
  return [
    context.needs(0) ? Tensor(output, x.shape) : nil,
    context.needs(1) ? both.sliced(0..<1).reshaped([columns]) : nil,
    context.needs(2) ? both.sliced(1..<2).reshaped([columns]) : nil,
  ]
}

extension Tensor {
  static func / (value: Float, x: Tensor) -> Tensor { Tensor(value) / x }
}
