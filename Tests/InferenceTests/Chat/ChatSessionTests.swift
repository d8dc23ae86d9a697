import Files
import Kernels
import Synchronization
import Testing

@testable import Datasets
@testable import Inference

/// One token a byte, and two special ones. It answers with the last word of the user and ends its turn.
private final class Parrot: LanguageModel {
  static let (begin, end): (Int32, Int32) = (256, 257)
  let contextSize: Int?
  /// All tokens that sessions have read.
  let read = Mutex<[Int32]>([])
  /// What comes behind all tokens of a text; nil: nothing can.
  private let next: @Sendable ([Int32]) -> Int32?

  init(context: Int? = nil, next: @escaping @Sendable ([Int32]) -> Int32? = Parrot.repeated) {
    (contextSize, self.next) = (context, next)
  }

  /// The last word of the user, and the end of the turn.
  @Sendable private static func repeated(_ tokens: [Int32]) -> Int32? {
    let turns = tokens.split(separator: Parrot.begin)
    let user = turns.last { $0.starts(with: "user".utf8.map { Int32($0) }) } ?? []
    let word = user.dropLast().split(separator: 32).last ?? []
    let said = (turns.last?.count ?? 0) - "assistant ".utf8.count
    return said < word.count ? word[word.startIndex + said] : Parrot.end
  }

  var vocabularySize: Int { 258 }
  var endToken: Int32? { nil }
  var specialTokens: [SpecialToken] {
    [
      SpecialToken(id: Self.begin, text: "<|im_start|>", isControl: true),
      SpecialToken(id: Self.end, text: "<|im_end|>", isControl: true),
    ]
  }
  func chatTemplate() throws(AIGCError) -> ChatTemplate? {
    try ChatTemplate(
      """
      {% for m in messages %}{{ '<|im_start|>' + m.role + ' ' + m.content + '<|im_end|>' }}{% endfor %}\
      {% if add_generation_prompt %}{{ '<|im_start|>assistant ' }}{% endif %}
      """)
  }
  func encode(_ text: String) throws(AIGCError) -> [Int32] { text.utf8.map { Int32($0) } }
  func encode(rendered chat: String) throws(AIGCError) -> [Int32] {
    var (tokens, rest): ([Int32], Substring) = ([], chat[...])
    while !rest.isEmpty {
      if let token = specialTokens.first(where: { rest.hasPrefix($0.text) }) {
        tokens.append(token.id)
        rest = rest.dropFirst(token.text.count)
      } else {
        tokens += rest.prefix(1).utf8.map { Int32($0) }
        rest = rest.dropFirst()
      }
    }
    return tokens
  }
  func makeDecoder() -> any TokenDecoder { Decoder() }
  func makeSession() -> any GenerationSession { Session(model: self) }
  func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    throw .failed("not here")
  }
  func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] { [] }

  struct Decoder: TokenDecoder {
    mutating func append(_ id: Int32) -> [UInt8] { id < 256 ? [UInt8(id)] : Array("<?>".utf8) }
    mutating func finish() -> [UInt8] { [] }
  }

  struct Session: GenerationSession {
    let model: Parrot
    var tokens: [Int32] = []
    mutating func append(_ token: Int32) {
      tokens.append(token)
      model.read.withLock { $0.append(token) }
    }
    mutating func scores(into scores: inout [Float]) {
      scores = [Float](repeating: -.infinity, count: 258)
      if let token = model.next(tokens) { scores[Int(token)] = 0 }
    }
  }
}

@Suite struct ChatSessionTests {
  private static func say(_ session: inout ChatSession, _ text: String) throws -> String {
    var bytes: [UInt8] = []
    let (sample, _) = try session.answer(ChatMessage(role: "user", content: text)) { bytes += $0 }
    #expect(sample.bytes == bytes)
    return sample.text
  }

  @Test func answersEndWithTheTurn() throws {
    var session = try ChatSession(model: Parrot(), conversation: Conversation(system: "Be brief."))
    #expect(try Self.say(&session, "say hello") == "hello")
    #expect(try Self.say(&session, "now bye") == "bye")
    let roles = session.conversation.messages.map { $0.role }
    #expect(roles == ["system", "user", "assistant", "user", "assistant"])
    #expect(
      try session.prompt(ChatMessage(role: "user", content: "x")).text
        == "<|im_start|>system Be brief.<|im_end|><|im_start|>user say hello<|im_end|>"
        + "<|im_start|>assistant hello<|im_end|><|im_start|>user now bye<|im_end|>"
        + "<|im_start|>assistant bye<|im_end|><|im_start|>user x<|im_end|><|im_start|>assistant ")
  }

  /// Each turn reads what is new: no token of the dialogue is read twice.
  @Test func onlyNewTokensAreRead() throws {
    let model = Parrot()
    var session = try ChatSession(model: model)
    for text in ["say hello", "now bye", "and more"] { _ = try Self.say(&session, text) }
    let whole = try session.prompt().tokens
    // The last answer's end, and what would begin the next one, were not read.
    let unread = 1 + "assistant ".utf8.count + 1
    #expect(model.read.withLock { $0 } == Array(whole.dropLast(unread)))
  }

  @Test func theOldestTurnsGo() throws {
    var session = try ChatSession(
      model: Parrot(context: 100), conversation: Conversation(system: "Be brief."))
    session.options.maxTokens = 10
    for text in ["say hello", "now bye", "and more", "the end"] {
      let last = text.split(separator: " ").last.map { String($0) }
      #expect(try Self.say(&session, text) == last)
    }
    let prompt = try session.prompt(ChatMessage(role: "user", content: "x"))
    #expect(prompt.droppedTurns > 1)
    #expect(prompt.tokens.count <= 90)
    #expect(prompt.text.hasPrefix("<|im_start|>system Be brief.<|im_end|><|im_start|>user "))
    // Nothing is forgotten of what was said.
    #expect(session.conversation.messages.count == 9)
    let long = ChatMessage(role: "user", content: String(repeating: "x", count: 100))
    #expect(throws: AIGCError.self) { try session.prompt(long) }
  }

  /// No turn more is left out than must be, whatever their lengths.
  @Test func asFewTurnsGoAsCan() throws {
    let turns = 40
    for context in [60, 150, 400, 900, 2000] {
      var conversation = Conversation(system: "Be brief.")
      for turn in 0..<turns {
        let text = String(repeating: "x", count: turn * 7 % 23)
        conversation.messages.append(ChatMessage(role: "user", content: text))
        conversation.messages.append(ChatMessage(role: "assistant", content: "y"))
      }
      conversation.messages.append(ChatMessage(role: "user", content: "z"))
      let model = Parrot(context: context)
      let template = try ChatTemplate?.none.orOwn(of: model)
      func tokens(_ dropped: Int) throws -> Int {
        let shorter = conversation.withoutOldestTurns(dropped)
        return try model.encode(rendered: template.render(shorter)).count
      }
      let prompt = try ChatPrompt(conversation, template: template, model: model, room: 10)
      let fewest = try (0...turns).first { try tokens($0) <= context - 10 }
      #expect(prompt.droppedTurns == fewest, "\(context)")
      #expect(conversation.droppableTurns == turns)
    }
  }

  @Test func answersAreCut() throws {
    var session = try ChatSession(model: Parrot())
    session.options.maxTokens = 3
    let message = ChatMessage(role: "user", content: "abcdef")
    let (sample, _) = try session.answer(message) { _ in }
    #expect(sample.reason == .length)
    #expect(sample.text == "abc")
    session.options.stop = ["e"]
    session.options.maxTokens = 9
    #expect(try Self.say(&session, "abcdef") == "abcd")
  }

  /// However an answer ended, the next one is that of a fresh session with the same conversation: what was kept is what
  /// was read. Each letter depends on all tokens before it.
  @Test(arguments: Ending.allCases) func nothingWrongIsKept(_ ending: Ending) throws {
    let cancellation = Cancellation()
    let isFirst = Mutex(true)
    let model = Parrot(context: ending == .context ? 80 : nil) { tokens in
      let said = (tokens.split(separator: Parrot.begin).last?.count ?? 0) - "assistant ".utf8.count
      let isFirst = isFirst.withLock { $0 }
      switch ending {
      case .none where said == 5 && isFirst: return nil
      case .inStep where said == 5 && isFirst: cancellation.cancel()
      case .token where said == 5: return Parrot.end
      default: break
      }
      return said == 60 ? Parrot.end : 97 + tokens.reduce(0) { ($0 &* 31 &+ $1) & 0xFFFF } % 26
    }
    var session = try ChatSession(model: model)
    session.options.maxTokens = ending == .length ? 5 : 90
    session.options.ignoreEnd = ending == .none
    func answer(_ session: inout ChatSession, _ text: String) throws -> GeneratedSample {
      try session.answer(ChatMessage(role: "user", content: text)) { bytes in
        if ending == .betweenSteps, isFirst.withLock({ $0 }) { cancellation.cancel() }
      }.sample
    }
    // The third letter ends it, or is not there.
    if ending == .stop {
      var other = try ChatSession(model: model, options: session.options)
      session.options.stop = [String(try answer(&other, "say hello").text.dropFirst(2).prefix(2))]
    }
    let first = try cancellation.run { try answer(&session, "say hello") }
    #expect(first.reason == ending.reason)
    #expect(first.tokens.count == ending.tokens, "\(first.tokens.count)")
    isFirst.withLock { $0 = false }
    session.options.ignoreEnd = false
    for text in ["now bye", "and more"] {
      var fresh = try ChatSession(
        model: model, conversation: session.conversation, options: session.options)
      let expected = try answer(&fresh, text)
      #expect(try answer(&session, text) == expected, "\(text)")
    }
  }

  enum Ending: CaseIterable {
    case token, none, stop, length, context, betweenSteps, inStep

    var reason: StopReason {
      switch self {
      case .token, .none: .end
      case .stop: .stop
      case .length, .context: .length
      case .betweenSteps, .inStep: .interrupted
      }
    }
    /// How many tokens the first answer has.
    var tokens: Int {
      switch self {
      case .token: 6
      case .none, .length, .inStep: 5
      case .stop: 4
      case .context: 53
      case .betweenSteps: 1
      }
    }
  }

  @Test func theGeneratorAnswers() throws {
    var options = GenerationOptions()
    options.num = 2
    let messages = [ChatMessage(role: "user", content: "say hello")]
    let generator = try TextGenerator(
      model: Parrot(), options: options, answering: Conversation(messages: messages))
    let samples = try generator.run { _ in }
    #expect(samples.map { $0.text } == ["hello", "hello"])
    #expect(samples.allSatisfy { $0.reason == .end })
  }
}

@Suite struct ConversationTests {
  @Test(arguments: [
    "[]", "[{\"role\": \"user\", \"content\": \"a\"}]",
    "[{\"content\": [{\"type\": \"text\", \"text\": \"a\"}], \"role\": \"user\", \"name\": \"x\"}]",
    "{\"messages\":[{\"role\":\"user\",\"content\":null}],\"tools\":[{\"type\":\"function\"}]}",
  ])
  func isKeptAsItWas(_ text: String) throws {
    let json = try JSONValue(parsing: try Table(Array(text.utf8)))
    #expect(try Conversation(json).json == json)
  }

  @Test(arguments: [
    "{}", "1", "[1]", "[{}]", "[{\"role\": 1}]", "{\"messages\": 1}",
    "{\"messages\": [], \"tools\": 1}",
  ])
  func isRefused(_ text: String) throws {
    let json = try JSONValue(parsing: try Table(Array(text.utf8)))
    #expect(throws: AIGCError.self) { try Conversation(json) }
  }
}
