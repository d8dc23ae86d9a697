import Datasets
import Files

/// Rows of a table as numbers, to learn from.
struct TableRows: ExampleSet {
  /// Numbers of a row.
  let width: Int
  /// [rows, width].
  private let values: [Float]

  var count: Int { values.count / width }
  var labels: [Int32]? { nil }
  var isInMemory: Bool { true }

  init(_ values: [Float], width: Int) {
    precondition(width > 0 && values.count % width == 0, "TableRows: rows of \(width) numbers")
    (self.values, self.width) = (values, width)
  }

  func values(
    _ indices: [Int], mirrored: [Bool], isParallel: Bool
  ) throws(AIGCError) -> [Float] {
    indices.flatMap { values[$0 * width..<($0 + 1) * width] }
  }

  func subset(_ indices: [Int]) -> TableRows {
    TableRows(indices.flatMap { values[$0 * width..<($0 + 1) * width] }, width: width)
  }
}
