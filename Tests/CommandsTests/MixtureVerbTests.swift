import ArgumentParser
import Console
import Datasets
import FamilySupport
import Files
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

@Suite struct MixtureVerbTests {
  private let first = "the cat sat on the mat\nthe dog sat on the rug\n"
  private let second = "a dog ate the cat\nthe rug ate a mat\n"

  /// Two models with the same vocabulary, and a text to measure on.
  private func prepare(_ folder: TemporaryFolder) throws -> (a: String, b: String, text: String) {
    let all = "the cat sat on mat dog rug a ate\n"
    func train(_ name: String, _ text: String) throws -> String {
      try folder.train(name, [text + all])
    }
    return (
      try train("a", first), try train("b", second), try folder.write("text.txt", "a cat sat\n")
    )
  }

  private func arguments(_ words: [String]) throws -> Evaluate {
    try Evaluate.parse(words)
  }

  @Test func equalsEvaluateAtTheEnds() throws {
    let folder = try TemporaryFolder()
    let (a, b, text) = try prepare(folder)
    for (index, weights) in ["1,0", "0,3"].enumerated() {
      let verb = try arguments([a, text, "--with", b, "--weights", weights])
      let result = try verb.mixture.evaluate(first: a, file: text)
      let alone = try loadTextModel([a, b][index]).model.evaluate(
        readText(path: text), name: text)
      #expect(abs(result.perplexity / alone.perplexity - 1) < 1e-5)
      #expect(result.models[index].perplexity == result.perplexity)
      #expect(result.tokens == alone.tokens && result.tokens == 4)
      #expect(result.models.map { $0.path } == [a, b])
    }
  }

  @Test func tunedWeightsAreNoWorse() throws {
    let folder = try TemporaryFolder()
    let (a, b, _) = try prepare(folder)
    let dev = try folder.write("dev.txt", first + second + second)
    func perplexity(_ more: [String]) throws -> MixtureEvaluation {
      let verb = try arguments([a, dev, "--with", b] + more)
      return try verb.mixture.evaluate(first: a, file: dev)
    }
    let tuned = try perplexity(["--tune", dev])
    let equal = try perplexity([])
    #expect(equal.models.map { $0.weight } == [0.5, 0.5])
    #expect(tuned.perplexity < equal.perplexity)
    #expect(tuned.models[1].weight > tuned.models[0].weight)
    for weights in ["0.1,0.9", "0.4,0.6", "0.9,0.1"] {
      #expect(try tuned.perplexity <= perplexity(["--weights", weights]).perplexity + 1e-6)
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    let folder = try TemporaryFolder()
    let (a, _, text) = try prepare(folder)
    let characters = try folder.train("c", [first + second]) {
      $0.configuration.tokens = .char
    }
    let fewer = try folder.train("few", [first])
    for (other, word) in [
      (characters, "token 2 is 'cat' for \(a) and ' ' for"),
      (fewer, "token 1, 'a', is known to \(a)"),
    ] {
      let message = refuses([.mismatch], "\(other)") {
        _ = try arguments([a, text, "--with", other]).mixture.evaluate(first: a, file: text)
      }
      #expect(message.contains(word), "\(message)")
    }
    for wrong in [
      ["--tune", text], ["--with", a, "--weights", "1"], ["--with", a, "--weights", "1,-1"],
      ["--with", a, "--weights", "0,0"], ["--with", a, "--weights", "1,x"],
      ["--with", a, "--weights", "nan,1"], ["--with", a, "--weights", "1,1,1"],
      ["--with", a, "--weights", "1,1", "--tune", text],
    ] {
      #expect(throws: (any Error).self, "\(wrong)") { try arguments([a, text] + wrong) }
    }
  }

  @Test func output() {
    let result = MixtureEvaluation(
      perplexity: 90.125, tokens: 10,
      models: [
        .init(path: "runs/a", perplexity: 100, weight: 0.75),
        .init(path: "english", perplexity: 120.5, weight: 0.25),
      ])
    #expect(
      JSONValue.object(result.members).text
        == #"{"perplexity":90.125,"tokens":10,"models":[{"path":"runs/a","perplexity":100.0,"#
        + #""weight":0.75},{"path":"english","perplexity":120.5,"weight":0.25}]}"#)
    #expect(
      result.text == """
        model    perplexity  weight
        runs/a   100.00      0.7500
        english  120.50      0.2500
        mixture  90.13       \n
        """)
  }
}

@Suite struct CopyReportTests {
  private func parse(_ words: [String]) throws -> CopyArguments {
    try GenerateText.parse(words).copies
  }

  @Test func countsGeneratedTextOnly() throws {
    let folder = try TemporaryFolder()
    let corpus = try folder.write("a.txt", "to be or not to be")
    let more = try folder.write("b.txt", "that is the question")
    var sample = GeneratedSample()
    sample.bytes = Array("the question is".utf8)
    var options = GenerationOptions()
    let arguments = try parse(["--copy-report", corpus, more, "--copy-length", "5"])
    try arguments.check(prompt: TextArguments.parse([]))
    let whole = try #require(try arguments.report([sample], options: options))
    #expect(
      whole.longest == 12 && String(decoding: whole.longestText, as: UTF8.self) == "the question")
    options.prompt = "the "
    options.echo = true
    let rest = try #require(try arguments.report([sample], options: options))
    #expect(rest.longest == 8)
    #expect(try parse([]).report([sample], options: options) == nil)
    sample.reason = .interrupted
    #expect(try arguments.report([sample], options: options) == nil)
  }

  @Test func output() {
    var report = MemorizationReport()
    report.share = 0.25
    report.longest = 8
    report.longestText = Array("to\nbe or".utf8)
    report.average = 3.5
    #expect(
      report.json.text
        == #"{"share":0.25,"longest":8,"longest_text":"to\nbe or","average":3.5}"#)
    #expect(
      report.lines(length: 40) == [
        "copied         25.0% of the text, in pieces of 40 characters or more",
        #"longest copy   8 characters: to\nbe or"#, "average copy   3.5 characters",
      ])
    #expect(MemorizationReport().lines(length: 40)[1] == "longest copy   0 characters")
  }

  @Test func refusesWhatIsWrong() throws {
    let folder = try TemporaryFolder()
    #expect(throws: (any Error).self) { try parse(["--copy-length", "0"]) }
    let none = try TextArguments.parse([])
    for file in [folder.file("none"), folder.path] {
      #expect(throws: AIGCError.self) { try parse(["--copy-report", file]).check(prompt: none) }
    }
    let typed = try TextArguments.parse(["--prompt", "-"])
    #expect(throws: AIGCError.self) { try parse(["--copy-report", "-"]).check(prompt: typed) }
    try parse(["--copy-report", "-"]).check(prompt: none)
  }
}
