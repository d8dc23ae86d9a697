import Files
import Kernels

/// Least squares with a penalty on squared weights, of rows with some dense numbers and some places that are 1; values
/// and targets count by their distance from the mean of their document, since only sentences of one text are compared.
struct RidgeRegression {
  /// A sentence.
  struct Row: Sendable {
    var dense: [Float]
    /// Ascending.
    var ones: [Int32]
    var target: Double
  }

  /// The number of dense values, and of all.
  let dense: Int
  let size: Int
  /// Xᵀ X, the upper half, and Xᵀ y.
  private var products: [Double]
  private var targets: [Double]

  init(dense: Int, ones: Int) {
    (self.dense, size) = (dense, dense + ones)
    products = [Double](repeating: 0, count: size * size)
    targets = [Double](repeating: 0, count: size)
  }

  /// Adds the sentences of a document. In all they count as the root of their number: a long text teaches more than a
  /// short one, but not as much as as many sentences of several.
  mutating func add(_ rows: [Row]) {
    let weight = 3 / Double(max(rows.count, 1)).squareRoot()
    let mean = rows.reduce(0) { $0 + $1.target } / Double(max(rows.count, 1))
    var sums: [Int: Double] = [:]
    for row in rows {
      let values = Self.values(row, dense)
      for (place, value) in values {
        sums[place, default: 0] += value
        targets[place] += weight * value * (row.target - mean)
      }
      add(values, weight)
    }
    // Σ (x - m)(x - m)ᵀ = Σ x xᵀ - n m mᵀ.
    let total = sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    add(total, -weight / Double(max(rows.count, 1)))
  }

  private static func values(_ row: Row, _ dense: Int) -> [(Int, Double)] {
    row.dense.enumerated().map { ($0, Double($1)) } + row.ones.map { (dense + Int($0), 1) }
  }

  private mutating func add(_ values: [(Int, Double)], _ weight: Double) {
    for (index, (row, value)) in values.enumerated() {
      let scaled = value * weight
      for (column, other) in values[index...] { products[row * size + column] += scaled * other }
    }
  }

  static func + (a: RidgeRegression, b: RidgeRegression) -> RidgeRegression {
    var sum = a
    for index in sum.products.indices { sum.products[index] += b.products[index] }
    for index in sum.targets.indices { sum.targets[index] += b.targets[index] }
    return sum
  }

  /// The weights that predict the targets with the least squared error and penalty.
  /// - Throws: ``/Files/AIGCError`` (failed) where LAPACK refuses.
  func weights(densePenalty: Double, onesPenalty: Double) throws(AIGCError) -> [Double] {
    var matrix = products
    for index in 0..<size {
      matrix[index * size + index] += index < dense ? densePenalty : onesPenalty
    }
    guard let weights = SymmetricMatrix.solve(matrix, targets, size: size) else {
      throw .failed("the features' products have no inverse")
    }
    return weights
  }
}
