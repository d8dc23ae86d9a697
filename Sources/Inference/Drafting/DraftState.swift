/// What a session keeps of its drafts: the drafter, and tokens that were read ahead of the text with the scores of what
/// follows each. A copy goes its own way.
public struct DraftState {
  private var drafter: any TokenDrafter
  private var plan: DraftPlan
  private let most: Int
  private let statistics: DraftStatistics
  /// Tokens behind the text that were read, and how many of them the text took since.
  private var ahead: [DraftToken] = []
  private var taken = 0
  /// Scores of what follows: [1 + ahead, vocabulary] or more.
  public var rows: [Float] = []

  init(drafter: any TokenDrafter, plan: DraftPlan, most: Int, statistics: DraftStatistics) {
    (self.drafter, self.plan, self.most) = (drafter, plan, most)
    self.statistics = statistics
  }

  /// Moves on by one token of the text.
  /// - Returns: the row with the scores of what follows it, where it is the next one that was read ahead; else nil, and
  ///   nothing is ahead any more.
  public mutating func append(_ token: Int32) -> Int? {
    drafter.append(token)
    guard taken < ahead.count else { return nil }
    let next = ahead[taken]
    plan.observe(next, isTaken: next.id == token)
    guard next.id == token else {
      clear()
      return nil
    }
    taken += 1
    statistics.add(taken: 1)
    return taken
  }

  /// Learns what the pass of one token and what is ahead of it took.
  public mutating func observe(pass: Duration) { plan.observe(pass: pass, count: ahead.count) }

  /// Forgets what is ahead.
  public mutating func clear() { (ahead, taken) = ([], 0) }

  /// The tokens to be read with the text's last one, at most `room`; the next calls of ``append(_:)`` go through them.
  public mutating func draft(room: Int, vocabulary: Int) -> [Int32] {
    clear()
    let wanted = plan.wanted(min(most, room))
    let start = ContinuousClock.now
    var draft = wanted > 0 ? drafter.draft(wanted) : []
    // A drafter that ends before has found its last step not worth it.
    plan.observe(draft: ContinuousClock.now - start, steps: min(draft.count + 1, wanted))
    if let end = draft.firstIndex(where: { !(0..<vocabulary).contains(Int($0.id)) }) {
      draft.removeSubrange(end...)
    }
    ahead = Array(draft.prefix(plan.worth(draft)))
    if ahead.isEmpty { plan.rest(draft) }
    statistics.add(passes: 1, drafted: ahead.count)
    return ahead.map { $0.id }
  }
}
