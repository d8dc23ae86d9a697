import CKernels

/// A right operand [depth, columns] of many products, packed once into panels of 64 columns, for
/// operands that few rows meet again and again: the recurrent weights of a sequence. There OpenBLAS
/// packs its operands anew at each call and reaches half its speed at 32 rows.
///
/// Panel p holds columns 64 p … as [depth][64], zeros beyond the last.
public final class PackedPanels: @unchecked Sendable {
  /// Rows of the operand: the length of the sums.
  public let depth: Int
  /// Columns of the operand.
  public let columns: Int
  private let base: UnsafeMutablePointer<Float>
  /// Sums are taken in even pieces of this length at most, so that a piece of a panel stays in the second cache.
  private static let longestPiece = 768

  /// Columns of a panel.
  public static let width = 64
  /// The number of panels; the last one may hold fewer columns.
  public var count: Int { (columns + Self.width - 1) / Self.width }
  private var size: Int { count * Self.width * depth }

  /// Packs b[k * depthStride + j * columnStride], on all threads.
  public convenience init(
    depth: Int, columns: Int, _ b: UnsafePointer<Float>, depthStride: Int, columnStride: Int
  ) {
    self.init(depth: depth, columns: columns)
    nonisolated(unsafe) let b = b
    parallelFor(count) { panel in
      let first = panel * Self.width
      pack(
        depth: 0..<depth, columns: first..<min(first + Self.width, columns),
        b + first * columnStride, depthStride: depthStride, columnStride: columnStride)
    }
  }

  /// Panels that ``pack(depth:columns:_:depthStride:columnStride:)`` is to fill.
  init(depth: Int, columns: Int) {
    (self.depth, self.columns) = (depth, columns)
    base = MemoryPool.take((columns + Self.width - 1) / Self.width * Self.width * depth)
  }

  /// Packs a part of the operand on the calling thread: values[k * depthStride + j * columnStride].
  /// - Parameters:
  ///   - depth: rows of the operand.
  ///   - range: columns, from the first of a panel on; they end with a panel's last or with the operand's.
  func pack(
    depth rows: Range<Int>, columns range: Range<Int>, _ values: UnsafePointer<Float>,
    depthStride: Int, columnStride: Int
  ) {
    for column in stride(from: range.lowerBound, to: range.upperBound, by: Self.width) {
      aigc_pack_panel(
        rows.count, min(Self.width, range.upperBound - column),
        values + (column - range.lowerBound) * columnStride, depthStride, columnStride,
        base + column * depth + rows.lowerBound * Self.width)
    }
  }

  deinit { MemoryPool.give(base, count: size) }

  /// c[rows][columns of the panel] = start + a b on the calling thread.
  /// - Parameters:
  ///   - panel: which panel.
  ///   - rows: rows of `a` and `c`.
  ///   - a: [rows][depth].
  ///   - stride: from one row of `a` to the next.
  ///   - start: added; nil: nothing is.
  ///   - startStride: from one row of `start` to the next: 0 for one row that is added to all.
  ///   - c: where the panel's first column goes.
  ///   - cStride: from one row of `c` to the next.
  @inline(__always)
  public func multiply(
    panel: Int, rows: Int, _ a: UnsafePointer<Float>, stride: Int,
    start: UnsafePointer<Float>?, startStride: Int, _ c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    let width = min(Self.width, columns - panel * Self.width)
    let block = base + panel * Self.width * depth
    let pieces = (depth + Self.longestPiece - 1) / Self.longestPiece
    let piece = depth / max(pieces, 1)
    var k = 0
    repeat {
      // The last piece has what the division leaves.
      let length = depth - k < 2 * piece ? depth - k : piece
      // The next piece lies behind this one and comes from memory meanwhile.
      aigc_gemm_panel_ahead(
        rows, length, a + k, stride, block + k * Self.width,
        k == 0 ? start : UnsafePointer(c), k == 0 ? startStride : cStride, c, cStride, width)
      k += length
    } while k < depth
  }
}
