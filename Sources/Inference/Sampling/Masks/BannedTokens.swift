/// Tokens that are never drawn: end tokens with `--ignore-eos`, and those of `--logit-bias ID=-inf`.
package struct BannedTokens: TokenMask {
  private let tokens: [Int32]

  package init(_ tokens: [Int32]) { self.tokens = tokens }

  package var isOff: Bool { tokens.isEmpty }
  package func forForbidden(after history: [Int32], _ name: (Int32) -> Void) {
    for token in tokens { name(token) }
  }
}
