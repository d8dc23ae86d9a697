import Autograd
import Kernels

/// A long text as batches for truncated back-propagation: cut into as many rows as a batch has, each
/// read from its start to its end, some tokens a step, so that the state carries over.
///
/// Every epoch the cut starts somewhere else, so that rows and steps do not begin at the same tokens.
struct TokenStream {
  private let tokens: [Int32]
  let batch: Int
  let steps: Int
  private let seed: UInt64
  /// Batches taken since the start of training.
  var position = 0

  /// - Parameters:
  ///   - tokens: the training text; too short a one is repeated.
  ///   - batch: rows.
  ///   - steps: tokens of a row in one batch.
  ///   - seed: of the epochs' starts.
  init(_ tokens: [Int32], batch: Int, steps: Int, seed: UInt64) {
    var tokens = tokens
    while !tokens.isEmpty, tokens.count < batch * steps + 1 { tokens += tokens }
    self.tokens = tokens
    self.batch = batch
    self.steps = steps
    self.seed = seed
  }

  /// Tokens of the text.
  var tokenCount: Int { tokens.count }

  /// Batches of one pass over the text.
  var batchesPerEpoch: Int { max(1, (tokens.count - 1) / (batch * steps)) }

  /// Whether the next batch starts a pass, with fresh states.
  var isAtEpochStart: Bool { position % batchesPerEpoch == 0 }

  /// The next batch [steps, batch] and the token after each of its tokens.
  mutating func next() -> (inputs: Indices, targets: [Int32]) {
    let epoch = position / batchesPerEpoch
    let first = position % batchesPerEpoch * steps
    let length = batchesPerEpoch * steps
    // The tokens that a cut at 0 leaves over, and half a batch of steps.
    let slack = tokens.count - length * batch
    var random = RandomSource(seed: seed, stream: epoch)
    let offset = epoch == 0 ? 0 : Int(random.integer(below: UInt64(max(slack, 1))))
    var inputs = [Int32](repeating: 0, count: steps * batch)
    var targets = inputs
    for row in 0..<batch {
      let start = offset + row * length + first
      for step in 0..<steps {
        inputs[step * batch + row] = tokens[start + step]
        targets[step * batch + row] = tokens[(start + step + 1) % tokens.count]
      }
    }
    position += 1
    return (Indices(inputs, [steps, batch]), targets)
  }
}
