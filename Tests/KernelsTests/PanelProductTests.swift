import Testing

@testable import Kernels

@Suite struct PanelProductTests {
  /// Rows that leave some over, sums of several pieces, narrow last panels, small and large products.
  @Test(arguments: [(32, 16, 32), (64, 100, 128), (67, 600, 200), (130, 257, 65)])
  func fewRowsEqualLoops(rows: Int, depth: Int, columns: Int) {
    let a = Floats(KernelCheck.samples(rows * depth, 1))
    let b = Floats(KernelCheck.samples(depth * columns, 2))
    let bias = Floats(KernelCheck.samples(columns, 3))
    let turned = Floats(zeros: depth * columns)
    for k in 0..<depth {
      for j in 0..<columns { turned.base[j * depth + k] = b.base[k * columns + j] }
    }
    let (plain, other) = (
      Floats([Float](repeating: .nan, count: rows * columns)),
      Floats([Float](repeating: .nan, count: rows * columns))
    )
    PanelProducts.multiplyFew(
      rows: rows, depth: depth, columns: columns, a.base, b.base, depthStride: columns,
      columnStride: 1, start: bias.base, plain.base)
    PanelProducts.multiplyFew(
      rows: rows, depth: depth, columns: columns, a.base, turned.base, depthStride: 1,
      columnStride: depth, start: nil, other.base)
    // aᵀ times what lies like c: [depth, columns].
    let gradient = Floats([Float](repeating: .nan, count: depth * columns))
    let dy = Floats(KernelCheck.samples(rows * columns, 4))
    PanelProducts.multiplyTransposed(
      depth: rows, rows: depth, columns: columns, a.base, dy.base, gradient.base, sums: nil)
    var worst = 0.0
    func compare(_ value: Float, _ expected: Double) {
      let error = abs(Double(value) - expected)
      worst = error.isNaN ? .infinity : max(worst, error)
    }
    for j in 0..<columns {
      for i in 0..<rows {
        var sum = 0.0
        for k in 0..<depth {
          sum += Double(a.base[i * depth + k]) * Double(b.base[k * columns + j])
        }
        compare(plain.base[i * columns + j], sum + Double(bias.base[j]))
        compare(other.base[i * columns + j], sum)
      }
      for k in 0..<depth {
        let sum = (0..<rows).reduce(0.0) {
          $0 + Double(a.base[$1 * depth + k]) * Double(dy.base[$1 * columns + j])
        }
        compare(gradient.base[k * columns + j], sum)
      }
    }
    #expect(worst <= 3e-4)
  }
}
