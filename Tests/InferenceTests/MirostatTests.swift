import Glibc
import Kernels
import Testing

@testable import Inference

/// Texts of a constant surprise; ``LlamaSamplersTests`` has the steps beside llama.cpp.
@Suite struct MirostatTests {
  private static func values(_ count: Int) -> [Float] {
    var random = RandomSource(seed: 12)
    return (0..<count).map { _ in bellShaped(&random, scale: 2) }
  }

  private func sampler(_ version: Int, entropy: Double, rate: Double) throws -> Sampler {
    var settings = SamplingConfiguration()
    settings.temperature = 1
    settings.mirostat.version = version
    settings.mirostat.entropy = entropy
    settings.mirostat.learningRate = rate
    return try Sampler(settings, vocabularySize: 500)
  }

  @Test(arguments: [1, 2]) func theSurpriseIsKept(version: Int) throws {
    for entropy in [1.5, 3, 4.5] {
      var sampler = try sampler(version, entropy: entropy, rate: 0.05)
      var session = DenseSession(Self.values(500))
      var random = RandomSource(seed: 2)
      var surprise = 0.0
      for step in 0..<3_000 {
        let token = try #require(
          sampler.next(&session, history: [], random: &random, alternatives: 0))
        if step >= 500 { surprise -= token.chainLogProbability / log(2) }
      }
      #expect(abs(surprise / 2_500 - entropy) < 0.15, "\(surprise / 2_500)")
    }
  }

  /// With a rate of 0 the distribution stays: chi-square.
  @Test(arguments: [1, 2]) func drawsFollowTheDistribution(version: Int) throws {
    var sampler = try sampler(version, entropy: 3.5, rate: 0)
    var session = DenseSession(Self.values(500))
    let expected = sampler.distribution(&session, history: [])
    #expect((3..<200).contains(expected.count))
    var random = RandomSource(seed: 3)
    var counts: [Int32: Int] = [:]
    for _ in 0..<20_000 {
      let token = try #require(sampler.next(&session, history: [], random: &random))
      counts[token, default: 0] += 1
    }
    #expect(counts.values.reduce(0, +) == 20_000)
    #expect(Set(counts.keys).isSubset(of: Set(expected.map { $0.id })))
    var statistic = 0.0
    for token in expected {
      let mean = exp(token.logProbability) * 20_000
      let distance = Double(counts[token.id] ?? 0) - mean
      statistic += distance * distance / mean
    }
    let freedom = Double(expected.count - 1)
    #expect(statistic < freedom + 4.5 * (2 * freedom).squareRoot() + 8)
  }

  /// Other cuts and penalties have no effect, biases do; temperature 0 takes the best token.
  @Test func otherStepsAreIgnored() throws {
    let values = Self.values(500)
    func text(_ change: (inout SamplingConfiguration) -> Void) throws -> [Int32] {
      var settings = SamplingConfiguration()
      settings.mirostat.version = 2
      change(&settings)
      var sampler = try Sampler(settings, vocabularySize: 500)
      var session = SparseSession(values)
      var random = RandomSource(seed: 4)
      var history: [Int32] = []
      for _ in 0..<40 {
        history.append(try #require(sampler.next(&session, history: history, random: &random)))
      }
      return history
    }
    let plain = try text { _ in }
    let ignored = try text {
      $0.topK = 1
      $0.topP = 0.01
      $0.minP = 0.9
      $0.topNSigma = 0.1
      $0.repeatPenalty = 50
      $0.dry.multiplier = 50
      $0.xtc.probability = 1
      $0.samplers = [.topK]
    }
    #expect(plain == ignored)
    #expect(Set(plain).count > 5)
    let common = try #require(plain.first)
    let banned = LogitBias(token: common, bias: -.infinity)
    #expect(try !text { $0.logitBias = [banned] }.contains(common))
    #expect(try Set(text { $0.temperature = 0 }).count == 1)
    #expect(try Set(text { $0.noRepeatNgram = 1 }).count == 40)
    #expect(try text { $0.temperature = 1.5 } != plain)
  }

  /// The bound belongs to a text: a copy goes its own way.
  @Test func copiesKeepTheirOwnBound() throws {
    let values = Self.values(500)
    func draw(_ sampler: inout Sampler, _ random: inout RandomSource) throws -> Int32 {
      var session = DenseSession(values)
      return try #require(sampler.next(&session, history: [], random: &random))
    }
    let start = try sampler(2, entropy: 3, rate: 0.5)
    var alone = start
    var source = RandomSource(seed: 7, stream: 1)
    let expected = try (0..<50).map { _ in try draw(&alone, &source) }
    var texts = [start, start, start]
    var sources = (0..<3).map { RandomSource(seed: 7, stream: $0) }
    var found: [Int32] = []
    for _ in 0..<50 {
      for index in 0..<3 {
        let token = try draw(&texts[index], &sources[index])
        if index == 1 { found.append(token) }
      }
    }
    #expect(found == expected)
  }
}
