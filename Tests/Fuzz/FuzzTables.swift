import Datasets
import Files
import Training

@testable import Families

/// The target `csv`.
extension FuzzWork {
  func csvSeed(_ number: Int) -> [UInt8] {
    let tables = [
      "Month,Passengers\n1949-01,112\n1949-02,118\n1949-03,132\n1949-04,129\n1949-05,121\n",
      "\u{FEFF}\"a;1\";b\r\n1;\"2\"\r\n\"3\r\n\"\"x\"\"\";NA\r\n5;6,5\r\n",
      "v\n1\n\n2.5e3\n\n\n-4\n",
      "1\t2\t3\n4\tnan\t6\n\n7\t8\t-.9\n",
    ]
    return Array(tables[number % tables.count].utf8)
  }

  var csvDictionary: [String] {
    [
      ",", ";", "\t", "\"", "\"\"", "\n", "\r\n", "\r", "\n\n", "NA", "nan", "null", "1e999",
      "-1e308",
      "1.7e308", "1,5", "\u{FEFF}", "\u{0}", "0x1p3", "+", "1949-01", ",,,,,,,,", "\"a\nb\"",
    ]
  }

  /// All that a table is for. What is read must be finite and one value a row.
  func useTable(_ path: String) throws {
    for header in [CSVReader.Header.automatic, .present, .absent] {
      let table = try CSVReader(path: path, header: header)
      _ = try table.firstLabelColumn()
      for index in 0..<min(table.columnCount, 8) {
        let strings = try table.strings(index)
        precondition(strings.count == table.rowCount)
        guard let values = try? table.numbers(index, missing: .interpolate) else { continue }
        precondition(values.count == table.rowCount && values.allSatisfy { $0.isFinite })
        let period = ForecastBaselines.period(of: values) ?? 1
        _ = ForecastBaselines.seasonalNaive(values, period: period, horizon: 5)
      }
      if let index = try table.firstNumericColumn() { _ = try table.numbers(index) }
    }
    try useRows(path)
  }

  /// Rows as an autoencoder learns them: a row is as wide as the table says, of finite numbers.
  private func useRows(_ path: String) throws {
    let source = try TableSource(path: path, columns: [], label: "1", normal: ["1", ""])
    let rows = [Bool](repeating: true, count: source.rowCount)
    let table = try source.learn(rows).table
    let values = try source.values(table).rows.values
    precondition(values.count == rows.count * table.width && values.allSatisfy { $0.isFinite })
    precondition(source.isAnomaly?.count == rows.count)
    let again = try TableSource(path: path, of: table, label: nil, normal: nil)
    let same = try again.values(table, rows).rows.values
    precondition(same == values)
  }
}
