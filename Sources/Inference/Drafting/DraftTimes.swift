/// What passes with drafted tokens take, and drafts themselves, beside a pass of one token: by the clock, as machines
/// differ. Where weights come from memory at its speed, tokens of a pass cost little; where arithmetic is the limit,
/// nearly as much as passes of their own.
struct DraftTimes: Equatable, Sendable {
  /// Passes with 1, 2, … drafted tokens, as multiples of a pass of one token.
  private var passes: [Double]
  /// What drafting a token costs, likewise; 0: next to nothing, and not measured.
  private(set) var draft: Double
  /// Seconds of a pass of one token; nil: none was seen.
  private var pass: Double?
  /// What both are taken for before any is seen.
  private let (cost, firstDraft): (Double, Double)

  /// The share of a new time in what is known.
  private static let step = 0.2
  /// Times are believed up to this multiple of what was expected: others are accidents.
  private static let largest = 2.0

  /// - Parameters:
  ///   - cost: what a token more adds to a pass, before any was seen.
  ///   - draft: see ``draft``; a first guess.
  init(cost: Double, draft: Double) {
    (self.draft, self.cost, firstDraft) = (draft, cost, draft)
    passes = (1...Drafting.largestTokens).map { 1 + cost * Double($0) }
  }

  /// Whether a pass of one token is known, with which others are compared.
  var isKnown: Bool { pass != nil }

  /// A pass with `count` drafted tokens and their drafting, as a multiple of a pass of one token.
  func time(_ count: Int, isDrafted: Bool) -> Double {
    guard let last = passes.indices.last, count > 0 else { return 1 }
    return passes[min(count - 1, last)] + (isDrafted ? 0 : draft * Double(count))
  }

  /// Learns from a pass with `count` drafted tokens.
  mutating func observe(pass seconds: Double, count: Int) {
    guard seconds > 0 else { return }
    guard let known = pass else {
      if count == 0 { pass = seconds }
      return
    }
    if count == 0 || seconds < known {
      // What begins a run is slower than what follows, and is forgotten sooner.
      let step = seconds < known ? 0.5 : Self.step
      pass = known + (min(seconds, Self.largest * known) - known) * step
    }
    guard passes.indices.contains(count - 1) else { return }
    let expected = passes[count - 1]
    let change = min(max(seconds / known, 1), Self.largest * expected) - expected
    // Others of about that length take about as much.
    for other in passes.indices {
      let (a, b) = (Double(other + 1), Double(count))
      passes[other] = max(1, passes[other] + change * Self.step * min(a, b) / max(a, b))
    }
  }

  /// Nothing was drafted: what it takes is tried again after a while.
  mutating func rest(by step: Double) {
    draft += (firstDraft - draft) * step
    for place in passes.indices {
      passes[place] += (1 + cost * Double(place + 1) - passes[place]) * step
    }
  }

  /// Learns from a draft that took `steps` of its model.
  mutating func observe(draft seconds: Double, steps: Int) {
    guard draft > 0, seconds > 0, let pass, steps > 0 else { return }
    let share = seconds / pass / Double(steps)
    draft += (min(share, Self.largest * draft) - draft) * Self.step
  }
}
