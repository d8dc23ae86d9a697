import Files
import Glibc
import Testing

@testable import Kernels

/// Changes of frozen weights by adapters, beside the definition in double precision.
@Suite struct LowRankChangeTests {
  /// Ranks and widths below, at and above those of panels and blocks.
  @Test(arguments: [
    (1, 5, 3, 1), (8, 64, 70, 97), (6, 130, 64, 200), (67, 96, 200, 96), (8, 40, 33, 1700),
  ])
  func gradients(rank: Int, inputs: Int, outputs: Int, rows: Int) {
    let (x, dy) = (values(rows * inputs, 1), values(rows * outputs, 2))
    let (a, b) = (values(rank * inputs, 3), values(outputs * rank, 4))
    var (da, db) = (
      [Float](repeating: .nan, count: a.count), [Float](repeating: .nan, count: b.count)
    )
    withBases(a, b) { a, b in
      withBases(x, dy) { x, dy in
        let change = LowRankChange(
          rank: rank, inputs: inputs, outputs: outputs, scale: 0.5, a: a, b: b)
        da.withUnsafeMutableBufferPointer { da in
          db.withUnsafeMutableBufferPointer { db in
            guard let da = da.baseAddress, let db = db.baseAddress else { return }
            change.gradients(rows: rows, x, dy, a: da, b: db)
          }
        }
      }
    }
    // (dy B)ᵀ x and dyᵀ (x Aᵀ).
    let byB = product(dy, b, rows, outputs, rank)
    let byA = product(x, turned(a, rank, inputs), rows, inputs, rank)
    expectNear(da, product(turned(byB, rows, rank), x, rank, rows, inputs).map { $0 / 2 })
    expectNear(db, product(turned(dy, rows, outputs), byA, outputs, rows, rank).map { $0 / 2 })
  }

  /// Matrices of several parts, with rows and columns beside the width of panels, with and without a change.
  @Test(arguments: [StoredMatrix.Layout.byInput, .byOutput], [true, false])
  func frozenProducts(layout: StoredMatrix.Layout, isChanged: Bool) throws {
    let (rank, inputs, outputs, rows) = (3, 70, 333, 5)
    let (w, x) = (values(inputs * outputs, 5), values(rows * inputs, 6))
    let (a, b, dy) = (
      values(rank * inputs, 7), values(outputs * rank, 8), values(rows * outputs, 9)
    )
    var matrix = FrozenMatrix(
      try StoredMatrix(
        Table(w).rawBytes, type: .f32, layout: layout, inputs: inputs, outputs: outputs))
    matrix.partValues = 130 * 70
    var y = [Float](repeating: .nan, count: rows * outputs)
    var dx = [Float](repeating: .nan, count: rows * inputs)
    withBases(a, b) { a, b in
      let change = LowRankChange(
        rank: rank, inputs: inputs, outputs: outputs, scale: 2, a: a, b: b)
      withBases(x, dy) { x, dy in
        y.withUnsafeMutableBufferPointer { y in
          dx.withUnsafeMutableBufferPointer { dx in
            guard let y = y.baseAddress, let dx = dx.baseAddress else { return }
            matrix.multiply(rows: rows, x, isChanged ? change : nil, start: nil, y)
            matrix.multiplyBack(rows: rows, dy, isChanged ? change : nil, dx)
          }
        }
      }
    }
    // W + change as [inputs, outputs].
    var whole = layout == .byInput ? w.map { Double($0) } : turned(w, outputs, inputs)
    if isChanged {
      let change = product(turned(a, rank, inputs), turned(b, outputs, rank), inputs, rank, outputs)
      for index in whole.indices { whole[index] += 2 * change[index] }
    }
    expectNear(y, product(x, whole, rows, inputs, outputs))
    expectNear(dx, product(dy, turned(whole, inputs, outputs), rows, outputs, inputs))
  }

  /// A softmax over several parts, with targets in each of them and the largest score in the last one.
  @Test func softmaxByParts() throws {
    let (inputs, outputs, rows) = (70, 333, 3)
    var w = values(inputs * outputs, 5)
    let x = values(rows * inputs, 6)
    for place in w.indices.suffix(inputs) { w[place] *= 3 }
    var matrix = FrozenMatrix(
      try StoredMatrix(
        Table(w).rawBytes, type: .f32, layout: .byOutput, inputs: inputs, outputs: outputs))
    matrix.partValues = 2 * 130 * 70
    let targets: [Int32] = [0, 150, 332]
    var found = [Float](repeating: .nan, count: rows * (inputs + 4))
    withBases(x, x) { x, _ in
      found.withUnsafeMutableBufferPointer { found in
        guard let found = found.baseAddress else { return }
        let means = found + 4 * rows
        matrix.softmax(
          rows: rows, x, targets, logSums: found, chosen: found + rows, means: means)
        matrix.softmax(
          rows: rows, x, targets, logSums: found + 2 * rows, chosen: found + 3 * rows, means: nil)
      }
    }
    let scores = product(x, turned(w, outputs, inputs), rows, inputs, outputs)
    var (sums, chosen, means): ([Double], [Double], [Double]) = ([], [], [])
    for row in 0..<rows {
      let own = scores[row * outputs..<(row + 1) * outputs]
      let top = own.max() ?? 0
      let weights = own.map { exp($0 - top) }
      let total = weights.reduce(0, +)
      sums.append(top + log(total))
      chosen.append(own[row * outputs + Int(targets[row])])
      means += product(weights.map { $0 / total }, w.map { Double($0) }, 1, outputs, inputs)
    }
    for place in 0..<2 {
      expectNear(Array(found[2 * place * rows..<(2 * place + 1) * rows]), sums)
      expectNear(Array(found[(2 * place + 1) * rows..<(2 * place + 2) * rows]), chosen)
    }
    expectNear(Array(found[(4 * rows)...]), means)
  }

  // MARK: The definition

  private func values(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { Float(($0 * 37 + seed * 11 + $0 / 101) % 101 - 50) / 40 }
  }

  /// [rows, depth] times [depth, columns].
  private func product(
    _ a: [some BinaryFloatingPoint], _ b: [some BinaryFloatingPoint], _ rows: Int, _ depth: Int,
    _ columns: Int
  ) -> [Double] {
    let (a, b) = (a.map { Double($0) }, b.map { Double($0) })
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for k in 0..<depth {
        let value = a[row * depth + k]
        for column in 0..<columns {
          result[row * columns + column] += value * b[k * columns + column]
        }
      }
    }
    return result
  }

  private func turned(_ a: [some BinaryFloatingPoint], _ rows: Int, _ columns: Int) -> [Double] {
    (0..<columns * rows).map { Double(a[$0 % rows * columns + $0 / rows]) }
  }

  private func withBases(
    _ first: [Float], _ second: [Float],
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        guard let first = first.baseAddress, let second = second.baseAddress else { return }
        body(first, second)
      }
    }
  }

  private func expectNear(_ found: [Float], _ expected: [Double]) {
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let worst = zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    #expect(found.count == expected.count && worst <= 1e-5 * largest, "\(worst) of \(largest)")
  }
}
