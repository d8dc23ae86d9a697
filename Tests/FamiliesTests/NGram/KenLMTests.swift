import Datasets
import Files
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Families

/// Our models of the fixture text against KenLM's (Scripts/fixtures/ngram.py).
@Suite struct KenLMTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var order: Int
    var prune: [UInt32] = [0]
    var text = "train.txt"
    var testDescription: String { name }
  }
  static let cases = [
    Case(name: "order2", order: 2), Case(name: "order3", order: 3),
    Case(name: "order4", order: 4), Case(name: "order5", order: 5),
    Case(name: "order4-pruned", order: 4, prune: [0, 0, 1, 2]),
  ]
  struct Perplexity: Decodable {
    var perplexity: Double
    var perplexityWithoutUnknown: Double
    var tokens: Int
    var unknown: Int

    enum CodingKeys: String, CodingKey {
      case perplexity, tokens, unknown
      case perplexityWithoutUnknown = "perplexity_without_unknown"
    }
  }

  private func model(_ one: Case, in folder: TemporaryFolder) throws -> NGramLanguageModel {
    var trainer = NGramTrainer()
    trainer.configuration.tokens = .whitespace
    trainer.configuration.order = one.order
    trainer.configuration.prune = one.prune
    trainer.texts = [fixture("ngram/\(one.text)")]
    try trainer.train(to: folder.file(one.name))
    return try NGramLanguageModel(folder: folder.file(one.name))
  }

  @Test(arguments: cases) func sameModel(_ one: Case) throws {
    let folder = try TemporaryFolder()
    let model = try model(one, in: folder)
    let expected = try fixtureNGrams(one.name)
    #expect(expected.count == one.order)
    #expect(distance(ngrams(model.table), expected) <= 1e-5)
  }

  @Test(arguments: cases) func samePerplexity(_ one: Case) throws {
    let folder = try TemporaryFolder()
    let all = try JSONDecoder().decode(
      [String: Perplexity].self, from: Data(bytes(fixture("ngram/perplexities.json"))))
    let expected = try #require(all[one.name])
    let held = fixture("ngram/held-out.txt")
    for model in [
      try model(one, in: folder), try NGramFamily().open(fixture("ngram/\(one.name).arpa.gz")),
    ] {
      let measured = try model.evaluate(readText(path: held), name: held)
      #expect(measured.tokens == expected.tokens)
      #expect(measured.unknown == expected.unknown)
      #expect(abs(measured.perplexity / expected.perplexity - 1) < 5e-5)
      let known = try #require(measured.perplexityWithoutUnknown)
      #expect(abs(known / expected.perplexityWithoutUnknown - 1) < 5e-5)
      // The same numbers, token by token.
      let scored = try model.score(readText(path: held), name: held)
      let total = scored.reduce(0.0) { $0 + Double($1.logProbability ?? .nan) }
      #expect(abs(exp(-total / Double(scored.count)) / expected.perplexity - 1) < 5e-5)
    }
  }

  /// After a text whose last line lacks its newline lmplz writes back-off weights beside the wrong
  /// n-grams (its contexts no longer sum to one); n-grams and probabilities are right, and so ours.
  @Test func unterminatedText() throws {
    let one = Case(name: "unterminated-order3", order: 3, text: "unterminated.txt")
    func withoutBackoffs(_ levels: [[String: Weights]]) -> [[String: Weights]] {
      levels.map { $0.mapValues { Weights(probability: $0.probability, backoff: 0) } }
    }
    let expected = try fixtureNGrams(one.name)
    let folder = try TemporaryFolder()
    let ours = ngrams(try model(one, in: folder).table)
    #expect(distance(withoutBackoffs(ours), withoutBackoffs(expected)) <= 1e-5)
  }
}
