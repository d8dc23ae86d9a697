import Datasets
import FamilySupport
import Files
import Glibc
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// The distribution that n-gram models write from.
@Suite struct WritingTests {
  static let cases = [
    NGramCase(name: "Kneser-Ney"),
    NGramCase(name: "Kneser-Ney, order 1", order: 1),
    NGramCase(name: "pruned", order: 5, prune: [0, 1, 1, 2]),
    NGramCase(name: "quantised", isQuantized: true),
    NGramCase(name: "limited words", limit: 40),
    NGramCase(name: "Witten-Bell", estimator: .wittenBell, backoff: 0.9),
    NGramCase(name: "never shorter", estimator: .wittenBell, backoff: 0),
    NGramCase(name: "maximum likelihood", estimator: .maximumLikelihood),
    NGramCase(name: "stupid backoff", estimator: .stupidBackoff),
  ]

  @Test(arguments: cases) func sessionWaysAgree(_ one: NGramCase) throws {
    let model = try one.model()
    var random = RandomSource(seed: 5)
    var session = try model.makeWritingSession(backoff: one.backoff)
    var scores: [Float] = []
    for _ in 0..<20 {
      session.scores(into: &scores)
      let sorted = scores.indices.map { Candidate(id: Int32($0), logit: scores[$0]) }
        .filter { $0.logit > -.infinity }.sorted(by: Candidate.precedes)
      for count in [1, 7, 40, 4000] {
        #expect(session.best(count) == Array(sorted.prefix(count)))
      }
      for id in scores.indices { #expect(session.score(of: Int32(id)) == scores[id]) }
      session.append(try draw(&session, &random))
    }
  }

  @Test(arguments: cases) func drawsFollowScores(_ one: NGramCase) throws {
    var session = try one.model().makeWritingSession(backoff: one.backoff)
    let vocabulary = try one.model().table.vocabulary
    try expectDrawsFollowScores(&session, draws: 8000)
    session.append(Int32(vocabulary.id(of: Array("the".utf8)) ?? 0))
    try expectDrawsFollowScores(&session, draws: 8000)
  }

  /// Witten-Bell of order 2: after a, which two different words followed three times, 2 / 5 of the weight
  /// is the unigrams'; a quarter of that is left.
  @Test func weightsByHand() throws {
    let model = try TemporaryFolder().model("wb", ["a b a b a c\n"]) {
      $0.configuration.order = 2
      $0.configuration.estimator = .wittenBell
    }
    func id(_ word: String) -> Int { Int(model.table.vocabulary.id(of: Array(word.utf8)) ?? 0) }
    var own = session(model, after: ["a"])
    var writing = try model.makeWritingSession(backoff: nil)
    writing.append(Int32(id("a")))
    var (p, q): ([Float], [Float]) = ([], [])
    own.scores(into: &p)
    writing.scores(into: &q)
    let (b, c) = (exp(Double(p[id("b")])), exp(Double(p[id("c")])))
    #expect(abs(exp(Double(q[id("b")])) - 0.9 * b / (b + c)) < 1e-6)
    #expect(abs(exp(Double(q[id("c")])) - 0.9 * c / (b + c)) < 1e-6)
    let unigram = exp(Double(p[id("a")])) / 0.4
    #expect(abs(exp(Double(q[id("a")])) / (0.1 * unigram * 1e-6) - 1) < 1e-4)
    // The model's own scores are there too, and are those of a share of 1.
    var again: [Float] = []
    writing.ownScores(into: &again)
    #expect(again == p)
    var whole = try model.makeWritingSession(backoff: 1)
    whole.append(Int32(id("a")))
    whole.scores(into: &again)
    #expect(again == p)
  }

  private func generated(
    _ model: any LanguageModel, _ change: (inout GenerationOptions) -> Void = { _ in }
  ) throws -> [GeneratedSample] {
    var options = GenerationOptions()
    options.seed = 1
    change(&options)
    return try TextGenerator(model: model, options: options).run { _ in }
  }

  @Test func probabilitiesShownAreTheModelsOwn() throws {
    let model = try Self.cases[0].model()
    let sample = try generated(model) {
      $0.sampling = .untouched
      $0.logProbabilities = 2
    }[0]
    let plain = try generated(model) { $0.sampling = .untouched }[0]
    #expect(sample.tokens == plain.tokens && sample.logProbabilities?.count == 100)
    var sessions = [model.makeSession(), try model.makeWritingSession(backoff: nil)]
    var scores: [Float] = []
    for (token, shown) in zip(sample.tokens, sample.logProbabilities ?? []) {
      for (index, value) in [shown.logProbability, shown.chainLogProbability].enumerated() {
        sessions[index].scores(into: &scores)
        #expect(abs(value - (Double(scores[Int(token)]) - log(mass(scores)))) < 1e-9)
        sessions[index].append(token)
      }
    }
  }

  /// Of models without counts the weights are all there is.
  @Test func textOfAnARPAFileIsTheSame() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model("model", [corpus()])
    try writeARPA(model, to: folder.file("a.arpa"))
    let read = try NGramFamily().open(folder.file("a.arpa"))
    for seed in 0..<5 {
      let texts = try [model, read].map { model in
        try generated(model) { $0.seed = .fixed(UInt64(seed)) }[0].text
      }
      #expect(texts[0] == texts[1])
    }
  }

  @Test func oneLineIsWrittenAgain() throws {
    let model = try TemporaryFolder().model("tiny", ["The quick brown fox jumps over it.\n"]) {
      $0.configuration.tokens = .auto
      $0.configuration.order = 5
    }
    let samples = try generated(model) {
      $0.num = 20
      $0.untilSentence = true
    }
    let whole = samples.filter { $0.text == "The quick brown fox jumps over it." }
    #expect(whole.count > 15)
    // Nothing else was ever seen there, but the end is forbidden: the text goes on.
    let endless = try generated(model) { $0.ignoreEnd = true }[0]
    #expect(endless.tokens.count == 100)
    // A bias brings any word.
    let fox = Int32(model.table.vocabulary.id(of: Array("fox".utf8)) ?? 0)
    let biased = try generated(model) {
      $0.sampling.logitBias = [LogitBias(token: fox, bias: 100)]
      $0.maxTokens = 3
    }
    #expect(biased[0].tokens == [fox, fox, fox])
  }

  private static let marks: Set<Character> = Set("，。？！；：、,.;:!?”)’")

  /// The share of lines of five or seven characters; the last one may be cut.
  private func form(_ samples: [GeneratedSample]) -> Double {
    let lines = samples.flatMap { sample in
      sample.text.split { Self.marks.contains($0) || $0 == "\n" }.dropLast()
    }
    let good = lines.filter { $0.count == 5 || $0.count == 7 }.count
    return Double(good) / Double(max(lines.count, 1))
  }

  @Test func bundledModelsKeepTheirForm() throws {
    for name in ["tang", "english"] {
      let model = try NGramLanguageModel(folder: "\(packageFolder)/Models/\(name)")
      for isPlain in [false, true] {
        let samples = try generated(model) {
          $0.num = 200
          $0.maxTokens = name == "tang" ? 30 : 2
          if isPlain { $0.sampling = .untouched }
        }
        let first = samples.compactMap { $0.text.first }
        #expect(first.count == 200 && !first.contains { Self.marks.contains($0) })
        if name == "tang" { #expect(form(samples) > 0.8) }
      }
    }
  }

  @Test func smallCorporaKeepTheirForm() throws {
    guard let data = testData() else { return }
    let folder = try TemporaryFolder()
    var trainer = NGramTrainer()
    trainer.texts = ["\(data)/text/chinese/tang-poems-3000.txt"]
    try trainer.train(to: folder.file("model"))
    let model = try NGramLanguageModel(folder: folder.file("model"))
    let shares = try [nil, 1.0].map { backoff in
      try form(
        generated(model) {
          $0.num = 50
          $0.maxTokens = 50
          $0.backoff = backoff
        })
    }
    #expect(shares[0] > 0.8 && shares[1] < 0.3)
  }

  @Test func backoffIsCheckedAndOfNGrams() throws {
    for value in [-0.1, 1.1, .nan] {
      #expect(throws: AIGCError.self) {
        try generated(Self.cases[0].model()) { $0.backoff = value }
      }
    }
  }
}
