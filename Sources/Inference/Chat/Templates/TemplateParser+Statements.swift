import Files

extension TemplateParser {
  /// A statement; the end of its last tag stays.
  mutating func statement() throws(AIGCError) -> TemplateStatement.Kind {
    let name = try expectName()
    switch name {
    case "if": return try branches()
    case "for": return try loop()
    case "set": return try set()
    case "macro": return try macro()
    case "call": return try callBlock()
    case "filter": return try filterBlock()
    case "with": return try with()
    case "generation":
      return .scope(try bodyWithoutLoop(until: "endgeneration", in: "generation"))
    case "block":
      _ = try expectName()
      _ = takeName("scoped")
      _ = takeName("required")
      let body = try bodyWithoutLoop(until: "endblock", in: "block")
      if token.kind == .name { _ = next() }
      return .block(body)
    case "autoescape":
      guard takeName("false") || takeName("False") else { return try refused("autoescape") }
      return .scope(try bodyWithoutLoop(until: "endautoescape", in: "autoescape"))
    case "print":
      var values: [TemplateExpression] = []
      while token.kind != .blockEnd {
        if !values.isEmpty { try expectSign(",") }
        values.append(try expression())
      }
      return .output(values)
    case "break", "continue":
      guard loops > 0 else { throw error("\(name) outside of a loop") }
      return name == "break" ? .breakLoop : .continueLoop
    case "include", "import", "from", "extends", "do", "trans", "debug":
      return try refused(name)
    default: throw error("the tag \(printable(name)) is not known")
    }
  }

  private mutating func refused(_ name: String) throws(AIGCError) -> TemplateStatement.Kind {
    while token.kind != .blockEnd, token.kind != .end { _ = next() }
    return .refused(name)
  }

  /// A body that is a function of its own in Jinja2: no loop around can be left from within.
  private mutating func bodyWithoutLoop(
    until end: String, in name: String
  ) throws(AIGCError) -> [TemplateStatement] {
    let outer = loops
    loops = 0
    defer { loops = outer }
    let body = try tagBody(until: [end], in: name)
    _ = next()
    return body
  }

  private mutating func branches() throws(AIGCError) -> TemplateStatement.Kind {
    var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    let ends = ["elif", "else", "endif"]
    while true {
      let condition = try tuple(allowsConditional: false)
      branches.append((condition, try tagBody(until: ends, in: "if")))
      let end = next().string
      if end == "elif" { continue }
      if end == "endif" { return .branches(branches, []) }
      let otherwise = try tagBody(until: ["endif"], in: "else")
      _ = next()
      return .branches(branches, otherwise)
    }
  }

  private mutating func loop() throws(AIGCError) -> TemplateStatement.Kind {
    let target = try self.target(endsWithIn: true)
    guard takeName("in") else { throw error("'in' is missing before \(found)") }
    let iterable = try tuple(allowsConditional: false, end: "recursive")
    let condition = takeName("if") ? try expression() : nil
    let isRecursive = takeName("recursive")
    loops += 1
    let body: [TemplateStatement]
    do {
      defer { loops -= 1 }
      body = try tagBody(until: ["endfor", "else"], in: "for")
    }
    var otherwise: [TemplateStatement] = []
    if next().string == "else" {
      otherwise = try tagBody(until: ["endfor"], in: "else")
      _ = next()
    }
    return .loop(
      TemplateLoop(
        target: target, iterable: iterable, condition: condition, isRecursive: isRecursive,
        body: body, otherwise: otherwise))
  }

  private mutating func set() throws(AIGCError) -> TemplateStatement.Kind {
    let target = try self.target()
    if takeSign("=") { return .set(target, try tuple()) }
    let filters = isSign("|") ? try self.filters() : []
    let body = try tagBody(until: ["endset"], in: "set")
    _ = next()
    return .setBlock(target, filters, body)
  }

  private mutating func filters() throws(AIGCError) -> [TemplateFilter] {
    var result: [TemplateFilter] = []
    while takeSign("|") { result.append(try filter()) }
    return result
  }

  private mutating func filterBlock() throws(AIGCError) -> TemplateStatement.Kind {
    let filters = [try filter()] + (try self.filters())
    return .filterBlock(filters, try bodyWithoutLoop(until: "endfilter", in: "filter"))
  }

  private mutating func with() throws(AIGCError) -> TemplateStatement.Kind {
    var values: [(target: TemplateTarget, value: TemplateExpression)] = []
    while token.kind != .blockEnd {
      if !values.isEmpty { try expectSign(",") }
      let target = try self.target(isSingle: true)
      try expectSign("=")
      values.append((target, try expression()))
    }
    let body = try tagBody(until: ["endwith"], in: "with")
    _ = next()
    return .with(values, body)
  }

  // MARK: Macros

  private mutating func macro() throws(AIGCError) -> TemplateStatement.Kind {
    let name = try expectName()
    return .macro(try macro(name, try parameters(), until: "endmacro"))
  }

  private mutating func callBlock() throws(AIGCError) -> TemplateStatement.Kind {
    let parameters = isSign("(") ? try self.parameters() : []
    guard case .call(let function, let arguments) = try expression() else {
      throw error("a call block needs a call")
    }
    return .callBlock(function, arguments, try macro("caller", parameters, until: "endcall"))
  }

  private mutating func macro(
    _ name: String, _ parameters: [(name: String, fallback: TemplateExpression?)],
    until end: String
  ) throws(AIGCError) -> TemplateMacro {
    names.append([])
    let body = try bodyWithoutLoop(until: end, in: name)
    let used = names.removeLast()
    if !names.isEmpty { names[names.count - 1].formUnion(used) }
    return TemplateMacro(name: name, parameters: parameters, body: body, names: used)
  }

  private mutating func parameters() throws(AIGCError) -> [(
    name: String, fallback: TemplateExpression?
  )] {
    try expectSign("(")
    var result: [(name: String, fallback: TemplateExpression?)] = []
    while !isSign(")") {
      if !result.isEmpty { try expectSign(",") }
      if isSign(")") { break }
      let name = try expectName()
      let fallback = takeSign("=") ? try expression() : nil
      if fallback == nil, result.last?.fallback != nil {
        throw error("a parameter without a default behind one with a default")
      }
      result.append((name, fallback))
    }
    try expectSign(")")
    return result
  }

  // MARK: Targets

  /// What is assigned to: a name, an attribute, or several of them.
  mutating func target(
    endsWithIn: Bool = false, isSingle: Bool = false
  ) throws(AIGCError) -> TemplateTarget {
    try nested { (parser) throws(AIGCError) in
      var targets = [try parser.singleTarget()]
      guard !isSingle, parser.isSign(",") else { return targets[0] }
      while parser.takeSign(",") {
        if parser.isSign("=") || parser.isName("in") || parser.token.kind == .blockEnd { break }
        if parser.isSign(")") { break }
        targets.append(try parser.singleTarget())
      }
      return .tuple(targets)
    }
  }

  private mutating func singleTarget() throws(AIGCError) -> TemplateTarget {
    if takeSign("(") {
      let inner = try target()
      try expectSign(")")
      return inner
    }
    let name = try expectName()
    if ["true", "false", "none", "True", "False", "None"].contains(name) {
      throw error("\(name) cannot be assigned to")
    }
    names.indices.last.map { _ = names[$0].insert(name) }
    guard takeSign(".") else { return .name(name) }
    return .attribute(name, try expectName())
  }
}
