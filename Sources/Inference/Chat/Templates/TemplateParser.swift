import Files

/// Makes a tree of a template's tokens, by the grammar of Jinja2 3.1.
struct TemplateParser {
  let tokens: [TemplateToken]
  var position = 0
  /// Blocks, brackets and operators that are open.
  private var depth = 0
  /// More than published templates have by far; each one is a call inside another one.
  static let largestDepth = 90
  /// The loops around; `break` and `continue` belong to one.
  var loops = 0
  /// Names that the macros around use, the innermost one's last.
  var names: [Set<String>] = []

  init(_ source: String) throws(AIGCError) { tokens = try TemplateLexer.tokens(source) }

  /// - Throws: ``/Files/AIGCError`` (badInput), with the line, for what is no template.
  static func parse(_ source: String) throws(AIGCError) -> [TemplateStatement] {
    var parser = try TemplateParser(source)
    return try parser.body(until: [], in: "the template")
  }

  // MARK: Tokens

  var token: TemplateToken { tokens[min(position, tokens.count - 1)] }
  var following: TemplateToken { tokens[min(position + 1, tokens.count - 1)] }

  mutating func next() -> TemplateToken {
    let token = token
    if position < tokens.count - 1 { position += 1 }
    return token
  }

  func error(_ text: String) -> AIGCError {
    .badInput("chat template, line \(token.line): \(text)")
  }

  /// What stands at the position, for messages.
  var found: String {
    switch token.kind {
    case .data: "text"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .variableBegin: "{{"
    case .variableEnd: "}}"
    case .end: "the end"
    case .string: "a string"
    default: "'\(printable(token.string))'"
    }
  }

  func isSign(_ sign: String) -> Bool { token.kind == .sign && token.string == sign }
  func isName(_ name: String) -> Bool { token.kind == .name && token.string == name }

  mutating func takeSign(_ sign: String) -> Bool {
    guard isSign(sign) else { return false }
    _ = next()
    return true
  }

  mutating func takeName(_ name: String) -> Bool {
    guard isName(name) else { return false }
    _ = next()
    return true
  }

  mutating func expectSign(_ sign: String) throws(AIGCError) {
    guard takeSign(sign) else { throw error("'\(sign)' is missing before \(found)") }
  }

  mutating func expectName() throws(AIGCError) -> String {
    guard token.kind == .name else { throw error("a name is missing before \(found)") }
    return next().string
  }

  mutating func expect(_ kind: TemplateToken.Kind, _ text: String) throws(AIGCError) {
    guard token.kind == kind else { throw error("\(text) is missing before \(found)") }
    _ = next()
  }

  /// Runs `body` one level deeper.
  mutating func nested<Result>(
    _ body: (inout TemplateParser) throws(AIGCError) -> Result
  ) throws(AIGCError) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.largestDepth else { throw error("nested too deeply") }
    return try body(&self)
  }

  /// Operators that follow each other make a tree as deep as they are many.
  func checkChain(_ length: Int) throws(AIGCError) {
    guard length <= 150 else { throw error("too many operators in a row") }
  }

  // MARK: Statements

  /// Statements up to a block with one of the names, whose name is taken; with no names up to the end.
  mutating func body(
    until ends: [String], in place: String
  ) throws(AIGCError) -> [TemplateStatement] {
    try nested { (parser) throws(AIGCError) in try parser.statements(until: ends, in: place) }
  }

  private mutating func statements(
    until ends: [String], in place: String
  ) throws(AIGCError) -> [TemplateStatement] {
    var result: [TemplateStatement] = []
    while true {
      let line = token.line
      switch token.kind {
      case .data: result.append(TemplateStatement(kind: .text(next().text), line: line))
      case .variableBegin:
        _ = next()
        let value = try tuple()
        try expect(.variableEnd, "}}")
        result.append(TemplateStatement(kind: .output([value]), line: line))
      case .blockBegin:
        _ = next()
        if token.kind == .name, ends.contains(token.string) { return result }
        result.append(TemplateStatement(kind: try statement(), line: line))
        try expect(.blockEnd, "%}")
      case .end:
        guard ends.isEmpty else {
          throw error("\(place) has no end: \(ends.joined(separator: " or "))")
        }
        return result
      default: throw error("\(found) is not expected")
      }
    }
  }

  /// The body of a tag that has been read, and its last name.
  mutating func tagBody(
    until ends: [String], in place: String
  ) throws(AIGCError) -> [TemplateStatement] {
    _ = takeSign(":")
    try expect(.blockEnd, "%}")
    return try body(until: ends, in: place)
  }
}
