import Files

/// Reads a grammar as llama.cpp writes them (GBNF, `grammars/README.md` of llama.cpp): `name ::= …` with
/// literals, classes, groups, `|`, `*`, `+`, `?`, `{m,n}` and comments; whole texts are the rule `root`.
struct GrammarParser {
  private let source: [Unicode.Scalar]
  private var position = 0
  private var names: [String: Int] = [:]
  private var rules: [Grammar.Rule] = []
  /// Where each rule was first asked for, and whether it was given.
  private var places: [Int] = []
  private var isGiven: [Bool] = []

  /// - Throws: ``/Files/AIGCError`` (badInput) "grammar, line 1, column 2: …".
  static func parse(_ text: String) throws(AIGCError) -> Grammar {
    if text.utf8.count > Grammar.largestSize {
      throw .badInput("grammar: larger than \(Grammar.largestSize >> 20) MiB")
    }
    var parser = GrammarParser(text)
    return try parser.grammar()
  }

  private init(_ text: String) { source = Array(text.unicodeScalars) }

  private func error(_ text: String, at place: Int? = nil) -> AIGCError {
    let before = source.prefix(place ?? position)
    let line = before.reduce(1) { $0 + ($1 == "\n" ? 1 : 0) }
    let column = before.count - (before.lastIndex(of: "\n").map { $0 + 1 } ?? 0) + 1
    return .badInput("grammar, line \(line), column \(column): \(text)")
  }

  private var next: Unicode.Scalar? { position < source.count ? source[position] : nil }

  private func stands(_ text: String) -> Bool {
    source[position...].starts(with: text.unicodeScalars)
  }

  /// Passes over white space and comments; over line ends where a rule may go on.
  private mutating func skip(lines: Bool) {
    while let scalar = next {
      if scalar == "#" {
        while let inside = next, inside != "\n", inside != "\r" { position += 1 }
      } else if scalar == " " || scalar == "\t" || (lines && (scalar == "\n" || scalar == "\r")) {
        position += 1
      } else {
        return
      }
    }
  }

  private mutating func grammar() throws(AIGCError) -> Grammar {
    skip(lines: true)
    while next != nil {
      try Interruption.check(at: position)
      try rule()
      skip(lines: true)
    }
    guard let root = names["root"], isGiven[root] else {
      throw .badInput("grammar: there is no rule root, which whole texts are")
    }
    if let missing = isGiven.firstIndex(of: false) {
      throw error("there is no rule \(printable(rules[missing].name))", at: places[missing])
    }
    return Grammar(rules: rules, root: root)
  }

  private mutating func rule() throws(AIGCError) {
    let start = position
    let number = try self.number(of: name())
    if isGiven[number] {
      throw error("the rule \(printable(rules[number].name)) was given before", at: start)
    }
    isGiven[number] = true
    skip(lines: false)
    guard stands("::=") else { throw error("::= is missing") }
    position += 3
    skip(lines: true)
    rules[number].body = try alternatives(depth: 0)
    guard let end = next else { return }
    if end == "\r" || end == "\n" { return }
    throw error("\(printable(String(end))) is not expected here")
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
    default: false
    }
  }

  private mutating func name() throws(AIGCError) -> String {
    var name = ""
    let start = position
    while let scalar = next, Self.isName(scalar) {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    if name.isEmpty { throw error("the name of a rule is missing") }
    if name.utf8.count > 1000 { throw error("a name of more than 1,000 characters", at: start) }
    return name
  }

  private mutating func number(of name: String) throws(AIGCError) -> Int {
    if let known = names[name] { return known }
    guard rules.count < Grammar.largestRules else {
      throw error("more than \(Grammar.largestRules) rules")
    }
    names[name] = rules.count
    rules.append(Grammar.Rule(name: name, body: .choice([])))
    places.append(position - name.unicodeScalars.count)
    isGiven.append(false)
    return rules.count - 1
  }

  private mutating func alternatives(depth: Int) throws(AIGCError) -> GrammarExpression {
    if depth > Grammar.largestDepth {
      throw error("groups in each other deeper than \(Grammar.largestDepth)")
    }
    var choices = [try sequence(depth: depth)]
    while next == "|" {
      position += 1
      skip(lines: true)
      choices.append(try sequence(depth: depth))
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence(depth: Int) throws(AIGCError) -> GrammarExpression {
    var items: [GrammarExpression] = []
    while let scalar = next {
      let item: GrammarExpression
      switch scalar {
      case "\"": item = try literal()
      case "[": item = try characterClass()
      case ".":
        position += 1
        item = .characters(CharacterRanges.all)
      case "(":
        position += 1
        skip(lines: true)
        item = try alternatives(depth: depth + 1)
        guard next == ")" else { throw error(") is missing") }
        position += 1
      case "<", "!":
        throw error("tokens by name or number are not taken; write the text itself")
      case let scalar where Self.isName(scalar):
        let start = position
        let name = try name()
        // The next rule may begin here, at a line's start.
        item = .rule(try number(of: name))
        if isDefinition { throw error("a rule begins on a line of its own", at: start) }
      case "*", "+", "?", "{":
        throw error("\(scalar) stands behind nothing that could be repeated")
      default: return .sequence(items)
      }
      skip(lines: depth > 0)
      items.append(try repetitions(of: item, inGroup: depth > 0))
    }
    return .sequence(items)
  }

  private var isDefinition: Bool {
    var ahead = self
    ahead.skip(lines: false)
    return ahead.stands("::=")
  }

  /// The signs behind an item; each repeats what stands before it.
  private mutating func repetitions(
    of item: GrammarExpression, inGroup: Bool
  ) throws(AIGCError) -> GrammarExpression {
    var (item, depth) = (item, 0)
    while let sign = next {
      switch sign {
      case "*": item = .repeated(item, least: 0, most: nil)
      case "+": item = .repeated(item, least: 1, most: nil)
      case "?": item = .repeated(item, least: 0, most: 1)
      case "{":
        let (least, most) = try counts()
        item = .repeated(item, least: least, most: most)
      default: return item
      }
      depth += 1
      if depth > Grammar.largestDepth { throw error("too many repetitions of one item") }
      position += 1
      skip(lines: inGroup)
    }
    return item
  }

  /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; the position is then at the closing brace.
  private mutating func counts() throws(AIGCError) -> (Int, Int?) {
    let start = position
    position += 1
    skip(lines: false)
    let least = try count()
    skip(lines: false)
    var most = least
    if next == "," {
      position += 1
      skip(lines: false)
      most = try count()
      skip(lines: false)
    } else if least == nil {
      throw error("a number is missing")
    }
    guard next == "}" else { throw error("} is missing") }
    if let most, most < least ?? 0 {
      throw error("{\(least ?? 0),\(most)}: the second number is smaller", at: start)
    }
    return (least ?? 0, most)
  }

  private mutating func count() throws(AIGCError) -> Int? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = (value ?? 0) * 10 + Int(scalar.value - 48)
      if let value, value > Grammar.largestCount {
        throw error("more than \(Grammar.largestCount) in a row")
      }
      position += 1
    }
    return value
  }

  private mutating func literal() throws(AIGCError) -> GrammarExpression {
    let start = position
    position += 1
    var bytes: [UInt8] = []
    while true {
      guard let scalar = next, scalar != "\n" else {
        throw error("a text that does not end", at: start)
      }
      if scalar == "\"" { break }
      bytes += CharacterRanges.bytes(try character())
    }
    position += 1
    return .literal(bytes)
  }

  private mutating func characterClass() throws(AIGCError) -> GrammarExpression {
    let start = position
    position += 1
    let isNegated = next == "^"
    if isNegated { position += 1 }
    var ranges: [ClosedRange<UInt32>] = []
    while true {
      guard let scalar = next, scalar != "\n" else {
        throw error("a class that does not end", at: start)
      }
      if scalar == "]" { break }
      let first = try character()
      var last = first
      if next == "-", position + 1 < source.count, source[position + 1] != "]" {
        position += 1
        last = try character()
        if last < first { throw error("a range that runs backwards", at: start) }
      }
      ranges.append(first...last)
    }
    position += 1
    let set = CharacterRanges.normalized(ranges)
    return .characters(isNegated ? CharacterRanges.complement(set) : set)
  }

  /// A character or an escape.
  private mutating func character() throws(AIGCError) -> UInt32 {
    guard let scalar = next else { throw error("the grammar ends too early") }
    position += 1
    guard scalar == "\\" else { return scalar.value }
    guard let escape = next else { throw error("the grammar ends too early") }
    position += 1
    switch escape {
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    case "U": return try hexadecimal(8)
    case "t": return 9
    case "r": return 13
    case "n": return 10
    case "\\", "\"", "[", "]": return escape.value
    default:
      position -= 2
      throw error("\\\(printable(String(escape))) is no escape")
    }
  }

  private mutating func hexadecimal(_ digits: Int) throws(AIGCError) -> UInt32 {
    let start = position
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = next, let number = digit.properties.isASCIIHexDigit ? digit : nil,
        let part = UInt32(String(number), radix: 16)
      else { throw error("\(digits) hexadecimal digits are missing", at: start) }
      value = value << 4 | part
      position += 1
    }
    guard Unicode.Scalar(value) != nil else { throw error("no character", at: start) }
    return value
  }
}
