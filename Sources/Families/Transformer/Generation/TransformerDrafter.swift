import Glibc
import Inference
import Kernels

/// Drafts by a smaller transformer: its likeliest token, again and again, while it is sure of it.
struct TransformerDrafter: TokenDrafter {
  /// It stands behind the text and ``ahead``.
  private var session: TransformerSession
  private var ahead: [Int32] = []
  /// What it drafts is at least as likely.
  private static let least = 0.4

  init(_ engine: TransformerEngine, startToken: Int32) {
    session = TransformerSession(engine, startToken: startToken)
  }

  mutating func append(_ token: Int32) {
    if ahead.first == token {
      ahead.removeFirst()
      return
    }
    dropAhead()
    session.append(token)
  }

  mutating func draft(_ count: Int) -> [DraftToken] {
    dropAhead()
    var result: [DraftToken] = []
    var scores: [Float] = []
    while result.count < count {
      session.scores(into: &scores)
      guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { break }
      let largest = scores[best]
      let probability = 1 / scores.reduce(0.0) { $0 + Double(expf($1 - largest)) }
      guard probability >= Self.least else { break }
      let token = Int32(best)
      result.append(DraftToken(id: token, probability: probability))
      session.append(token)
      ahead.append(token)
    }
    return result
  }

  /// Back to the end of the text.
  private mutating func dropAhead() {
    session.removeLast(ahead.count)
    ahead = []
  }
}
