import Datasets
import FamilySupport
import Files
import Kernels
import Synchronization
import TestSupport
import Testing
import Training

@testable import Families

/// Ways of training that must give the same model.
@Suite(.serialized) struct TrainingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var estimator: Estimator
    var prune: [UInt32]
    var tokens: TokenMode
    var testDescription: String { "\(estimator.rawValue), \(prune), \(tokens.rawValue)" }
  }
  static let cases = Estimator.allCases.flatMap { estimator in
    [[0], [0, 0, 1], [0, 1, 1, 2]].flatMap { prune in
      [TokenMode.auto, .whitespace].map {
        Case(estimator: estimator, prune: prune, tokens: $0)
      }
    }
  }

  private func halves() throws -> (String, String) {
    let lines = try corpus().split(separator: "\n", omittingEmptySubsequences: false)
    let (a, b) = (lines.prefix(250), lines.dropFirst(250))
    return (a.joined(separator: "\n") + "\n", b.joined(separator: "\n"))
  }

  @Test(arguments: cases) func updateEqualsTraining(_ one: Case) throws {
    let folder = try TemporaryFolder()
    let (a, b) = try halves()
    func configure(_ trainer: inout NGramTrainer) {
      trainer.configuration.order = 4
      trainer.configuration.estimator = one.estimator
      trainer.configuration.prune = one.prune
      trainer.configuration.tokens = one.tokens
    }
    let whole = try folder.model("whole", [a + b], configure)
    let both = try folder.model("both", [a, b], configure)
    let first = try folder.train("first", [a], configure)
    var trainer = NGramTrainer()
    trainer.texts = [try folder.write("b.txt", b)]
    try trainer.update(model: first, to: folder.file("updated"))
    let updated = try NGramLanguageModel(folder: folder.file("updated"))
    let expected = ngrams(whole.table)
    #expect(ngrams(updated.table) == expected)
    #expect(ngrams(both.table) == expected)
    #expect(updated.configuration == whole.configuration)
    // In place, and again: the counts were kept.
    try trainer.update(model: first, to: first)
    #expect(ngrams(try NGramLanguageModel(folder: first).table) == expected)
    try trainer.update(model: first, to: first)
    let thrice = try folder.model("thrice", [a, b, b], configure)
    #expect(ngrams(try NGramLanguageModel(folder: first).table) == ngrams(thrice.table))
  }

  @Test(arguments: [TokenMode.auto, .whitespace, .char, .byte])
  func spilledCountingEqualsMemory(_ mode: TokenMode) throws {
    let folder = try TemporaryFolder()
    // Pieces have a megabyte or more, so some of them are needed.
    let text = String(repeating: try corpus(), count: 60)
    func configure(_ trainer: inout NGramTrainer) {
      trainer.configuration.order = 3
      trainer.configuration.tokens = mode
    }
    let stages = Mutex<[String]>([])
    let inMemory = try folder.train("memory", [text], configure)
    let spilled = try folder.train("spilled", [text]) {
      configure(&$0)
      $0.memory = 1 << 20
      $0.progress = { stage, _ in stages.withLock { $0.append(stage) } }
    }
    #expect(stages.withLock { $0 }.contains("merging"))
    for name in [NGramFolder.model, ModelConfiguration.fileName] {
      #expect(try bytes("\(inMemory)/\(name)") == bytes("\(spilled)/\(name)"), "\(name)")
    }
    #expect(folderContents(spilled).allSatisfy { !$0.hasPrefix(".") })
    let counts = try bytes("\(inMemory)/\(NGramFolder.counts)")
    #expect(try counts == bytes("\(spilled)/\(NGramFolder.counts)"))
  }

  @Test func threadsDoNotMatter() throws {
    let before = Threads.count
    defer { Threads.count = before }
    let folder = try TemporaryFolder()
    let text = String(repeating: try corpus(), count: 20)
    var models: [[UInt8]] = []
    for threads in 1...3 {
      Threads.count = threads
      let model = try folder.train("t\(threads)", [text]) { $0.configuration.order = 5 }
      models.append(try bytes("\(model)/\(NGramFolder.model)"))
    }
    #expect(models[0] == models[1])
    #expect(models[0] == models[2])
  }

  // MARK: The article

  /// The article's `train_ngram`, line by line.
  private func articleCounts(_ corpus: [String], _ n: Int) -> [[String]: [String: Int]] {
    var ngrams: [[String]: [String: Int]] = [:]
    var i = 0
    while i < corpus.count - n {
      ngrams[Array(corpus[i..<i + n]), default: [:]][corpus[i + n], default: 0] += 1
      i += 1
    }
    return ngrams
  }

  private func article(
    _ folder: TemporaryFolder, _ text: String, context: Int, _ tokens: TokenMode
  ) throws -> NGramLanguageModel {
    try folder.model("article-\(context)", [text]) {
      $0.configuration.order = context + 1
      $0.configuration.estimator = .maximumLikelihood
      $0.configuration.sentences = false
      $0.configuration.tokens = tokens
    }
  }

  @Test(arguments: [1, 2, 3]) func articleCountsAreExact(_ context: Int) throws {
    let text = try corpus()
    let tokens = text.split { " \t\n".contains($0) }.map { String($0) }
    let folder = try TemporaryFolder()
    try check(article(folder, text, context: context, .whitespace), folder, tokens, context)
  }

  @Test func articleCorpus() throws {
    let text = "这是一个简单的n-gram模型示例文本。"
    let tokens = "这 是 一 个 简 单 的 n-gram 模 型 示 例 文 本 。".split(separator: " ").map { String($0) }
    let folder = try TemporaryFolder()
    try check(article(folder, text, context: 2, .auto), folder, tokens, 2)
  }

  private func check(
    _ model: NGramLanguageModel, _ folder: TemporaryFolder, _ tokens: [String], _ context: Int
  ) throws {
    let expected = articleCounts(tokens, context)
    let words = model.table.vocabulary
    let run = "\(folder.file("article-\(context)"))/\(NGramFolder.counts)"
    var reader = try RunReader(path: run, vocabularySize: words.count)
    var found: [[String]: [String: Int]] = [:]
    while try reader.next() != nil {
      let window = reader.window.map { words.text(of: $0) }
      guard window.count == context + 1 else { continue }
      found[Array(window.dropLast()), default: [:]][window[context], default: 0] += Int(
        reader.count)
    }
    #expect(found == expected)
    var modelled: [[String]: [String: Float]] = [:]
    var node = 0
    model.table.forEachNGram(context) { ngram in
      let window = ngram.map { words.text(of: $0) }
      modelled[Array(window.dropLast()), default: [:]][window[context]] =
        model.table.levels[context].probability(node)
      node += 1
    }
    #expect(Set(modelled.keys) == Set(expected.keys))
    for (context, next) in expected {
      let total = Double(next.values.reduce(0, +))
      for (word, count) in next {
        let probability = exponential(modelled[context]?[word] ?? .nan)
        #expect(abs(probability - Double(count) / total) < 1e-5)
      }
    }
  }

  @Test func deadEndsGoOn() throws {
    let model = try article(TemporaryFolder(), "a b c d", context: 2, .whitespace)
    for prompt in ["", "a b", "c d", "d", "x y"] {
      var options = GenerationOptions()
      options.prompt = prompt
      options.maxTokens = 60
      options.sampling = .untouched
      options.seed = 3
      let samples = try TextGenerator(model: model, options: options).run { _ in }
      let words = String(decoding: samples[0].bytes, as: UTF8.self).split { " \n".contains($0) }
      #expect(words.count == 60)
      #expect(Set(words) == ["a", "b", "c", "d"])
    }
  }

  @Test func limitedVocabularyHoldsItsWords() throws {
    let folder = try TemporaryFolder()
    let limited = try folder.model("limited", [corpus()]) { $0.vocabularyLimit = 20 }
    #expect(limited.table.vocabulary.count == 23)
    let given = try folder.model("given", [corpus()]) {
      $0.vocabulary = Set(["the", "heron", "unseen"].map { Array($0.utf8) })
    }
    #expect(Set(ngrams(given.table)[0].keys) == ["<unk>", "<s>", "</s>", "the", "heron"])
  }
}
