import Console
import Families
import Files

/// A chat on the terminal or over pipes: lines in, answers out.
struct Dialogue {
  private var session: ChatSession
  private let path: String
  private let isJSON: Bool
  private let answer: Answer
  private let reader = LineReader()
  private let first: Conversation

  init(_ session: ChatSession, path: String, isJSON: Bool) throws(AIGCError) {
    (self.session, self.path, self.isJSON) = (session, path, isJSON)
    first = session.conversation
    answer = try Answer(nil, isJSON ? .json : .text)
  }

  private var model: [JSONValue.Member] {
    [
      .init("model", .string(path)),
      .init("seed", .int(Int(clamping: session.options.seed.resolved()))),
    ]
  }

  // MARK: Once

  /// Prints what the model would be fed.
  /// - Parameter asksForMessage: whether a line is read that it answers to.
  func printPrompt(asksForMessage: Bool) throws(AIGCError) {
    var message: ChatMessage?
    if asksForMessage, case .text(let text) = try reader.next(prompt: "> ") {
      message = ChatMessage(role: "user", content: text)
    }
    let prompt = try session.prompt(message)
    if isJSON {
      let tokens = JSONValue.array(prompt.tokens.map { .int(Int($0)) })
      try answer.write(json: [.init("prompt", .string(prompt.text)), .init("tokens", tokens)])
    } else {
      try answer.write(prompt.text)
    }
    try answer.finish()
  }

  /// Answers to the messages as they are.
  mutating func answerOnce() throws {
    let sample = try say(nil)
    if isJSON {
      let message = session.conversation.messages.last?.json ?? .null
      try answer.write(
        json: model + [
          .init("message", message), .init("tokens", .int(sample.tokens.count)),
          .init("reason", .string(sample.reason.rawValue)),
        ])
    }
    try answer.finish()
    if sample.reason == .interrupted { throw AIGCError.interrupted }
  }

  // MARK: In turns

  /// Answers line by line until the input ends.
  mutating func talk() throws {
    if reader.isInteractive {
      Diagnostics.note("a line is a message; /help lists what else there is")
    }
    var isOver = false
    while !isOver {
      switch try reader.next(prompt: "> ") {
      case .end: isOver = true
      case .cancelled: Diagnostics.note("Ctrl-D or /quit ends the chat")
      case .text(let line):
        do {
          isOver = try take(line)
        } catch let error as AIGCError where reader.isInteractive && error.code != .interrupted {
          // Somebody is there to say something else.
          Diagnostics.error(error.description)
        }
      }
    }
    if isJSON {
      let messages = session.conversation.messages.map { $0.json }
      try answer.write(json: model + [.init("messages", .array(messages))])
    }
    try answer.finish()
  }

  /// A message or a command.
  /// - Returns: whether the chat is over.
  private mutating func take(_ line: String) throws -> Bool {
    let text = line.trimmed
    if text.hasPrefix("/"), !text.hasPrefix("//") { return try command(text) }
    if !text.isEmpty { try turn(text.hasPrefix("//") ? String(text.dropFirst()) : line) }
    return false
  }

  private mutating func turn(_ text: String) throws {
    do {
      let sample = try Interruption.runAnswer { () throws in
        try say(ChatMessage(role: "user", content: text))
      }
      if sample.reason == .interrupted {
        // Where the program itself is to end, it does.
        try Interruption.check()
        Diagnostics.note("stopped")
      } else if sample.reason == .length {
        Diagnostics.note("the answer was cut at \(counted(sample.tokens.count, "token"))")
      }
    } catch let error as AIGCError where error == .interrupted && !Interruption.isRequested {
      Diagnostics.note("stopped; the message is forgotten")
    }
  }

  private mutating func say(_ message: ChatMessage?) throws -> GeneratedSample {
    let (answer, isPlain) = (answer, !isJSON)
    var endsLine = true
    defer { if isPlain, !endsLine { try? answer.stream(Array("\n".utf8)) } }
    let (sample, dropped) = try session.answer(message, progress: promptProgress()) { bytes in
      guard isPlain else { return }
      try answer.stream(bytes)
      if let last = bytes.last { endsLine = last == UInt8(ascii: "\n") }
    }
    if isPlain, sample.bytes.isEmpty { endsLine = false }
    if dropped > 0 { Diagnostics.note("the oldest \(counted(dropped, "turn")) no longer fit") }
    return sample
  }

  // MARK: Commands

  private static let help = """
    /save FILE   write the messages to a file of JSON
    /load FILE   go on with the messages of a file
    /clear       begin anew
    /quit        end the chat (Ctrl-D)
    //text       a message that begins with a slash
    """

  /// - Returns: whether the chat is over.
  private mutating func command(_ line: String) throws(AIGCError) -> Bool {
    let name = String(line.prefix { $0 != " " })
    let argument = String(line.dropFirst(name.count)).trimmed
    switch name {
    case "/quit", "/exit", "/bye": return true
    case "/help": Diagnostics.plain(Self.help)
    case "/clear": session.restart(first)
    case "/save":
      guard !argument.isEmpty else { throw .usage("/save needs a file") }
      try OutputKind.json.check(argument)
      let file = try OutputFile(path: argument)
      try file.write(Array((session.conversation.json.text + "\n").utf8))
      try file.commit(sync: false)
      let count = session.conversation.messages.count
      Diagnostics.note("\(counted(count, "message")) in \(argument)")
    case "/load":
      guard !argument.isEmpty else { throw .usage("/load needs a file") }
      let conversation = try Conversation(file: argument)
      // It may be saved under the same name.
      InputRecord.release(argument)
      session.restart(conversation)
      Diagnostics.note("\(counted(conversation.messages.count, "message")) of \(argument)")
    default: Diagnostics.note("there is no \(printable(name)); /help lists what there is")
    }
    return false
  }
}

extension String {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
