import Datasets
import FamilySupport
import Files
import Inference
import TestSupport
import Testing
import Training

@testable import Families

/// N-gram models of a tokenizer's ids beside models of the ids as words.
@Suite struct TokenIdTests {
  private let path = fixture("chat.gguf", of: "FamiliesTests")

  private func tokenizer() throws -> BPETokenizer { try BPETokenizer(gguf: path) }
  private let text = String(
    repeating: "The cat sees the dog.\nA bird hears it: 狗 🐕!\n\n", count: 20)

  private func ids(_ text: String) throws -> [Int32] { try tokenizer().encode(prompt: text) }

  @Test(arguments: [Int.max, 1]) func countsAreThoseOfTheIds(memory: Int) throws {
    let folder = try TemporaryFolder()
    let made = try folder.train("ids", [text]) {
      if let tokenizer = try? tokenizer() { $0.tokenizer = tokenizer }
      $0.memory = memory
    }
    let words = try ids(text).map { String($0) }.joined(separator: " ") + "\n"
    let expected = try folder.train("words", [words])
    #expect(try bytes("\(made)/model.ngram") == bytes("\(expected)/model.ngram"))
    let (model, plain) = (
      try NGramLanguageModel(folder: made), try NGramLanguageModel(folder: expected)
    )
    let other = "A cat hears the 狗."
    let line = try ids(other).map { String($0) }.joined(separator: " ") + "\n"
    let found = try model.evaluate(Table(Array(other.utf8)), name: "other")
    let peer = try plain.evaluate(Table(Array(line.utf8)), name: "other")
    #expect(found.perplexity == peer.perplexity && found.tokens == peer.tokens)
    let ratio = Double(line.utf8.count) / Double(other.utf8.count)
    #expect(abs(found.bitsPerByte / peer.bitsPerByte / ratio - 1) < 1e-9)
    let scored = try model.score(Table(Array(other.utf8)), name: "other")
    #expect(scored.dropLast().flatMap { $0.bytes } == Array(other.utf8))
    let scores = try plain.score(Table(Array(line.utf8)), name: "other")
    #expect(scored.map { $0.logProbability } == scores.map { $0.logProbability })
    #expect(try NGramFamily().tokenizer(made).encode(prompt: other) == ids(other))
  }

  @Test func updatesAndWrites() throws {
    let folder = try TemporaryFolder()
    let configure: (inout NGramTrainer) -> Void = { trainer in
      if let tokenizer = try? tokenizer() { trainer.tokenizer = tokenizer }
    }
    let made = try folder.train("one", ["the cat sees it\n"], configure)
    var trainer = NGramTrainer()
    trainer.texts = [try folder.write("more.txt", text)]
    try trainer.update(model: made, to: folder.file("updated"))
    let both = try folder.train("both", ["the cat sees it\n", text], configure)
    #expect(try bytes("\(folder.file("updated"))/model.ngram") == bytes("\(both)/model.ngram"))
    let model = try NGramLanguageModel(folder: folder.file("updated"))
    let prompt = try model.encode("The cat sees")
    var decoder = model.makeDecoder()
    var decoded = prompt.flatMap { decoder.append($0) }
    decoded += decoder.finish()
    #expect(decoded == Array("The cat sees".utf8))
    var options = GenerationOptions()
    (options.prompt, options.maxTokens) = ("The cat sees", 30)
    options.sampling.temperature = 0
    let written = try TextGenerator(model: model, options: options).run { _ in }
    #expect(text.contains(written[0].text.prefix(10)) && !written[0].text.isEmpty)
    #expect(throws: AIGCError.self) { try NGramMixture([model, model]) }
  }

  /// Drafts are the likeliest words, and a model's text stays as it is.
  @Test func drafts() throws {
    let folder = try TemporaryFolder()
    let model = try TransformerLanguageModel(path: path, options: ModelLoadOptions())
    var options = GenerationOptions()
    (options.prompt, options.maxTokens) = ("the cat", 60)
    options.sampling.temperature = 0
    let plain = try TextGenerator(model: model, options: options).run { _ in }
    let own = try folder.train("own", ["the cat" + plain[0].text + "\n"]) {
      if let tokenizer = try? tokenizer() { $0.tokenizer = tokenizer }
      $0.configuration.order = 4
    }
    let source = try NGramLanguageModel(folder: own).draftSource(for: model)
    let drafting = try Drafting(isTimed: false, source.drafter)
    let found = try TextGenerator(model: model.drafted(by: drafting), options: options).run { _ in }
    #expect(found == plain)
    #expect(drafting.statistics.counts.taken > 5)
    var drafter = source.drafter()
    // What was never seen, and what is no id.
    for token: Int32 in [-1, .max, 3, 3] { drafter.append(token) }
    #expect(drafter.draft(3).count <= 3)
  }

  @Test func otherTokensAreRefused() throws {
    let folder = try TemporaryFolder()
    let model = try TransformerLanguageModel(path: path, options: ModelLoadOptions())
    let words = try NGramLanguageModel(folder: folder.train("words", [text]))
    #expect(throws: AIGCError.self) { try Drafting.by(words, for: model) }
    let bytes = try NGramLanguageModel(
      folder: folder.train("bytes", [text]) { $0.tokenizer = ByteTokenizer() })
    #expect(throws: AIGCError.otherDraftTokens) { try Drafting.by(bytes, for: model) }
    #expect(throws: AIGCError.self) { try words.drafted(by: .fromPrompt()) }
  }
}
