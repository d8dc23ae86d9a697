/// Numbers added to the scores of single tokens: `--logit-bias`. One of -infinity forbids its token, see
/// ``BannedTokens``.
package struct TokenBiases: ScoreAdjustment {
  private let biases: [Int32: Float]

  package init(_ list: [LogitBias]) {
    var biases: [Int32: Float] = [:]
    for entry in list { biases[entry.token, default: 0] += entry.bias }
    self.biases = biases
  }

  package var isOff: Bool { biases.isEmpty }
  package var raises: Bool { biases.values.contains { !($0 <= 0) } }

  package func forTokens(after history: [Int32], _ name: (Int32, Int) -> Void) {
    for token in biases.keys.sorted() { name(token, 1) }
  }

  package func adjusted(_ score: Float, of token: Int32, named count: Int) -> Float {
    score + (biases[token] ?? 0)
  }
}
