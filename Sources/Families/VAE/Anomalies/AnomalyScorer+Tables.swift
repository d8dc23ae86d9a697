import Files
import Glibc

extension AnomalyScorer<VAEModel> {
  /// Numbers of candidates that are computed at once: 16 MiB.
  private static var largestBlock: Int { 1 << 22 }

  /// The scores of rows of a table.
  ///
  /// A word that was not learned is as unusual as the most unusual known word would be in its place, and
  /// more: with n the count of the rarest word in the rows learned from, the estimate that adds one to
  /// each count (Laplace) gives a new word n + 1 times less probability, log(n + 1) nats. Taken as no word
  /// it would make a row more usual than the right one. Of several such words the most unusual known ones
  /// are searched one after the other.
  /// - Returns: nats, one for each row.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  func scores(of rows: TableRows) throws(AIGCError) -> [Double] {
    var result = try scores(of: rows, labels: nil)
    guard let table = model.configuration.table else { return result }
    let unusual = rows.unlearned.keys.sorted()
    let most = table.columns.map { $0.words.count }.max() ?? 1
    let block = min(max(Self.largestBlock / (max(most, 1) * table.width), 1), 256)
    for first in stride(from: 0, to: unusual.count, by: block) {
      let places = Array(unusual[first..<min(first + block, unusual.count)])
      let columns = places.map { rows.unlearned[$0] ?? [] }
      let values = try rows.values(places, mirrored: [], isParallel: false)
      var worst = UnlearnedWords(
        values, scores: places.map { result[$0] }, columns: columns, table: table)
      for step in 0..<UnlearnedWords.sweeps * (columns.map { $0.count }.max() ?? 0) {
        let candidates = worst.candidates(step)
        try worst.take(scores(candidates, labels: []))
      }
      for (place, score) in zip(places, worst.finalScores) { result[place] = score }
    }
    return result
  }
}

/// Rows with words that were not learned, in whose places known ones are tried.
private struct UnlearnedWords {
  /// How often the words of a row are gone through.
  static let sweeps = 2
  private let table: VAETable
  /// Where each column starts in a row.
  private let starts: [Int]
  private let columns: [[Int]]
  private var rows: [[Float]]
  private var scores: [Double]
  /// The rows and what they would be, in the order of the candidates.
  private var tried: [(row: Int, values: [Float])] = []

  init(_ values: [Float], scores: [Double], columns: [[Int]], table: VAETable) {
    (self.scores, self.columns, self.table) = (scores, columns, table)
    let width = table.width
    rows = columns.indices.map { Array(values[$0 * width..<($0 + 1) * width]) }
    var (starts, place): ([Int], Int) = ([], 0)
    for column in table.columns {
      starts.append(place)
      place += column.width
    }
    self.starts = starts
  }

  /// All rows with each word of the column that is tried at this step, one after the other.
  mutating func candidates(_ step: Int) -> [Float] {
    tried = []
    for row in rows.indices where step < Self.sweeps * columns[row].count {
      let column = columns[row][step % columns[row].count]
      let range = starts[column]..<starts[column] + table.columns[column].words.count
      for word in range {
        var values = rows[row]
        for place in range { values[place] = place == word ? 1 : 0 }
        tried.append((row, values))
      }
    }
    return tried.flatMap { $0.values }
  }

  /// Keeps the most unusual.
  mutating func take(_ found: [Double]) {
    for (candidate, score) in zip(tried, found) where !(score <= scores[candidate.row]) {
      scores[candidate.row] = score
      rows[candidate.row] = candidate.values
    }
  }

  /// With what a new word costs beyond the rarest.
  var finalScores: [Double] {
    zip(scores, columns).map { score, columns in
      columns.reduce(score) { $0 + log(Double((table.columns[$1].rarest ?? 1) + 1)) }
    }
  }
}
