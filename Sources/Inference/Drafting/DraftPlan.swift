import Files

/// How many drafted tokens are worth to be read, by what became of those before.
///
/// A pass with n drafted tokens takes as long as ``DraftTimes`` has it, and gives 1 + r1 + r1 r2 + … tokens where ri is the
/// share of tokens of its grade that the text took. The number is chosen that gives the most tokens for the time (the
/// expected improvement of Leviathan et al. 2023, section 3.3).
struct DraftPlan: Equatable, Sendable {
  /// The share of tokens that were taken, of each grade.
  private(set) var rates: [Double]
  private var times: DraftTimes
  /// Whether times are measured; else they stay as they were given.
  private let isTimed: Bool
  /// Drafted tokens that were taken, whatever their grade.
  private var mean = 0.6

  /// How much of a share is learned from one token, and forgotten where none is drafted: slowly, so that what is wrong
  /// again and again is tried once in some passes only.
  private static let step = 0.08
  private static let recovery = 0.002

  /// - Parameters:
  ///   - cost: of reading one token more, as a share of a pass of one token, before any was measured.
  ///   - draftCost: of drafting one, likewise; 0: next to nothing.
  ///   - isTimed: whether what passes take is measured.
  init(cost: Double = Self.rowCost, draftCost: Double = 0, isTimed: Bool = false) {
    times = DraftTimes(cost: cost, draft: draftCost)
    self.isTimed = isTimed
    rates = (0..<DraftToken.grades).map { Self.start($0) }
  }

  /// A token more in a pass. Measured with SmolLM2 135M in 4 bits, 2 to 8 tokens, where processors have eight-bit dot products:
  /// 0.02 to 0.08 behind 128 tokens, 0.03 to 0.11 behind 1,000.
  static let rowCost = 0.12

  private static func start(_ grade: Int) -> Double {
    0.4 + 0.5 * Double(grade) / Double(DraftToken.grades - 1)
  }

  /// How many tokens to ask a drafter for, at most `most`: all where drafting costs nothing.
  func wanted(_ most: Int) -> Int {
    // A pass of one token comes first: others are compared with it.
    if isTimed, !times.isKnown { return 0 }
    return times.draft > 0
      ? best(repeatElement(mean, count: max(most, 0)), isDrafted: false) : max(most, 0)
  }

  /// How many tokens of a draft are worth to be read.
  func worth(_ draft: [DraftToken]) -> Int {
    best(draft.lazy.map { rates[$0.grade] }, isDrafted: true)
  }

  private func best(_ rates: some Sequence<Double>, isDrafted: Bool) -> Int {
    var (best, bestRatio) = (0, 1.0)
    var (chance, tokens, count) = (1.0, 1.0, 0)
    for rate in rates {
      chance *= rate
      tokens += chance
      count += 1
      let ratio = tokens / times.time(count, isDrafted: isDrafted)
      if ratio > bestRatio { (best, bestRatio) = (count, ratio) }
    }
    return best
  }

  /// Learns what a pass with `count` drafted tokens took.
  mutating func observe(pass: Duration, count: Int) {
    if isTimed { times.observe(pass: pass.seconds, count: count) }
  }

  /// Learns what a draft of so many steps took.
  mutating func observe(draft: Duration, steps: Int) {
    if isTimed { times.observe(draft: draft.seconds, steps: steps) }
  }

  /// Learns whether the text took a token that was read.
  mutating func observe(_ token: DraftToken, isTaken: Bool) {
    let value = isTaken ? 1.0 : 0
    rates[token.grade] += (value - rates[token.grade]) * Self.step
    mean += (value - mean) * Self.step
  }

  /// Nothing was read of a draft: what it was worth is tried again after a while.
  mutating func rest(_ draft: [DraftToken]) {
    mean += (0.6 - mean) * Self.recovery
    times.rest(by: Self.recovery)
    guard let grade = draft.first?.grade else { return }
    rates[grade] += (Self.start(grade) - rates[grade]) * Self.recovery
  }
}
