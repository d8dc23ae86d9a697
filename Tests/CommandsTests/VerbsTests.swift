import Console
import FamilySupport
import Files
import Kernels
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

/// Three tokens with fixed scores; the last one ends a text.
private struct FixedModel: LanguageModel {
  struct Session: GenerationSession {
    mutating func append(_ token: Int32) {}
    mutating func scores(into scores: inout [Float]) { scores = [1, 2, -.infinity, 2] }
  }
  struct Decoder: TokenDecoder {
    mutating func append(_ id: Int32) -> [UInt8] { Array("t\(id)".utf8) }
    mutating func finish() -> [UInt8] { [] }
  }
  var vocabularySize: Int { 4 }
  var endToken: Int32? { 3 }
  func encode(_ text: String) throws(AIGCError) -> [Int32] { [0] }
  func makeDecoder() -> any TokenDecoder { Decoder() }
  func makeSession() -> any GenerationSession { Session() }
  func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    throw .failed("")
  }
  func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] { [] }
}

@Suite struct VerbsTests {
  @Test func likeliestContinuations() throws {
    let all = try continuations(of: "x", in: FixedModel(), count: 10)
    #expect(all.map { String(decoding: $0.bytes, as: UTF8.self) } == ["t1", "</s>", "t0"])
    #expect(abs(all.reduce(0) { $0 + $1.probability } - 1) < 1e-12)
    #expect(abs(all[2].probability / all[0].probability - 0.36787944117) < 1e-9)
    #expect(try continuations(of: "x", in: FixedModel(), count: 1).count == 1)
  }

  @Test func nextWordsByHand() throws {
    let model = try TemporaryFolder().model("ml", ["a b a b a c\n"]) {
      $0.configuration.order = 2
      $0.configuration.estimator = .maximumLikelihood
    }
    let found = try continuations(of: "b a", in: model, count: 5)
    #expect(found.map { String(decoding: $0.bytes, as: UTF8.self) } == ["b", "c"])
    #expect(abs(found[0].probability - 2.0 / 3) < 1e-6)
    #expect(abs(found[1].probability - 1.0 / 3) < 1e-6)
  }

  @Test func scoredTokens() {
    let token = ScoredToken(
      id: 7, bytes: Array("a\tb\n".utf8), logProbability: -0.5, isUnknown: false)
    #expect(String(decoding: token.line, as: UTF8.self) == "a\\tb\\n\t-0.5\n")
    let json = #"{"id":7,"text":"a\tb\n","logprob":-0.5,"log10":-0.21714725,"oov":false}"#
    #expect(token.json.text == json)
    let first = ScoredToken(id: 1, bytes: [0x61], logProbability: nil)
    #expect(first.json.text == #"{"id":1,"text":"a","logprob":null}"#)
    #expect(String(decoding: first.line, as: UTF8.self) == "a\t-\n")
  }

  @Test func evaluations() {
    let result = TextEvaluation(
      perplexity: 588.699, perplexityWithoutUnknown: nil, bitsPerByte: 1.5, tokens: 10,
      unknown: nil)
    let json = #"{"perplexity":588.699,"perplexity_without_oov":null,"bits_per_byte":1.5,"#
    #expect(JSONValue.object(result.members).text == json + #""tokens":10,"oov":null}"#)
    #expect(result.text.hasPrefix("perplexity              588.70\n"))
    #expect(!result.text.contains("OOV"))
  }

  @Test func samplesAreSeparatedByAnEmptyLine() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("answer")
    let answer = try Answer(path)
    var printer = SamplePrinter(answer: answer)
    for (sample, text) in [(0, "one"), (0, " two"), (1, "three\n"), (3, "four")] {
      try printer.write(Piece(sample: sample, bytes: Array(text.utf8)))
    }
    try printer.finish()
    try answer.finish()
    #expect(try TestSupport.text(path) == "one two\n\nthree\n\n\n\nfour\n")
  }

  @Test func textArguments() throws {
    let folder = try TemporaryFolder()
    try folder.write("file.txt", "inside")
    #expect(try readText("\(folder.path)/file.txt", allowsWords: true) == "inside")
    #expect(try readText("to be or", allowsWords: true) == "to be or")
    #expect(try readText(folder.path, allowsWords: true) == folder.path)
    #expect(throws: AIGCError.self) { try readText("to be or", allowsWords: false) }
  }

  @Test func tables() {
    #expect(table([["a", "bb", "x"], ["ccc", "d", ""]]) == "a    bb  x\nccc  d   \n")
    #expect(table([]) == "")
  }
}
