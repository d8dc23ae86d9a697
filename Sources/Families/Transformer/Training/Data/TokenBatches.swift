import Autograd
import Training

/// Tokens side by side, and what is learned of each.
struct TokenBatch {
  /// [batch, steps].
  var inputs: Indices
  /// The token after each of them, below 0 where it is not learned.
  var targets: [Int32]
  /// What a teacher says of each; nil: there is none.
  var soft: SoftTargets?

  init(_ inputs: Indices, _ targets: [Int32], soft: SoftTargets? = nil) {
    (self.inputs, self.targets, self.soft) = (inputs, targets, soft)
  }
}

/// What a transformer learns from, batch by batch. A batch follows from its number alone, so that the number of
/// batches taken is all that a run has to remember.
protocol TokenBatches {
  /// Batches taken since the start of training.
  var position: Int { get set }
  /// Of all data, by which a run that goes on knows them again.
  var tokenCount: Int { get }
  /// Optimizer steps' worth of batches in one pass over the data.
  var batchesOfEpoch: Double { get }

  mutating func next() -> TokenBatch
}

/// Tokens to learn from, or to be measured on.
enum TokenSet {
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

  /// The set as batches to learn from.
  func stream(_ trainer: TrainerConfiguration) -> any TokenBatches {
    switch self {
    case .text(let tokens, let length):
      WindowStream(tokens, batch: trainer.batchSize, context: length, seed: trainer.seed)
    case .rows(let rows): RowStream(rows, batch: trainer.batchSize, seed: trainer.seed)
    }
  }

  /// The set as rows: a text in windows that lie side by side.
  var rows: [TokenRow] {
    switch self {
    case .rows(let rows): rows
    case .text(let tokens, let length):
      stride(from: 0, to: tokens.count - 1, by: length).map { start in
        let window = Array(tokens[start..<min(start + length + 1, tokens.count)])
        return TokenRow(tokens: window, learned: [0..<window.count])
      }
    }
  }

  /// Batches that lie side by side; of much data some, evenly spread.
  func batches() -> [TokenBatch] {
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
