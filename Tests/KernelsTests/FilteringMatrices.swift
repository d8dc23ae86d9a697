/// A matrix of a minimal filtering algorithm, in double precision.
struct Matrix {
  let rows: [[Double]]
  init(_ rows: [[Double]]) { self.rows = rows }

  var transposed: Matrix {
    Matrix(rows[0].indices.map { column in rows.map { $0[column] } })
  }

  /// Along both axes of a square: this · x · thisᵀ.
  func around(_ x: [[Double]]) -> [[Double]] {
    let half = rows.map { row in
      x[0].indices.map { j in row.indices.reduce(0) { $0 + row[$1] * x[$1][j] } }
    }
    return half.map { line in
      rows.map { row in row.indices.reduce(0) { $0 + row[$1] * line[$1] } }
    }
  }
}

/// Outputs = A (weights · inputs), the weights taken to the points by G, the inputs by B.
struct Filtering {
  let outputs: Matrix
  let weights: Matrix
  let inputs: Matrix

  /// F(4x4, 3x3) at 0, ±√½, ±√2 and infinity.
  static let ofThree: Filtering = {
    let (p, q) = (0.5.squareRoot(), 2.0.squareRoot())
    return Filtering(
      outputs: Matrix([
        [1, 1, 1, 1, 1, 0], [0, p, -p, q, -q, 0], [0, 0.5, 0.5, 2, 2, 0],
        [0, p / 2, -p / 2, 2 * q, -2 * q, 1],
      ]),
      weights: Matrix([
        [1, 0, 0], [-2 / 3, -2 / 3 * p, -1 / 3], [-2 / 3, 2 / 3 * p, -1 / 3],
        [1 / 6, q / 6, 1 / 3], [1 / 6, -q / 6, 1 / 3], [0, 0, 1],
      ]),
      inputs: Matrix([
        [1, 0, -2.5, 0, 1, 0], [0, -2 * p, -2, p, 1, 0], [0, 2 * p, -2, -p, 1, 0],
        [0, -q / 2, -0.5, q, 1, 0], [0, q / 2, -0.5, -q, 1, 0], [0, 1, 0, -2.5, 0, 1],
      ]))
  }()

  /// F(4x4, 2x2) at 0, -1, ½, 2 and infinity.
  static let ofTwo = Filtering(
    outputs: Matrix([
      [1, 1, 1, 1, 0], [0, -1, 0.5, 2, 0], [0, 1, 0.25, 4, 0], [0, -1, 0.125, 8, 1],
    ]),
    weights: Matrix([
      [1, 0], [-1 / 4.5, 1 / 4.5], [-1 / 1.125, -0.5 / 1.125], [1.0 / 9, 2.0 / 9], [0, 1],
    ]),
    inputs: Matrix([
      [1, -1.5, -1.5, 1, 0], [0, 1, -2.5, 1, 0], [0, -2, -1, 1, 0], [0, -0.5, 0.5, 1, 0],
      [0, 1, -1.5, -1.5, 1],
    ]))

  /// How far its outputs are from the definition's, at a window of other numbers everywhere.
  var error: Double {
    let (size, window) = (inputs.rows.count, weights.rows[0].count)
    func square(_ size: Int, _ a: Int, _ b: Int, modulus: Int) -> [[Double]] {
      (0..<size).map { i in
        (0..<size).map { (j: Int) -> Double in Double((i * a + j * b) % modulus - modulus / 2) }
      }
    }
    let d = square(size, 7, 3, modulus: 11)
    let g = square(window, 5, 2, modulus: 7)
    let (u, v) = (weights.around(g), inputs.around(d))
    let found = outputs.around(zip(u, v).map { row in zip(row.0, row.1).map { $0 * $1 } })
    var worst = 0.0
    for i in 0..<4 {
      for j in 0..<4 {
        var sum = 0.0
        for a in 0..<window { for b in 0..<window { sum += g[a][b] * d[i + a][j + b] } }
        worst = max(worst, abs(found[i][j] - sum))
      }
    }
    return worst
  }
}
