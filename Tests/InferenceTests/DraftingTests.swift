import Kernels
import Testing

@testable import Inference

/// Drafts from the text itself beside a search through all of it, and how many of them are read.
@Suite struct PromptDrafterTests {
  /// The latest place where the longest of the last one to four tokens stood before.
  private func expected(_ text: [Int32], _ count: Int) -> [Int32] {
    for length in stride(from: min(4, text.count - 1), to: 0, by: -1) {
      let suffix = Array(text.suffix(length))
      let starts = (0..<text.count - length).reversed()
      guard let start = starts.first(where: { Array(text[$0..<$0 + length]) == suffix }) else {
        continue
      }
      var all = text
      for index in 0..<count { all.append(all[start + length + index]) }
      return Array(all.suffix(count))
    }
    return []
  }

  @Test(arguments: [2, 5, 40]) func findsTheLatestLongestMatch(letters: UInt64) {
    var (drafter, random) = (PromptDrafter(), RandomSource(seed: letters))
    var text: [Int32] = []
    #expect(drafter.draft(5).isEmpty)
    for _ in 0..<300 {
      let token = Int32(random.integer(below: letters))
      text.append(token)
      drafter.append(token)
      let count = Int(random.integer(below: 9))
      #expect(drafter.draft(count).map { $0.id } == expected(text, count))
      #expect(drafter.draft(-1).isEmpty)
    }
  }

  @Test func longerMatchesAreSurer() {
    var drafter = PromptDrafter()
    for token: Int32 in [9, 1, 2, 3, 4, 5, 6, 8, 1, 2] { drafter.append(token) }
    #expect(drafter.draft(3).map { $0.grade } == [1, 2, 3])
    drafter.append(7)
    #expect(drafter.draft(3).isEmpty)
    var copy = drafter
    copy.append(2)
    #expect(copy.draft(1).map { $0.id } == [7] && drafter.draft(1).isEmpty)
  }

  @Test func grades() {
    #expect(DraftToken(id: 1, grade: -3).grade == 0 && DraftToken(id: 1, grade: 99).grade == 7)
    #expect(
      [-1, 0, 0.5, 1, 2].map { DraftToken(id: 1, probability: $0).grade } == [0, 0, 4, 7, 7])
  }

  @Test func planFollowsWhatIsTaken() {
    var plan = DraftPlan(cost: 0.15)
    let draft = (0..<8).map { _ in DraftToken(id: 1, grade: 3) }
    for _ in 0..<100 { plan.observe(draft[0], isTaken: true) }
    #expect(plan.worth(draft) == 8)
    for _ in 0..<100 { plan.observe(draft[0], isTaken: false) }
    #expect(plan.worth(draft) == 0)
    // What another grade is worth stays.
    #expect(plan.worth([DraftToken(id: 1, grade: 7)]) == 1)
    var passes = 0
    while plan.worth(draft) == 0, passes < 1000 {
      plan.rest(draft)
      passes += 1
    }
    #expect((10..<200).contains(passes))
    #expect(plan.worth([]) == 0 && plan.wanted(5) == 5 && plan.wanted(-1) == 0)
  }

  /// The best number by the formula, for each constant share.
  @Test(arguments: [0.05, 0.15, 0.3, 0.5, 0.8, 0.95]) func lengthIsTheBest(rate: Double) {
    var plan = DraftPlan(cost: 0.15)
    let draft = (0..<12).map { _ in DraftToken(id: 1, grade: 0) }
    while plan.rates[0] > rate { plan.observe(draft[0], isTaken: false) }
    while plan.rates[0] < rate { plan.observe(draft[0], isTaken: true) }
    let r = plan.rates[0]
    func gain(_ count: Int) -> Double {
      var (tokens, chance) = (1.0, 1.0)
      for _ in 0..<count {
        chance *= r
        tokens += chance
      }
      return tokens / (1 + 0.15 * Double(count))
    }
    let best = (0...12).max { gain($0) < gain($1) }
    #expect(plan.worth(draft) == best)
  }

  @Test func draftsThatCostSomethingAreShorter() {
    let (free, dear) = (DraftPlan(cost: 0.15), DraftPlan(cost: 0.15, draftCost: 0.9))
    #expect(free.wanted(9) == 9 && dear.wanted(9) == 0)
    #expect((1..<9).contains(DraftPlan(cost: 0.15, draftCost: 0.1).wanted(9)))
  }

  /// Drafts end where the clock says that tokens cost as much as passes, and come back where they cost little.
  @Test func lengthFollowsTheClock() {
    var plan = DraftPlan(isTimed: true)
    let draft = (0..<7).map { _ in DraftToken(id: 1, grade: 7) }
    #expect(plan.wanted(7) == 0)
    plan.observe(pass: .milliseconds(10), count: 0)
    #expect(plan.wanted(7) == 7 && plan.worth(draft) == 7)
    for _ in 0..<40 { plan.observe(pass: .milliseconds(80), count: 7) }
    #expect(plan.worth(draft) == 0)
    for _ in 0..<40 { plan.observe(pass: .milliseconds(11), count: 7) }
    #expect(plan.worth(draft) == 7)
    // What was slow for a while is tried again.
    for _ in 0..<40 { plan.observe(pass: .milliseconds(80), count: 7) }
    var rests = 0
    while plan.worth(draft) == 0, rests < 2000 {
      plan.rest(draft)
      rests += 1
    }
    #expect((10..<1000).contains(rests))
    // Without a clock what was given holds.
    var other = DraftPlan(cost: 0.1)
    for _ in 0..<40 { other.observe(pass: .milliseconds(80), count: 7) }
    #expect(other == DraftPlan(cost: 0.1))
  }
}

/// What passes take, as the clock has it.
@Suite struct DraftTimesTests {
  private func times(pass: Double) -> DraftTimes {
    var times = DraftTimes(cost: 0.1, draft: 0.3)
    times.observe(pass: pass, count: 0)
    return times
  }

  @Test(arguments: [(1, 1.7), (3, 2.1), (7, 3.8), (64, 9.0)])
  func passesAreLearned(count: Int, share: Double) {
    var times = times(pass: 0.01)
    #expect(times.isKnown && !DraftTimes(cost: 0.1, draft: 0).isKnown)
    for _ in 0..<60 { times.observe(pass: 0.01 * share, count: count) }
    #expect(abs(times.time(count, isDrafted: true) - share) < 0.01)
    // Drafting is paid for by the token.
    #expect(abs(times.time(count, isDrafted: false) - share - 0.3 * Double(count)) < 0.01)
    #expect(times.time(0, isDrafted: false) == 1 && times.time(-1, isDrafted: true) == 1)
    #expect(times.time(1000, isDrafted: true) == times.time(64, isDrafted: true))
  }

  /// A pass of a second changes little, and a slow first one is forgotten.
  @Test func accidents() {
    var times = times(pass: 0.01)
    let before = times.time(3, isDrafted: true)
    times.observe(pass: 1, count: 3)
    #expect(times.time(3, isDrafted: true) <= before * 1.25)
    times = self.times(pass: 5)
    for _ in 0..<60 { times.observe(pass: 0.01, count: 0) }
    for _ in 0..<60 { times.observe(pass: 0.02, count: 2) }
    #expect(abs(times.time(2, isDrafted: true) - 2) < 0.02)
    times.observe(pass: 0, count: 0)
    times.observe(pass: 0.01, count: 2)
    times.observe(draft: 0.01, steps: 2)
    #expect(times.time(2, isDrafted: false).isFinite)
  }

  @Test func draftsAreLearned() {
    var times = times(pass: 0.01)
    for _ in 0..<60 { times.observe(draft: 0.004, steps: 4) }
    #expect(abs(times.draft - 0.1) < 0.001)
    times.observe(draft: 1, steps: 0)
    #expect(abs(times.draft - 0.1) < 0.001)
    var free = DraftTimes(cost: 0.1, draft: 0)
    free.observe(pass: 0.01, count: 0)
    free.observe(draft: 1, steps: 1)
    #expect(free.draft == 0)
  }
}
