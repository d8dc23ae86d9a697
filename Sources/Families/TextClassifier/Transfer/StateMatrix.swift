import Kernels

/// States as rows, moved and scaled so that each column has mean 0 and deviation 1.
struct StateMatrix: DesignMatrix {
  let rowCount: Int
  let columnCount: Int
  /// Of each column.
  let mean: [Float]
  let deviation: [Float]
  private let values: [Float]

  /// - Parameters:
  ///   - states: [rows, width]; rows that are no numbers count as the mean.
  ///   - width: values of a row.
  init(_ states: [Float], width: Int) {
    (columnCount, rowCount) = (width, states.count / max(width, 1))
    let count = rowCount
    func average(_ value: @Sendable (Float, Int) -> Double) -> [Float] {
      (0..<width).map { column in
        var (sum, known) = (0.0, 0)
        for row in 0..<count where states[row * width + column].isFinite {
          sum += value(states[row * width + column], column)
          known += 1
        }
        return Float(sum / Double(max(known, 1)))
      }
    }
    let mean = average { value, _ in Double(value) }
    let deviation = average { value, column in
      let distance = Double(value - mean[column])
      return distance * distance
    }.map { max($0.squareRoot(), 1e-6) }
    values = parallelValues(states.count, block: 1 << 16) { index in
      let column = index % width
      return states[index].isFinite ? (states[index] - mean[column]) / deviation[column] : 0
    }
    (self.mean, self.deviation) = (mean, deviation)
  }

  func products(_ weights: [Double], bias: Double) -> [Double] {
    parallelValues(rowCount, block: 64) { row in
      var sum = bias
      for column in 0..<columnCount {
        sum += weights[column] * Double(values[row * columnCount + column])
      }
      return sum
    }
  }

  func transposedProducts(_ factors: [Double]) -> [Double] {
    // Blocks of columns, each over all rows: sums are taken in the order of the rows.
    let block = 16
    let blocks = (columnCount + block - 1) / block
    let slots = ParallelSlots<[Double]>(count: blocks)
    parallelFor(blocks) { number in
      let first = number * block
      var sums = [Double](repeating: 0, count: min(block, columnCount - first))
      for row in 0..<rowCount where factors[row] != 0 {
        for place in sums.indices {
          sums[place] += factors[row] * Double(values[row * columnCount + first + place])
        }
      }
      slots.set(number, sums)
    }
    return (0..<blocks).flatMap { slots.take($0) ?? [] }
  }
}
