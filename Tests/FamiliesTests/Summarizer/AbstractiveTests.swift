import Datasets
import FamilySupport
import Files
import TestSupport
import Testing
import Training

@testable import Families

/// Summaries that a language model writes.
@Suite struct AbstractiveTests {
  /// A model that answers every text with its first word, and knows bytes only.
  private func articles(_ count: Int) -> String {
    (0..<count).map { number in
      "{\"article\": \"the cat sat. It slept \(number).\", \"summary\": \"a cat\\nslept\"}\n"
    }.joined()
  }

  private func model(_ folder: TemporaryFolder, context: Int) throws -> String {
    let text = try folder.write("a.txt", String(repeating: "the cat sat on a mat. ", count: 40))
    var recipe = TransformerRecipe(texts: [text])
    recipe.settings.model.tokens = .byte
    (recipe.settings.model.context, recipe.settings.model.width) = (context, 32)
    (recipe.settings.model.layers, recipe.settings.model.heads) = (1, 2)
    recipe.settings.model.dropout = 0
    recipe.run.trainer.steps = 1
    recipe.run.trainer.batchSize = 2
    _ = try recipe.run(.new, in: folder.file("m")) { _ in }
    return folder.file("m")
  }

  private func summarizer(
    _ path: String, _ length: SummaryLength = .sentences(3)
  ) throws -> AbstractiveSummarizer {
    try AbstractiveSummarizer(try TransformerFamily().load(path), length: length)
  }

  @Test func learnsToWriteSummaries() throws {
    let folder = try TemporaryFolder()
    let start = try model(folder, context: 96)
    var options = FinetuneOptions()
    (options.areArticles, options.context) = (true, 64)
    let data = try folder.write("a.jsonl", articles(40))
    var recipe = try #require(
      TransformerFamily().recipe(further: start, on: [data], options) as? TransformerRecipe)
    recipe.run.heldOut = nil
    recipe.run.epochs = nil
    recipe.run.trainer.steps = 150
    recipe.run.trainer.schedule.peak = 1e-2
    recipe.run.trainer.seed = 1
    _ = try recipe.run(.model(start), in: folder.file("tuned")) { _ in }
    let found = try summarizer(folder.file("tuned"))
      .summarize(Array("the cat sat. It slept 7.".utf8))
    #expect(String(decoding: found.text, as: UTF8.self) == "a cat slept")
  }

  @Test func readsLongTextsInPassages() throws {
    let folder = try TemporaryFolder()
    let path = try model(folder, context: 96)
    let text = (0..<60).map { "The cat \($0) sat." }.joined(separator: " ")
    let long = try summarizer(path, .sentences(2)).summarize(Array(text.utf8))
    #expect(long.total == 60 && long.sentences.count <= 2)
    for odd in [[], [32], [46], [0xFF, 0xFE], [UInt8](repeating: 97, count: 3000)] {
      let found = try summarizer(path, .words(5)).summarize(odd)
      #expect(String(validating: found.text, as: UTF8.self) != nil)
    }
  }

  @Test func refusesWhatItCannotDo() throws {
    let folder = try TemporaryFolder()
    let path = try model(folder, context: 16)
    #expect(refuses([.mismatch]) { _ = try summarizer(path) }.contains("too few"))
    #expect(refuses([.usage]) { _ = try summarizer(path, .percent(10)) }.contains("percent"))
    for text in ["", "{}\n", "{\"article\": \"a\"}\n", "x\n"] {
      var texts = TrainingTexts([try folder.write("b.jsonl", text)])
      texts.articleLength = 100
      refuses { _ = try texts.read() }
    }
  }

  @Test func endsEachArticle() throws {
    let folder = try TemporaryFolder()
    var texts = TrainingTexts(
      [try folder.write("a.jsonl", articles(2))], heldOut: folder.file("a.jsonl"))
    texts.articleLength = 12
    let corpus = try texts.read()
    let whole = String(decoding: Array(corpus.texts[0]), as: UTF8.self)
    let one = "the cat sat.\nTL;DR: a cat slept"
    #expect(whole == "\(one)\n\n\(one)\n\n")
    // Bytes have no end of a text.
    let plain = try corpus.encode(ByteTokenizer())
    #expect(plain.training.count == whole.utf8.count && plain.heldOut == plain.training)
    let bpe = try buildTokenizer(
      kind: .bpe, texts: corpus.texts, vocabularySize: 270, name: "a")
    let (tokens, _) = try corpus.encode(bpe)
    #expect(tokens.filter { $0 == bpe.endToken }.count == 2 && tokens.last == bpe.endToken)
  }
}
