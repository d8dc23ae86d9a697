import Datasets
import Files

/// What the rows to learn from say of one column.
struct TableColumnStatistics {
  private let spelling: ColumnSpelling
  private var count = 0
  private var mean = 0.0
  /// The sum of the squares of the distances from the mean (Welford 1962).
  private var squares = 0.0
  /// How often each word stands there.
  private var words: [String: Int] = [:]
  private var hasManyWords = false
  /// Values that are no numbers, and the first of them with its line.
  private var wordCount = 0
  private var firstWord: (text: String, line: Int)?

  init(_ spelling: ColumnSpelling) { self.spelling = spelling }

  mutating func add(_ row: CSVRow, _ index: Int, _ path: String) throws(AIGCError) {
    if row.isMissing(index) { return }
    let word = row.word(index)
    if !hasManyWords {
      words[word, default: 0] += 1
      hasManyWords = words.count > VAETable.mostWords
      if hasManyWords { words = [:] }
    }
    guard let number = row.number(index, spelling.spelling) else {
      firstWord = firstWord ?? (excerpt(of: word), row.line(index))
      wordCount += 1
      return
    }
    count += 1
    // Among words numbers are words.
    guard wordCount == 0 else { return }
    guard number.magnitude <= TimeSeries.largest else {
      throw .badInput(
        "\(path): line \(row.line(index)), column \(index + 1): a number beyond 1e100")
    }
    let distance = number - mean
    mean += distance / Double(count)
    squares += distance * (number - mean)
  }

  /// Why a column of numbers is none: the values that are words; nil where there are no numbers.
  var wordsAmongNumbers: String? {
    guard count > 0, let firstWord else { return nil }
    let values = "\(wordCount) of \(counted(count + wordCount, "value"))"
    return
      "\(values) \(wordCount == 1 ? "is no number" : "are no numbers"): '\(firstWord.text)' in line "
      + "\(firstWord.line)"
  }

  /// How the numbers are read, for the user; nil where nothing is unusual.
  var spellingNote: String? { count > 0 && wordCount == 0 ? spelling.note : nil }

  /// The column as it is learned; nil for one without values, and one of too many words.
  func column(_ name: String) -> VAETable.Column? {
    if wordCount == 0, count > 0 {
      let deviation = (squares / Double(count)).squareRoot()
      // A column that never changes is left as it is, at distance 0.
      let least = max(mean.magnitude * 1e-9, .leastNormalMagnitude)
      return VAETable.Column(
        name: name, mean: mean, deviation: deviation > least ? deviation : 1,
        spelling: spelling.spelling == .plain ? nil : spelling.spelling)
    }
    guard !words.isEmpty else { return nil }
    return VAETable.Column(name: name, words: words.keys.sorted(), rarest: words.values.min())
  }
}
