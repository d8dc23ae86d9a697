/// How probability is taken from n-grams that were seen and given to those that were not.
public enum Estimator: String, Codable, CaseIterable, Sendable {
  /// Interpolated modified Kneser-Ney (Chen and Goodman 1998), as KenLM's lmplz estimates it.
  case kneserNey = "kneser-ney"
  /// Interpolated Witten-Bell (Witten and Bell 1991; Chen and Goodman 1998, section 2.7).
  case wittenBell = "witten-bell"
  /// Relative frequencies: what never followed a known context has probability 0.
  case maximumLikelihood = "maximum-likelihood"
  /// Stupid backoff (Brants et al. 2007): scores, 0.4 times the shorter context's for the unseen.
  case stupidBackoff = "stupid-backoff"

  /// Whether probabilities are estimated from left extensions instead of occurrences.
  var usesAdjustedCounts: Bool { self == .kneserNey }
  /// Whether an n-gram's probability contains a share of the shorter context's.
  var isInterpolated: Bool { self == .kneserNey || self == .wittenBell }
  /// The weight of one step to a shorter context, for scores that do not sum to one.
  static let stupidBackoffWeight: Float = 0.4
}

/// Absolute discounts for counts of 1, 2 and 3 or more.
struct Discounts: Equatable, Sendable {
  var amounts: [Float]
  /// Why the counts gave no usable discounts, when ``fallback`` stands in.
  var problem: String?

  /// lmplz's `--discount_fallback`.
  static let fallback: [Float] = [0, 0.5, 1, 1.5]

  /// No discount: relative frequencies.
  static let none = Discounts(amounts: [0, 0, 0, 0], problem: nil)

  /// Chen and Goodman 1998, equation 26.
  /// - Parameter countsOfCounts: how many n-grams have a count of 1, 2, 3 and 4.
  init(countsOfCounts n: [Int]) {
    amounts = [0]
    for count in 1...3 where n[count - 1] == 0 {
      amounts = Self.fallback
      problem = "no n-gram has a count of \(count)"
      return
    }
    let y = Float(n[0]) / Float(Double(n[0]) + 2 * Double(n[1]))
    for count in 1...3 {
      let discount = Float(count) - Float(count + 1) * y * Float(n[count]) / Float(n[count - 1])
      if discount < 0 || discount > Float(count) {
        amounts = Self.fallback
        problem = "the discount for a count of \(count) would be \(discount)"
        return
      }
      amounts.append(discount)
    }
  }

  init(amounts: [Float], problem: String?) {
    self.amounts = amounts
    self.problem = problem
  }
}

/// What the words seen after one context add up to.
struct ContextTotals {
  /// Sum of all counts.
  var total: UInt64 = 0
  /// Sum of the counts of pruned n-grams.
  var pruned: UInt64 = 0
  /// Kept n-grams with a count of 1, 2, and 3 or more.
  var ones: UInt32 = 0
  var twos: UInt32 = 0
  var more: UInt32 = 0

  @inline(__always)
  mutating func add(_ count: UInt32, kept: Bool) {
    total &+= UInt64(count)
    guard kept else {
      pruned &+= UInt64(count)
      return
    }
    switch count {
    case 0: break
    case 1: ones &+= 1
    case 2: twos &+= 1
    default: more &+= 1
    }
  }

  /// The weight of the shorter context, and what counts are divided by.
  /// - Returns: `(0, 1)`-like values for a context nothing follows: weight 1.
  func weights(_ estimator: Estimator, _ discounts: Discounts) -> (backoff: Float, divisor: Float) {
    guard total > 0 else { return (1, 1) }
    switch estimator {
    case .kneserNey:
      let divisor = Float(total)
      var mass: Float = 0
      mass += discounts.amounts[1] * Float(ones)
      mass += discounts.amounts[2] * Float(twos)
      mass += discounts.amounts[3] * Float(more)
      mass += Float(pruned)
      return (mass / divisor, divisor)
    case .wittenBell:
      let types = Float(ones &+ twos &+ more)
      let divisor = Float(total) + types
      return ((types + Float(pruned)) / divisor, divisor)
    case .maximumLikelihood:
      return (0, Float(total - pruned))
    case .stupidBackoff:
      return (Estimator.stupidBackoffWeight, Float(total))
    }
  }
}
