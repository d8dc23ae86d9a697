import Files

/// One message of a conversation: who speaks, what is said, and whatever else a template may ask for
/// (`tool_calls`, `name`, `reasoning_content`), in the order in which it was given.
public struct ChatMessage: Sendable, Equatable {
  /// All members of the message's JSON object.
  public private(set) var members: [JSONValue.Member]

  /// - Parameters:
  ///   - role: who speaks: system, user, assistant, tool.
  ///   - content: the text.
  public init(role: String, content: String) {
    members = [.init("role", .string(role)), .init("content", .string(content))]
  }

  /// - Parameter json: an object with a `role`; its `content` may be a text, a list of parts or null.
  /// - Throws: ``/Files/AIGCError`` (badInput) for another value.
  public init(_ json: JSONValue) throws(AIGCError) {
    guard case .object(let members) = json else { throw .badInput("a message is no object") }
    guard case .string? = members.last(where: { $0.name == "role" })?.value else {
      throw .badInput("a message has no role")
    }
    self.members = members
  }

  private func member(_ name: String) -> JSONValue? {
    members.last { $0.name == name }?.value
  }

  /// Who speaks.
  public var role: String {
    if case .string(let role)? = member("role") { return role }
    return ""
  }

  /// The text; nil where the content is a list of parts or is not there.
  public var text: String? {
    if case .string(let text)? = member("content") { return text }
    return nil
  }

  /// The message as JSON.
  public var json: JSONValue { .object(members) }
}

/// The messages that were said so far, and the tools that a model may call.
public struct Conversation: Sendable, Equatable {
  /// From the first one on; that of the system, where there is one, comes first.
  public var messages: [ChatMessage]
  /// Descriptions of functions, for templates that know them.
  public var tools: [JSONValue]

  private static let largest = 64 << 20

  /// - Parameters:
  ///   - system: what stands before all turns; nil or empty: nothing.
  ///   - messages: what was said so far.
  ///   - tools: descriptions of functions.
  public init(system: String? = nil, messages: [ChatMessage] = [], tools: [JSONValue] = []) {
    self.messages = messages
    self.tools = tools
    if let system, !system.isEmpty {
      self.messages.insert(.init(role: "system", content: system), at: 0)
    }
  }

  /// Reads a file: an array of messages, or an object with `messages` and perhaps `tools`.
  /// - Throws: ``/Files/AIGCError`` (badInput) for another file.
  public init(file path: String) throws(AIGCError) {
    let file = try MappedFile(path: path)
    guard file.count <= Self.largest else { throw .badInput("\(path): too large for messages") }
    var scanner = JSONScanner(try file.bytes(), place: path)
    let json = try scanner.value()
    try scanner.finish()
    do { try self.init(json) } catch { throw .badInput("\(path): \(error.description)") }
  }

  /// - Parameter json: an array of messages, or an object with `messages` and perhaps `tools`.
  /// - Throws: ``/Files/AIGCError`` (badInput) for another value.
  public init(_ json: JSONValue) throws(AIGCError) {
    var values = json
    tools = []
    if case .object(let members) = json {
      guard let own = members.last(where: { $0.name == "messages" })?.value else {
        throw .badInput("no messages: an array of them is needed, or an object with messages")
      }
      values = own
      switch members.last(where: { $0.name == "tools" })?.value {
      case nil, .null: break
      case .array(let tools): self.tools = tools
      default: throw .badInput("tools are no array")
      }
    }
    guard case .array(let array) = values else { throw .badInput("messages are no array") }
    messages = []
    for (index, value) in array.enumerated() {
      do { messages.append(try ChatMessage(value)) } catch {
        throw .badInput("message \(index + 1): \(error.description)")
      }
    }
  }

  /// The conversation as JSON: an array of messages, or an object where there are tools.
  public var json: JSONValue {
    let array = JSONValue.array(messages.map { $0.json })
    guard !tools.isEmpty else { return array }
    return .object([.init("messages", array), .init("tools", .array(tools))])
  }

  /// How many of the oldest turns can be left out: all but the last. A turn is the first message behind the
  /// system's or one of the user, with all up to the next one of the user.
  public var droppableTurns: Int { turnStarts.count }

  /// Without some of the oldest turns.
  /// - Parameter count: how many, from 0 to ``droppableTurns``.
  public func withoutOldestTurns(_ count: Int) -> Conversation {
    guard count > 0, count <= turnStarts.count else { return self }
    var result = self
    result.messages.removeSubrange(firstOfTurns..<turnStarts[count - 1])
    return result
  }

  /// The first message behind the system's.
  private var firstOfTurns: Int {
    messages.firstIndex { $0.role != "system" && $0.role != "developer" } ?? messages.count
  }

  /// Where the second and each later turn begins.
  private var turnStarts: [Int] {
    messages.indices.dropFirst(firstOfTurns + 1).filter { messages[$0].role == "user" }
  }
}
