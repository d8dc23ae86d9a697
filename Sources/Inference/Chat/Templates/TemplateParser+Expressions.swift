import Files

extension TemplateParser {
  /// Values with commas between them are a tuple, one without a comma is itself.
  mutating func tuple(
    allowsConditional: Bool = true, end: String? = nil, isInParentheses: Bool = false
  ) throws(AIGCError) -> TemplateExpression {
    var values: [TemplateExpression] = []
    var isTuple = false
    while true {
      if !values.isEmpty {
        guard takeSign(",") else { break }
        isTuple = true
      }
      if endsTuple(end) { break }
      values.append(try allowsConditional ? expression() : or())
    }
    if !isTuple, let value = values.first { return value }
    if values.isEmpty, !isInParentheses { throw error("an expression is missing before \(found)") }
    return .tuple(values)
  }

  private func endsTuple(_ end: String?) -> Bool {
    switch token.kind {
    case .variableEnd, .blockEnd: true
    case .sign: token.string == ")"
    case .name: token.string == end
    default: false
    }
  }

  /// An expression, with `if` and `else` where it has them.
  mutating func expression() throws(AIGCError) -> TemplateExpression {
    try nested { (parser) throws(AIGCError) in
      var result = try parser.or()
      var length = 0
      while parser.takeName("if") {
        length += 1
        try parser.checkChain(length)
        let condition = try parser.or()
        let otherwise = parser.takeName("else") ? try parser.expression() : nil
        result = .conditional(condition: condition, then: result, otherwise: otherwise)
      }
      return result
    }
  }

  mutating func or() throws(AIGCError) -> TemplateExpression {
    try chain(
      { (parser) throws(AIGCError) in try parser.and() },
      { (parser) in parser.takeName("or") ? { .or($0, $1) } : nil })
  }

  private mutating func and() throws(AIGCError) -> TemplateExpression {
    try chain(
      { (parser) throws(AIGCError) in try parser.not() },
      { (parser) in parser.takeName("and") ? { .and($0, $1) } : nil })
  }

  /// Operands with an operator between two, the left ones first.
  private mutating func chain(
    _ operand: (inout TemplateParser) throws(AIGCError) -> TemplateExpression,
    _ operation: (inout TemplateParser) -> (
      (TemplateExpression, TemplateExpression) -> TemplateExpression
    )?
  ) throws(AIGCError) -> TemplateExpression {
    var result = try operand(&self)
    var length = 0
    while let combine = operation(&self) {
      length += 1
      try checkChain(length)
      result = combine(result, try operand(&self))
    }
    return result
  }

  private mutating func not() throws(AIGCError) -> TemplateExpression {
    guard takeName("not") else { return try comparison() }
    return .not(try nested { (parser) throws(AIGCError) in try parser.not() })
  }

  private mutating func comparison() throws(AIGCError) -> TemplateExpression {
    let first = try sum()
    var others: [(TemplateComparison, TemplateExpression)] = []
    while let comparison = takeComparison() { others.append((comparison, try sum())) }
    return others.isEmpty ? first : .comparison(first, others)
  }

  private mutating func takeComparison() -> TemplateComparison? {
    if token.kind == .sign, let comparison = TemplateComparison(rawValue: token.string) {
      _ = next()
      return comparison
    }
    if takeName("in") { return .isIn }
    guard isName("not"), following.kind == .name, following.string == "in" else { return nil }
    position += 2
    return .isNotIn
  }

  private static let sums: [String: TemplateOperator] = ["+": .add, "-": .subtract]
  private static let products: [String: TemplateOperator] = [
    "*": .multiply, "/": .divide, "//": .floorDivide, "%": .remainder,
  ]

  private mutating func takeOperator(
    _ operators: [String: TemplateOperator]
  ) -> ((TemplateExpression, TemplateExpression) -> TemplateExpression)? {
    guard token.kind == .sign, let found = operators[token.string] else { return nil }
    _ = next()
    return { .arithmetic(found, $0, $1) }
  }

  private mutating func sum() throws(AIGCError) -> TemplateExpression {
    try chain(
      { (parser) throws(AIGCError) in try parser.concatenation() },
      { (parser) in parser.takeOperator(Self.sums) })
  }

  private mutating func concatenation() throws(AIGCError) -> TemplateExpression {
    var values = [try product()]
    while takeSign("~") { values.append(try product()) }
    return values.count == 1 ? values[0] : .concatenation(values)
  }

  private mutating func product() throws(AIGCError) -> TemplateExpression {
    try chain(
      { (parser) throws(AIGCError) in try parser.power() },
      { (parser) in parser.takeOperator(Self.products) })
  }

  private mutating func power() throws(AIGCError) -> TemplateExpression {
    try chain(
      { (parser) throws(AIGCError) in try parser.unary() },
      { (parser) in parser.takeOperator(["**": .power]) })
  }

  private mutating func unary(takesFilters: Bool = true) throws(AIGCError) -> TemplateExpression {
    try nested { (parser) throws(AIGCError) in
      var result: TemplateExpression
      if parser.takeSign("-") {
        result = .negative(try parser.unary(takesFilters: false))
      } else if parser.takeSign("+") {
        result = .positive(try parser.unary(takesFilters: false))
      } else {
        result = try parser.primary()
      }
      result = try parser.postfix(result)
      return takesFilters ? try parser.filtered(result) : result
    }
  }

  private mutating func primary() throws(AIGCError) -> TemplateExpression {
    let token = token
    switch token.kind {
    case .name:
      _ = next()
      return name(token.string)
    case .string:
      var text: [Unicode.Scalar] = []
      while self.token.kind == .string { text += next().text }
      return .literal(.text(TemplateText(text)))
    case .integer:
      _ = next()
      return .literal(.int(try integer(token.string)))
    case .float:
      _ = next()
      guard let value = Double(token.string) else { throw error("a number that is none") }
      return .literal(.double(value))
    case .sign: return try bracket()
    default: throw error("an expression is missing before \(found)")
    }
  }

  private mutating func name(_ name: String) -> TemplateExpression {
    switch name {
    case "true", "True": return .literal(.bool(true))
    case "false", "False": return .literal(.bool(false))
    case "none", "None": return .literal(.none)
    default:
      names.indices.last.map { _ = names[$0].insert(name) }
      return .name(name)
    }
  }

  private func integer(_ text: String) throws(AIGCError) -> Int {
    let radix: Int
    switch text.dropFirst().first {
    case "x", "X": radix = 16
    case "o", "O": radix = 8
    case "b", "B": radix = 2
    default: radix = 10
    }
    guard let value = Int(radix == 10 ? text[...] : text.dropFirst(2), radix: radix) else {
      throw error("the number \(printable(text)) is too large")
    }
    return value
  }

  private mutating func bracket() throws(AIGCError) -> TemplateExpression {
    if takeSign("(") {
      let value = try tuple(isInParentheses: true)
      try expectSign(")")
      return value
    }
    if takeSign("[") {
      var values: [TemplateExpression] = []
      while !isSign("]") {
        if !values.isEmpty { try expectSign(",") }
        if isSign("]") { break }
        values.append(try expression())
      }
      try expectSign("]")
      return .list(values)
    }
    guard takeSign("{") else { throw error("\(found) is not expected") }
    var members: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !isSign("}") {
      if !members.isEmpty { try expectSign(",") }
      if isSign("}") { break }
      let key = try expression()
      try expectSign(":")
      members.append((key, try expression()))
    }
    try expectSign("}")
    return .dictionary(members)
  }

  // MARK: Behind a value

  private mutating func postfix(_ value: TemplateExpression) throws(AIGCError) -> TemplateExpression
  {
    var result = value
    var length = 0
    while token.kind == .sign {
      switch token.string {
      case ".": result = try attribute(result)
      case "[": result = try item(result)
      case "(": result = .call(result, try arguments())
      default: return result
      }
      length += 1
      try checkChain(length)
    }
    return result
  }

  private mutating func filtered(_ value: TemplateExpression) throws(AIGCError)
    -> TemplateExpression
  {
    var result = value
    var length = 0
    while true {
      if takeSign("|") {
        result = .filter(result, try filter())
      } else if takeName("is") {
        let isNegated = takeName("not")
        result = .test(result, try test())
        if isNegated { result = .not(result) }
      } else if isSign("(") {
        result = .call(result, try arguments())
      } else {
        return result
      }
      length += 1
      try checkChain(length)
    }
  }

  private mutating func attribute(_ value: TemplateExpression) throws(AIGCError)
    -> TemplateExpression
  {
    _ = next()
    switch token.kind {
    case .name: return .attribute(value, next().string)
    case .integer: return .item(value, .literal(.int(try integer(next().string))))
    default: throw error("a name is missing before \(found)")
    }
  }

  private mutating func item(_ value: TemplateExpression) throws(AIGCError) -> TemplateExpression {
    try expectSign("[")
    var keys: [TemplateExpression] = []
    var slice: TemplateSlice?
    while !isSign("]") {
      if !keys.isEmpty { try expectSign(",") }
      let key = isSign(":") ? nil : try expression()
      if isSign(":") {
        guard keys.isEmpty else { throw error("a slice among other keys") }
        slice = try self.slice(key)
        break
      }
      if let key { keys.append(key) }
    }
    try expectSign("]")
    if let slice { return .slice(value, slice) }
    guard let first = keys.first else { throw error("a key is missing before \(found)") }
    return .item(value, keys.count == 1 ? first : .tuple(keys))
  }

  private mutating func slice(_ start: TemplateExpression?) throws(AIGCError) -> TemplateSlice {
    var result = TemplateSlice(start: start)
    try expectSign(":")
    if !isSign("]"), !isSign(":") { result.stop = try expression() }
    if takeSign(":"), !isSign("]") { result.step = try expression() }
    return result
  }

  mutating func arguments() throws(AIGCError) -> TemplateArguments {
    try expectSign("(")
    var result = TemplateArguments()
    var isFirst = true
    while !isSign(")") {
      if !isFirst { try expectSign(",") }
      isFirst = false
      if isSign(")") { break }
      if takeSign("**") {
        guard result.spread == nil else { throw error("two ** in one call") }
        result.spread = try expression()
      } else if takeSign("*") {
        result.positional.append((try expression(), true))
      } else if token.kind == .name, following.kind == .sign, following.string == "=" {
        let name = next().string
        _ = next()
        result.named.append((name, try expression()))
      } else {
        guard result.named.isEmpty, result.spread == nil else {
          throw error("an argument without a name behind one with a name")
        }
        result.positional.append((try expression(), false))
      }
    }
    try expectSign(")")
    return result
  }

  private mutating func dottedName() throws(AIGCError) -> String {
    var name = try expectName()
    while takeSign(".") { name += "." + (try expectName()) }
    return name
  }

  mutating func filter() throws(AIGCError) -> TemplateFilter {
    let name = try dottedName()
    return TemplateFilter(name: name, arguments: isSign("(") ? try arguments() : .init())
  }

  private mutating func test() throws(AIGCError) -> TemplateFilter {
    var result = TemplateFilter(name: try dottedName())
    if isSign("(") {
      result.arguments = try arguments()
    } else if beginsArgument {
      let argument = try postfix(try primary())
      result.arguments.positional = [(argument, false)]
    }
    return result
  }

  /// Whether a test's only argument follows, without parentheses.
  private var beginsArgument: Bool {
    switch token.kind {
    case .string, .integer, .float: true
    case .sign: ["[", "{"].contains(token.string)
    case .name: !["else", "or", "and", "is", "if", "in", "not", "recursive"].contains(token.string)
    default: false
    }
  }
}
