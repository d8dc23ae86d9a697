import Autograd

/// What a transformer learns from, batch by batch. A batch follows from its number alone, so that the number of
/// batches taken is all that a run has to remember.
protocol TokenBatches {
  /// Batches taken since the start of training.
  var position: Int { get set }
  /// Of all data, by which a run that goes on knows them again.
  var tokenCount: Int { get }
  /// Optimizer steps' worth of batches in one pass over the data.
  var batchesOfEpoch: Double { get }

  /// The next batch [batch, steps], and the token after each of its tokens, below 0 where it is not learned.
  mutating func next() -> (inputs: Indices, targets: [Int32])
}

/// What a transformer is measured on.
enum HeldOutTokens {
  /// A text, in windows of so many tokens.
  case text([Int32], length: Int)
  case rows([TokenRow])

  /// At most so many tokens are looked at, and so many at once.
  private static let most = 1 << 17
  private static let atOnce = 4096

  var isEmpty: Bool {
    switch self {
    case .text(let tokens, _): tokens.count < 2
    case .rows(let rows): rows.isEmpty
    }
  }

  /// Batches that lie side by side; of much data some, evenly spread.
  func batches() -> [(inputs: Indices, targets: [Int32])] {
    switch self {
    case .text(let tokens, let length):
      let length = min(length, tokens.count - 1)
      let all = (tokens.count - 1) / length
      let count = min(all, max(1, Self.most / length))
      let starts = (0..<count).map { $0 * all / count * length }
      let rows = max(1, Self.atOnce / length)
      return stride(from: 0, to: count, by: rows).map { first in
        windows(of: tokens, at: Array(starts[first..<min(first + rows, count)]), length: length)
      }
    case .rows(let rows):
      let longest = rows.reduce(1) { max($0, $1.tokens.count) }
      let count = min(rows.count, max(1, Self.most / longest))
      let some = (0..<count).map { rows[$0 * rows.count / count] }
      let size = max(1, Self.atOnce / longest)
      return stride(from: 0, to: count, by: size).map { first in
        paddedBatch(some[first..<min(first + size, count)])
      }
    }
  }
}
