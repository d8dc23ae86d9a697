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
}
