import Glibc
import Kernels
import Testing

@testable import Inference

@Suite struct SamplingDistributionTests {
  /// Random scores, sometimes with ties, impossible tokens and NaN.
  func randomScores(_ random: inout RandomSource) -> [Float] {
    let size = 1 + Int(random.integer(below: 300))
    let scale = random.uniform() * 5
    let isRounded = random.uniform() < 0.3
    let offset = Float(random.uniform() * 20 - 10)
    return (0..<size).map { _ in
      if random.uniform() < 0.05 { return -.infinity }
      if random.uniform() < 0.01 { return .nan }
      let value = bellShaped(&random, scale: scale) + offset
      return isRounded ? (value * 2).rounded() / 2 : value
    }
  }

  func randomSettings(_ random: inout RandomSource, size: Int) -> SamplingConfiguration {
    func sometimes(_ value: Double, else other: Double) -> Double {
      random.uniform() < 0.5 ? value : other
    }
    var settings = SamplingConfiguration()
    settings.temperature = sometimes(0.1 + random.uniform() * 2, else: 1)
    settings.topK = Int(sometimes(1 + random.uniform() * 60, else: 0))
    settings.topP = sometimes(0.01 + random.uniform() * 0.98, else: 1)
    settings.minP = sometimes(random.uniform() * random.uniform(), else: 0)
    settings.typical = sometimes(0.01 + random.uniform() * 0.98, else: 1)
    settings.repeatPenalty = sometimes(0.5 + random.uniform(), else: 1)
    settings.repeatLastN = Int(sometimes(-1, else: random.uniform() * 20))
    settings.presencePenalty = sometimes(random.uniform() * 3 - 1, else: 0)
    settings.frequencyPenalty = sometimes(random.uniform() * 2 - 0.5, else: 0)
    settings.noRepeatNgram = Int(sometimes(random.uniform() * 4, else: 0))
    if random.uniform() < 0.4 {
      settings.logitBias = (0..<4).map { _ in
        LogitBias(
          token: Int32(random.integer(below: UInt64(size))),
          bias: random.uniform() < 0.3 ? -.infinity : Float(random.uniform() * 8 - 4))
      }
    }
    if random.uniform() < 0.1 { settings.temperature = 0 }
    return settings
  }

  @Test func everyPathEqualsTheDefinition() throws {
    var random = RandomSource(seed: 11)
    var sparseTrials = 0
    for trial in 0..<800 {
      let values = randomScores(&random)
      let settings = randomSettings(&random, size: values.count)
      let history = (0..<Int(random.integer(below: 40))).map { _ in
        Int32(random.integer(below: UInt64(min(values.count, 12))))
      }
      let expected = referenceDistribution(values, settings, history: history)
      var sampler = try Sampler(settings, vocabularySize: values.count)
      var dense = DenseSession(values)
      var sparse = SparseSession(values)
      for _ in 0..<2 {  // twice: nothing of the last step may be left over
        let a = sampler.distribution(&dense, history: history)
        let b = sampler.distribution(&sparse, history: history)
        for result in [a, b] {
          #expect(result.map(\.id) == expected.map(\.id), "trial \(trial) \(settings)")
          let difference = zip(result, expected).map {
            abs(exp($0.logProbability) - $1.probability)
          }.max()
          #expect((difference ?? 0) < 1e-9, "trial \(trial) \(settings)")
        }
      }
      if sparse.densePasses == 0 { sparseTrials += 1 }
    }
    #expect(sparseTrials > 100)
  }

  @Test func sparseAndDenseDrawTheSameTokens() throws {
    var random = RandomSource(seed: 5)
    let values = (0..<500).map { _ in bellShaped(&random, scale: 2) }
    var settings = SamplingConfiguration()
    settings.repeatPenalty = 1.3
    settings.noRepeatNgram = 3
    var history: [Int32] = []
    var (a, b) = (RandomSource(seed: 1), RandomSource(seed: 1))
    var sampler = try Sampler(settings, vocabularySize: values.count)
    var dense = DenseSession(values)
    var sparse = SparseSession(values)
    for _ in 0..<500 {
      let token = sampler.next(&dense, history: history, random: &a)
      #expect(token == sampler.next(&sparse, history: history, random: &b))
      history.append(try #require(token))
    }
    #expect(sparse.densePasses == 0)
  }

  @Test func drawsFollowTheDistribution() throws {
    var random = RandomSource(seed: 3)
    let values = (0..<60).map { _ in bellShaped(&random, scale: 1.5) }
    var cut = SamplingConfiguration.untouched
    cut.topP = 0.8
    cut.temperature = 1.4
    var typical = SamplingConfiguration.untouched
    typical.typical = 0.7
    var penalised = SamplingConfiguration()
    penalised.repeatPenalty = 2
    penalised.minP = 0
    var hot = SamplingConfiguration.untouched
    hot.temperature = 1.7
    for settings in [.untouched, SamplingConfiguration(), cut, typical, penalised, hot] {
      let history: [Int32] = [1, 2, 3, 4]
      let expected = referenceDistribution(values, settings, history: history)
      var sampler = try Sampler(settings, vocabularySize: values.count)
      for usesSparse in [false, true] {
        var counts = [Int](repeating: 0, count: values.count)
        var dense = DenseSession(values)
        var sparse = SparseSession(values)
        let draws = 6_000
        for _ in 0..<draws {
          let token =
            usesSparse
            ? sampler.next(&sparse, history: history, random: &random)
            : sampler.next(&dense, history: history, random: &random)
          counts[Int(try #require(token))] += 1
        }
        if usesSparse, settings == .untouched { #expect(sparse.draws == draws) }
        var statistic = 0.0
        var drawn = 0
        for (id, probability) in expected {
          let mean = probability * Double(draws)
          let count = counts[Int(id)]
          statistic += (Double(count) - mean) * (Double(count) - mean) / mean
          drawn += count
        }
        #expect(drawn == draws, "a token outside the candidate set was drawn")
        let freedom = Double(expected.count - 1)
        #expect(statistic < freedom + 4.5 * (2 * freedom).squareRoot() + 8, "\(settings)")
      }
    }
  }

  @Test func seedsReproduce() throws {
    var random = RandomSource(seed: 9)
    let values = (0..<200).map { _ in bellShaped(&random, scale: 1) }
    func tokens(_ seed: UInt64) throws -> [Int32?] {
      var source = RandomSource(seed: seed)
      var sampler = try Sampler(SamplingConfiguration(), vocabularySize: 200)
      var session = DenseSession(values)
      return (0..<50).map { _ in sampler.next(&session, history: [], random: &source) }
    }
    #expect(try tokens(4) == tokens(4))
    #expect(try tokens(4) != tokens(5))
  }

  @Test func logProbabilitiesOfModelAndChain() throws {
    // Probabilities 0.5, 0.3, 0.2 with an unknown constant of 7.
    let values = [0.3, 0.5, 0.2].map { Float(log($0) + 7) }
    var settings = SamplingConfiguration.untouched
    settings.topK = 2
    var sampler = try Sampler(settings, vocabularySize: 3)
    var session = DenseSession(values)
    var random = RandomSource(seed: 1)
    let token = try #require(
      sampler.next(&session, history: [], random: &random, alternatives: 5))
    let share = token.id == 1 ? 0.5 : 0.3
    #expect(abs(token.logProbability - log(share)) < 1e-6)
    #expect(abs(token.chainLogProbability - log(share / 0.8)) < 1e-6)
    #expect(token.alternatives.map(\.id) == [1, 0, 2])
    #expect(abs(token.alternatives[2].logProbability - log(0.2)) < 1e-6)

    var again = RandomSource(seed: 1)
    #expect(sampler.next(&session, history: [], random: &again) == token.id)
    var direct = try Sampler(.untouched, vocabularySize: 3)
    var sparse = SparseSession(values)
    let drawn = try #require(
      direct.next(&sparse, history: [], random: &random, alternatives: 0))
    #expect(drawn.logProbability == drawn.chainLogProbability)
    #expect(drawn.alternatives.isEmpty)
  }

  @Test func exponentialIsExact() {
    var x = 0.0
    while x > -700 {
      #expect(abs(exponential(x) / exp(x) - 1) < 5e-16)
      x -= 0.0371
    }
    #expect(exponential(0) == 1)
    #expect(exponential(-.infinity) == 0)
    #expect(exponential(-1e9) == 0)
  }

  @Test func sortKeysKeepTheOrder() {
    var random = RandomSource(seed: 2)
    let values: [Float] = [
      0, -0.0, 1, -1, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity,
      .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    ]
    let all = (0..<200).map { index in
      Candidate(id: index, logit: values[Int(random.integer(below: UInt64(values.count)))])
    }
    let byKey = all.map(SortKey.encode).sorted().map(SortKey.decode)
    #expect(byKey == all.sorted(by: Candidate.precedes))
  }
}
