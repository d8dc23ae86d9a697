import CKernels

/// Products of the many rows of a batch with a layer's weights, on all threads. Against
/// ``gemm(_:_:_:_:_:beta:_:stride:)`` the weights are packed once instead of once a tile: some 12%
/// faster at widths of 128 and equal at 1536, and a bias costs nothing.
public enum PanelProducts {
  /// Rows of one task: few enough to stay in the second cache, many enough to hide what a panel costs.
  private static let block = 96
  /// Sums over rows are taken in pieces of this length: the packed piece stays in the first cache.
  private static let piece = 128
  /// From so many rows on the packing of all weights in a region of its own is paid for.
  public static let fewestRows = 384

  /// c = a b + start.
  /// - Parameters:
  ///   - rows: of `a` and `c`.
  ///   - a: [rows, depth].
  ///   - b: the right operand.
  ///   - start: one row that is added to all; nil: nothing is.
  ///   - c: [rows, columns].
  public static func multiply(
    rows: Int, _ a: UnsafePointer<Float>, _ b: PackedPanels, start: UnsafePointer<Float>?,
    _ c: UnsafeMutablePointer<Float>
  ) {
    nonisolated(unsafe) let (a, start, c) = (a, start, c)
    parallelBlocks(rows, size: block) { first, end in
      for panel in 0..<b.count {
        let column = panel * PackedPanels.width
        b.multiply(
          panel: panel, rows: end - first, a + first * b.depth, stride: b.depth,
          start: start.map { $0 + column }, startStride: 0, c + first * b.columns + column,
          cStride: b.columns)
      }
    }
  }

  /// Panels and rows of one task of ``multiply(rows:_:stride:_:start:startStride:_:cStride:)`` at most.
  private static let (panels, largeBlock) = (6, 192)

  /// The same of operands that are parts of larger ones, in more tasks: threads end together.
  /// - Parameters:
  ///   - rows: of `a` and `c`.
  ///   - a: [rows, depth], `stride` from one row to the next.
  ///   - b: the right operand.
  ///   - start: what is added to, `startStride` from one row to the next; nil: nothing; `c` itself, or with
  ///     `startStride` 0 one row that is added to all.
  ///   - c: [rows, columns], `cStride` from one row to the next.
  static func multiply(
    rows: Int, _ a: UnsafePointer<Float>, stride: Int, _ b: PackedPanels,
    start: UnsafePointer<Float>?, startStride: Int, _ c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    nonisolated(unsafe) let (a, start, c) = (a, start, c)
    let groups = (b.count + panels - 1) / panels
    // Whole tiles of six rows.
    let tiles = (rows + 5) / 6
    let blocks = (rows + largeBlock - 1) / largeBlock
    parallelFor(blocks * groups) { task in
      let (block, group) = task.quotientAndRemainder(dividingBy: groups)
      let first = tiles * block / blocks * 6
      let count = min(rows, tiles * (block + 1) / blocks * 6) - first
      for panel in b.count * group / groups..<b.count * (group + 1) / groups {
        let column = panel * PackedPanels.width
        b.multiply(
          panel: panel, rows: count, a + first * stride, stride: stride,
          start: start.map { $0 + first * startStride + column }, startStride: startStride,
          c + first * cStride + column, cStride: cStride)
      }
    }
  }

  /// Up to so many rows ``multiplyFew(rows:depth:columns:_:_:depthStride:columnStride:start:_:)`` is a choice.
  public static let mostRows = 512

  /// Whether ``multiplyFew(rows:depth:columns:_:_:depthStride:columnStride:start:_:)`` is faster than
  /// ``gemm(_:_:_:_:_:beta:_:stride:)``: enough rows to pay for the packing, and columns that fill
  /// panels. Measured where OpenBLAS runs its AVX2 kernels; see the map.
  public static func suits(rows: Int, depth: Int, columns: Int) -> Bool {
    (32...mostRows).contains(rows) && columns >= PackedPanels.width / 2 && depth >= 16
  }

  /// The same of ``multiplyTransposed(depth:rows:columns:_:_:_:sums:)``.
  public static func suitsTransposed(depth: Int, rows: Int, columns: Int) -> Bool {
    (16...mostRows).contains(depth) && rows >= 32 && columns >= PackedPanels.width / 2
  }

  /// c = a b + start for the rows of a small batch: a task packs one panel of `b` and takes all rows
  /// through it, so that packing needs no region of its own.
  /// - Parameters:
  ///   - rows: of `a` and `c`.
  ///   - depth: the length of the sums.
  ///   - columns: of `b` and `c`.
  ///   - a: [rows, depth].
  ///   - b: b[k * depthStride + j * columnStride].
  ///   - depthStride: values from one term of a sum to the next in `b`.
  ///   - columnStride: values from one column to the next in `b`.
  ///   - start: one row that is added to all; nil: nothing is.
  ///   - c: [rows, columns].
  public static func multiplyFew(
    rows: Int, depth: Int, columns: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    depthStride: Int, columnStride: Int, start: UnsafePointer<Float>?,
    _ c: UnsafeMutablePointer<Float>
  ) {
    nonisolated(unsafe) let (a, b, start, c) = (a, b, start, c)
    let body: @Sendable (Int) -> Void = { panel in
      let first = panel * PackedPanels.width
      let width = min(PackedPanels.width, columns - first)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: fewDepth * PackedPanels.width) {
        guard let packed = $0.baseAddress else { return }
        for k in stride(from: 0, to: depth, by: fewDepth) {
          let length = min(fewDepth, depth - k)
          aigc_pack_panel(
            length, width, b + k * depthStride + first * columnStride, depthStride, columnStride,
            packed)
          let target = c + first
          aigc_gemm_panel(
            rows, length, a + k, depth, 1, packed,
            k == 0 ? start.map { $0 + first } : UnsafePointer(target), k == 0 ? 0 : columns, target,
            columns, width)
        }
      }
    }
    let panels = (columns + PackedPanels.width - 1) / PackedPanels.width
    if rows * depth * columns < smallProduct {
      for panel in 0..<panels { body(panel) }
    } else {
      parallelFor(panels, body)
    }
  }
  /// Rows of a packed piece: it stays in the first cache and half of the second.
  private static let fewDepth = 256
  /// Below so many multiplications a region costs what it saves.
  private static let smallProduct = 1 << 19

  /// c = aᵀ b: the gradient of a weight, and what it needs of the bias in the same pass over `b`.
  /// - Parameters:
  ///   - depth: rows of `a` and `b`; at least one.
  ///   - rows: columns of `a`, rows of `c`.
  ///   - columns: of `b` and `c`.
  ///   - a: [depth, rows].
  ///   - b: [depth, columns].
  ///   - c: [rows, columns].
  ///   - sums: the sums of the columns of `b`; nil: not wanted.
  public static func multiplyTransposed(
    depth: Int, rows: Int, columns: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>?
  ) {
    let panels = (columns + PackedPanels.width - 1) / PackedPanels.width
    // A piece of `b` is packed once for a block of rows: large ones, but at least 8 tasks.
    var parts = max(1, (rows + 4 * block - 1) / (4 * block))
    while parts * panels < 8, rows > parts * block { parts *= 2 }
    let size = ((rows + parts - 1) / parts + 5) / 6 * 6
    nonisolated(unsafe) let (a, b, c, sums) = (a, b, c, sums)
    parallelFor((rows + size - 1) / max(size, 1) * panels) { task in
      let (row, first) = (task / panels * size, task % panels * PackedPanels.width)
      let (height, width) = (min(size, rows - row), min(PackedPanels.width, columns - first))
      withUnsafeTemporaryAllocation(of: Float.self, capacity: piece * PackedPanels.width) {
        guard let panel = $0.baseAddress else { return }
        for k in stride(from: 0, to: depth, by: piece) {
          let (length, target) = (min(piece, depth - k), c + row * columns + first)
          aigc_pack_panel(length, width, b + k * columns + first, columns, 1, panel)
          if row == 0, let sums {
            aigc_column_sum(
              length, width, panel, PackedPanels.width, k == 0 ? 0 : 1, sums + first)
          }
          aigc_gemm_panel(
            height, length, a + k * rows + row, 1, rows, panel,
            k == 0 ? nil : UnsafePointer(target), columns, target, columns, width)
        }
      }
    }
  }
}
