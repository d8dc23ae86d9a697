import Files

extension ChatTemplate {
  private static let configurationFile = "tokenizer_config.json"
  private static let specialTokensFile = "special_tokens_map.json"
  /// Where transformers looks first.
  package static let templateFile = "chat_template.jinja"
  /// And for conversations with tools.
  package static let toolTemplateFile = "additional_chat_templates/tool_use.jinja"
  private static let largestConfiguration = 64 << 20

  /// Reads the template of a model folder as transformers 5 does: `chat_template.jinja`, and for conversations with
  /// tools `additional_chat_templates/tool_use.jinja`; where neither is there, `chat_template` of
  /// `tokenizer_config.json`, a text or a list of named ones, of which `default` and `tool_use` are taken. The
  /// special tokens are those that the folder names.
  /// - Parameter folder: its path.
  /// - Returns: nil where the folder has no template.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a damaged file and for what is no template.
  public static func read(folder: String) throws(AIGCError) -> ChatTemplate? {
    let configuration = try members("\(folder)/\(configurationFile)")
    var source = try textIfThere("\(folder)/\(templateFile)")
    var toolSource = try textIfThere("\(folder)/\(toolTemplateFile)")
    if source == nil {
      guard toolSource == nil else {
        throw .badInput("\(folder): a chat template for tools without \(templateFile)")
      }
      (source, toolSource) = try sources(configuration, "\(folder)/\(configurationFile)")
    }
    guard let source else { return nil }
    var tokens = try members("\(folder)/\(specialTokensFile)")
    tokens += configuration
    return try ChatTemplate(source, specialTokens: specialTokens(tokens), toolSource: toolSource)
  }

  /// The template in a file of its own.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a file that is not there, that is not UTF-8, and for what is no
  ///   template.
  public init(
    file path: String, specialTokens: [(name: String, text: String)] = []
  ) throws(AIGCError) {
    let source = try Self.text(path)
    do { try self.init(source, specialTokens: specialTokens) } catch {
      throw AIGCError(error.code, "\(path): \(error.description)")
    }
  }

  /// The special tokens that a model folder names, for a template that comes from elsewhere.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a damaged file.
  public static func specialTokens(
    folder: String
  ) throws(AIGCError) -> [(name: String, text: String)] {
    var tokens = try members("\(folder)/\(specialTokensFile)")
    tokens += try members("\(folder)/\(configurationFile)")
    return specialTokens(tokens)
  }

  private static func textIfThere(_ path: String) throws(AIGCError) -> String? {
    fileExists(path) ? try text(path) : nil
  }

  private static func text(_ path: String) throws(AIGCError) -> String {
    let file = try MappedFile(path: path)
    guard file.count <= largestSource else {
      throw .badInput("\(path): too large for a chat template")
    }
    let bytes = try file.bytes()
    guard let text = String(validating: bytes.indices.lazy.map { bytes[$0] }, as: UTF8.self) else {
      throw .badInput("\(path): not UTF-8")
    }
    return text
  }

  /// The members of a file's object; none where there is no file.
  private static func members(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    guard fileExists(path) else { return [] }
    let file = try MappedFile(path: path)
    guard file.count <= largestConfiguration else { throw .badInput("\(path): too large") }
    var scanner = JSONScanner(try file.bytes(), place: path)
    var result: [JSONValue.Member] = []
    try scanner.object { (scanner, name) throws(AIGCError) in
      // Among thousands of added tokens these few are of interest.
      if name == "chat_template" || name.hasSuffix("_token") {
        result.append(.init(name, try scanner.value()))
      } else {
        try scanner.skip()
      }
    }
    try scanner.finish()
    return result
  }

  private static func sources(
    _ members: [JSONValue.Member], _ path: String
  ) throws(AIGCError) -> (String?, toolSource: String?) {
    switch members.last(where: { $0.name == "chat_template" })?.value {
    case nil, .null: return (nil, nil)
    case .string(let text): return (text, nil)
    case .array(let templates):
      var named: [String: String] = [:]
      for case .object(let members) in templates {
        guard case .string(let name)? = members.first(where: { $0.name == "name" })?.value,
          case .string(let text)? = members.first(where: { $0.name == "template" })?.value
        else { throw .badInput("\(path): chat_template: each needs a name and a template") }
        named[name] = text
      }
      guard let source = named["default"] else {
        throw .badInput("\(path): chat_template: none of its templates is called default")
      }
      return (source, named["tool_use"])
    default: throw .badInput("\(path): chat_template is neither a text nor a list of them")
    }
  }

  /// Texts, or objects with a `content`.
  private static func specialTokens(
    _ members: [JSONValue.Member]
  ) -> [(name: String, text: String)] {
    var result: [(name: String, text: String)] = []
    for member in members where member.name.hasSuffix("_token") {
      var value = member.value
      if case .object(let parts) = value {
        value = parts.first { $0.name == "content" }?.value ?? .null
      }
      guard case .string(let text) = value else { continue }
      result.removeAll { $0.name == member.name }
      result.append((member.name, text))
    }
    return result
  }
}
