import Glibc

/// The penalty on tokens that would go on with a repetition, see ``DRYSettings``: `--dry-multiplier`.
package struct RepetitionPenalty: ScoreAdjustment {
  private let settings: DRYSettings
  private let breakers: SequenceBreakers
  /// The most tokens beyond the allowed length that count; the penalty would overflow with more.
  private let mostExcess: Int

  package init(_ settings: DRYSettings, breakers: SequenceBreakers) {
    (self.settings, self.breakers) = (settings, breakers)
    let most = log(Double(Float.greatestFiniteMagnitude)) / log(settings.base)
    mostExcess = settings.base > 1.000_001 && most < 1e9 ? Int(most) : .max
  }

  package var isOff: Bool { settings.isOff }
  package var raises: Bool { false }

  /// Names each token with one more than the tokens by which its longest repetition exceeds the allowed
  /// length.
  package func forTokens(after history: [Int32], _ name: (Int32, Int) -> Void) {
    let allowed = settings.allowedLength
    let last = settings.penaltyLastN
    let window = Array((last < 0 ? history[...] : history.suffix(last)).reversed())
    guard window.count > allowed else { return }
    let limit = breakers.distance(in: window)
    guard limit >= allowed else { return }
    var longest: [Int32: Int] = [:]
    for (start, length) in prefixLengths(window).enumerated().dropFirst() {
      let length = min(length, limit)
      if length >= allowed {
        longest[window[start - 1], default: 0].raise(to: 1 + length - allowed)
      }
    }
    for (token, count) in longest where !breakers.breaksAlone(token) { name(token, count) }
  }

  package func adjusted(_ score: Float, of token: Int32, named count: Int) -> Float {
    let excess = min(count - 1, mostExcess)
    return score - Float(settings.multiplier * pow(settings.base, Double(excess)))
  }
}

extension Int {
  fileprivate mutating func raise(to other: Int) { self = Swift.max(self, other) }
}

/// For each position of a sequence, how many tokens from there on are those at its start: the Z-algorithm
/// (Gusfield 1997), in linear time. That of the first position is 0.
private func prefixLengths(_ tokens: [Int32]) -> [Int] {
  var lengths = [Int](repeating: 0, count: tokens.count)
  // The match that reaches furthest.
  var (start, end) = (0, 0)
  for position in 1..<max(tokens.count, 1) {
    var length = position < end ? min(lengths[position - start], end - position) : 0
    if position + length >= end {
      while position + length < tokens.count, tokens[length] == tokens[position + length] {
        length += 1
      }
      (start, end) = (position, position + length)
    }
    lengths[position] = length
  }
  return lengths
}
