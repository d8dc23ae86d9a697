import Files
import Kernels
import Testing

@testable import Inference

/// A model of bytes that likes letters; its last token ends a text.
private struct ByteModel: LanguageModel {
  var isWords = false
  var dropsSpace = false
  var vocabularySize: Int { 257 }
  var endToken: Int32? { 256 }
  var endTokenEndsText = true
  var readsInBatches = false
  var generatesInParallel = false
  var tokenTexts: [[UInt8]]? { isWords ? nil : (0..<256).map { [UInt8($0)] } + [[]] }
  func encode(_ text: String) throws(AIGCError) -> [Int32] { text.utf8.map { Int32($0) } }
  func makeDecoder() -> any TokenDecoder { Decoder(dropsSpace: dropsSpace) }
  func makeSession() -> any GenerationSession { Session() }
  func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    throw .failed("not here")
  }
  func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] { [] }

  struct Decoder: TokenDecoder {
    var dropsSpace: Bool
    mutating func append(_ id: Int32) -> [UInt8] {
      defer { dropsSpace = false }
      return id < 256 && !(dropsSpace && id == 32) ? [UInt8(id)] : []
    }
    mutating func finish() -> [UInt8] { [] }
  }
  struct Session: GenerationSession {
    mutating func append(_ token: Int32) {}
    mutating func scores(into scores: inout [Float]) {
      scores = (0..<257).map { $0 == 256 ? -9 : (97...122).contains($0) ? 3 : -1 }
    }
  }
}

/// Texts that generators write under a constraint.
@Suite struct ConstrainedGenerationTests {
  private static let schema = Constraint.jsonSchema(
    #"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"enum": [1, 2]}}, "required": ["a", "b"]}"#
  )

  private func samples(
    _ constraint: Constraint, _ model: ByteModel = ByteModel(),
    _ change: (inout GenerationOptions) -> Void = { _ in }
  ) throws -> [GeneratedSample] {
    var options = GenerationOptions()
    options.prompt = "Answer: "
    options.constraint = constraint
    options.seed = .fixed(4)
    change(&options)
    return try TextGenerator(model: model, options: options).run { _ in }
  }

  @Test func textsAreWholeAtEveryLimit() throws {
    let shortest = #"{"a":"","b":1}"#.utf8.count
    for limit in [shortest, shortest + 1, shortest + 9, 60] {
      for sample in try samples(Self.schema, ByteModel(), { ($0.maxTokens, $0.num) = (limit, 5) }) {
        let value = try JSONValue(parsing: Table(sample.bytes))
        guard case .object(let members) = value else {
          Issue.record("\(sample.text)")
          continue
        }
        #expect(members.map { $0.name } == ["a", "b"])
        #expect(sample.tokens.count <= limit)
      }
    }
    // The prompt counts where the whole length is limited.
    let whole = try samples(Self.schema, ByteModel()) { $0.maxLength = 8 + shortest }
    #expect(whole[0].tokens.count <= shortest)
    let error = #expect(throws: AIGCError.self) {
      try samples(Self.schema, ByteModel()) { $0.maxTokens = shortest - 1 }
    }
    #expect(error?.code == .usage)
    #expect(error?.description.contains("`maxTokens` \(shortest - 1)") == true)
  }

  @Test func choicesEndByThemselves() throws {
    let found = try samples(.choice(["yes", "no", "maybe"]), ByteModel()) { $0.num = 40 }
    #expect(Set(found.map { $0.text }) == ["yes", "no", "maybe"])
    #expect(found.allSatisfy { $0.reason == .end })
    // A model whose end token ends sentences writes one text, too.
    let sentences = try samples(.choice(["yes"]), ByteModel(endTokenEndsText: false))
    #expect(sentences[0].text == "yes")
    let stopped = try samples(.choice(["yes"])) { $0.stop = ["s"] }
    #expect(stopped[0].text == "ye")
    // Without an end token the text goes on while it can.
    let endless = try samples(.grammar("root ::= [a-z]+")) {
      ($0.ignoreEnd, $0.maxTokens) = (true, 30)
    }
    #expect(endless[0].tokens.count == 30)
  }

  /// A decoder that leaves out the first space of a text changes no text's form.
  @Test func firstSpaceMayBeLost() throws {
    for (texts, prompt) in [([" a", "b"], ""), ([" a"], ""), ([" a"], "x")] {
      for sample in try samples(
        .choice(texts), ByteModel(dropsSpace: true), { ($0.num, $0.prompt) = (10, prompt) })
      {
        #expect(texts.contains(sample.text), "\(sample.text)")
      }
    }
  }

  /// However samples are computed, they are the same.
  @Test func companyChangesNothing() throws {
    let alone = try samples(Self.schema) { $0.num = 6 }
    for model in [ByteModel(readsInBatches: true), ByteModel(generatesInParallel: true)] {
      #expect(
        try samples(Self.schema, model) { $0.num = 6 }.map { $0.text } == alone.map { $0.text })
    }
  }

  @Test func refusesWhatCannotBe() throws {
    let words = #expect(throws: AIGCError.self) {
      try samples(.choice(["a"]), ByteModel(isWords: true))
    }
    #expect(words?.code == .mismatch)
    #expect(words?.description.contains("tokens are words") == true)
    let beams = #expect(throws: AIGCError.self) { try samples(.choice(["a"])) { $0.beams = 2 } }
    #expect(beams?.code == .usage)
    let empty = #expect(throws: AIGCError.self) { try samples(.choice([])) }
    #expect(empty?.code == .usage)
  }
}
