import CKernels
import Files

extension FrozenMatrix {
  /// Rows of scores that one task takes.
  private static let softmaxRows = 16

  /// The softmax of x Wᵀ, part by part of the matrix's rows with a running maximum, as FlashAttention-2 (Dao 2023) has
  /// it: each part is decoded once and packed twice, and the scores of few rows of the matrix are held at a time.
  /// - Parameters:
  ///   - count: rows of x, at least one.
  ///   - x: [rows, inputs].
  ///   - targets: which output's score is wanted of each row of x.
  ///   - logSums: log Σ exp of each row's scores.
  ///   - chosen: each target's score.
  ///   - means: the rows of the matrix, weighted with the softmax, [rows, inputs]; nil: not wanted.
  public func softmax(
    rows count: Int, _ x: UnsafePointer<Float>, _ targets: [Int32],
    logSums: UnsafeMutablePointer<Float>, chosen: UnsafeMutablePointer<Float>,
    means: UnsafeMutablePointer<Float>?
  ) {
    require(!isByInput && targets.count == count, "FrozenMatrix.softmax: rows are of inputs")
    let (width, parts) = (columns, parts(of: partValues / 2))
    let scores = PoolMemory(count * (parts.first?.count ?? 0))
    let statistics = PoolMemory(2 * count)
    nonisolated(unsafe) let (maxima, sums) = (statistics.base, statistics.base + count)
    nonisolated(unsafe) let (base, chosen, means) = (scores.base, chosen, means)
    for range in parts {
      let isFirst = range.lowerBound == 0
      let (across, along) = packed(range, isSummed: means != nil)
      PanelProducts.multiply(
        rows: count, x, stride: width, across, start: nil, startStride: 0, base,
        cStride: range.count)
      parallelBlocks(count, size: Self.softmaxRows) { first, end in
        for row in first..<end where range.contains(Int(targets[row])) {
          chosen[row] = base[row * range.count + Int(targets[row]) - range.lowerBound]
        }
        let scores = base + first * range.count
        // Without means there is nothing that shrinks.
        let (shrinking, stride) = means.map { ($0 + first * width, width) } ?? (scores, 0)
        for row in 0..<end - first {
          aigc_attention_weights(
            1, range.count, range.count, 1, isFirst ? 1 : 0, scores + row * range.count,
            range.count, maxima + first + row, sums + first + row, shrinking + row * stride,
            stride, stride)
        }
      }
      guard let means, let along else { continue }
      PanelProducts.multiply(
        rows: count, base, stride: range.count, along, start: isFirst ? nil : UnsafePointer(means),
        startStride: width, means, cStride: width)
    }
    let (finished, stride) = means.map { ($0, width) } ?? (maxima, 0)
    aigc_attention_finish(count, maxima, sums, finished, stride, stride, logSums)
  }

  /// A part packed for products with rows of x, and where it is summed for those with scores.
  private func packed(
    _ range: Range<Int>, isSummed: Bool
  ) -> (across: PackedPanels, along: PackedPanels?) {
    let (width, across) = (columns, PackedPanels(depth: columns, columns: range.count))
    let along = isSummed ? PackedPanels(depth: range.count, columns: columns) : nil
    withValues(of: range, nil, rows: PackedPanels.width) { first, count, values in
      across.pack(
        depth: 0..<width, columns: first..<first + count, values, depthStride: 1,
        columnStride: width)
      along?.pack(
        depth: first..<first + count, columns: 0..<width, values, depthStride: width,
        columnStride: 1)
    }
    return (across, along)
  }
}
