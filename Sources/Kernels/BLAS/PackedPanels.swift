import CKernels

/// A right operand [depth, columns] of many products, packed once into panels of 64 columns, for
/// operands that few rows meet again and again: the recurrent weights of a sequence. There OpenBLAS
/// packs its operands anew at each call and reaches half its speed at 32 rows.
///
/// Panel p holds columns 64 p … as [depth][64], zeros beyond the last.
public final class PackedPanels: @unchecked Sendable {
  public let depth: Int
  public let columns: Int
  private let base: UnsafeMutablePointer<Float>
  /// Sums are taken in pieces of this length, so that a piece of a panel stays in the second cache.
  private static let depthBlock = 512
  /// The same where `a` is read across its rows: each value is then from a line of its own, and the
  /// lines of a piece stay in the first cache.
  private static let transposedBlock = 128

  /// Columns of a panel.
  public static let width = 64
  public var count: Int { (columns + Self.width - 1) / Self.width }
  private var size: Int { count * Self.width * depth }

  /// Packs b[k * depthStride + j * columnStride], on all threads.
  /// - Parameter sums: gets the sum of each column; nil: they are not taken.
  public init(
    depth: Int, columns: Int, _ b: UnsafePointer<Float>, depthStride: Int, columnStride: Int,
    sums: UnsafeMutablePointer<Float>? = nil
  ) {
    self.depth = depth
    self.columns = columns
    base = MemoryPool.take((columns + Self.width - 1) / Self.width * Self.width * depth)
    nonisolated(unsafe) let (b, sums) = (b, sums)
    parallelFor(count) { panel in
      let first = panel * Self.width
      let (width, target) = (min(Self.width, columns - first), base + panel * Self.width * depth)
      aigc_pack_panel(
        depth, width, b + first * columnStride, depthStride, columnStride, target)
      if let sums { aigc_column_sum(depth, width, target, Self.width, 0, sums + first) }
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
    var k = 0
    repeat {
      aigc_gemm_panel(
        rows, min(Self.depthBlock, depth - k), a + k, stride, 1, block + k * Self.width,
        k == 0 ? start : UnsafePointer(c), k == 0 ? startStride : cStride, c, cStride, width)
      k += Self.depthBlock
    } while k < depth
  }

  /// c[rows][columns of some panels] = aᵀ b on the calling thread, for `a` [depth][rows].
  /// - Parameters:
  ///   - panels: which panels.
  ///   - rows: columns of `a`, rows of `c`.
  ///   - a: what is transposed.
  ///   - stride: from one row of `a`, as it lies, to the next.
  ///   - c: where the first column of all panels goes.
  ///   - cStride: from one row of `c` to the next.
  func multiplyTransposed(
    panels: Range<Int>, rows: Int, _ a: UnsafePointer<Float>, stride: Int,
    _ c: UnsafeMutablePointer<Float>, cStride: Int
  ) {
    var k = 0
    repeat {
      for panel in panels {
        let first = panel * Self.width
        let target = c + first
        aigc_gemm_panel(
          rows, min(Self.transposedBlock, depth - k), a + k * stride, 1, stride,
          base + first * depth + k * Self.width, k == 0 ? nil : UnsafePointer(target), cStride,
          target, cStride, min(Self.width, columns - first))
      }
      k += Self.transposedBlock
    } while k < depth
  }
}
