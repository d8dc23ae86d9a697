import Datasets
import Files
import Glibc
import Kernels
import TestSupport
import Testing

@testable import Families
@testable import Inference

/// Drafts what a text was without drafts, with a wrong token now and then.
private struct KnownText: TokenDrafter {
  var text: [Int32]
  var place = 0
  /// Of how many drafted tokens one is wrong.
  var wrongEvery = 5
  var vocabulary: Int32 = 12

  mutating func append(_ token: Int32) { place += 1 }
  func draft(_ count: Int) -> [DraftToken] {
    (place..<max(place, min(place + count, text.count))).map {
      let isWrong = ($0 * 7 + place) % wrongEvery == 0
      return DraftToken(id: isWrong ? (text[$0] + 1) % vocabulary : text[$0], grade: 7)
    }
  }
}

/// Texts with drafts are the texts without.
@Suite struct DraftingTests {
  static let models = TransformerGGUFTests.models

  /// A model of the fixtures with twelve characters as tokens.
  private func model(
    _ name: String, context: Int = 96, cache: CacheType = .f16
  ) throws -> TransformerLanguageModel {
    let folder = fixture("transformer-gguf/\(name)", of: "FamiliesTests")
    let configuration = try TransformerConfiguration.read(folder: folder)
    let tokenizer = try CharTokenizer(texts: [Table(Array("abcdefghijkl".utf8))], name: "letters")
    let engine = try TransformerEngine(
      TransformerWeights(folder: folder, configuration), vocabulary: 12, context: context,
      cacheType: cache)
    return TransformerLanguageModel(configuration, configuration.network, tokenizer, engine)
  }

  private func options(temperature: Double, seed: UInt64 = 3) -> GenerationOptions {
    var options = GenerationOptions()
    (options.prompt, options.maxTokens, options.seed) = ("abcabd", 200, .fixed(seed))
    options.sampling.temperature = temperature
    options.ignoreEnd = true
    return options
  }

  private func samples(
    _ model: any LanguageModel, _ options: GenerationOptions
  ) throws -> [GeneratedSample] {
    try TextGenerator(model: model, options: options).run { _ in }
  }

  /// Drafts from the text, from a model, and from one that knows it.
  private func drafters(
    _ model: TransformerLanguageModel, _ text: [Int32], tokens: Int
  ) throws -> [Drafting] {
    [
      try .fromPrompt(tokens: tokens), try .by(self.model("llama"), for: model, tokens: tokens),
      try Drafting(tokens: tokens) { KnownText(text: text) },
    ]
  }

  @Test(arguments: models, [0, 1.0])
  func textsAreEqual(_ name: String, temperature: Double) throws {
    for (tokens, cache) in [(3, CacheType.f16), (40, .q8)] {
      // A context that the text outgrows, but for learned positions has the model no others.
      let model = try model(name, cache: cache)
      var options = options(temperature: temperature)
      options.logProbabilities = 3
      let plain = try samples(model, options)
      let prompt = try model.encode(options.prompt)
      for drafting in try drafters(model, prompt + plain[0].tokens, tokens: tokens) {
        let found = try samples(model.drafted(by: drafting), options)
        #expect(found == plain, "\(name), \(tokens) tokens")
        #expect(plain[0].tokens.count == 200)
      }
    }
  }

  /// What is known is taken: several tokens a pass, none of which is wrong.
  @Test func draftsAreTaken() throws {
    let model = try model("qwen3", context: 400)
    let options = options(temperature: 1)
    let plain = try samples(model, options)
    let text = try model.encode(options.prompt) + plain[0].tokens
    let known = try Drafting(tokens: 7, isTimed: false) { KnownText(text: text, wrongEvery: .max) }
    #expect(try samples(model.drafted(by: known), options) == plain)
    #expect(known.statistics.counts.tokensPerPass > 6)
    let wrong = try Drafting(tokens: 7, isTimed: false) { KnownText(text: text, wrongEvery: 1) }
    #expect(try samples(model.drafted(by: wrong), options) == plain)
    // They are given up soon, and tried again now and then.
    let counts = wrong.statistics.counts
    #expect(counts.taken == 0 && counts.drafted > 5 && counts.drafted < 120)
  }

  /// At temperature 0 a model's drafts of itself are all taken, but for those behind the end and where the text outgrew
  /// the context of one of both; another model's are wrong at times.
  @Test(arguments: models) func modelsDraft(_ name: String) throws {
    let (model, other) = (try model(name, context: 400), try model("llama"))
    var options = options(temperature: 0)
    // A model drafts its end too.
    options.ignoreEnd = false
    let plain = try samples(model, options)
    for drafter in [model, other] {
      let engine = try #require(drafter.engine)
      let drafting = try Drafting(tokens: 5, isTimed: false) {
        TransformerDrafter(engine, startToken: 0, least: 0)
      }
      #expect(try samples(model.drafted(by: drafting), options) == plain)
      let counts = drafting.statistics.counts
      #expect(counts.drafted > 10)
      if drafter === model, engine.sizes.context > 300 {
        #expect(counts.taken > 150 && counts.taken >= counts.drafted - 5)
      }
    }
  }

  @Test(arguments: [0, 1.0]) func severalTextsAndForms(temperature: Double) throws {
    let model = try model("llama")
    var options = options(temperature: temperature)
    options.num = 3
    let drafted = try model.drafted(by: .fromPrompt())
    #expect(!drafted.readsInBatches && model.readsInBatches)
    #expect(try samples(drafted, options) == samples(model, options))
    (options.num, options.constraint) = (1, .grammar("root ::= (\"abc\" | \"de\" | \"fa\")+"))
    options.ignoreEnd = false
    let plain = try samples(model, options)
    #expect(plain[0].tokens.count > 5)
    #expect(try samples(drafted, options) == plain)
  }

  @Test func promptCache() throws {
    let (folder, model) = (try TemporaryFolder(), try model("gemma3", cache: .f32))
    var options = options(temperature: 1)
    let plain = try samples(model, options)
    options.promptCache = folder.file("cache")
    for _ in 0..<2 {
      let drafting = try Drafting(isTimed: false) { [plain] in
        KnownText(text: [0, 1, 2, 0, 1, 3] + plain[0].tokens)
      }
      #expect(try samples(model.drafted(by: drafting), options) == plain)
      #expect(drafting.statistics.counts.taken > 50)
    }
  }

  /// Copies in the midst of a draft go their own ways: each as a session without drafts does.
  @Test(arguments: models) func copies(_ name: String) throws {
    let model = try model(name)
    let engine = try #require(model.engine)
    var random = RandomSource(seed: 4)
    let text = (0..<90).map { _ in Int32(random.integer(below: 12)) }
    let drafting = try Drafting(tokens: 6, isTimed: false) { KnownText(text: text, wrongEvery: 9) }
    var drafted = TransformerSession(engine)
    drafted.startDrafting(drafting)
    var plain = TransformerSession(engine)
    var (a, b): ([Float], [Float]) = ([], [])
    for (index, token) in text.enumerated() {
      drafted.append(token)
      plain.append(token)
      drafted.scores(into: &a)
      plain.scores(into: &b)
      #expect(a == b, "\(name), token \(index)")
      guard index % 3 == 0 else { continue }
      var (fork, other) = (drafted, plain)
      // The first ones may be what was drafted.
      let next = index + 1 < text.count ? text[index + 1] : 0
      for token in [next, (next + 5) % 12, 3, next] {
        fork.append(token)
        other.append(token)
        fork.scores(into: &a)
        other.scores(into: &b)
        #expect(a == b, "\(name), behind token \(index)")
      }
      var readOn = (drafted, plain)
      #expect(readOn.0.readCache().count == readOn.1.readCache().count)
      #expect(readOn.0.tokens == readOn.1.tokens)
    }
    #expect(drafting.statistics.counts.taken > 20)
  }

  /// Counts of tokens that were drawn with drafts, beside the model's probabilities: of the first token, and of the
  /// second one where the first was the drafted one and where it was another.
  @Test func distribution() throws {
    let model = try model("gpt2", context: 10)
    let prompt: [Int32] = [0, 1, 2]
    var session = TransformerSession(try #require(model.engine))
    session.append(contentsOf: prompt)
    let first = probabilities(&session)
    let others = (0..<Int32(12)).filter { !model.endTokens.contains($0) }
    let draft = others.max { first[Int($0)] < first[Int($1)] } ?? 0
    let drafted = try model.drafted(
      by: Drafting(tokens: 2) { KnownText(text: prompt + [draft, 5], wrongEvery: .max) })
    var counts = [[Int32]: Int]()
    let draws = 3000
    for seed in 0..<draws {
      var options = GenerationOptions()
      (options.prompt, options.maxTokens, options.seed) = ("abc", 2, .fixed(UInt64(seed)))
      options.sampling = .untouched
      counts[try samples(drafted, options)[0].tokens, default: 0] += 1
    }
    func chi(_ counts: [Int], _ expected: [Double]) -> Double {
      let total = Double(counts.reduce(0, +))
      return zip(counts, expected).reduce(0) { sum, pair in
        let mean = total * pair.1
        return sum + (Double(pair.0) - mean) * (Double(pair.0) - mean) / mean
      }
    }
    let firsts = (0..<12).map { id in
      counts.filter { $0.key[0] == id }.map { $0.value }.reduce(0, +)
    }
    // Eleven degrees of freedom: 31.3 is passed once in a thousand times.
    #expect(chi(firsts, first) < 31.3)
    for id in [draft, others.first { $0 != draft } ?? 0] {
      var next = session
      next.append(id)
      let expected = probabilities(&next)
      #expect(chi((0..<12).map { counts[[id, $0]] ?? 0 }, expected) < 31.3, "behind \(id)")
    }
  }

  private func probabilities(_ session: inout TransformerSession) -> [Double] {
    var scores: [Float] = []
    session.scores(into: &scores)
    let weights = scores.map { exp(Double($0)) }
    return weights.map { $0 / weights.reduce(0, +) }
  }

  @Test func whatDraftsNothingIsRefused() throws {
    let model = try model("llama")
    for tokens in [0, -1, .max, .min] {
      #expect(throws: AIGCError.self) { try Drafting.fromPrompt(tokens: tokens) }
    }
    let other = try TransformerLanguageModel(
      path: fixture("chat.gguf", of: "FamiliesTests"), options: ModelLoadOptions())
    #expect(throws: AIGCError.otherDraftTokens) { try Drafting.by(other, for: model) }
    let memory = TransformerLanguageModel(
      model.configuration, model.configuration.network, model.tokenizer)
    #expect(throws: AIGCError.self) { try memory.drafted(by: .fromPrompt()) }
    #expect(throws: AIGCError.self) { try Drafting.by(memory, for: model) }
  }
}
