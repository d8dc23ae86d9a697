import Glibc
import Inference
import Kernels

/// Drafts by a smaller transformer: its likeliest token, again and again, while it is sure of it.
struct TransformerDrafter: TokenDrafter {
  /// It stands behind the text and ``ahead``.
  private var session: TransformerSession
  private var ahead: [Int32] = []
  /// What it drafts is at least as likely.
  private let least: Double

  init(_ engine: TransformerEngine, startToken: Int32, least: Double = 0.4) {
    self.least = least
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
      let best = Self.likeliest(scores)
      guard best.probability >= least else { break }
      result.append(DraftToken(id: best.token, probability: best.probability))
      session.append(best.token)
      ahead.append(best.token)
    }
    return result
  }

  private static func likeliest(_ scores: [Float]) -> (token: Int32, probability: Double) {
    var (best, largest) = (0, -Float.infinity)
    for index in scores.indices where scores[index] > largest {
      (best, largest) = (index, scores[index])
    }
    // What is left out is together a hundredth at most, with a hundred thousand tokens.
    var total: Float = 0
    for score in scores where score > largest - 16 { total += expf(score - largest) }
    return (Int32(truncatingIfNeeded: best), total > 0 ? Double(1 / total) : 0)
  }

  /// Back to the end of the text.
  private mutating func dropAhead() {
    session.removeLast(ahead.count)
    ahead = []
  }
}
