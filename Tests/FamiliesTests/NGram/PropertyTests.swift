import Datasets
import FamilySupport
import Files
import Glibc
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// What must hold for every model.
@Suite struct PropertyTests {
  static let cases = [
    NGramCase(name: "Kneser-Ney", order: 4),
    NGramCase(name: "Kneser-Ney, order 1", order: 1),
    NGramCase(name: "Kneser-Ney, order 5, pruned", order: 5, prune: [0, 1, 1, 2]),
    NGramCase(name: "Kneser-Ney, limited words", order: 4, limit: 40),
    NGramCase(name: "Witten-Bell", estimator: .wittenBell, order: 4),
    NGramCase(name: "Witten-Bell, pruned", estimator: .wittenBell, order: 4, prune: [0, 0, 1, 1]),
    NGramCase(name: "Witten-Bell, limited words", estimator: .wittenBell, order: 4, limit: 40),
    NGramCase(name: "quantised", order: 4, isQuantized: true, tolerance: 5e-2),
    NGramCase(name: "maximum likelihood", estimator: .maximumLikelihood, order: 4),
  ]

  @Test(arguments: cases) func contextsSumToOne(_ one: NGramCase) throws {
    let model = try one.model()
    let table = model.table
    var random = RandomSource(seed: 11)
    var scores: [Float] = []
    var worst = 0.0
    for _ in 0..<60 {
      var session = model.makeSession()
      var state = table.sentenceStart
      for step in 0..<12 {
        session.scores(into: &scores)
        // The unknown word is never generated, but has its share.
        let unknown = pow(10, Double(table.probability(of: NGramCounts.unknown, after: state)))
        worst = max(worst, abs(mass(scores) + unknown - 1))
        let uniform = step % 3 == 2
        let word =
          uniform
          ? Int32(2 + random.integer(below: UInt64(table.vocabulary.count - 2)))
          : try draw(&session, &random)
        session.append(word)
        if UInt32(word) == NGramCounts.sentenceEnd {
          state = table.sentenceStart
        } else {
          _ = table.advance(&state, by: UInt32(word))
        }
      }
    }
    #expect(worst < one.tolerance)
  }

  @Test func maximumLikelihoodByHand() throws {
    let model = try TemporaryFolder().model("ml", ["a b a b a c\n"]) {
      $0.configuration.order = 2
      $0.configuration.estimator = .maximumLikelihood
    }
    func p(_ word: String, _ context: [String]) -> Double {
      var one = session(model, after: context)
      return exp(Double(one.score(of: Int32(model.table.vocabulary.id(of: Array(word.utf8))!))))
    }
    #expect(abs(p("a", []) - 1) < 1e-6)
    #expect(abs(p("b", ["a"]) - 2.0 / 3) < 1e-6)
    #expect(abs(p("c", ["a"]) - 1.0 / 3) < 1e-6)
    #expect(abs(p("a", ["b"]) - 1) < 1e-6)
    #expect(abs(p("</s>", ["c"]) - 1) < 1e-6)
    #expect(p("a", ["c"]) == 0)
    #expect(p("a", ["a"]) == 0)
  }

  @Test func stupidBackoffByHand() throws {
    let model = try TemporaryFolder().model("sb", ["a b a b a c\n"]) {
      $0.configuration.order = 3
      $0.configuration.estimator = .stupidBackoff
    }
    func s(_ word: String, _ context: [String]) -> Double {
      var one = session(model, after: context)
      return exp(Double(one.score(of: Int32(model.table.vocabulary.id(of: Array(word.utf8))!))))
    }
    #expect(abs(s("b", ["b", "a"]) - 0.5) < 1e-5)
    #expect(abs(s("a", ["a", "b"]) - 1) < 1e-5)
    // Seven words with the sentence's end: three a, two b, one c.
    #expect(abs(s("c", ["a", "b"]) - 0.4 * 0.4 / 7) < 1e-5)
    // "c b" was never seen: one step more.
    #expect(abs(s("a", ["c", "b"]) - 0.4) < 1e-5)
    #expect(abs(s("c", ["c", "c"]) - 0.4 * 0.4 / 7) < 1e-5)
  }

  @Test(arguments: [1, 2, 3]) func sessionWaysAgree(_ order: Int) throws {
    let model = try TemporaryFolder().model("model", [corpus()]) { $0.configuration.order = order }
    var random = RandomSource(seed: 5)
    var session = model.makeSession()
    var scores: [Float] = []
    for _ in 0..<200 {
      session.scores(into: &scores)
      let sorted = scores.indices.map { Candidate(id: Int32($0), logit: scores[$0]) }
        .filter { $0.logit > -.infinity }.sorted(by: Candidate.precedes)
      for count in [1, 2, 7, 40, 4000] {
        #expect(session.best(count) == Array(sorted.prefix(count)))
      }
      for id in scores.indices { #expect(session.score(of: Int32(id)) == scores[id]) }
      session.append(try draw(&session, &random))
    }
  }

  @Test(arguments: [["the"], [], ["the", "old"], ["zebra", "the"], ["</s>"], ["."]])
  func drawsFollowScores(_ context: [String]) throws {
    let model = try TemporaryFolder().model("model", [corpus()])
    var one = session(model, after: context)
    try expectDrawsFollowScores(&one)
  }

  @Test(arguments: [21, 32]) func highOrders(_ order: Int) throws {
    let model = try TemporaryFolder().model("high", [corpus()]) { $0.configuration.order = order }
    #expect(model.table.order == order)
    var random = RandomSource(seed: 1)
    var session = model.makeSession()
    for _ in 0..<50 { session.append(try draw(&session, &random)) }
  }
}
