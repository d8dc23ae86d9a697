import Autograd
import Kernels

/// A text of its own that a model learns from: a line of a JSONL file.
struct TokenRow: Sendable, Equatable {
  var tokens: [Int32]
  /// Which of them are learned, each from those before it.
  var learned: [Range<Int>]

  /// The token after each one; below 0 where it is not learned.
  var targets: [Int32] {
    var result = [Int32](repeating: -1, count: max(tokens.count - 1, 0))
    for range in learned {
      for place in range.clamped(to: 1..<max(tokens.count, 1)) { result[place - 1] = tokens[place] }
    }
    return result
  }

  /// Tokens that are learned.
  var learnedCount: Int {
    learned.reduce(0) { $0 + $1.clamped(to: 1..<max(tokens.count, 1)).count }
  }
}

/// Rows side by side, zeros behind the shorter ones: what is behind a token changes nothing for it.
func paddedBatch(_ rows: some Collection<TokenRow>) -> TokenBatch {
  let steps = rows.reduce(1) { max($0, $1.tokens.count - 1) }
  var (inputs, targets): ([Int32], [Int32]) = ([], [])
  for row in rows {
    let missing = steps - (row.tokens.count - 1)
    inputs += row.tokens.dropLast() + [Int32](repeating: 0, count: missing)
    targets += row.targets + [Int32](repeating: -1, count: missing)
  }
  return TokenBatch(Indices(inputs, [rows.count, steps]), targets)
}

/// Batches of rows of about one length, in another order in each pass.
struct RowStream: TokenBatches {
  private let batches: [[TokenRow]]
  private let seed: UInt64
  let tokenCount: Int
  var position = 0
  /// The order of a pass.
  private var order: (epoch: Int, places: [Int]) = (-1, [])

  /// - Parameters:
  ///   - rows: at least one.
  ///   - batch: rows of a batch.
  ///   - seed: of the order.
  init(_ rows: [TokenRow], batch: Int, seed: UInt64) {
    let sorted = rows.enumerated().sorted {
      ($0.element.tokens.count, $0.offset) < ($1.element.tokens.count, $1.offset)
    }.map { $0.element }
    batches = stride(from: 0, to: sorted.count, by: batch).map {
      Array(sorted[$0..<min($0 + batch, sorted.count)])
    }
    tokenCount = rows.reduce(0) { $0 + $1.tokens.count }
    // Other chance than that of weights and dropout.
    self.seed = seed ^ 0x524F_5753_5F4F_4621
  }

  var batchesOfEpoch: Double { Double(batches.count) }

  mutating func next() -> TokenBatch {
    let (epoch, place) = position.quotientAndRemainder(dividingBy: batches.count)
    if order.epoch != epoch {
      var random = RandomSource(seed: seed, stream: epoch)
      var places = Array(batches.indices)
      for last in stride(from: places.count - 1, to: 0, by: -1) {
        places.swapAt(last, Int(random.integer(below: UInt64(last + 1))))
      }
      order = (epoch, places)
    }
    position += 1
    return paddedBatch(batches[order.places[place]][...])
  }
}
