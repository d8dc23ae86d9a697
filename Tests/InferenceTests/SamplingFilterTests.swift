import Files
import FoundationEssentials
import Glibc
import Kernels
import Testing

@testable import Inference

/// Each filter alone, against values worked out by hand.
@Suite struct SamplingFilterTests {
  /// A list with these probabilities; ids in the given order.
  func list(_ probabilities: [Double]) -> CandidateList {
    CandidateList(
      probabilities.indices.map {
        Candidate(id: Int32($0), logit: Float(log(probabilities[$0])))
      })
  }

  func ids(_ filter: some CandidateCut, _ probabilities: [Double]) -> [Int32] {
    var list = list(probabilities)
    filter.apply(to: &list)
    return list.candidates.map(\.id)
  }

  @Test func topK() {
    #expect(ids(TopK(1), [0.1, 0.2, 0.3, 0.4]) == [3])
    #expect(ids(TopK(3), [0.1, 0.2, 0.3, 0.4]) == [3, 2, 1])
    #expect(ids(TopK(2), [0.25, 0.25, 0.25, 0.25]) == [0, 1])
    #expect(ids(TopK(9), [0.4, 0.6]) == [1, 0])
    #expect(TopK(0).isOff)
  }

  /// The cases of llama.cpp's test-sampling for top-p over 0.1, 0.2, 0.3, 0.4.
  @Test func topP() {
    #expect(ids(TopP(0.0001), [0.1, 0.2, 0.3, 0.4]) == [3])
    #expect(ids(TopP(0.69), [0.1, 0.2, 0.3, 0.4]) == [3, 2])
    #expect(ids(TopP(0.8), [0.1, 0.2, 0.3, 0.4]) == [3, 2, 1])
    #expect(ids(TopP(0.95), [0.1, 0.2, 0.3, 0.4]) == [3, 2, 1, 0])
    #expect(TopP(1).isOff)
  }

  @Test func minP() {
    let shares = [0.1, 0.2, 0.3, 0.4]
    #expect(ids(MinP(0.24), shares) == [0, 1, 2, 3])
    #expect(ids(MinP(0.26), shares) == [1, 2, 3])
    #expect(ids(MinP(0.51), shares) == [2, 3])
    #expect(ids(MinP(0.74), shares) == [2, 3])
    #expect(ids(MinP(0.76), shares) == [3])
  }

  @Test func typical() {
    // Entropy 0.8979: surprises 0.5108 (0.39 off), 1.2040 (0.31 off), 2.3026 (1.40 off).
    #expect(ids(LocallyTypical(0.2), [0.6, 0.3, 0.1]) == [1])
    #expect(ids(LocallyTypical(0.5), [0.6, 0.3, 0.1]) == [0, 1])
    #expect(ids(LocallyTypical(0.95), [0.6, 0.3, 0.1]) == [0, 1, 2])
    // The likeliest token is not typical here: entropy 1.59, its surprise 0.69.
    #expect(ids(LocallyTypical(0.3), [0.5, 0.2, 0.2, 0.05, 0.05]).contains(0) == false)
  }

  @Test func keptProbabilitiesAddUpToOne() {
    var list = list([0.1, 0.2, 0.3, 0.4])
    TopP(0.69).apply(to: &list)
    #expect(abs(list.probabilities[0] - 4.0 / 7) < 1e-6)
    list.weigh(temperature: 0.5)
    #expect(abs(list.probabilities[0] - 16.0 / 25) < 1e-6)
  }

  func greedy(
    _ values: [Float], history: [Int32] = [], _ change: (inout SamplingConfiguration) -> Void
  ) throws -> Int32? {
    var settings = SamplingConfiguration()
    settings.temperature = 0
    change(&settings)
    var random = RandomSource(seed: 1)
    var sampler = try Sampler(settings, vocabularySize: values.count)
    var dense = DenseSession(values)
    var sparse = SparseSession(values)
    let token = sampler.next(&dense, history: history, random: &random)
    #expect(sampler.next(&sparse, history: history, random: &random) == token)
    #expect(random == RandomSource(seed: 1))
    return token
  }

  @Test func greedyTakesTheLowestIdOnTies() throws {
    #expect(try greedy([1, 3, 2, 3]) { _ in } == 1)
    #expect(try greedy([1, 3, 2, 3]) { $0.typical = 0.99 } == 1)
    #expect(try greedy([.nan, -.infinity, -5]) { _ in } == 2)
    #expect(try greedy([0, .infinity, 5, .infinity]) { _ in } == 1)
  }

  /// Scores under settings, as exact values of the adjusted logits.
  func adjusted(
    _ values: [Float], history: [Int32], _ change: (inout SamplingConfiguration) -> Void
  ) -> [Float] {
    var settings = SamplingConfiguration()
    change(&settings)
    var adjustments = ScoreAdjustments(settings, banned: [], vocabularySize: values.count)
    adjustments.collect(history)
    return values.indices.map { index in
      guard let position = adjustments.entry(for: Int32(index)) else { return values[index] }
      return adjustments.adjusted(values[index], at: position)
    }
  }

  @Test func repeatPenaltyDividesPositiveAndMultipliesOtherScores() {
    let values: [Float] = [4, -4, 0, 2, 2]
    #expect(
      adjusted(values, history: [0, 1, 2, 0]) { $0.repeatPenalty = 2 } == [2, -8, 0, 2, 2])
  }

  @Test func penaltiesLookAtTheLastTokensOnly() {
    let values: [Float] = [4, 4, 4]
    func change(_ last: Int) -> (inout SamplingConfiguration) -> Void {
      return {
        $0.repeatPenalty = 2
        $0.repeatLastN = last
      }
    }
    #expect(adjusted(values, history: [0, 1, 2], change(2)) == [4, 2, 2])
    #expect(adjusted(values, history: [0, 1, 2], change(0)) == [4, 4, 4])
    #expect(adjusted(values, history: [0, 1, 2], change(-1)) == [2, 2, 2])
    #expect(
      adjusted(values, history: [0] + Array(repeating: 1, count: 64), change(64)) == [4, 2, 4])
  }

  @Test func presenceCountsOnceAndFrequencyEachTime() {
    let values: [Float] = [1, 1, 1]
    #expect(adjusted(values, history: [0, 0, 0, 1]) { $0.presencePenalty = 0.5 } == [0.5, 0.5, 1])
    #expect(
      adjusted(values, history: [0, 0, 0, 1]) { $0.frequencyPenalty = 0.5 } == [-0.5, 0.5, 1])
  }

  @Test func biasAddsAndBans() throws {
    let entry = LogitBias(token: 1, bias: 3)
    let ban = LogitBias(token: 0, bias: -.infinity)
    #expect(
      adjusted([1, 1, 1], history: []) { $0.logitBias = [entry, ban] } == [-.infinity, 4, 1])
    #expect(try greedy([5, 1, 3]) { $0.logitBias = [ban] } == 2)
    #expect(try greedy([5, 1, 3]) { $0.logitBias = [ban, entry] } == 1)
    // A token far down the list rises to the top in the sparse way too.
    let values = (0..<100).map { Float(-$0) }
    #expect(try greedy(values) { $0.logitBias = [LogitBias(token: 90, bias: 91)] } == 90)
    let both = [LogitBias(token: 0, bias: .infinity), ban]
    #expect(try greedy([5, 1, 3]) { $0.logitBias = both } == 2)
  }

  @Test func noNgramTwice() throws {
    let values: [Float] = [5, 4, 3, 2]
    #expect(try greedy(values, history: [1, 0, 2, 1]) { $0.noRepeatNgram = 2 } == 1)
    #expect(try greedy(values, history: [1, 0, 2, 1]) { $0.noRepeatNgram = 3 } == 0)
    #expect(try greedy(values, history: [2, 1, 0, 2, 1]) { $0.noRepeatNgram = 3 } == 1)
    #expect(try greedy(values, history: [0, 1, 2]) { $0.noRepeatNgram = 1 } == 3)
    #expect(try greedy(values, history: [0]) { $0.noRepeatNgram = 2 } == 0)
    #expect(try greedy(values, history: [0, 0]) { $0.noRepeatNgram = 2 } == 1)
  }

  @Test func nothingLeft() throws {
    func next(
      _ values: [Float], end: Int32?, ignoreEnd: Bool = false, history: [Int32] = [],
      _ settings: SamplingConfiguration = .untouched
    ) throws -> Int32? {
      var random = RandomSource(seed: 1)
      var sampler = try Sampler(
        settings, vocabularySize: values.count, endToken: end, ignoreEnd: ignoreEnd)
      var session = DenseSession(values)
      return sampler.next(&session, history: history, random: &random)
    }
    #expect(try next([], end: 7) == 7)
    #expect(try next([], end: nil) == nil)
    #expect(try next([.nan, .nan], end: 1) == 1)
    #expect(try next([.nan, .nan], end: nil) == nil)
    #expect(try next([.nan, -.infinity], end: 1, ignoreEnd: true) == nil)
    #expect(try next([3, 9, 5], end: 1, ignoreEnd: true) != 1)
    var settings = SamplingConfiguration.untouched
    settings.noRepeatNgram = 1
    #expect(try next([3, 2, 1], end: 2, history: [0, 1], settings) == 2)
    #expect(try next([3, 2, 1], end: 2, history: [0, 1, 2], settings) == 0)
    #expect(try next([3, 2, 1], end: nil, history: [0, 1, 2], settings) == 0)
    settings.logitBias = [LogitBias(token: 0, bias: -.infinity)]
    #expect(try next([3, 2, 1], end: nil, history: [0, 1, 2], settings) == 1)
  }

  @Test func extremeScoresAndSettingsNeverTrap() throws {
    let extreme: [Float] = [
      .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, 1e30,
    ]
    var random = RandomSource(seed: 8)
    for temperature in [1e-300, 1e-9, 0.8, 1, 1e300] {
      for topK in [0, 2] {
        for typical in [1e-12, 0.5, 1] {
          for topP in [1e-12, 0.999999999999, 1] {
            for minP in [0, 1e-300, 0.9999] {
              var settings = SamplingConfiguration()
              settings.temperature = temperature
              settings.topK = topK
              settings.typical = typical
              settings.topP = topP
              settings.minP = minP
              settings.repeatPenalty = 1e30
              settings.frequencyPenalty = -1e300
              var sampler = try Sampler(settings, vocabularySize: extreme.count)
              var session = DenseSession(extreme)
              let history: [Int32] = [0, 4, 5, -1, 99]
              let token = sampler.next(&session, history: history, random: &random)
              #expect([0, 3, 4, 5, 6].contains(try #require(token)))
            }
          }
        }
      }
    }
  }

  @Test func settingsOutOfRangeAreUsageErrors() throws {
    let wrong: [(inout SamplingConfiguration) -> Void] = [
      { $0.temperature = -0.1 }, { $0.temperature = .nan }, { $0.temperature = .infinity },
      { $0.topK = -1 }, { $0.topP = 0 }, { $0.topP = 1.1 }, { $0.minP = 1 }, { $0.minP = -0.1 },
      { $0.typical = 0 }, { $0.repeatPenalty = 0 }, { $0.repeatLastN = -2 },
      { $0.presencePenalty = .nan }, { $0.noRepeatNgram = -1 },
      { $0.logitBias = [LogitBias(token: 1, bias: .nan)] },
    ]
    for change in wrong {
      var settings = SamplingConfiguration()
      change(&settings)
      let error = #expect(throws: AIGCError.self) { try settings.validate() }
      #expect(error?.code == .usage)
    }
    try SamplingConfiguration().validate()
    try SamplingConfiguration.untouched.validate()
  }

  @Test func logitBiasIsReadAndKept() throws {
    #expect(try LogitBias(argument: "15=-2.5") == LogitBias(token: 15, bias: -2.5))
    #expect(try LogitBias(argument: "15+1") == LogitBias(token: 15, bias: 1))
    #expect(try LogitBias(argument: "15-inf") == LogitBias(token: 15, bias: -.infinity))
    for text in ["", "15", "=1", "x=1", "15=", "15=nan", "-3=1", "99999999999=1"] {
      #expect(throws: AIGCError.self) { try LogitBias(argument: text) }
    }
    var settings = SamplingConfiguration()
    settings.logitBias = [LogitBias(token: 1, bias: -.infinity), LogitBias(token: 2, bias: 0.5)]
    let data = try JSONEncoder().encode(settings)
    #expect(try JSONDecoder().decode(SamplingConfiguration.self, from: data) == settings)
  }
}
