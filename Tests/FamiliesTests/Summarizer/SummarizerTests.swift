import Datasets
import Files
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// Summaries of sentences of the text.
@Suite struct SummarizerTests {
  static let article = """
    Rivers carry water to the sea. The river Aa begins in the hills. It is short. In this paper we propose a \
    way to count the fish of the river Aa. Nets catch fish. For example, a net of three metres catches ten fish \
    an hour. Nobody knows why. Our results show that the river holds more fish than the sea. The weather was cold.
    """

  static let plain: [SummaryMethod] = SummaryMethod.allCases.filter { $0 != .learned }

  private func summary(
    _ text: String, _ method: SummaryMethod, _ length: String = "3", query: String? = nil
  ) throws -> Summary {
    let length = try #require(SummaryLength(length))
    return try Summarizer(method, length: length)
      .summarize(Array(text.utf8), query: query.map { Array($0.utf8) })
  }

  private func indices(
    _ text: String, _ method: SummaryMethod, _ length: String = "3", query: String? = nil
  ) throws -> [Int] {
    try summary(text, method, length, query: query).sentences.map { $0.index }
  }

  @Test func choosesByMethod() throws {
    #expect(try indices(Self.article, .lead) == [0, 1, 2])
    #expect(try indices(Self.article, .position, "2") == [0, 8])
    #expect(try indices(Self.article, .cue, "2") == [3, 7])
    #expect(try indices(Self.article, .cue, "9").count == 9)
    #expect(try indices(Self.article, .lead, query: "weather") == [0, 1, 8])
  }

  /// The one sentence that shares words with all others is central to every method that looks at words.
  @Test(arguments: [SummaryMethod.textrank, .lexrank, .lsa, .luhn, .sumbasic, .kl])
  func findsTheCenter(method: SummaryMethod) throws {
    let text =
      "Red apples grow here. Green pears ripen there. Red apples and green pears and blue plums and red apples. "
      + "Blue plums fall down. Nothing else happened."
    #expect(try indices(text, method, "1") == [2])
  }

  @Test(arguments: plain) func keepsItsLength(method: SummaryMethod) throws {
    #expect(try indices(Self.article, method, "100%") == Array(0..<9))
    #expect(try indices(Self.article, method, "34%").count == 4)
    #expect(try indices(Self.article, method, "1%").count == 1)
    let words = try summary(Self.article, method, "12w").sentences
    #expect(words.count == 1 || words.reduce(0) { $0 + $1.text.split(separator: 32).count } <= 12)
    #expect(try indices(Self.article, method, "1w").count == 1)
  }

  @Test(arguments: plain) func takesWhateverIsThere(method: SummaryMethod) throws {
    var bytes: [UInt8] = []
    var state: UInt64 = 5
    for _ in 0..<5000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1
      bytes.append(UInt8(state >> 56))
    }
    for text in [
      [], [46], [97], [0], [32, 10], Array("...".utf8), Array("?! ?! ?!".utf8), bytes,
      [UInt8](repeating: 97, count: 70_000), Array("the of and. The of. And.".utf8),
    ] {
      let found = try Summarizer(method, length: .sentences(3)).summarize(text)
      #expect(found.sentences.count == min(3, found.total))
      #expect(found.sentences.allSatisfy { $0.score?.isFinite == true })
      #expect(String(validating: found.text, as: UTF8.self) != nil)
    }
  }

  @Test func readsChinese() throws {
    let text = "今天我们讨论水稻。水稻需要水。天气很好！水稻的产量取决于水和土壤。他说：“再见。”"
    #expect(try summary(text, .lexrank, "100%").total == 5)
    #expect(try indices(text, .textrank, "1").allSatisfy { [0, 1, 3].contains($0) })
    let two = try summary(text, .lead, "2")
    #expect(String(decoding: two.text, as: UTF8.self) == "今天我们讨论水稻。水稻需要水。")
  }

  /// The same sentence is said once, while there are others.
  @Test func doesNotRepeat() throws {
    let text =
      "Fish swim in the river. Fish swim in the river. Fish swim in the river. A bird sings."
    #expect(try indices(text, .lexrank, "2") == [0, 3])
    #expect(try indices(text, .lexrank, "3").count == 3)
    let page =
      String(repeating: "fish swim in the river and ", count: 60) + "on. A bird sings. It rains."
    #expect(try indices(page, .luhn, "2") == [1, 2])
    #expect(try indices(page, .lead, "2") == [0, 1])
  }

  @Test func isTheSameForAnyThreads() throws {
    let texts = (0..<30).map { number in
      (text: Array((Self.article + " Text \(number) ends.").utf8), query: nil as [UInt8]?)
    }
    func run(_ count: Int) throws -> [String] {
      let makers = try (0..<count).map { _ in try Summarizer(.lsa, length: .sentences(2)) }
      return try summaries(of: texts, by: makers).map { String(decoding: $0.text, as: UTF8.self) }
    }
    #expect(try run(1) == run(3))
  }

  @Test func readsLongTextsInPassages() throws {
    let text = (0..<3000).map { "Sentence \($0) speaks of thing \($0 % 70)." }.joined(
      separator: " ")
    var notes: [Notice] = []
    let summarizer = try Summarizer(.lexrank, length: .sentences(4)) { notes.append($0) }
    let found = try summarizer.summarize(Array(text.utf8))
    #expect(found.total == 3000 && found.sentences.count == 4 && notes.count == 1)
    #expect(zip(found.sentences, found.sentences.dropFirst()).allSatisfy { $0.index < $1.index })
    #expect(try indices(text, .lead) == [0, 1, 2])
    #expect(try indices(text, .luhn, "50%").count == 1500)
    #expect(try indices(text, .lead, "1200").count == 1200)
    #expect(try summary(text, .lead, "9000w").sentences.count > 1400)
  }

  @Test func readsLengths() {
    #expect(SummaryLength("3") == .sentences(3) && SummaryLength("20%") == .percent(20))
    #expect(SummaryLength("100w") == .words(100))
    for text in ["", "0", "-1", "0%", "101%", "nan%", "0w", "w", "3x", "1e3"] {
      #expect(SummaryLength(text) == nil, "\(text)")
    }
  }
}

/// A summariser that learns.
@Suite struct LearnedSummarizerTests {
  /// Articles whose summary is always the sentence with "wanted", somewhere in the middle.
  private func articles(_ count: Int) -> String {
    (0..<count).map { number in
      let place = number * 7 % 5
      let sentences = (0..<6).map { index in
        index == place
          ? "The fish of lake \(number) wanted more light \(number)."
          : "Rain fell on hill \(index) and field \(number + index) again."
      }
      return "{\"article\": \"\(sentences.joined(separator: " "))\", "
        + "\"summary\": \"fish of lake \(number) wanted light\"}\n"
    }.joined()
  }

  private func trained(
    _ folder: TemporaryFolder, _ name: String = "m", articles count: Int = 24,
    vectors: SentenceVectors? = nil
  ) throws -> String {
    var trainer = SummarizerTrainer()
    trainer.vectors = vectors
    trainer.data = [try folder.write("a.jsonl", articles(count))]
    let outcome = try trainer.train(to: folder.file(name))
    #expect(outcome.share > 0.9 && outcome.configuration.trainingArticles == count)
    return outcome.folder
  }

  @Test func learnsWhatSummariesHold() throws {
    let folder = try TemporaryFolder()
    let model = try LearnedSummarizer(folder: trained(folder))
    let summarizer = try Summarizer(.learned, length: .sentences(1), model: model)
    var reader = ArticleReader(TextLines(try Table(Array(articles(30).utf8)), name: ""))
    while let article = try reader.next() {
      let found = try summarizer.summarize(article.article ?? [])
      #expect(String(decoding: found.text, as: UTF8.self).contains("wanted"))
    }
  }

  @Test func isTheSameToTheByte() throws {
    let folder = try TemporaryFolder()
    let (first, second) = (try trained(folder, "m1"), try trained(folder, "m2"))
    try expectSameFiles(
      ["config.json", "model.safetensors", "vocab.txt"], in: first, and: second)
  }

  /// Vectors of sentences have weights, too; without their model, or with another, the summariser is refused.
  @Test func learnsWithVectors() throws {
    let folder = try TemporaryFolder()
    let vectors = try SentenceVectors(fixture("bert/odd"))
    let model = try LearnedSummarizer(folder: trained(folder, vectors: vectors))
    let features = SentenceFeatures.count(vectorWidth: vectors.width)
    #expect(model.featureWeights.count == features && features > SentenceFeatures.names.count + 8)
    let own = model.featureWeights.suffix(vectors.width + SentenceFeatures.vectorNames.count)
    #expect(own.contains { $0 != 0 })
    let summarizer = try Summarizer(.learned, length: .sentences(1), model: model)
    var reader = ArticleReader(TextLines(try Table(Array(articles(30).utf8)), name: ""))
    while let article = try reader.next() {
      let found = try summarizer.summarize(article.article ?? [])
      #expect(String(decoding: found.text, as: UTF8.self).contains("wanted"))
    }
    for damage in [
      Damage("\"embedding_width\" : ", "\"embedding_width\" : 9"),
      Damage("\"embedding_width\"", "\"width\"", "go together"),
    ] {
      try folder.expectRefusal(of: damage, in: "m/config.json") {
        _ = try LearnedSummarizer(folder: folder.file("m"))
      }
    }
    let plain = try trained(folder, "plain")
    #expect(
      refuses([.usage]) { _ = try LearnedSummarizer(folder: plain, embeddings: vectors) }
        .contains("without vectors"))
  }

  @Test func refusesDamage() throws {
    let folder = try TemporaryFolder()
    _ = try trained(folder, "model", articles: 12)
    for damage in [
      Damage("\"summarizer\"", "\"other\""),
      Damage("\"format_version\" : 1", "\"format_version\" : 2"),
      Damage("\"nearness to end\"", "\"nearness\"", "features"),
      Damage("\"phrases\" : ", "\"phrases\" : 9"), Damage("\"phrases\" : ", "\"phrases\" : -1"),
      Damage("\"placed_phrases\" : ", "\"placed_phrases\" : 99999"),
    ] {
      try folder.expectRefusal(of: damage) {
        _ = try LearnedSummarizer(folder: folder.file("model"))
      }
    }
  }

  @Test func refusesWhatTeachesNothing() throws {
    let folder = try TemporaryFolder()
    func line(_ text: String) throws -> String? {
      var trainer = SummarizerTrainer()
      trainer.data = [try folder.write("b.jsonl", text)]
      return refusal { _ = try trainer.train(to: folder.file("none")) }?.line
    }
    #expect(try line("{\"article\": \"a\"}\n")?.hasPrefix("3 ") == true)
    #expect(
      try line("{\"article\": \"A. B.\", \"summary\": \"zzz\"}\n")?.contains("0 articles") == true)
    #expect(try line("nothing\n")?.contains("line 1") == true)
    #expect(!fileExists(folder.file("none")))
  }

  /// On SciTLDR's and QMSum's test sets, the bundled model beside LexRank.
  @Test func bundledModelIsBetterThanLexRank() throws {
    guard let data = testData() else { return }
    let model = try LearnedSummarizer(folder: "\(packageFolder)/Models/summarizer")
    for (name, count, isStemmed) in [("scitldr-test", 1, true), ("qmsum-test", 3, false)] {
      let path = "\(data)/summarisation/\(name).jsonl"
      guard fileExists(path) else {
        print("skipped: no \(path)")
        continue
      }
      func f1(_ method: SummaryMethod) throws -> Double {
        let summarizer = try Summarizer(method, length: .sentences(count), model: model)
        let scorer = RougeScorer(RougeOptions(isStemmed: isStemmed))
        var reader = try ArticleReader(path: path)
        var sum = 0.0
        while let article = try reader.next() {
          let summary = try summarizer.summarize(article.article ?? [])
          let scores = try scorer.score(summary.text, article.goals)
          sum += scores.rouge1.f1 + scores.rouge2.f1 + scores.rougeL.f1
        }
        return sum
      }
      #expect(try f1(.learned) > f1(.lexrank), "\(name)")
    }
  }
}
