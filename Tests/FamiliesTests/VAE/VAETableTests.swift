import Files
import TestSupport
import Testing

@testable import Families

/// Rows of tables as numbers of networks.
@Suite struct VAETableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func source(
    _ text: String, columns: [String] = [], label: String? = nil,
    normal: [String] = VAETable.usualNormal
  ) throws -> TableSource {
    try TableSource(
      path: folder.write("t.csv", text), columns: columns, label: label, normal: normal)
  }

  /// The refusal's line, without the folder.
  private func error(_ body: () throws -> Void) -> String? {
    refusal(body).map { $0.line.split(separator: "\(folder.path)/").joined() }
  }

  private static let sales = """
    amount,kind,constant,fraud
    10,card,7,0
    20,cash,7,0
    30,card,7,0
    500,card,9,1
    NA,,7,normal

    """

  @Test func rowsBecomeNumbers() throws {
    let source = try source(Self.sales, label: "fraud")
    #expect(source.isAnomaly == [false, false, false, true, false])
    // Only what is learned from counts: not the fourth row.
    let (table, notes) = try source.learn([true, true, true, false, true])
    #expect(notes.isEmpty && table.width == 4 && table.label == "fraud")
    #expect(table.columns.map { $0.name } == ["amount", "kind", "constant"])
    #expect(table.columns[0].mean == 20)
    #expect(abs(table.columns[0].deviation - (200.0 / 3).squareRoot()) < 1e-12)
    #expect(table.columns[1].words == ["card", "cash"])
    #expect(table.columns[2].mean == 7 && table.columns[2].deviation == 1)
    let (rows, told) = try source.values(table)
    let step = Float(10 / (200.0 / 3).squareRoot())
    #expect(
      rows.values == [
        -step, 1, 0, 0, 0, 0, 1, 0, step, 1, 0, 0, Float(480 / (200.0 / 3).squareRoot()), 1, 0, 2,
        0, 0, 0, 0,
      ])
    #expect(
      told == [
        "\(folder.path)/t.csv: column amount: 1 missing value: the mean is taken",
        "\(folder.path)/t.csv: column kind: 1 missing value: no word is taken",
      ])
    #expect(
      try source.values(table, [false, true, false, false, false]).rows.values == [0, 0, 1, 0])
  }

  @Test func otherTablesOfAModel() throws {
    let (table, _) = try source(Self.sales, label: "fraud").learn([true, true, true, true, true])
    // Columns in another order, one more, a word that was not there; no labels.
    let path = try folder.write("o.csv", "kind,more,constant,amount\ngold,x,7,1e300\n")
    let other = try TableSource(path: path, of: table, label: nil, normal: nil)
    #expect(other.isAnomaly == nil)
    let (rows, notes) = try other.values(table)
    #expect(rows.values[1...2] == [0, 0] && rows.values[0] == 1e6 && rows.unlearned == [0: [1]])
    #expect(
      notes == [
        "\(path): column kind: 1 word that was not learned, more unusual than the rarest known one"
      ])
    // The label of the training is found, another one is taken.
    let labels = try folder.write(
      "l.csv", "amount,kind,constant,fraud,other\n1,card,7,1,good\n1,card,7,0,bad\n")
    let own = try TableSource(path: labels, of: table, label: nil, normal: nil)
    #expect(own.isAnomaly == [true, false])
    let named = try TableSource(path: labels, of: table, label: "other", normal: ["good"])
    #expect(named.isAnomaly == [false, true])
    let missing = try folder.write("m.csv", "amount,kind\n1,card\n")
    let text = error { _ = try TableSource(path: missing, of: table, label: nil, normal: nil) }
    #expect(
      text
        == "4 m.csv: no column 'constant'; there are amount, kind; the model needs amount, kind, "
        + "constant")
    let word = try folder.write("w.csv", "amount,kind,constant\n1,card,7\nx y,card,7\n")
    let reader = try TableSource(path: word, of: table, label: nil, normal: nil)
    #expect(
      error { _ = try reader.values(table) }
        == "3 w.csv: line 3, column amount: 'x y' is not a number")
  }

  @Test func columnsOfManyWordsAreLeftOut() throws {
    let text = "id,v\n" + (0..<100).map { "name\($0),\($0)\n" }.joined()
    let all = [Bool](repeating: true, count: 100)
    let (table, notes) = try source(text).learn(all)
    #expect(table.columns.map { $0.name } == ["v"])
    #expect(notes == ["left out: column id: neither numbers nor at most 64 different words"])
    #expect(
      error { _ = try source(text, columns: ["id", "v"]).learn(all) }
        == "2 t.csv: column id: neither numbers nor at most 64 different words")
    // Numbers, then a word: neither.
    let mixed = "v\n" + (0..<100).map { "\($0)\n" }.joined() + "word\n"
    #expect(
      error { _ = try source(mixed).learn([Bool](repeating: true, count: 101)) }
        == "3 t.csv: no column to learn from; left out: column v: neither numbers nor at most 64 "
        + "different words (1 of 101 values is no number: 'word' in line 102)")
  }

  @Test func hostileTables() throws {
    #expect(error { _ = try source("a,b\n") } == "3 t.csv: a table without rows")
    #expect(
      error { _ = try source("a,b\n1,2\n", label: "c") }
        == "2 t.csv: no column 'c'; there are a, b")
    #expect(
      error { _ = try source("a,b\n1,2\n", columns: ["a", "a"]) }
        == "2 t.csv: a column is named twice, or is the label too")
    #expect(
      error { _ = try source("a,b\n1,2\n", columns: ["a", "b"], label: "b") }
        == "2 t.csv: a column is named twice, or is the label too")
    #expect(
      error { _ = try source("a\n1e200\n").learn([true]) }
        == "3 t.csv: line 2, column 1: a number beyond 1e100")
    let wide = String(repeating: "1,", count: 5000) + "1\n"
    #expect(
      error { _ = try source(wide + wide).learn([true, true]) }
        == "2 t.csv: 5001 columns are too many: pass `table.columns`")
    let empty = "a,b\n" + String(repeating: ",NA\n", count: 3)
    #expect(
      error { _ = try source(empty).learn([true, true, true]) }
        == "3 t.csv: no column to learn from; left out: column a: neither numbers nor at most 64 "
        + "different words")
    // Names that stand twice, or nowhere, are numbers.
    let twice = try source("a,a,,b\n1,2,3,4\n5,6,7,8\n")
    let (table, _) = try twice.learn([true, true])
    #expect(table.columns.map { $0.name } == ["1", "2", "3", "b"])
    #expect(try twice.values(table, [true, false]).rows.values == [-1, -1, -1, -1])
  }

  /// What programs and people write for numbers, for nothing and for labels; what is read how is said.
  @Test func spellingsOfCells() throws {
    let text = """
      price,share,age,city,bad
      "1,50",5%,?,rome,0.0
      "2,5",50 %,31,rome ,0
      "1.000,5",7%,-,oslo,1.0
      "3",8%,1e1,oslo,
      "4",N/A,n.a.,oslo,1

      """
    let source = try source(text, label: "bad")
    // 0.0 is 0; a label that is missing says nothing.
    #expect(source.isAnomaly == [false, false, true, nil, true])
    #expect(source.isNormal == [true, true, false, false, false])
    #expect(source.lines == [2, 3, 4, 5, 6])
    let (table, notes) = try source.learn([true, true, true, true, true])
    #expect(table.columns.map { $0.name } == ["price", "share", "age", "city"])
    #expect(abs(table.columns[0].mean - (1.5 + 2.5 + 1000.5 + 3 + 4) / 5) < 1e-9)
    #expect(abs(table.columns[1].mean - 0.175) < 1e-9 && table.columns[2].mean == 20.5)
    #expect(table.columns[3].words == ["oslo", "rome"] && table.columns[3].rarest == 2)
    #expect(
      notes == [
        "column price: decimal commas: 1,5 is read as 1.5",
        "column share: percent signs: 50% is read as 0.5",
      ])
    // Numbers among which stands a word.
    let mixed = try self.source("v,w\n1,1\n2,x y\n1,2\n").learn([true, true, true])
    #expect(mixed.table.columns[1].words == ["1", "2", "x y"])
    #expect(
      mixed.notes == [
        "column w is learned as words: 1 of 3 values is no number: 'x y' in line 3"
      ])
  }
}
