import Datasets
import Files

/// How a row of a table becomes numbers for the networks: part of `config.json`.
///
/// A column of numbers is one number, less the mean and divided by the deviation of the rows learned from. A
/// column of words is as many as there were words: 1 for the one that stands there, 0 for the others. A
/// missing value is the mean, and no word; a word that was not learned is no word too, and costs at least what
/// the rarest one does: see `AnomalyScorer`.
public struct VAETable: Codable, Equatable, Sendable {
  /// How one column becomes numbers.
  public struct Column: Codable, Equatable, Sendable {
    /// As in the table's first line, or else its number from 1.
    public var name: String
    /// Of numbers.
    public var mean = 0.0
    /// Of numbers: above 0.
    public var deviation = 1.0
    /// The words in the order of their places; empty for a column of numbers.
    public var words: [String] = []
    /// Of words: how often the rarest of them stood in the rows learned from; nil where nobody counted.
    public var rarest: Int?
    /// Of numbers: how they were spelled; nil: plainly.
    public var spelling: NumberSpelling?

    init(
      name: String, mean: Double = 0, deviation: Double = 1, words: [String] = [],
      rarest: Int? = nil, spelling: NumberSpelling? = nil
    ) {
      (self.name, self.mean, self.deviation) = (name, mean, deviation)
      (self.words, self.rarest, self.spelling) = (words, rarest, spelling)
    }

    /// How many numbers of a row it is.
    var width: Int { max(words.count, 1) }
  }

  /// The columns that are learned, in the order of their numbers in a row.
  public var columns: [Column] = []
  /// The column that says what is normal; it is not learned. nil: none was named.
  public var label: String?
  /// What stands in it at normal rows.
  public var normal: [String] = VAETable.usualNormal

  /// What a label says of a normal row when nothing else was told.
  static let usualNormal = ["0", "normal"]
  /// The most numbers of a row.
  static let largestWidth = 4096
  /// The most words of a column.
  static let mostWords = 64

  /// Numbers of a row.
  public var width: Int { columns.reduce(0) { $0 + $1.width } }

  /// Whether it says the same of the same rows. What older versions did not write down is not compared.
  func isSame(as other: VAETable) -> Bool {
    var filled = self
    guard columns.count == other.columns.count else { return false }
    for index in columns.indices {
      filled.columns[index].rarest = columns[index].rarest ?? other.columns[index].rarest
      filled.columns[index].spelling = columns[index].spelling ?? other.columns[index].spelling
    }
    return filled == other
  }

  /// What keeps it from being read; nil when nothing does.
  var problem: String? {
    guard !columns.isEmpty, columns.count <= Self.largestWidth,
      columns.allSatisfy({ $0.words.count <= Self.mostWords }), width <= Self.largestWidth
    else { return "a table of 1 to \(Self.largestWidth) numbers in a row is needed" }
    guard
      columns.allSatisfy({ $0.mean.isFinite && $0.deviation > 0 && $0.deviation.isFinite })
    else { return "a column's mean or deviation is no number" }
    guard columns.allSatisfy({ $0.rarest.map { (1...1 << 53).contains($0) } ?? true }) else {
      return "a word's count is out of range"
    }
    return nil
  }
}

extension VAETable.Column {
  /// Further from the mean than so many deviations is not told apart: squares stay finite.
  private static let furthest = 1e6

  /// What a field is for the networks.
  enum Reading { case known, missing, unknown }

  /// Adds the numbers of a field to a row.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a word in a column of numbers.
  func append(
    _ row: CSVRow, _ index: Int, _ spelling: NumberSpelling, to values: inout [Float],
    _ path: String
  ) throws(AIGCError) -> Reading {
    guard words.isEmpty else {
      let start = values.count
      values.append(contentsOf: repeatElement(0, count: words.count))
      if row.isMissing(index) { return .missing }
      guard let place = words.firstIndex(of: row.word(index)) else { return .unknown }
      values[start + place] = 1
      return .known
    }
    if let number = row.number(index, spelling) {
      let distance = (number - mean) / deviation
      values.append(Float(max(-Self.furthest, min(Self.furthest, distance))))
      return .known
    }
    guard row.isMissing(index) else {
      throw .badInput(
        "\(path): line \(row.line(index)), column \(excerpt(of: name)): "
          + "'\(excerpt(of: row.string(index)))' is not a number")
    }
    values.append(0)
    return .missing
  }
}
