import Archives
import Datasets
import Files
import TestSupport
import Testing

@Suite struct CSVTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func csv(
    _ text: String, header: CSVReader.Header = .automatic, name: String = "t.csv"
  ) throws -> CSVReader {
    try CSVReader(path: folder.write(name, text), header: header)
  }

  /// The message without the folder.
  private func error(_ body: () throws -> Void) -> String? {
    refusal(body).map { error in
      let path = "\(folder.path)/t.csv: "
      guard error.description.hasPrefix(path) else { return error.line }
      return "\(error.code.rawValue) \(error.description.dropFirst(path.count))"
    }
  }

  @Test func seriesWithDates() throws {
    let table = try csv("Month,Passengers\n1949-01,112\n1949-02,118\n1949-03,-1.5e1\n")
    #expect(table.names == ["Month", "Passengers"])
    #expect(table.rowCount == 3 && table.columnCount == 2)
    #expect(try table.numbers("Passengers") == [112, 118, -15])
    #expect(try table.numbers("2") == [112, 118, -15])
    #expect(try table.firstNumericColumn() == 1)
    #expect(try table.firstLabelColumn() == 0)
    #expect(try table.strings(0) == ["1949-01", "1949-02", "1949-03"])
  }

  @Test(arguments: [",", ";", "\t"]) func separatorsAreFound(_ separator: String) throws {
    let rows = [["a", "b", "c"], ["1", "2", "x y"], ["3", "4.5", "z"]]
    let text = rows.map { $0.joined(separator: separator) }.joined(separator: "\r\n")
    let table = try csv(text)
    #expect(table.separator == separator.utf8.first)
    #expect(table.columnCount == 3 && table.rowCount == 2)
    #expect(try table.numbers("b") == [2, 4.5])
  }

  @Test func decimalCommasAreNoSeparators() throws {
    let table = try csv("1,5;2,5\n3,5;4,5\n")
    #expect(table.columnCount == 2 && table.names == nil)
    #expect(try table.numbers(0) == [1.5, 3.5])
    #expect(try table.spellings([0])[0].note == "decimal commas: 1,5 is read as 1.5")
  }

  @Test func quotes() throws {
    let text = """
      \u{FEFF}"name, first","va""lue"\r\n"a ""quoted"" word",1\r\n"two\r\nlines; ,",2\r\nb"c,"3"\r\n"",4
      """
    let table = try csv(text)
    #expect(table.names == ["name, first", "va\"lue"])
    #expect(try table.strings(0) == ["a \"quoted\" word", "two\r\nlines; ,", "b\"c", ""])
    #expect(try table.numbers(1) == [1, 2, 3, 4])
  }

  @Test func lineEnds() throws {
    for end in ["\n", "\r\n", "\r"] {
      for last in ["", end, end + end] {
        let table = try csv(["x,y", "1,2", "3,4"].joined(separator: end) + last)
        #expect(try table.numbers("y") == [2, 4], "\(end.debugDescription)")
      }
    }
  }

  @Test func headers() throws {
    #expect(try csv("1,2\n3,4\n").names == nil)
    #expect(try csv("1949-01,2\n1949-02,4\n").names == nil)
    #expect(try csv(",value\n0,4\n").names == ["", "value"])
    #expect(try csv("NA,\n0,4\n").names == nil)
    #expect(try csv("2019,2020\n3,4\n", header: .present).numbers("2020") == [4])
    #expect(try csv("a,b\nc,d\n", header: .absent).strings(1) == ["b", "d"])
    #expect(try csv("only,names\n").rowCount == 0)
    // Names of columns may hold what numbers have around them.
    #expect(try csv("date,5%,50%\nx,1,2\n").names == ["date", "5%", "50%"])
    #expect(try csv("a,$5,(1)\nx,1,2\n").names == ["a", "$5", "(1)"])
    #expect(try csv("\"1,5\";\"1.234,5\"\n2;3\n").names == nil)
  }

  @Test func missingValues() throws {
    let table = try csv("t,v\n1,\n2,4\n3,NA\n4, nan \n5,\"null\"\n6,8\n7,N/A\n")
    #expect(try table.numbers("v", missing: .interpolate) == [4, 4, 5, 6, 7, 8, 8])
    #expect(
      error { _ = try table.numbers("v") }
        == "3 line 2, column 2 (v): the value is missing; fill it in, or have it interpolated")
    let empty = try csv("t,v\n1,\n2,NA\n")
    #expect(
      error { _ = try empty.numbers("v", missing: .interpolate) }
        == "3 column 2 (v) holds no numbers")
    #expect(try empty.firstNumericColumn() == 0)
    #expect(try empty.firstLabelColumn() == nil)
    let large = try csv("v\n-1.7e308\nNA\n1.7e308\n")
    #expect(try large.numbers(0, missing: .interpolate)[1] == 0)
  }

  /// In one column an empty line is a missing value, unless nothing comes after it.
  @Test func oneColumn() throws {
    let table = try csv("v\n1\n\n\n4\n\n\n")
    #expect(table.rowCount == 4)
    #expect(try table.numbers("v", missing: .interpolate) == [1, 2, 3, 4])
    #expect(
      error { _ = try table.numbers("v") }?.hasPrefix("3 line 3, column 1 (v): the value is")
        == true)
    #expect(try csv("a,b\n\n1,2\n\n3,4\n").numbers(0) == [1, 3])
    let many = try csv("v\n1\n" + String(repeating: "\n", count: 100_000) + "2\n")
    #expect(many.rowCount == 100_002)
  }

  @Test func numbersAreStrict() throws {
    for good in ["1", "+1", "-.5", "5.", "1e3", "1E-3", " 7 ", "0001", "1e-999"] {
      #expect(try csv("\(good),x\n", header: .absent).numbers(0).count == 1, "\(good)")
    }
    for bad in [
      "1,0,0", "0x10", "inf", "1e999", "1e", "e5", "..", "1 00", "1_0", "12a", "١", "infinity", "%",
      "1,0.0", "$", "()", "1.00.000", "5%%", "--1",
    ] {
      let table = try csv("x;\"\(bad)\"\n", header: .absent)
      #expect(
        error { _ = try table.numbers(1) } == "3 line 1, column 2: '\(bad)' is not a number")
    }
    let table = try csv("a,b\n1,2\n3,\"x\ny\"\n", header: .present)
    #expect(error { _ = try table.numbers("b") } == "3 line 3, column 2 (b): 'x y' is not a number")
    let digits = String(repeating: "1", count: 5000)
    #expect(throws: AIGCError.self) { try csv("\(digits)\n", header: .absent).numbers(0) }
  }

  @Test func damagedTablesAreRefused() throws {
    #expect(
      error { _ = try csv("a,b\n1,2\n3\n") } == "3 line 3: 1 field, but the first line has 2")
    #expect(error { _ = try csv("a,b\n1,\"2\n3,4\n") } == "3 line 2: a quote is not closed")
    #expect(error { _ = try csv("a,b\n\"x\ny\" z,2\n") } == "3 line 3: text after a closing quote")
    #expect(error { _ = try csv("") } == "3 the file is empty")
    #expect(error { _ = try csv("\n\r\n") } == "3 the table is empty")
    #expect(error { _ = try csv("\u{FEFF}") } == "3 the file is empty")
    let path = try folder.write("t.csv", [0xFF, 0xFE, 0x61, 0])
    #expect(error { _ = try CSVReader(path: path) } == "3 the table is UTF-16; save it as UTF-8")
  }

  @Test func columnsAreNamed() throws {
    let table = try csv("a,b,a\n1,2,3\n")
    #expect(try table.index(of: "b") == 1)
    #expect(try table.numbers("3") == [3])
    #expect(
      error { _ = try table.index(of: "a") } == "2 two columns are named 'a'; give the number: 1")
    #expect(error { _ = try table.index(of: "c") } == "2 no column 'c'; there are a, b, a")
    for bad in ["0", "4", "-1", ""] {
      #expect(error { _ = try table.index(of: bad) }?.hasPrefix("2 no column") == true)
    }
    #expect(error { _ = try table.numbers(3) } == "2 no column 4; there are 1 to 3")
    #expect(error { _ = try table.strings(-1) }?.hasPrefix("2 ") == true)
  }

  /// Names and values from a file stay within an error's one line.
  @Test func errorsAreOneLine() throws {
    let long = String(repeating: "z", count: 100)
    let table = try csv("\"a\nb\",\(long)\n\"x\r\n\u{2028}y\u{7}\",\(long)\n")
    let line = "\(String(repeating: "z", count: 40))…"
    #expect(
      error { _ = try table.numbers(0) } == "3 line 3, column 1 (a b): 'x  y ' is not a number")
    #expect(
      error { _ = try table.numbers(1) }
        == "3 line 4, column 2 (\(line)): '\(line)' is not a number")
    #expect(error { _ = try table.index(of: "c") } == "2 no column 'c'; there are a b, \(line)")
  }

  @Test func packedFiles() throws {
    let path = folder.file("t.csv.gz")
    let writer = try GzipWriter(path: path)
    try writer.write("a;b\n1;2\n")
    try writer.commit(sync: false)
    #expect(try CSVReader(path: path).numbers("b") == [2])
  }

  /// Columns in the spellings that spreadsheets of several countries write.
  @Test(arguments: [
    ("1,234.5|2,000|-3", [1234.5, 2000, -3]), ("1.234,5|2.000|-3", [1234.5, 2000, -3]),
    ("1 234,5|2\u{A0}000|7", [1234.5, 2000, 7]), ("1'234.5|2’000|7", [1234.5, 2000, 7]),
    ("1,5|2,25|1.000", [1.5, 2.25, 1000]), ("1.5|2.25|1000", [1.5, 2.25, 1000]),
    ("5%|50 %|12,5%", [0.05, 0.5, 0.125]), ("$1,200.50|€3|-$2", [1200.5, 3, -2]),
    ("(1,234)|5|1,000,000", [-1234, 5, 1_000_000]), ("\u{2212}1|+2|1e3", [-1, 2, 1000]),
    ("0,125|0,250|0,5", [0.125, 0.25, 0.5]),
    ("1,234|5|6", [1.234, 5, 6]), (" 1 | 2|3 ", [1, 2, 3]), ("1.234.567|1|2", [1_234_567, 1, 2]),
  ])
  func spellingsOfNumbers(cells: String, expected: [Double]) throws {
    let text = "v;w\n" + cells.split(separator: "|").map { "\($0);x\n" }.joined()
    let table = try csv(text)
    #expect(try table.numbers("v") == expected)
  }

  /// 1,234 alone is 1234 where commas divide fields, 1.234 where others do.
  @Test func ambiguousCommas() throws {
    #expect(try csv("v,w\n\"1,234\",1\n").numbers("v") == [1234])
    #expect(try csv("v;w\n1,234;1\n").numbers("v") == [1.234])
    #expect(try csv("v,w\n\"0,125\",1\n\"0,250\",1\n").numbers("v") == [0.125, 0.25])
    let table = try csv("v,w\n\"1,234\",1\n")
    #expect(try table.spellings([0], usual: [.decimalComma])[0].spelling == .decimalComma)
  }

  @Test(arguments: [
    "", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "None", "nan", "-", "--", ".", "–",
    "missing", " ", "#DIV/0!",
  ])
  func spellingsOfNothing(cell: String) throws {
    let table = try csv("v;w\n1;x\n\(cell);x\n3;x\n")
    #expect(try table.numbers("v", missing: .interpolate) == [1, 2, 3], "\(cell)")
  }
}
