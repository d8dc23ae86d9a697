import Files
import Testing

@testable import Kernels

/// What adapters add to a layer, beside the definition in double precision.
@Suite struct LinearChangeTests {
  /// Rows that are read alone and with the sums of A at hand, whole and cut: the same bits each time.
  @Test(arguments: [(1, 5, 3), (4, 67, 130), (9, 16, 64)])
  func addsBothProducts(rank: Int, inputs: Int, outputs: Int) throws {
    let rows = 3
    func values(_ count: Int, _ seed: Int) -> [Float] {
      (0..<count).map { Float(($0 * 37 + seed * 11) % 101 - 50) / 40 }
    }
    let (a, b) = (values(rank * inputs, 1), values(rank * outputs, 2))
    let (x, y) = (values(rows * inputs, 3), values(rows * outputs, 4))
    let change = try LinearChange(a: Table(a), b: Table(b), rank: rank)
    func result(_ ranges: [Range<Int>], isNarrowed: Bool) -> [Float] {
      var (result, narrow) = (y, [Float](repeating: 0, count: rows * (rank + 2)))
      x.withUnsafeBufferPointer { x in
        narrow.withUnsafeMutableBufferPointer { narrow in
          result.withUnsafeMutableBufferPointer { y in
            guard let x = x.baseAddress, let y = y.baseAddress, let sums = narrow.baseAddress
            else { return }
            var input = ProductInput(rows: rows, values: x, stride: inputs)
            if isNarrowed {
              change.narrow(rows: rows, x, xStride: inputs, sums, stride: rank + 2)
              input.narrow = UnsafePointer(sums)
              input.narrowStride = rank + 2
            }
            for range in ranges {
              change.add(range, input, y, yStride: outputs)
            }
          }
        }
      }
      return result
    }
    let whole = result([0..<outputs], isNarrowed: false)
    for row in 0..<rows {
      for output in 0..<outputs {
        var sum = Double(y[row * outputs + output])
        for index in 0..<rank {
          let dot = (0..<inputs).reduce(0.0) {
            $0 + Double(x[row * inputs + $1]) * Double(a[index * inputs + $1])
          }
          sum += dot * Double(b[index * outputs + output])
        }
        #expect(abs(Double(whole[row * outputs + output]) - sum) < 1e-4)
      }
    }
    #expect(result([0..<outputs], isNarrowed: true) == whole)
    #expect(result([0..<outputs / 3, outputs / 3..<outputs], isNarrowed: true) == whole)
  }

  @Test func refusesPartsOfRows() {
    #expect(throws: AIGCError.self) {
      _ = try LinearChange(a: Table([1, 2, 3]), b: Table([1, 2]), rank: 2)
    }
  }
}
