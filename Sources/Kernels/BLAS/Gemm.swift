import CBLAS

/// A matrix operand: row-major, `stride` values from one row to the next, taken as it lies or
/// transposed.
public struct MatrixView: @unchecked Sendable {
  /// The address of the first value.
  public let base: UnsafePointer<Float>
  /// Values from one row in memory to the next.
  public let stride: Int
  /// Whether the operand is the transpose of what lies in memory.
  public let isTransposed: Bool

  /// - Parameters:
  ///   - base: its first value.
  ///   - stride: of the matrix as it lies in memory.
  ///   - isTransposed: whether its columns are the operand's rows.
  public init(_ base: UnsafePointer<Float>, stride: Int, isTransposed: Bool = false) {
    self.base = base
    self.stride = stride
    self.isTransposed = isTransposed
  }

  /// The operand from `row` and `column` on.
  @inline(__always)
  public func offset(row: Int, column: Int) -> MatrixView {
    MatrixView(
      base + (isTransposed ? column * stride + row : row * stride + column), stride: stride,
      isTransposed: isTransposed)
  }
}

/// `c = a b + beta c` for a [m, k], b [k, n], c [m, n], on all threads.
///
/// Each tile is one call of single-threaded OpenBLAS. The cut depends on the sizes alone, so the result
/// has the same bytes for any number of threads.
/// - Parameters:
///   - m: rows of `c`.
///   - n: columns of `c`.
///   - k: the length of the sums.
///   - a: the left operand.
///   - b: the right operand.
///   - beta: 0 leaves the old contents of `c` unread.
///   - c: row-major.
///   - stride: values from one row of `c` to the next.
public func gemm(
  _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView, _ b: MatrixView, beta: Float,
  _ c: UnsafeMutablePointer<Float>, stride: Int
) {
  let tiles = GemmTiles(m, n, k)
  if tiles.count == 1 {
    gemmTile(m, n, k, a, b, beta: beta, c, stride: stride)
    return
  }
  nonisolated(unsafe) let c = c
  parallelFor(tiles.count) { index in
    let row = index / tiles.columns * tiles.height
    let column = index % tiles.columns * tiles.width
    gemmTile(
      min(tiles.height, m - row), min(tiles.width, n - column), k, a.offset(row: row, column: 0),
      b.offset(row: 0, column: column), beta: beta, c + row * stride + column, stride: stride)
  }
}

/// The same on the calling thread, in one piece; a b is multiplied by `scale`.
public func gemmTile(
  _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView, _ b: MatrixView, scale: Float = 1, beta: Float,
  _ c: UnsafeMutablePointer<Float>, stride: Int
) {
  guard m > 0, n > 0 else { return }
  let place = BLASPlaces.take()
  defer { place?.leave() }
  if m == 1, k > 0, !a.isTransposed || a.stride == 1 {
    // sgemv leaves c as it is for k = 0. A product with one row runs at the speed of memory in gemv, and 5 times slower in gemm.
    let trans = b.isTransposed ? CblasNoTrans : CblasTrans
    cblas_sgemv(
      CblasRowMajor, trans, Int32(b.isTransposed ? n : k), Int32(b.isTransposed ? k : n), scale,
      b.base, Int32(b.stride), a.base, 1, beta, c, 1)
    return
  }
  cblas_sgemm(
    CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
    b.isTransposed ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), scale, a.base,
    Int32(a.stride), b.base, Int32(b.stride), beta, c, Int32(stride))
}

/// How a product is cut into tiles, by its sizes alone.
struct GemmTiles {
  let height: Int
  let width: Int
  let columns: Int
  let count: Int

  init(_ m: Int, _ n: Int, _ k: Int) {
    let work = 2.0 * Double(m) * Double(n) * Double(k)
    // Below 4 MFLOP a product takes less than starting threads saves.
    var wanted = work < 4e6 ? 1 : work < 64e6 ? 2 : work < 512e6 ? 8 : 16
    if m == 1 { wanted = work < 1e6 ? 1 : min(8, n / 256) }
    var (rows, columns) = (1, 1)
    while rows * columns < wanted {
      let (height, width) = (m / rows, n / columns)
      if height >= width, height >= 64 {
        rows *= 2
      } else if width >= 64 {
        columns *= 2
      } else if height >= 64 {
        rows *= 2
      } else {
        break
      }
    }
    height = Self.ceiling(m, rows)
    width = Self.ceiling(n, columns)
    self.columns = max(1, (n + width - 1) / max(width, 1))
    count = max(1, (m + height - 1) / max(height, 1)) * self.columns
  }

  /// A part of `size`, in whole vectors.
  private static func ceiling(_ size: Int, _ parts: Int) -> Int {
    parts == 1 ? size : ((size + parts - 1) / parts + 15) / 16 * 16
  }
}
