import Datasets
import FamilySupport
import Files
import Glibc
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

@Suite struct MixtureTests {
  private func parts(_ folder: TemporaryFolder) throws -> [NGramLanguageModel] {
    let lines = try corpus().split(separator: "\n")
    let a = lines.prefix(200).joined(separator: "\n") + "\n"
    let b = lines.dropFirst(200).joined(separator: "\n") + "\na word of its own\n"
    return [try folder.model("a", [a]), try folder.model("b", [b])]
  }

  @Test func linearMixtureSumsToOne() throws {
    let parts = try parts(TemporaryFolder())
    let mixed = try NGramMixture(parts).merge(weights: [0.3, 0.7])
    let vocabulary = mixed.table.vocabulary
    for id in 2..<UInt32(vocabulary.count) {
      var expected = 0.0
      for (part, weight) in zip(parts, [0.3, 0.7]) {
        if let own = part.table.vocabulary.id(of: vocabulary.bytes(of: id)) {
          expected += weight * exponential(part.table.levels[0].probability(Int(own)))
        }
      }
      #expect(abs(exponential(mixed.table.levels[0].probability(Int(id))) - expected) < 1e-6)
    }
    var random = RandomSource(seed: 4)
    var session = mixed.makeSession()
    var state = mixed.table.sentenceStart
    var scores: [Float] = []
    var worst = 0.0
    for _ in 0..<300 {
      session.scores(into: &scores)
      let unknown = exponential(mixed.table.probability(of: 0, after: state))
      worst = max(worst, abs(mass(scores) + unknown - 1))
      let word = try draw(&session, &random)
      session.append(word)
      _ = mixed.table.advance(&state, by: UInt32(word))
      if UInt32(word) == NGramCounts.sentenceEnd { state = mixed.table.sentenceStart }
    }
    #expect(worst < 1e-4)
  }

  @Test func fittedWeightsRaiseLikelihood() throws {
    let parts = try parts(TemporaryFolder())
    let mixture = try NGramMixture(parts)
    let held = try readText(path: fixture("ngram/held-out.txt"))
    let fitted = try mixture.fit(on: held, name: "held-out")
    #expect(abs(fitted.weights.reduce(0, +) - 1) < 1e-9)
    #expect(fitted.weights.allSatisfy { $0 > 0.01 })
    let best = try mixture.merge(weights: fitted.weights).evaluate(held, name: "held-out")
      .perplexity
    for weights in [[0.5, 0.5], [0.05, 0.95], [0.95, 0.05]] {
      let other = try mixture.merge(weights: weights).evaluate(held, name: "held-out").perplexity
      #expect(best <= other * 1.0005)
    }
    #expect(best < fitted.perplexities.min() ?? 0)
  }

  @Test func differentTokensDoNotMix() throws {
    let folder = try TemporaryFolder()
    let a = try folder.model("a", ["a b c\n"])
    let b = try folder.model("b", ["a b c\n"]) { $0.configuration.tokens = .char }
    refuses([.mismatch]) { _ = try NGramMixture([a, b]) }
  }
}
