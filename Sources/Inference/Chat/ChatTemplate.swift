import Files

/// How a model wants a conversation written: a template in the language of Jinja2, as published models
/// bring it in `tokenizer_config.json`, `chat_template.jinja` or a GGUF file.
///
/// Templates are rendered by an interpreter of this library as transformers renders them with Jinja2 3.1
/// (`trim_blocks`, `lstrip_blocks`, `break` and `continue`, `generation`, `tojson`, `raise_exception`,
/// `strftime_now`). A template is a stranger's program: its steps, its memory and its depth are bounded.
public struct ChatTemplate: Sendable, Equatable {
  /// The template's text.
  public let source: String
  /// What the template finds under names such as `bos_token`: the texts of the model's special tokens.
  public var specialTokens: [(name: String, text: String)]
  /// The template for conversations with tools, where the model has one of its own.
  public private(set) var toolSource: String?

  static let largestSource = 4 << 20

  /// - Parameters:
  ///   - source: the template.
  ///   - specialTokens: names that end in `_token` and the texts of these tokens.
  ///   - toolSource: the template for conversations with tools; nil: the same one.
  /// - Throws: ``/Files/AIGCError`` (badInput), with the line, for what is no template.
  public init(
    _ source: String, specialTokens: [(name: String, text: String)] = [],
    toolSource: String? = nil
  ) throws(AIGCError) {
    for text in [source, toolSource ?? ""] {
      guard text.utf8.count <= Self.largestSource else {
        throw .badInput("chat template: too large")
      }
      _ = try TemplateParser.parse(text)
    }
    (self.source, self.specialTokens, self.toolSource) = (source, specialTokens, toolSource)
  }

  /// Writes a conversation in the form that the model learned.
  /// - Parameters:
  ///   - conversation: its messages, and tools where there are any; without any the template finds no
  ///     `tools`.
  ///   - addsGenerationPrompt: whether the text ends with what an answer begins behind.
  ///   - date: what `strftime_now` tells.
  ///   - variables: other names that the template finds, `enable_thinking` say.
  /// - Throws: ``/Files/AIGCError``: mismatch for messages that the template refuses, badInput for what it does
  ///   wrong or takes too much of, interrupted.
  public func render(
    _ conversation: Conversation, addsGenerationPrompt: Bool = true, date: TemplateDate = .now,
    variables: [JSONValue.Member] = []
  ) throws(AIGCError) -> String {
    let source = conversation.tools.isEmpty ? source : toolSource ?? source
    let statements = try TemplateParser.parse(source)
    let renderer = TemplateRenderer(date: date)
    var values: [(String, TemplateValue)] = []
    for (name, text) in specialTokens { values.append((name, .string(text))) }
    for member in variables { values.append((member.name, try renderer.value(member.value))) }
    let messages = conversation.messages.map { $0.json }
    values.append(("messages", try renderer.value(.array(messages))))
    if !conversation.tools.isEmpty {
      values.append(("tools", try renderer.value(.array(conversation.tools))))
    }
    values.append(("add_generation_prompt", .bool(addsGenerationPrompt)))
    return try renderer.render(statements, values)
  }

  /// Whether both have the same texts.
  public static func == (a: ChatTemplate, b: ChatTemplate) -> Bool {
    a.source == b.source && a.toolSource == b.toolSource
      && a.specialTokens.elementsEqual(b.specialTokens) { $0 == $1 }
  }
}
