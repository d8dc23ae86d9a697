import Archives
import Files
import TestSupport
import Testing

@testable import Inference

/// Templates beside what Jinja2 3.1 renders of them; see Scripts/fixtures/jinja_templates.py.
@Suite struct ChatTemplateTests {
  private static let date = TemplateDate(
    year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 5)

  private static func render(_ source: String, _ context: [JSONValue.Member]) throws -> String {
    let renderer = TemplateRenderer(date: date)
    var values: [(String, TemplateValue)] = []
    for member in context { values.append((member.name, try renderer.value(member.value))) }
    return try renderer.render(try TemplateParser.parse(source), values)
  }

  @Test func smallTemplates() throws {
    let json = try JSONValue(parsing: try MappedFile(path: fixture("jinja-templates.json")).bytes())
    guard case .object(let context)? = json["context"], case .array(let cases)? = json["cases"]
    else {
      Issue.record("the fixture has another form")
      return
    }
    #expect(cases.count > 180)
    for case .array(let row) in cases {
      guard case .string(let source) = row[0] else { continue }
      let result = Result { try Self.render(source, context) }
      switch (row[1], result) {
      case (.string(let expected), .success(let text)):
        #expect(text.utf8.elementsEqual(expected.utf8), "\(source)\n\(text)\n\(expected)")
      case (.string(let expected), .failure(let error)):
        Issue.record("\(source)\nexpected \(expected)\ngot \(error)")
      case (_, .success(let text)):
        Issue.record("\(source)\nJinja2 refuses it, here it is \(text)")
      case (let expected, .failure(let error)):
        guard let error = error as? AIGCError else {
          Issue.record("\(source): \(error)")
          continue
        }
        #expect(!error.description.contains("\n"))
        if case .string(let message)? = expected["error"] {
          #expect(error.code == .mismatch)
          #expect(error.description.contains(printable(message)))
        } else {
          #expect(error.code == .badInput)
        }
      }
    }
  }

  /// Which of the files of a folder transformers 5 takes the templates from.
  @Test func templatesOfFolders() throws {
    let folder = try TemporaryFolder()
    let tools = "additional_chat_templates/tool_use.jinja"
    func read() throws -> [String?]? {
      try ChatTemplate.read(folder: folder.path).map { [$0.source, $0.toolSource] }
    }
    #expect(try read() == nil)
    try folder.write("tokenizer_config.json", #"{"chat_template": "config"}"#)
    #expect(try read() == ["config", nil])
    let named = ["default", "tool_use"].map {
      #"{"name": "\#($0)", "template": "\#($0) of config"}"#
    }
    try folder.write(
      "tokenizer_config.json", "{\"chat_template\": [\(named.joined(separator: ","))]}")
    #expect(try read() == ["default of config", "tool_use of config"])
    try folder.write("chat_template.jinja", "file")
    #expect(try read() == ["file", nil])
    try folder.write(tools, "tools")
    #expect(try read() == ["file", "tools"])
    removeTree(folder.file("chat_template.jinja"))
    #expect(refuses { _ = try read() }.contains("without chat_template.jinja"))
    try folder.write("chat_template.jinja", "file")
    for bad: [UInt8] in [Array("{% for %}".utf8), [0xFF]] {
      try folder.write(tools, bad)
      refuses { _ = try read() }
    }
  }

  /// All published templates at hand, with and without the generation prompt.
  @Test func publishedTemplates() throws {
    guard let folder = testData() else { return }
    let path = "\(folder)/tokenizers/chat-templates.json.gz"
    guard fileExists(path) else {
      print("skipped: \(path) is not there")
      return
    }
    let reader = try GzipReader(path: path)
    var bytes: [UInt8] = []
    while case let part = try reader.read(), !part.isEmpty { bytes += part }
    let json = try JSONValue(parsing: try Table(bytes))
    guard case .object(let templates)? = json["templates"] else { return }
    var count = 0
    for template in templates {
      guard case .string(let source) = template.value,
        case .object(let renderings)? = json["rendered"]?[template.name]
      else { continue }
      for rendering in renderings {
        let parts = rendering.name.split(separator: "/")
        let text = Result {
          var chat = try ChatTemplate(source)
          chat.specialTokens = [("bos_token", "<s>"), ("eos_token", "</s>")]
          return try chat.render(
            try Conversation(json["conversations"]?[String(parts[0])] ?? .null),
            addsGenerationPrompt: parts[1] == "prompt", date: Self.date)
        }
        count += 1
        switch (rendering.value, text) {
        case (.string(let expected), .success(let text)):
          #expect(
            text.utf8.elementsEqual(expected.utf8), "\(template.name) \(rendering.name)\n\(text)")
        case (.object, .failure(let error)):
          #expect((error as? AIGCError)?.code == .mismatch)
        case (let expected, let text):
          Issue.record("\(template.name) \(rendering.name): \(text), expected \(expected)")
        }
      }
    }
    #expect(count == 288)
  }
}

extension JSONValue {
  subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }
}
