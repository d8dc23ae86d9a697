import Datasets
import Files

/// Rows of a table as numbers, to learn from.
struct TableRows: ExampleSet {
  /// Numbers of a row.
  let width: Int
  /// [rows, width].
  let values: [Float]
  /// The columns of rows whose words were not learned, by row.
  let unlearned: [Int: [Int]]

  var count: Int { values.count / width }
  var labels: [Int32]? { nil }
  var isInMemory: Bool { true }

  init(_ values: [Float], width: Int, unlearned: [Int: [Int]] = [:]) {
    require(width > 0 && values.count % width == 0, "TableRows: rows of \(width) numbers")
    (self.values, self.width, self.unlearned) = (values, width, unlearned)
  }

  func values(
    _ indices: [Int], mirrored: [Bool], isParallel: Bool
  ) throws(AIGCError) -> [Float] {
    indices.flatMap { values[$0 * width..<($0 + 1) * width] }
  }

  func subset(_ indices: [Int]) -> TableRows {
    var found: [Int: [Int]] = [:]
    for (place, index) in indices.enumerated() { found[place] = unlearned[index] }
    return TableRows(
      indices.flatMap { values[$0 * width..<($0 + 1) * width] }, width: width, unlearned: found)
  }
}
