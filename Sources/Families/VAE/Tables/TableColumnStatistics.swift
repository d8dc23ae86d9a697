import Datasets
import Files

/// What the rows to learn from say of one column.
struct TableColumnStatistics {
  /// Whether all values so far are numbers.
  private var isNumbers = true
  private var count = 0
  private var mean = 0.0
  /// The sum of the squares of the distances from the mean (Welford 1962).
  private var squares = 0.0
  private var words: Set<String> = []
  private var hasManyWords = false

  mutating func add(_ row: CSVRow, _ index: Int, _ path: String) throws(AIGCError) {
    if row.isMissing(index) { return }
    if !hasManyWords {
      words.insert(row.string(index))
      hasManyWords = words.count > VAETable.mostWords
      if hasManyWords { words = [] }
    }
    guard isNumbers else { return }
    guard let number = row.number(index) else {
      isNumbers = false
      return
    }
    guard number.magnitude <= TimeSeries.largest else {
      throw .badInput(
        "\(path): line \(row.line(index)), column \(index + 1): a number beyond 1e100")
    }
    count += 1
    let distance = number - mean
    mean += distance / Double(count)
    squares += distance * (number - mean)
  }

  /// The column as it is learned; nil for one without values, and one of too many words.
  func column(_ name: String) -> VAETable.Column? {
    if isNumbers, count > 0 {
      let deviation = (squares / Double(count)).squareRoot()
      // A column that never changes is left as it is, at distance 0.
      let least = max(mean.magnitude * 1e-9, .leastNormalMagnitude)
      return VAETable.Column(
        name: name, mean: mean, deviation: deviation > least ? deviation : 1)
    }
    guard !words.isEmpty else { return nil }
    return VAETable.Column(name: name, words: words.sorted())
  }
}
