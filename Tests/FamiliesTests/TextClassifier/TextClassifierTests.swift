import Autograd
import Datasets
import FamilySupport
import Files
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

@Suite struct TextClassifierTests {
  static let methods: [TextClassifierMethod] = [
    .naiveBayes, .weightedRegression, .linear, .cnn, .lstm,
  ]

  /// Every method learns the words, and says what each adds: together the difference to the empty text.
  @Test(arguments: methods) func learnsAndExplains(method: TextClassifierMethod) throws {
    let folder = try TemporaryFolder()
    let data = try folder.write("a.tsv", sentences(240))
    let result = try recipe(data, method).train(to: folder.file("m"))
    let classifier = try TextClassifier(folder: folder.file("m"))
    #expect(classifier.classes == ["negative", "positive"])
    let test = try LabelledTexts.read(try folder.write("b.tsv", sentences(60, seed: 9)))
    let measured = try classifier.evaluate(test)
    #expect(measured.confusion.accuracy > 0.95, "\(method): \(measured.confusion.accuracy)")
    if method != .linear { #expect(result.measures != nil) }
    for text in ["the film is lovely but not good", "dull", "", "unheard of words !"] {
      let texts = TextList([text, ""])
      let scores = try classifier.scores(texts)
      let words = try classifier.explain(texts[0], label: 1)
      let sum = words.reduce(0) { $0 + $1.contribution }
      let difference = Double(scores[1] - scores[0]) - Double(scores[3] - scores[2])
      #expect(
        abs(sum - difference) <= 0.01 * abs(difference) + 1e-5,
        "\(method), \(text): \(sum) \(difference)")
      #expect(words.map { $0.text }.joined(separator: " ") == text)
    }
  }

  /// What a text gets does not depend on the texts beside it, nor on the number of threads.
  @Test(arguments: methods) func textsAreScoredAlone(method: TextClassifierMethod) throws {
    let folder = try TemporaryFolder()
    let data = try folder.write("a.tsv", sentences(80))
    _ = try recipe(data, method).train(to: folder.file("m"))
    let classifier = try TextClassifier(folder: folder.file("m"))
    let texts = TextList(["good", "the story is bad and long , and long , and long", "", "a cast"])
    let together = try classifier.scores(texts)
    for index in 0..<texts.count {
      let alone = try classifier.scores(texts.subset([index]))
      #expect(alone == Array(together[index * 2..<index * 2 + 2]), "\(method), text \(index)")
    }
  }

  @Test(arguments: [TextClassifierMethod.linear, .cnn, .lstm])
  func runsGoOn(method: TextClassifierMethod) throws {
    let folder = try TemporaryFolder()
    let data = try folder.write("a.tsv", sentences(120))
    var recipe = recipe(data, method)
    recipe.run.epochs = nil
    recipe.run.trainer.steps = 7
    recipe.run.trainer.schedule.shape = .constant
    recipe.run.trainer.batchSize = 16
    recipe.run.trainer.earlyStop = nil
    let files = ["model.safetensors", "config.json"]
    try expectResumes(recipe, at: 3, files: files, in: folder)
  }

  /// Naive Bayes that counts two sets one after the other is that of both.
  @Test func updatesOfCountsAreExact() throws {
    let folder = try TemporaryFolder()
    let (a, b) = (sentences(60), sentences(40, seed: 4) + "a wondrous tale\tpos\n")
    _ = try recipe(try folder.write("a.tsv", a), .naiveBayes).train(to: folder.file("m"))
    _ = try recipe(try folder.write("ab.tsv", a + b), .naiveBayes).train(to: folder.file("whole"))
    let more = try folder.write("b.tsv", b)
    try TextClassifierFamily().update(folder.file("m"), with: [more], to: folder.file("u"))
    let texts = TextList(["a wondrous film", "dull and short", ""])
    let updated = try TextClassifier(folder: folder.file("u"))
    let whole = try TextClassifier(folder: folder.file("whole"))
    let (x, y) = (try updated.scorer.logits(texts), try whole.scorer.logits(texts))
    for (a, b) in zip(x, y) { #expect(abs(a - b) < 1e-4) }
    #expect(updated.configuration.trainingTexts == whole.configuration.trainingTexts)
  }

  @Test(arguments: [TextClassifierMethod.weightedRegression, .cnn])
  func updatesLearnNewWords(method: TextClassifierMethod) throws {
    let folder = try TemporaryFolder()
    _ = try recipe(try folder.write("a.tsv", sentences(120)), method).train(to: folder.file("m"))
    // The same words with the other sense.
    let turned = sentences(120).replacing("pos", with: "x").replacing("neg", with: "pos")
      .replacing("x\n", with: "neg\n")
    let more = try folder.write("b.tsv", turned)
    var options = UpdateOptions()
    if method.isNetwork { (options.epochs, options.rate) = (6, 0.02) }
    let before = try TextClassifier(folder: folder.file("m"))
    try TextClassifierFamily().update(
      folder.file("m"), with: [more], to: folder.file("u"), options: options)
    let after = try TextClassifier(folder: folder.file("u"))
    let text = TextList(["the film is lovely and great"])
    #expect(try before.probabilities(text)[1] > 0.6)
    #expect(try after.probabilities(text)[1] < before.probabilities(text)[1] - 0.2)
  }

  @Test func linearModelsAreNotUpdated() throws {
    let folder = try TemporaryFolder()
    let data = try folder.write("a.tsv", sentences(40))
    _ = try recipe(data, .linear).train(to: folder.file("m"))
    refuses([.usage]) {
      try TextClassifierFamily().update(folder.file("m"), with: [data], to: folder.file("u"))
    }
  }

  /// More than two classes, of which one is rare, in any language.
  @Test func chineseTopicsAreTold() throws {
    let folder = try TemporaryFolder()
    var random = RandomSource(seed: 2)
    func pick(_ words: [String]) -> String {
      words[Int(random.integer(below: UInt64(words.count)))]
    }
    let topics = [
      ("体育", ["比赛", "球队", "进球", "冠军"]), ("财经", ["股票", "银行", "市场", "利率"]),
      ("天气", ["下雨", "晴天", "台风", "气温"]),
    ]
    func lines(_ count: Int) -> String {
      (0..<count).map { index in
        let (label, words) = topics[index % 10 == 0 ? 2 : index % 2]
        return "今天\(pick(["我们", "他们", "大家"]))谈\(pick(words))，也谈\(pick(words))。\t\(label)\n"
      }.joined()
    }
    let data = try folder.write("a.tsv", lines(300))
    var recipe = recipe(data, .weightedRegression, task: .labels)
    recipe.settings.balances = true
    _ = try recipe.train(to: folder.file("m"))
    let classifier = try TextClassifier(folder: folder.file("m"))
    #expect(Set(classifier.classes) == ["体育", "财经", "天气"])
    let test = try LabelledTexts.read(try folder.write("b.tsv", lines(60)))
    #expect(try classifier.evaluate(test).confusion.accuracy > 0.97)
    let words = try classifier.explain(Array("台风来了".utf8)[...], label: 1)
    #expect(words.map { $0.text } == ["台", "风", "来", "了"])
  }

  /// A user's words, turned round by a negation as others are.
  @Test func lexiconsAddWords() throws {
    let folder = try TemporaryFolder()
    _ = try recipe(try folder.write("a.tsv", sentences(60)), .weightedRegression).train(
      to: folder.file("m"))
    let classifier = try TextClassifier(folder: folder.file("m"))
    let lexicon = try TextLexicon(
      path: try folder.write("l.txt", "yucky\t-3\tnoted\nfive stars\t2.5\n"))
    let options = TextClassifier.Options(lexicon: lexicon)
    func margin(_ text: String, _ options: TextClassifier.Options = .init()) throws -> Double {
      let scores = try classifier.scores(TextList([text]), options)
      return Double(scores[1] - scores[0])
    }
    #expect(abs(try margin("yucky", options) - margin("yucky") + 3) < 1e-4)
    #expect(abs(try margin("not yucky", options) - margin("not yucky") - 3) < 1e-4)
    #expect(abs(try margin("five stars", options) - margin("five stars") - 2.5) < 1e-4)
    let words = try classifier.explain(Array("five stars".utf8)[...], label: 1, options)
    let plain = try classifier.explain(Array("five stars".utf8)[...], label: 1)
    let sum = zip(words, plain).reduce(0) { $0 + $1.0.contribution - $1.1.contribution }
    #expect(abs(sum - 2.5) < 1e-4)
    #expect(
      refuses { _ = try TextLexicon(path: try folder.write("bad.txt", "good\tmuch\n")) }
        .contains("line 1"))
  }

  /// Windows of one word, and of more words than a text has.
  @Test(arguments: [[1], [1, 7]]) func windowsOfAnyWidthFit(widths: [Int]) throws {
    let folder = try TemporaryFolder()
    var recipe = recipe(try folder.write("a.tsv", sentences(40) + "\tneg\n"), .cnn)
    recipe.settings.network.widths = widths
    recipe.run.epochs = 1
    _ = try recipe.train(to: folder.file("m"))
    let classifier = try TextClassifier(folder: folder.file("m"))
    let scores = try classifier.scores(TextList(["", "good"]))
    #expect(scores.allSatisfy { $0.isFinite })
    #expect(try classifier.explain(Array("good".utf8)[...], label: 1).count == 1)
  }

  /// Word vectors of a file, left as they are.
  @Test func wordVectorsStayWhereTheyShall() throws {
    let folder = try TemporaryFolder()
    let vectors = try folder.write("v.vec", "2 3\nGood 1 0 0\ndull 0 1 0\nunseen 0 0 1\n")
    var recipe = recipe(try folder.write("a.tsv", sentences(60)), .cnn)
    recipe.settings.vectorsPath = vectors
    recipe.settings.network.vectors = .isStatic
    recipe.run.epochs = 1
    _ = try recipe.train(to: folder.file("m"))
    let configuration = try TextClassifierConfiguration.read(folder: folder.file("m"))
    #expect(configuration.network?.embedding == 3)
    let scorer = try TextNetworkScorer(folder: folder.file("m"), configuration)
    let word = try #require(scorer.vocabulary.words.firstIndex(of: "good"))
    #expect(
      Array(scorer.network.embedding.weight.value.values[word * 3..<word * 3 + 3]) == [1, 0, 0])
    refuses {
      _ = try WordVectors(path: try folder.write("w.vec", "good 1 x 0\n"), words: ["good"])
    }
  }
}

/// How sure classifiers are.
@Suite struct CalibrationTests {
  /// By hand: of two texts with logits (0, 1) one is right.
  @Test func measuresAreTheirDefinitions() {
    let measured = Calibration(logits: [0, 1, 0, 1], labels: [1, 0], classes: 2)
    #expect(abs(measured.loss(temperature: 1) - (0.3132617 + 1.3132617) / 2) < 1e-6)
    #expect(abs(measured.error(temperature: 1) - abs(0.7310586 - 0.5)) < 1e-6)
    // Half of them right: the least loss is at probabilities of a half.
    #expect(measured.bestTemperature > 40)
  }

  @Test func temperaturesAreFound() {
    var random = RandomSource(seed: 5)
    var (logits, labels): ([Float], [Int32]) = ([], [])
    for _ in 0..<20_000 {
      let margin = Float(random.normal())
      labels.append(Float(random.uniform()) < 1 / (1 + expf(-margin)) ? 1 : 0)
      logits += [0, 3 * margin]
    }
    let found = Calibration(logits: logits, labels: labels, classes: 2)
    #expect(abs(found.bestTemperature - 3) < 0.15)
    #expect(found.error(temperature: found.bestTemperature) < 0.015)
  }

  private func expf(_ x: Float) -> Float { exp(Tensor([x], [1])).item }
}
