import Files
import FoundationEssentials
import Glibc
import Kernels
import Testing

@testable import Inference

/// DRY, XTC, top-n-sigma, and chains in other orders.
@Suite struct SamplerStepTests {
  private static func values(_ count: Int, seed: UInt64 = 4) -> [Float] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in bellShaped(&random, scale: 1.5) }
  }

  /// DRY by its definition: each earlier place where the last tokens stand, compared token by token.
  private func lengths(
    _ history: [Int32], _ settings: DRYSettings, limit: Int
  ) -> [Int32: Int] {
    let window =
      settings.penaltyLastN < 0 ? history : Array(history.suffix(settings.penaltyLastN))
    var longest: [Int32: Int] = [:]
    for end in window.indices.dropLast() {
      var length = 0
      while length < limit, length <= end, window[end - length] == window[window.count - 1 - length]
      {
        length += 1
      }
      if length >= settings.allowedLength {
        longest[window[end + 1]] = max(longest[window[end + 1]] ?? 0, length)
      }
    }
    return longest
  }

  @Test func repetitionsAreThoseOfTheDefinition() {
    var random = RandomSource(seed: 21)
    var penalised = 0
    for trial in 0..<600 {
      let kinds = UInt64(1 + trial % 5)
      let history = (0..<Int(random.integer(below: 90))).map { _ in
        Int32(random.integer(below: kinds))
      }
      var settings = DRYSettings()
      settings.multiplier = 0.8
      settings.allowedLength = Int(random.integer(below: 5))
      settings.penaltyLastN = trial % 3 == 0 ? -1 : Int(random.integer(below: 60))
      // Token 4 breaks a sequence.
      let breakers = SequenceBreakers(sequences: [[4]])
      let limit = history.lastIndex(of: 4).map { history.count - 1 - $0 } ?? history.count
      var expected = limit < settings.allowedLength ? [:] : lengths(history, settings, limit: limit)
      expected[4] = nil
      var found: [Int32: Int] = [:]
      let penalty = RepetitionPenalty(settings, breakers: breakers)
      if !penalty.isOff {
        penalty.forTokens(after: history) { found[$0] = $1 - 1 + settings.allowedLength }
      } else {
        expected = [:]
      }
      // A window that is not longer than the allowed length is not searched.
      let window =
        settings.penaltyLastN < 0 ? history.count : min(history.count, settings.penaltyLastN)
      if window <= settings.allowedLength { expected = [:] }
      #expect(found == expected, "trial \(trial) \(history)")
      penalised += found.count
    }
    #expect(penalised > 300)
  }

  @Test func thePenaltyGrowsAndStaysFinite() {
    var settings = DRYSettings()
    settings.multiplier = 2
    settings.base = 1.5
    let penalty = RepetitionPenalty(settings, breakers: SequenceBreakers())
    #expect(penalty.adjusted(7, of: 0, named: 1) == 5)
    #expect(penalty.adjusted(7, of: 0, named: 3) == 2.5)
    #expect(penalty.adjusted(7, of: 0, named: .max) < -1e38)
    settings.base = 1e300
    let steep = RepetitionPenalty(settings, breakers: SequenceBreakers())
    #expect(steep.adjusted(0, of: 0, named: 9) <= 0)
  }

  /// As the text may be hostile: one token 20,000 times, and breakers that match it all but.
  @Test func longHistoriesAreReadInLinearTime() throws {
    var settings = SamplingConfiguration.untouched
    settings.dry.multiplier = 1
    settings.dry.penaltyLastN = -1
    settings.dry.sequenceBreakers = (0..<32).map {
      String(repeating: "a", count: 15) + String(UnicodeScalar(UInt8(65 + $0)))
    }
    try settings.validate()
    let breakers = try SequenceBreakers(
      settings.dry.sequenceBreakers, vocabularySize: 128, bytes: { [UInt8($0)] },
      encode: { $0.utf8.map { Int32($0) } })
    var sampler = try Sampler(
      settings, vocabularySize: 128, masks: [], breakers: breakers)
    var session = DenseSession(Self.values(128))
    let history = [Int32](repeating: 97, count: 20_000)
    let clock = ContinuousClock()
    let time = clock.measure { _ = sampler.distribution(&session, history: history) }
    #expect(time < .seconds(20), "a quadratic search takes minutes")
    let share = sampler.distribution(&session, history: history).first { $0.id == 97 }
    #expect((share?.logProbability ?? -.infinity) < -1e30)
  }

  @Test func breakersOfSeveralTokens() throws {
    // Tokens: a, b, ab, bc, c, cab.
    let texts = ["a", "b", "ab", "bc", "c", "cab"]
    func encode(_ text: String) -> [Int32]? {
      text.map { character in Int32(texts.firstIndex(of: String(character)) ?? 0) }
    }
    let breakers = try SequenceBreakers(
      ["abc"], vocabularySize: 6, bytes: { Array(texts[Int($0)].utf8) }, encode: encode)
    // ab + c, a + b + c, cab + c; and not b + c.
    #expect(breakers.distance(in: [5, 0, 4, 2, 0]) == 2)
    #expect(breakers.distance(in: [4, 1, 0]) == 0)
    #expect(breakers.distance(in: [0, 4, 5]) == 1)
    #expect(breakers.distance(in: [4, 1, 4]) == 3)
    #expect(!breakers.breaksAlone(2))
  }

  @Test func topNSigma() {
    var list = CandidateList([0, 2, 4].enumerated().map { Candidate(id: Int32($0), logit: $1) })
    // The deviation is sqrt(8 / 3) = 1.633.
    TopNSigma(1.3).apply(to: &list)
    #expect(list.candidates.map { $0.id } == [1, 2])
    TopNSigma(0.1).apply(to: &list)
    #expect(list.candidates.map { $0.id } == [2])
    #expect(TopNSigma(0).isOff && TopNSigma(-1).isOff)
  }

  @Test func topChoices() {
    func left(_ threshold: Double, _ shares: [Double]) -> [Int32] {
      var list = CandidateList(
        shares.indices.map { Candidate(id: Int32($0), logit: Float(log(shares[$0]))) })
      TopChoices(threshold: threshold).apply(to: &list)
      return list.candidates.map { $0.id }
    }
    #expect(left(0.15, [0.1, 0.2, 0.3, 0.4]) == [1, 0])
    #expect(left(0.35, [0.1, 0.2, 0.3, 0.4]) == [3, 2, 1, 0])
    #expect(left(0.01, [0.4, 0.6]) == [0])
    #expect(left(0.01, [1]) == [0])
    #expect(TopChoices(threshold: 0.51).isOff)
  }

  /// Draws whose top choices are removed by chance: chi-square with the mixture of both chains.
  @Test func removalFollowsItsChance() throws {
    let values = Self.values(12)
    var settings = SamplingConfiguration.untouched
    settings.temperature = 1.2
    settings.topK = 9
    settings.xtc.threshold = 0.08
    func shares(_ probability: Double) throws -> [Int32: Double] {
      settings.xtc.probability = probability
      var sampler = try Sampler(settings, vocabularySize: values.count)
      var session = SparseSession(values)
      let pairs = sampler.distribution(&session, history: []).map {
        ($0.id, exp($0.logProbability))
      }
      return Dictionary(uniqueKeysWithValues: pairs)
    }
    let (never, always, sometimes) = (try shares(0), try shares(1), try shares(0.3))
    #expect(always.count < never.count)
    var random = RandomSource(seed: 5)
    var sampler = try Sampler(settings, vocabularySize: values.count)
    var session = SparseSession(values)
    var counts: [Int32: Int] = [:]
    for _ in 0..<20_000 {
      let token = try #require(sampler.next(&session, history: [], random: &random))
      counts[token, default: 0] += 1
    }
    var statistic = 0.0
    for (id, share) in never {
      let mixed = 0.7 * share + 0.3 * (always[id] ?? 0)
      #expect(abs(mixed - (sometimes[id] ?? 0)) < 1e-12)
      let mean = mixed * 20_000
      statistic += (Double(counts[id] ?? 0) - mean) * (Double(counts[id] ?? 0) - mean) / mean
    }
    #expect(statistic < 35, "8 degrees of freedom")
    #expect(counts.values.reduce(0, +) == 20_000 && counts.count <= never.count)
  }

  @Test func theBestTokenMayBeRemoved() throws {
    var settings = SamplingConfiguration()
    settings.temperature = 0
    settings.xtc.probability = 1
    settings.xtc.threshold = 0.1
    var random = RandomSource(seed: 1)
    do {
      let values: [Float] = [5, 4.5, 4, -9]
      var sampler = try Sampler(settings, vocabularySize: values.count)
      var dense = DenseSession(values)
      var sparse = SparseSession(values)
      #expect(sampler.next(&dense, history: [], random: &random) == 2)
      #expect(sampler.next(&sparse, history: [], random: &random) == 2)
    }
  }

  /// Without the new steps nothing is asked of the chance that was not asked before.
  @Test func oneNumberIsDrawnForAToken() throws {
    var random = RandomSource(seed: 6)
    var same = random
    var sampler = try Sampler(SamplingConfiguration(), vocabularySize: 30)
    var session = DenseSession(Self.values(30))
    _ = sampler.next(&session, history: [], random: &random)
    _ = same.uniform()
    #expect(random == same)
  }

  @Test func ordersAreRead() throws {
    let standard = SamplingStep.standardOrder
    #expect(
      try SamplingStep.order(
        names: "penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;xtc;temperature") == standard)
    #expect(try SamplingStep.order(letters: "edskypmxt") == standard)
    #expect(
      try SamplingStep.order(names: "Top-K;nucleus;minp;typ;temp") == [
        .topK, .topP, .minP, .typical, .temperature,
      ])
    #expect(try SamplingStep.order(names: "top-k;topp;TEMP") == [.topK, .topP, .temperature])
    #expect(try SamplingStep.order(names: "") == [])
    for text in ["top_q", "top_k;", ";", "top_k;top-k", "xtc,dry"] {
      let error = #expect(throws: AIGCError.self) { try SamplingStep.order(names: text) }
      #expect(error?.code == .usage)
    }
    for text in ["kk", "q", "k;p"] {
      #expect(throws: AIGCError.self) { try SamplingStep.order(letters: text) }
    }
  }

  @Test func theOrderCounts() throws {
    let values: [Float] = [log(0.4), log(0.3), log(0.2), log(0.1)]
    func ids(_ order: [SamplingStep], _ change: (inout SamplingConfiguration) -> Void) throws
      -> [Int32]
    {
      var settings = SamplingConfiguration.untouched
      settings.samplers = order
      change(&settings)
      var sampler = try Sampler(settings, vocabularySize: 4)
      var session = SparseSession(values)
      return sampler.distribution(&session, history: [0]).map { $0.id }
    }
    // At temperature 0.25 the first two hold 0.95 of the probability.
    let cold: (inout SamplingConfiguration) -> Void = {
      $0.temperature = 0.25
      $0.topP = 0.9
    }
    #expect(try ids([.topP, .temperature], cold) == [0, 1, 2])
    #expect(try ids([.temperature, .topP], cold) == [0, 1])
    #expect(try ids([.topP], cold) == [0, 1, 2])
    #expect(try ids([.temperature], cold) == [0, 1, 2, 3])
    // A penalty behind the cut brings no other token in.
    let penalised: (inout SamplingConfiguration) -> Void = {
      $0.topK = 2
      $0.presencePenalty = 9
    }
    #expect(try ids([.penalties, .topK], penalised) == [1, 2])
    #expect(try ids([.topK, .penalties], penalised) == [1, 0])
    #expect(try ids([.topK], penalised) == [0, 1])
    // Temperature 0 takes the best one of what stands before it.
    let greedy: (inout SamplingConfiguration) -> Void = {
      $0.temperature = 0
      $0.presencePenalty = 9
    }
    #expect(try ids([.temperature, .penalties], greedy) == [0])
    #expect(try ids([.penalties, .temperature], greedy) == [1])
    #expect(
      try ids(
        [.topK, .penalties, .temperature],
        {
          greedy(&$0); $0.topK = 2
        }) == [1])
    #expect(try ids([.topK], greedy).count == 4)
  }

  @Test func extremeScoresNeverTrapInAnyOrder() throws {
    let extreme: [Float] = [
      .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, 1e30,
    ]
    var random = RandomSource(seed: 9)
    for trial in 0..<400 {
      var settings = SamplingConfiguration()
      settings.samplers = SamplingStep.allCases
      for index in settings.samplers.indices {
        settings.samplers.swapAt(index, Int(random.integer(below: 9)))
      }
      settings.temperature = [1e-300, 1e-9, 0, 1, 1e300][trial % 5]
      settings.typical = trial % 2 == 0 ? 1e-12 : 1
      settings.topNSigma = [0, 1e-300, 1e300][trial % 3]
      settings.xtc.probability = 1
      settings.xtc.threshold = trial % 2 == 0 ? 0 : 0.4
      settings.dry.multiplier = 1e300
      settings.dry.base = [1, 1.5, 1e300][trial % 3]
      settings.dry.allowedLength = trial % 2 == 0 ? 0 : .max
      settings.repeatPenalty = 1e30
      settings.frequencyPenalty = -1e300
      settings.mirostat.version = trial % 4 == 3 ? 1 + trial % 2 : 0
      settings.mirostat.entropy = [0, 1e300][trial % 2]
      settings.mirostat.learningRate = 1e300
      try settings.validate()
      var sampler = try Sampler(settings, vocabularySize: extreme.count)
      var session = DenseSession(extreme)
      for _ in 0..<3 {
        let token = sampler.next(&session, history: [0, 4, 5, -1, 99, 4], random: &random)
        #expect([0, 3, 4, 5, 6].contains(try #require(token)))
      }
    }
  }

  @Test func settingsOutOfRangeAreUsageErrors() throws {
    let wrong: [(inout SamplingConfiguration) -> Void] = [
      { $0.topNSigma = .nan }, { $0.dry.multiplier = -1 }, { $0.dry.base = 0.9 },
      { $0.dry.allowedLength = -1 }, { $0.dry.penaltyLastN = -2 },
      { $0.dry.sequenceBreakers = [""] },
      { $0.dry.sequenceBreakers = [String(repeating: "é", count: 21)] },
      { $0.dry.sequenceBreakers = [String](repeating: "a", count: 33) },
      { $0.xtc.probability = 1.1 }, { $0.xtc.threshold = -0.1 }, { $0.xtc.threshold = .infinity },
      { $0.mirostat.version = 3 }, { $0.mirostat.entropy = -1 },
      { $0.mirostat.learningRate = .nan }, { $0.samplers = [.topK, .topK] },
    ]
    for change in wrong {
      var settings = SamplingConfiguration()
      change(&settings)
      let error = #expect(throws: AIGCError.self) { try settings.validate() }
      #expect(error?.code == .usage)
    }
  }

  /// Settings of before, and of those who name but a few.
  @Test func missingSettingsAreThoseWithoutFlags() throws {
    let json = Data(#"{"topK":3,"samplers":["top_k","typ_p"],"mirostat":{"version":2}}"#.utf8)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(SamplingConfiguration.self, from: Data(#"{"topK":"x"}"#.utf8))
    }
    var expected = SamplingConfiguration()
    expected.topK = 3
    expected.samplers = [.topK, .typical]
    expected.mirostat.version = 2
    #expect(try JSONDecoder().decode(SamplingConfiguration.self, from: json) == expected)
    let again = try JSONEncoder().encode(expected)
    #expect(try JSONDecoder().decode(SamplingConfiguration.self, from: again) == expected)
  }
}
