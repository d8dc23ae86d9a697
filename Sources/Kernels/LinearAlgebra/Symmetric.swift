import Files
import CBLAS
import CLAPACKE

/// Symmetric matrices in double precision, row-major.
public enum SymmetricMatrix {
  /// Mean and covariance of rows, the latter divided by `rows - 1`.
  /// - Parameters:
  ///   - values: [rows, columns].
  ///   - rows: at least 2.
  ///   - columns: of `values`.
  /// - Returns: [columns] and [columns, columns].
  public static func covariance(
    _ values: [Float], rows: Int, columns: Int
  ) -> (mean: [Double], covariance: [Double]) {
    require(rows > 1 && values.count == rows * columns, "covariance: \(rows) x \(columns)")
    let place = BLASPlaces.take()
    defer { place?.leave() }
    var mean = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns { mean[column] += Double(values[row * columns + column]) }
    }
    for column in 0..<columns { mean[column] /= Double(rows) }
    var result = [Double](repeating: 0, count: columns * columns)
    // Some rows at a time: twice the memory of all would be needed else.
    let block = 1024
    var centered = [Double](repeating: 0, count: min(block, rows) * columns)
    for first in stride(from: 0, to: rows, by: block) {
      let count = min(block, rows - first)
      for index in 0..<count * columns {
        centered[index] = Double(values[first * columns + index]) - mean[index % columns]
      }
      cblas_dsyrk(
        CblasRowMajor, CblasUpper, CblasTrans, Int32(columns), Int32(count), 1, centered,
        Int32(columns), 1, &result, Int32(columns))
    }
    for row in 0..<columns {
      for column in row..<columns {
        result[row * columns + column] /= Double(rows - 1)
        result[column * columns + row] = result[row * columns + column]
      }
    }
    return (mean, result)
  }

  /// The directions in which rows differ most, by LAPACK's eigenvectors of their covariance.
  /// - Parameters:
  ///   - values: [rows, columns].
  ///   - rows: at least 2.
  ///   - columns: of `values`.
  /// - Returns: unit vectors of `columns` numbers, those of the largest deviations first, each with its largest
  ///   number above 0, and the standard deviation along each; nil when LAPACK refuses.
  public static func principalComponents(
    _ values: [Float], rows: Int, columns: Int
  ) -> (vectors: [[Float]], deviations: [Float])? {
    let (_, covariance) = covariance(values, rows: rows, columns: columns)
    guard let (variances, vectors) = eigen(covariance, size: columns, wantsVectors: true) else {
      return nil
    }
    let order = (0..<columns).reversed()
    let directions = order.map { column -> [Float] in
      let vector = (0..<columns).map { Float(vectors[$0 * columns + column]) }
      let largest = vector.max { abs($0) < abs($1) } ?? 0
      return largest < 0 ? vector.map { -$0 } : vector
    }
    return (directions, order.map { Float(max(variances[$0], 0).squareRoot()) })
  }

  /// The trace of the square root of the product of two positive semidefinite matrices, which is that
  /// of the symmetric matrix √a b √a.
  /// - Returns: nil when LAPACK refuses (not a number in a matrix, no memory).
  public static func traceOfRoot(_ a: [Double], _ b: [Double], size: Int) -> Double? {
    guard let root = squareRoot(a, size: size) else { return nil }
    let inner = product(product(root, b, size: size), root, size: size)
    guard let (values, _) = eigen(inner, size: size, wantsVectors: false) else { return nil }
    return values.reduce(0) { $0 + max($1, 0).squareRoot() }
  }

  /// The positive semidefinite root; eigenvalues below 0, which rounding makes, count as 0.
  private static func squareRoot(_ a: [Double], size: Int) -> [Double]? {
    guard let (values, vectors) = eigen(a, size: size, wantsVectors: true) else { return nil }
    // Columns are the eigenvectors: V √D Vᵀ = (V ⁴√D) (V ⁴√D)ᵀ.
    var scaled = vectors
    for index in scaled.indices {
      scaled[index] *= max(values[index % size], 0).squareRoot().squareRoot()
    }
    return product(scaled, scaled, size: size, transposesSecond: true)
  }

  /// Eigenvalues, ascending, and eigenvectors as columns of a [size, size] matrix, each with its largest number
  /// above 0.
  /// - Returns: nil when LAPACK refuses (not a number in the matrix, no memory).
  public static func eigenvectors(
    of a: [Double], size: Int
  ) -> (values: [Double], vectors: [Double])? {
    require(a.count == size * size, "eigenvectors: \(a.count) numbers of \(size) x \(size)")
    guard let found = eigen(a, size: size, wantsVectors: true) else { return nil }
    var vectors = found.vectors
    for column in 0..<size {
      let largest = (0..<size).max {
        abs(vectors[$0 * size + column]) < abs(vectors[$1 * size + column])
      }
      guard let largest, vectors[largest * size + column] < 0 else { continue }
      for row in 0..<size { vectors[row * size + column].negate() }
    }
    return (found.values, vectors)
  }

  /// Solves a x = b for a positive definite matrix, by LAPACK's Cholesky factorisation.
  /// - Parameters:
  ///   - a: [size, size], whose upper half is read.
  ///   - b: [size].
  ///   - size: of both.
  /// - Returns: nil when the matrix is not positive definite, or LAPACK refuses.
  public static func solve(_ a: [Double], _ b: [Double], size: Int) -> [Double]? {
    require(a.count == size * size && b.count == size, "solve: \(a.count) and \(b.count)")
    let place = BLASPlaces.take()
    defer { place?.leave() }
    var (factor, result) = (a, b)
    let upper = CChar(bitPattern: UInt8(ascii: "U"))
    let n = Int32(size)
    guard LAPACKE_dposv(LAPACK_ROW_MAJOR, upper, n, 1, &factor, n, &result, 1) == 0 else {
      return nil
    }
    return result
  }

  private static func eigen(
    _ a: [Double], size: Int, wantsVectors: Bool
  ) -> (values: [Double], vectors: [Double])? {
    let place = BLASPlaces.take()
    defer { place?.leave() }
    var (vectors, values) = (a, [Double](repeating: 0, count: size))
    let job = CChar(bitPattern: UInt8(ascii: wantsVectors ? "V" : "N"))
    let upper = CChar(bitPattern: UInt8(ascii: "U"))
    let n = Int32(size)
    guard LAPACKE_dsyevd(LAPACK_ROW_MAJOR, job, upper, n, &vectors, n, &values) == 0 else {
      return nil
    }
    return (values, vectors)
  }

  private static func product(
    _ a: [Double], _ b: [Double], size: Int, transposesSecond: Bool = false
  ) -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    let n = Int32(size)
    let place = BLASPlaces.take()
    defer { place?.leave() }
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, transposesSecond ? CblasTrans : CblasNoTrans, n, n, n, 1, a, n,
      b, n, 0, &result, n)
    return result
  }
}
