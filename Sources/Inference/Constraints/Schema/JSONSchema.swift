import Files

/// Makes a grammar of a JSON schema (draft 2020-12, json-schema.org): every text of the grammar is a document that the
/// schema accepts. What the grammar cannot promise is refused by its name. As in llama.cpp, members come in the order
/// of the schema, and there are no others unless `additionalProperties` asks for them.
struct JSONSchema {
  typealias Members = [JSONValue.Member]

  /// The whole document, for references.
  private let document: JSONValue
  private(set) var rules: [Grammar.Rule] = []
  /// The rules of references, of kinds of values that all schemas share, and how many schemas were read.
  private var references: [String: Int] = [:]
  private var shared: [String: Int] = [:]
  private var steps = 0
  /// How many schemas are being read, each within the one before.
  private var nesting = 0

  /// Keywords that say nothing about values.
  private static let annotations: Set<String> = [
    "title", "description", "default", "examples", "$schema", "$id", "$comment", "deprecated",
    "readOnly",
    "writeOnly", "$defs", "definitions",
  ]
  /// Keywords by the type of the values that they are about; of other values they say nothing.
  static let keywords: [String: Set<String>] = [
    "string": ["minLength", "maxLength", "pattern", "format"],
    "number": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    "integer": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    "object": ["properties", "required", "additionalProperties"],
    "array": ["items", "prefixItems", "minItems", "maxItems"], "boolean": [], "null": [],
  ]
  static let general: Set<String> = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"]
  private static let known = keywords.values.reduce(general.union(annotations)) { $0.union($1) }

  /// - Throws: ``/Files/AIGCError`` (badInput), a line that names the place and the keyword.
  static func grammar(_ text: String) throws(AIGCError) -> Grammar {
    if text.utf8.count > Grammar.largestSize {
      throw .badInput("JSON schema: larger than \(Grammar.largestSize >> 20) MiB")
    }
    let document: JSONValue
    do {
      document = try JSONValue(parsing: Table(Array(text.utf8)))
    } catch {
      throw AIGCError(error.code, "JSON schema: \(error)")
    }
    var schema = JSONSchema(document)
    let root = try schema.rule(document, "#")
    return Grammar(rules: schema.rules, root: root)
  }

  private init(_ document: JSONValue) { self.document = document }

  // MARK: Rules

  /// A rule of its own for a schema.
  mutating func rule(_ schema: JSONValue, _ place: String) throws(AIGCError) -> Int {
    if place == "#", let known = references["#"] { return known }
    let number = try reserve(place)
    if place == "#" { references["#"] = number }
    rules[number].body = try expression(schema, place, depth: 0)
    return number
  }

  mutating func add(_ name: String, _ body: GrammarExpression) throws(AIGCError)
    -> GrammarExpression
  {
    let number = try reserve(name)
    rules[number].body = body
    return .rule(number)
  }

  private mutating func reserve(_ name: String) throws(AIGCError) -> Int {
    if rules.count >= Grammar.largestRules {
      throw .badInput("JSON schema: more than \(Grammar.largestRules) rules")
    }
    rules.append(Grammar.Rule(name: name, body: .choice([])))
    return rules.count - 1
  }

  /// A rule that all schemas share.
  mutating func shared(
    _ name: String, _ body: () -> GrammarExpression
  ) throws(AIGCError) -> GrammarExpression {
    if let known = shared[name] { return .rule(known) }
    let number = try reserve(name)
    shared[name] = number
    rules[number].body = body()
    return .rule(number)
  }

  mutating func setBody(_ rule: Int, _ body: GrammarExpression) { rules[rule].body = body }

  mutating func space() throws(AIGCError) -> GrammarExpression {
    try shared("space") { SchemaText.space }
  }

  // MARK: Schemas

  /// What a schema's values look like.
  /// - Parameter depth: merged and chosen schemas around it.
  mutating func expression(
    _ schema: JSONValue, _ place: String, depth: Int
  ) throws(AIGCError) -> GrammarExpression {
    steps += 1
    nesting += 1
    defer { nesting -= 1 }
    try Interruption.check(at: steps)
    if steps > 100_000 || depth > 64 || nesting > 100 {
      throw .badInput("JSON schema, \(place): schemas within schemas grow too many")
    }
    switch schema {
    case .bool(true): return try value()
    case .bool(false): throw .badInput("JSON schema, \(place): false accepts no value")
    case .object(let all):
      let members = try checked(all, place)
      if let reference = members.value("$ref") {
        return try referred(members, reference, place, depth)
      }
      if let all = members.value("allOf") {
        let merged = try merge(all, into: members.without("allOf"), place)
        return try expression(.object(merged), place, depth: depth + 1)
      }
      for keyword in ["anyOf", "oneOf"] {
        if let choices = members.value(keyword) {
          return try choice(keyword, choices, members.without(keyword), place, depth)
        }
      }
      return try typed(members, place)
    default: throw .badInput("JSON schema, \(place): a schema is an object, true or false")
    }
  }

  /// Members without annotations.
  func checked(_ members: Members, _ place: String) throws(AIGCError) -> Members {
    var names = Set<String>()
    for member in members {
      guard names.insert(member.name).inserted else {
        throw .badInput("JSON schema, \(place): `\(printable(member.name))` stands there twice")
      }
      // What asks for nothing is no demand.
      if member.name == "uniqueItems", member.value == .bool(false) { continue }
      guard Self.known.contains(member.name) else {
        throw .badInput("JSON schema, \(place): \"\(printable(member.name))\" is not taken")
      }
    }
    return members.filter { !Self.annotations.contains($0.name) && $0.name != "uniqueItems" }
  }

  private mutating func referred(
    _ members: Members, _ reference: JSONValue, _ place: String, _ depth: Int
  ) throws(AIGCError) -> GrammarExpression {
    guard case .string(let name) = reference else {
      throw .badInput("JSON schema, \(place): `$ref` is a text")
    }
    if members.count > 1 {
      // What stands beside a reference holds, too.
      let merged = try merge(
        [.object([.init("$ref", reference)])], into: members.without("$ref"), place)
      return try expression(.object(merged), place, depth: depth + 1)
    }
    if let known = references[name] { return .rule(known) }
    let target = try resolve(name, place)
    let number = try reserve(name)
    references[name] = number
    rules[number].body = try expression(target, name, depth: depth + 1)
    return .rule(number)
  }

  /// The schema that a JSON pointer (RFC 6901) in the document leads to.
  func resolve(_ reference: String, _ place: String) throws(AIGCError) -> JSONValue {
    let parts = reference.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.first == "#" else {
      throw .badInput(
        "JSON schema, \(place): `$ref` \(printable(reference)): only places in the schema are taken, #/$defs/…"
      )
    }
    var value = document
    for part in parts.dropFirst() {
      let name = part.split(separator: "~1", omittingEmptySubsequences: false).joined(
        separator: "/"
      )
      .split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
      if case .object(let members) = value, let found = members.value(name) {
        value = found
      } else if case .array(let items) = value, let index = Int(name), items.indices.contains(index)
      {
        value = items[index]
      } else {
        throw .badInput("JSON schema, \(place): `$ref` \(printable(reference)) leads nowhere")
      }
    }
    return value
  }

  private mutating func choice(
    _ keyword: String, _ choices: JSONValue, _ rest: Members, _ place: String, _ depth: Int
  ) throws(AIGCError) -> GrammarExpression {
    guard case .array(let schemas) = choices, !schemas.isEmpty else {
      throw .badInput("JSON schema, \(place): `\(keyword)` is a list of schemas")
    }
    var merged: [JSONValue] = []
    for schema in schemas {
      merged.append(rest.isEmpty ? schema : .object(try merge([schema], into: rest, place)))
    }
    if keyword == "oneOf" { try checkApart(merged, place) }
    var found: [GrammarExpression] = []
    for (index, schema) in merged.enumerated() {
      found.append(try expression(schema, "\(place)/\(keyword)/\(index)", depth: depth + 1))
    }
    return .choice(found)
  }

  // MARK: Types

  static let types = ["object", "array", "string", "number", "integer", "boolean", "null"]

  /// The types that a schema asks for; those that its keywords are about where it names none; nil: any.
  func types(_ members: Members, _ place: String) throws(AIGCError) -> [String]? {
    var named: [String] = []
    switch members.value("type") {
    case .string(let name): named = [name]
    case .array(let names):
      for name in names {
        if case .string(let name) = name { named.append(name) } else { named.append("") }
      }
    case nil:
      for type in ["object", "array", "string", "number"]
      where members.contains(where: { Self.keywords[type]?.contains($0.name) == true }) {
        named.append(type)
      }
      return named.isEmpty ? nil : named
    default: named = [""]
    }
    for name in named where !Self.types.contains(name) {
      throw .badInput(
        "JSON schema, \(place): `type` \(printable(name)) is none of \(Self.types.joined(separator: ", "))"
      )
    }
    return named
  }

  private mutating func typed(_ members: Members, _ place: String) throws(AIGCError)
    -> GrammarExpression
  {
    if let values = try enumerated(members, place) {
      return .choice(values.map { .text($0.text) })
    }
    guard let types = try types(members, place) else { return try value() }
    var found: [GrammarExpression] = []
    for type in types {
      switch type {
      case "object": found.append(try object(members, place))
      case "array": found.append(try array(members, place))
      case "string": found.append(try string(members, place))
      case "number", "integer":
        if type == "integer", types.contains("number") { continue }
        found.append(try number(members, isWhole: type == "integer", place))
      case "boolean": found.append(.choice([.text("true"), .text("false")]))
      default: found.append(.text("null"))
      }
    }
    return found.count == 1 ? found[0] : .choice(found)
  }

  /// The values of `enum` or `const` that the schema's `type` accepts; nil without either.
  func enumerated(_ members: Members, _ place: String) throws(AIGCError) -> [JSONValue]? {
    var values: [JSONValue]?
    if case .array(let list)? = members.value("enum") {
      values = list
    } else if members.value("enum") != nil {
      throw .badInput("JSON schema, \(place): `enum` is a list of values")
    }
    if let constant = members.value("const") {
      values = values.map { $0.filter { $0 == constant } } ?? [constant]
    }
    guard var values else { return nil }
    if members.value("type") != nil, let types = try types(members, place) {
      values.removeAll { value in !types.contains { Self.has(value, type: $0) } }
    }
    for value in values {
      for type in Self.types where Self.has(value, type: type) {
        if let keyword = members.first(where: { Self.keywords[type]?.contains($0.name) == true }) {
          throw .badInput(
            "JSON schema, \(place): `\(keyword.name)` beside `enum` or `const` is not taken")
        }
      }
    }
    if values.isEmpty { throw .badInput("JSON schema, \(place): `enum` leaves no value") }
    return values
  }

  static func has(_ value: JSONValue, type: String) -> Bool {
    switch value {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .int: type == "integer" || type == "number"
    case .double(let number):
      type == "number" || type == "integer" && number == number.rounded()
    case .float: type == "number"
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }
}

extension [JSONValue.Member] {
  func value(_ name: String) -> JSONValue? { first { $0.name == name }?.value }
  func without(_ name: String) -> [JSONValue.Member] { filter { $0.name != name } }
}
