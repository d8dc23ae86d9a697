import Datasets
import Files

/// Columns of numbers over equal steps of time, as a table has them.
public struct TimeSeries: Sendable, Equatable {
  /// The names of the columns, or their numbers from 1 where the table names none.
  public var columns: [String]
  /// One array a column, all equally long.
  public var values: [[Double]]
  /// What stands at the steps, say dates; empty without such a column.
  public var labels: [String] = []
  /// For errors.
  public var path = "series"
  /// How numbers were read that are spelled unusually, in words for the user.
  public var notes: [String] = []

  /// Creates a series.
  /// - Parameters:
  ///   - columns: names, as many as arrays in `values`.
  ///   - values: one array a column, all equally long.
  ///   - labels: of the steps; empty: none.
  public init(columns: [String], values: [[Double]], labels: [String] = []) {
    (self.columns, self.values, self.labels) = (columns, values, labels)
  }

  /// How many steps there are.
  public var count: Int { values.first?.count ?? 0 }

  /// Larger numbers are refused: their squares would not be finite.
  public static let largest = 1e100
  /// Columns that one model may have.
  public static let mostColumns = 32
}

extension TimeSeries {
  /// Reads columns of a table of comma-separated values.
  /// - Parameters:
  ///   - path: "-" is standard input; a .gz file is unpacked.
  ///   - columns: names or numbers from 1; none: the first column of numbers.
  ///   - interpolates: whether missing values are filled by straight lines, else they are refused.
  /// - Throws: ``/Files/AIGCError``: badInput for a file that is no such table, usage for a column that is
  ///   not there.
  public init(path: String, columns: [String], interpolates: Bool) throws(AIGCError) {
    let table = try CSVReader(path: path)
    var indices: [Int] = []
    for column in columns { indices.append(try table.index(of: column)) }
    if columns.isEmpty {
      guard let first = try table.firstNumericColumn() else {
        throw .badInput("\(table.path): no column holds numbers")
      }
      indices = [first]
    }
    guard Set(indices).count == indices.count else {
      throw .usage("`columns`: a column is named twice")
    }
    guard indices.count <= Self.mostColumns else {
      throw .usage("`columns`: \(indices.count) columns; at most \(Self.mostColumns)")
    }
    var values: [[Double]] = []
    for index in indices {
      let column = try table.numbers(index, missing: interpolates ? .interpolate : .refuse)
      if let row = column.firstIndex(where: { $0.magnitude > Self.largest }) {
        throw .badInput(
          "\(table.path): line \(try table.line(ofRow: row)), column \(index + 1): a number beyond 1e100"
        )
      }
      values.append(column)
    }
    for (index, found) in zip(indices, try table.spellings(indices)) {
      guard let note = found.note else { continue }
      notes.append("\(table.path): column \(table.names?[index] ?? "\(index + 1)"): \(note)")
    }
    self.columns = indices.map { table.names?[$0] ?? "\($0 + 1)" }
    self.values = values
    self.path = table.path
    if let index = try table.firstLabelColumn() { labels = try table.strings(index) }
  }

  /// Reads the columns that a model was trained on.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when the table has not all of them.
  public static func read(
    _ path: String, for columns: [String], interpolates: Bool
  ) throws(AIGCError) -> TimeSeries {
    do throws(AIGCError) {
      return try TimeSeries(path: path, columns: columns, interpolates: interpolates)
    } catch  where error.code == .usage {
      throw .mismatch("\(error.description); the model needs \(columns.joined(separator: ", "))")
    }
  }

  /// The last `count` steps.
  public func suffix(_ count: Int) -> TimeSeries {
    var result = self
    result.values = values.map { Array($0.suffix(count)) }
    result.labels = labels.suffix(count)
    return result
  }
}
