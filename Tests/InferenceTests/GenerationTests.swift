import Files
import FoundationEssentials
import Kernels
import Testing

@testable import Inference

/// Tokens are the strings of a list; the model says the script token by token, then its end token.
private struct ScriptedModel: LanguageModel {
  var vocabulary: [String]
  var script: [Int32]
  var endToken: Int32?
  var endTokenEndsText = false
  /// Follow the scores instead of the script: the same at each step.
  var fixedScores: [Float]?

  /// Says these tokens; the end of sentence is the token "</s>".
  init(_ script: [String]) {
    vocabulary = ["</s>"]
    for text in script where !vocabulary.contains(text) { vocabulary.append(text) }
    self.script = script.map { [vocabulary] in Int32(vocabulary.firstIndex(of: $0) ?? 0) }
    endToken = 0
  }

  var vocabularySize: Int { vocabulary.count }

  /// One token a character; a character without its own token is the end token.
  func encode(_ text: String) throws(AIGCError) -> [Int32] {
    text.map { Int32(vocabulary.firstIndex(of: String($0)) ?? 0) }
  }
  func makeDecoder() -> any TokenDecoder { Decoder(vocabulary: vocabulary) }
  func makeSession() -> any GenerationSession { Session(model: self) }
  func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    throw .failed("not here")
  }
  func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] { [] }

  struct Decoder: TokenDecoder {
    var vocabulary: [String]
    mutating func append(_ id: Int32) -> [UInt8] {
      id == 0 ? [10] : Array(vocabulary[Int(id)].utf8)
    }
    mutating func finish() -> [UInt8] { [] }
  }

  struct Session: GenerationSession {
    var model: ScriptedModel
    var position = 0
    mutating func append(_ token: Int32) {
      // A prompt does not use up the script.
      if position < model.script.count, token == model.script[position] { position += 1 }
    }
    mutating func scores(into scores: inout [Float]) {
      if let fixed = model.fixedScores {
        scores = fixed
        return
      }
      scores = [Float](repeating: -.infinity, count: model.vocabularySize)
      let next = position < model.script.count ? model.script[position] : 0
      scores[Int(next)] = 0
    }
  }
}

@Suite struct GenerationTests {
  private func generate(
    _ model: ScriptedModel, _ change: (inout GenerationOptions) -> Void = { _ in }
  ) throws -> (samples: [GeneratedSample], pieces: [String]) {
    var options = GenerationOptions()
    change(&options)
    var pieces: [Piece] = []
    let samples = try TextGenerator(model: model, options: options).run { pieces.append($0) }
    // The pieces are the samples.
    for (index, sample) in samples.enumerated() {
      #expect(pieces.filter { $0.sample == index }.flatMap(\.bytes) == sample.bytes)
    }
    #expect(!pieces.contains { $0.bytes.isEmpty })
    return (samples, pieces.map { String(decoding: $0.bytes, as: UTF8.self) })
  }

  @Test func streamsUntilMaxTokens() throws {
    let (samples, pieces) = try generate(ScriptedModel(["a", "b", "c", "d"])) { $0.maxTokens = 3 }
    #expect(pieces == ["a", "b", "c"])
    #expect(samples[0].tokens == [1, 2, 3])
    #expect(samples[0].reason == .length)
    #expect(samples[0].logProbabilities == nil)
    #expect(try generate(ScriptedModel(["a"])) { $0.maxTokens = 0 }.samples[0].text == "")
  }

  @Test func endTokenWritesALineEndAndGoesOn() throws {
    let (samples, _) = try generate(ScriptedModel(["a", "</s>", "b"])) { $0.maxTokens = 4 }
    #expect(samples[0].text == "a\nb\n")
    #expect(samples[0].tokens.count == 4)
  }

  @Test func untilSentenceStopsAtTheEndToken() throws {
    let (samples, _) = try generate(ScriptedModel(["a", ".", " b", "</s>", "c"])) {
      $0.untilSentence = true
    }
    #expect(samples[0].text == "a. b")
    #expect(samples[0].reason == .sentence)
  }

  @Test func endTokenCanEndTheText() throws {
    var model = ScriptedModel(["a", "b"])
    model.endTokenEndsText = true
    let (samples, _) = try generate(model)
    #expect(samples[0].text == "ab")
    #expect(samples[0].reason == .end)
    #expect(samples[0].tokens == [1, 2, 0])
  }

  @Test func untilSentenceFindsSentencesWhereNoTokenDoes() throws {
    func text(_ script: [String]) throws -> (String, StopReason) {
      var model = ScriptedModel(script)
      model.endTokenEndsText = true
      let sample = try generate(model) { $0.untilSentence = true }.samples[0]
      return (sample.text, sample.reason)
    }
    #expect(
      try text([" It is 3", ".", "5 m", ".", "\"", " Then"]) == (" It is 3.5 m.\"", .sentence))
    #expect(try text(["So?!", "\nNo."]) == ("So?!", .sentence))
    #expect(try text(["他说：“好。", "”", "然后"]) == ("他说：“好。”", .sentence))
    #expect(try text(["no end"]) == ("no end", .end))
  }

  @Test func ignoreEnd() throws {
    var model = ScriptedModel(["a", "b"])
    model.fixedScores = [9, 1, 1]
    let (samples, _) = try generate(model) { $0.ignoreEnd = true }
    #expect(samples[0].tokens.count == 100)
    #expect(!samples[0].tokens.contains(0))
    #expect(try generate(model).samples[0].tokens.contains(0))
  }

  @Test func stopsAcrossTokens() throws {
    let (samples, pieces) = try generate(ScriptedModel(["one", " E", "N", "D", " two"])) {
      $0.stop = ["END"]
    }
    #expect(pieces == ["one", " "])
    #expect(samples[0].text == "one ")
    #expect(samples[0].reason == .stop)
    #expect(samples[0].tokens.count == 4)
  }

  @Test func partialMatchesAreHeldBackUntilDecided() throws {
    let (_, pieces) = try generate(ScriptedModel(["x", "E", "N", "y"])) {
      $0.stop = ["END"]
      $0.maxTokens = 4
    }
    #expect(pieces == ["x", "ENy"])
    let (samples, held) = try generate(ScriptedModel(["x", "E", "N"])) {
      $0.stop = ["END"]
      $0.maxTokens = 3
    }
    #expect(held == ["x", "EN"])
    #expect(samples[0].reason == .length)
  }

  @Test func stopAtALineEnd() throws {
    let (samples, _) = try generate(ScriptedModel(["a", "</s>", "b"])) { $0.stop = ["\n"] }
    #expect(samples[0].text == "a")
    #expect(samples[0].reason == .stop)
  }

  /// Every way to cut a text into pieces gives the same result as a search in the whole.
  @Test func stopMatcherEqualsASearchInTheWholeText() {
    func result(_ pieces: [String], _ stop: [String]) -> (String, Bool) {
      var matcher = StopMatcher(stop)
      var bytes: [UInt8] = []
      for piece in pieces { bytes += matcher.append(Array(piece.utf8)) }
      bytes += matcher.finish()
      return (String(decoding: bytes, as: UTF8.self), matcher.isMatched)
    }
    #expect(result(["aaab"], ["aab"]) == ("a", true))
    #expect(result(["a", "a", "a", "b"], ["aab"]) == ("a", true))
    #expect(result(["abcabd"], ["abd", "zzz"]) == ("abc", true))
    #expect(result(["xabcd"], ["bcd", "abcd"]) == ("x", true))
    #expect(result(["ab"], []) == ("ab", false))
    #expect(result(["春", "眠。", "不"], ["。"]) == ("春眠", true))
    var random = RandomSource(seed: 6)
    for _ in 0..<2000 {
      func word(_ limit: UInt64) -> String {
        String((0...random.integer(below: limit)).map { _ in random.uniform() < 0.5 ? "a" : "b" })
      }
      let (text, stop) = (word(12), [word(4), word(4)])
      let letters = Array(text)
      // The match that is complete first, of those the longest.
      var expected = (text, false)
      search: for end in 1...letters.count {
        let prefix = String(letters[..<end])
        let found = stop.filter { prefix.hasSuffix($0) }.max { $0.count < $1.count }
        if let found {
          expected = (String(prefix.dropLast(found.count)), true)
          break search
        }
      }
      var pieces: [String] = [""]
      for letter in letters {
        if random.uniform() < 0.5 { pieces.append("") }
        pieces[pieces.count - 1].append(letter)
      }
      #expect(result(pieces, stop) == expected, "\(pieces) \(stop)")
    }
  }

  @Test func echoAndMaxLength() throws {
    let model = ScriptedModel(["c", "d", "e", "f", "a", "b"])
    let (samples, pieces) = try generate(model) {
      $0.prompt = "ab"
      $0.echo = true
      $0.maxLength = 4
    }
    #expect(pieces == ["ab", "c", "d"])
    #expect(samples[0].tokens.count == 2)
    #expect(samples[0].reason == .length)
    let quiet = try generate(model) {
      $0.prompt = "ab"
      $0.maxTokens = 2
    }
    #expect(quiet.pieces == ["c", "d"])
    let none = try generate(model) {
      $0.prompt = "ab"
      $0.maxLength = 1
    }
    #expect(none.samples[0].tokens.isEmpty)
  }

  @Test func promptEchoDropsWhatIsThereAlready() {
    func joined(_ prompt: String, _ decoded: String, _ pieces: [String]) -> String {
      var echo = PromptEcho(prompt: prompt, decoded: Array(decoded.utf8))
      var bytes: [UInt8] = []
      for piece in pieces { bytes += echo.append(Array(piece.utf8)) }
      return prompt + String(decoding: bytes + echo.finish(), as: UTF8.self)
    }
    #expect(joined("to be or", "to be or", [" not"]) == "to be or not")
    #expect(joined("to be or ", "to be or", [" not"]) == "to be or not")
    #expect(joined("he said \"", "he said", [" ", "\"Not"]) == "he said \"Not")
    #expect(joined("to xyzzy", "to", [" be"]) == "to xyzzy be")
    #expect(joined("To  be ", "to be", [" or"]) == "To  be or")
    #expect(joined("a b", "a", [" "]) == "a b ")
    #expect(joined("a ", "a", []) == "a ")
  }

  @Test func samplesHaveTheirOwnStreams() throws {
    var model = ScriptedModel(["a", "b", "c", "d"])
    model.fixedScores = [0, 0, 0, 0, 0]
    func samples(_ seed: UInt64, _ num: Int) throws -> [GeneratedSample] {
      try generate(model) {
        $0.seed = .fixed(seed)
        $0.num = num
      }.samples
    }
    let three = try samples(7, 3)
    #expect(three == (try samples(7, 3)))
    #expect(Set(three.map(\.tokens)).count == 3)
    #expect(try samples(7, 1)[0] == three[0])
    #expect(try samples(8, 1)[0] != three[0])
  }

  @Test func logProbabilitiesAreRecorded() throws {
    var model = ScriptedModel(["a", "b"])
    model.fixedScores = [1, 2, 3]
    let (samples, _) = try generate(model) {
      $0.logProbabilities = 2
      $0.maxTokens = 5
    }
    let entries = try #require(samples[0].logProbabilities)
    #expect(entries.map(\.id) == samples[0].tokens)
    #expect(entries.allSatisfy { $0.alternatives.map(\.id) == [2, 1] })
    let plain = try generate(model) { $0.maxTokens = 5 }
    #expect(plain.samples[0].tokens == samples[0].tokens)
  }

  @Test func whatTheCallbackThrowsEndsTheGeneration() {
    struct Closed: Error {}
    let generator = try? TextGenerator(
      model: ScriptedModel(["a", "b"]), options: GenerationOptions())
    #expect(throws: Closed.self) { try generator?.run { _ in throw Closed() } }
  }

  @Test func optionsOutOfRangeAreUsageErrors() {
    let wrong: [(inout GenerationOptions) -> Void] = [
      { $0.num = 0 }, { $0.maxTokens = -1 }, { $0.maxLength = 0 }, { $0.stop = [""] },
      { $0.logProbabilities = -1 }, { $0.sampling.topP = 2 },
      { $0.sampling.logitBias = [LogitBias(token: 99, bias: 1)] },
    ]
    for change in wrong {
      let error = #expect(throws: AIGCError.self) { try generate(ScriptedModel(["a"]), change) }
      #expect(error?.code == .usage)
    }
  }

  @Test func optionsSurviveJSON() throws {
    var options = GenerationOptions()
    options.stop = ["。"]
    options.maxLength = 9
    let data = try JSONEncoder().encode(options)
    #expect(try JSONDecoder().decode(GenerationOptions.self, from: data) == options)
  }
}
