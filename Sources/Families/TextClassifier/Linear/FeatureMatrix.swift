import Datasets
import Files
import Kernels

/// The features of many texts: a sparse matrix [texts, features] row by row, and column by column.
struct FeatureMatrix: Sendable {
  /// The keys of the columns.
  let index: FeatureIndex
  /// Where the rows begin, and the end of the last.
  let starts: [Int]
  let columns: [Int32]
  let values: [Float]
  /// The same column by column.
  private let columnStarts: [Int]
  private let rows: [Int32]
  private let columnValues: [Float]

  var rowCount: Int { starts.count - 1 }
  var columnCount: Int { index.count }

  /// - Parameters:
  ///   - texts: a row each.
  ///   - features: how texts become features.
  ///   - minCount: features of fewer texts are left out.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  init(
    _ texts: TextList, _ features: TextFeatures, minCount: Int = 1
  ) throws(AIGCError) {
    let found = try Self.features(of: texts, features)
    var all = FeatureIndex(capacity: 1 << 16)
    var counts: [Int32] = []
    for row in found {
      for feature in row {
        let number = all.number(of: feature.key)
        if number == counts.count { counts.append(0) }
        counts[number] += 1
      }
    }
    var index = FeatureIndex(capacity: all.count)
    for (number, key) in all.keys.enumerated() where counts[number] >= minCount {
      _ = index.number(of: key)
    }
    var (starts, columns, values): ([Int], [Int32], [Float]) = ([0], [], [])
    for row in found {
      for feature in row {
        guard let column = index.find(feature.key) else { continue }
        columns.append(Int32(column))
        values.append(feature.value)
      }
      if features.isNormalized == true {
        let range = starts[starts.count - 1]..<columns.count
        let scale = TextFeatures.norm(range.reduce(0) { $0 + values[$1] * values[$1] })
        for entry in range { values[entry] /= scale }
      }
      starts.append(columns.count)
    }
    self.init(index: index, starts: starts, columns: columns, values: values)
  }

  private init(index: FeatureIndex, starts: [Int], columns: [Int32], values: [Float]) {
    (self.index, self.starts, self.columns, self.values) = (index, starts, columns, values)
    var places = [Int](repeating: 0, count: index.count + 1)
    for column in columns { places[Int(column) + 1] += 1 }
    for column in 0..<index.count { places[column + 1] += places[column] }
    columnStarts = places
    var rows = [Int32](repeating: 0, count: columns.count)
    var columnValues = [Float](repeating: 0, count: columns.count)
    for row in 0..<starts.count - 1 {
      for entry in starts[row]..<starts[row + 1] {
        let column = Int(columns[entry])
        rows[places[column]] = Int32(row)
        columnValues[places[column]] = values[entry]
        places[column] += 1
      }
    }
    (self.rows, self.columnValues) = (rows, columnValues)
  }

  private static func features(
    of texts: TextList, _ features: TextFeatures
  ) throws(AIGCError) -> [[TextFeatures.Feature]] {
    let block = 256
    let blocks = (texts.count + block - 1) / block
    let slots = ParallelSlots<[[TextFeatures.Feature]]>(count: blocks)
    parallelFor(blocks) { number in
      if Interruption.isRequested { return }
      let range = number * block..<min(texts.count, (number + 1) * block)
      slots.set(number, range.map { features.features(texts[$0]) })
    }
    try Interruption.check()
    return (0..<blocks).flatMap { slots.take($0) ?? [] }
  }

  /// The sum over the features of each row of value times weight, plus `bias`.
  /// - Parameter weights: one a column.
  /// - Returns: one a row.
  func products(_ weights: [Double], bias: Double) -> [Double] {
    parallelValues(rowCount, block: 512) { row in
      var sum = bias
      for entry in starts[row]..<starts[row + 1] {
        sum += weights[Int(columns[entry])] * Double(values[entry])
      }
      return sum
    }
  }

  /// The sum over the rows of each column of value times factor.
  /// - Parameter factors: one a row.
  /// - Returns: one a column.
  func transposedProducts(_ factors: [Double]) -> [Double] { columnSums(factors) { $0 } }

  /// How much of the factors' sum each column has in rows where it stands and is not turned round.
  func presence(_ factors: [Double]) -> [Double] { columnSums(factors) { max($0, 0) } }

  private func columnSums(
    _ factors: [Double], _ value: @Sendable (Float) -> Float
  ) -> [Double] {
    parallelValues(columnCount, block: 2048) { column in
      var sum = 0.0
      for entry in columnStarts[column]..<columnStarts[column + 1] {
        sum += factors[Int(rows[entry])] * Double(value(columnValues[entry]))
      }
      return sum
    }
  }
}
