import Datasets
import TestSupport
import Testing

@testable import Families

/// Neural models with words number them as n-gram models do, so that perplexities compare.
@Suite struct WordTokenizerTests {
  @Test(arguments: [nil, 1, 20, 70, 100_000]) func sameVocabulary(limit: Int?) throws {
    let folder = try TemporaryFolder()
    let texts = [fixture("ngram/train.txt"), fixture("ngram/held-out.txt")]
    let contents = try texts.map { try readText(path: $0) }
    for mode in [TokenMode.auto, .word, .whitespace] {
      var trainer = NGramTrainer()
      trainer.texts = texts
      trainer.configuration.tokens = mode
      trainer.configuration.order = 2
      trainer.vocabularyLimit = limit
      try trainer.train(to: folder.file("model"))
      let model = try NGramLanguageModel(folder: folder.file("model"))
      let tokenizer = try WordTokenizer(
        mode: mode, texts: contents, vocabularyLimit: limit, name: "t")
      let (ours, theirs) = (tokenizer.vocabulary, model.table.vocabulary)
      #expect(ours.count == theirs.count)
      #expect((0..<UInt32(ours.count)).allSatisfy { ours.bytes(of: $0) == theirs.bytes(of: $0) })
    }
  }
}
