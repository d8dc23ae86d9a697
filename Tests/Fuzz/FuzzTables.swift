import Datasets
import Files
import Training

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
  }
}
