import Files
import CLAPACKE

/// Makes the columns of a tall matrix orthonormal: the Q of its QR factorisation with a positive
/// diagonal of R, as PyTorch's `orthogonal_` takes it (Saxe et al. 2014).
///
/// - Parameters:
///   - matrix: [rows, columns], row-major, replaced by Q.
///   - rows: at least `columns`.
///   - columns: of the matrix.
/// - Returns: false when LAPACK refuses (not a number in the matrix, no memory).
public func orthonormalizeColumns(
  _ matrix: UnsafeMutablePointer<Float>, rows: Int, columns: Int
) -> Bool {
  require(rows >= columns, "orthonormalizeColumns: more columns than rows")
  let place = BLASPlaces.take()
  defer { place?.leave() }
  var tau = [Float](repeating: 0, count: max(columns, 1))
  let (m, n) = (Int32(rows), Int32(columns))
  guard LAPACKE_sgeqrf(LAPACK_ROW_MAJOR, m, n, matrix, n, &tau) == 0 else { return false }
  let signs = (0..<columns).map { matrix[$0 * columns + $0] < 0 ? Float(-1) : 1 }
  guard LAPACKE_sorgqr(LAPACK_ROW_MAJOR, m, n, n, matrix, n, tau) == 0 else { return false }
  for row in 0..<rows {
    for column in 0..<columns { matrix[row * columns + column] *= signs[column] }
  }
  return true
}
