import Autograd
import Kernels

/// Batches of windows at random places of a text, as nanoGPT takes them. Each batch draws from a
/// stream of its own, so the number of batches taken is all that a run has to remember.
struct WindowStream: TokenBatches {
  private let tokens: [Int32]
  let batch: Int
  let context: Int
  private let seed: UInt64
  /// Batches taken since the start of training.
  var position = 0

  /// - Parameters:
  ///   - tokens: the training text, at least `context` + 1.
  ///   - batch: windows of a batch.
  ///   - context: tokens of a window.
  ///   - seed: of the places.
  init(_ tokens: [Int32], batch: Int, context: Int, seed: UInt64) {
    require(tokens.count > context, "windows of \(context) in \(tokens.count) tokens")
    self.tokens = tokens
    self.batch = batch
    self.context = context
    // Other chance than that of weights and dropout.
    self.seed = seed ^ 0x5749_4E44_4F57_5321
  }

  /// Tokens of the text.
  var tokenCount: Int { tokens.count }
  /// So many windows hold as many tokens as the text.
  var batchesOfEpoch: Double { Double(tokens.count) / Double(batch * context) }

  /// The next batch [batch, context].
  mutating func next() -> TokenBatch {
    var random = RandomSource(seed: seed, stream: position)
    position += 1
    let starts = (0..<batch).map { _ in
      Int(random.integer(below: UInt64(tokens.count - context)))
    }
    return windows(of: tokens, at: starts, length: context)
  }
}

/// Windows of a text, [starts, length], and the token after each of their tokens.
func windows(
  of tokens: [Int32], at starts: [Int], length: Int
) -> TokenBatch {
  var (inputs, targets): ([Int32], [Int32]) = ([], [])
  inputs.reserveCapacity(starts.count * length)
  targets.reserveCapacity(starts.count * length)
  for start in starts {
    inputs += tokens[start..<start + length]
    targets += tokens[start + 1...start + length]
  }
  return TokenBatch(Indices(inputs, [starts.count, length]), targets)
}
