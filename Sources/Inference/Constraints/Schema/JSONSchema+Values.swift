import Files

extension JSONSchema {
  // MARK: Any value

  /// Any JSON value.
  mutating func value() throws(AIGCError) -> GrammarExpression {
    let string = try plainString()
    let space = try space()
    let number = try shared("number") { SchemaNumbers.number }
    // The rules of values call each other: the first number is known when it is reserved.
    let value = try shared("value") { .choice([]) }
    guard case .rule(let index) = value else { return value }
    if rules[index].body == .choice([]) {
      let array = try shared("array") { Self.list([space, value], space) }
      let object = try shared("object") {
        Self.list([space, string, space, .text(":"), space, value], space, "{", "}")
      }
      setBody(
        index,
        .choice([string, number, object, array, .text("true"), .text("false"), .text("null")]))
    }
    return value
  }

  /// Any number of items between brackets.
  private static func list(
    _ item: [GrammarExpression], _ space: GrammarExpression, _ open: String = "[",
    _ close: String = "]"
  ) -> GrammarExpression {
    let more = GrammarExpression.sequence([space, .text(",")] + item)
    let items = GrammarExpression.sequence(item + [.repeated(more, least: 0, most: nil)])
    return .sequence([.text(open), items.optional, space, .text(close)])
  }

  mutating func plainString() throws(AIGCError) -> GrammarExpression {
    try shared("string") {
      SchemaText.quoted(.repeated(SchemaText.character, least: 0, most: nil))
    }
  }

  // MARK: Numbers and lengths

  /// A number that counts something.
  private func count(
    _ keyword: String, _ members: Members, _ place: String
  ) throws(AIGCError) -> Int? {
    guard let value = members.value(keyword) else { return nil }
    guard let number = value.number, let count = Int(exactly: number), count >= 0 else {
      throw .badInput("JSON schema, \(place): `\(keyword)` is a whole number, 0 or more")
    }
    return count
  }

  /// Two counts of which the second is not smaller.
  func counts(
    _ least: String, _ most: String, _ members: Members, _ place: String
  ) throws(AIGCError) -> (Int, Int?) {
    let low = try count(least, members, place) ?? 0
    let high = try count(most, members, place)
    if let high, high < low {
      throw .badInput("JSON schema, \(place): `\(most)` \(high) is less than `\(least)` \(low)")
    }
    return (low, high)
  }

  mutating func number(
    _ members: Members, isWhole: Bool, _ place: String
  ) throws(AIGCError) -> GrammarExpression {
    var (low, high) = (Int?.none, Int?.none)
    var (floor, ceiling) = (Int?.none, Int?.none)
    for keyword in ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"] {
      guard let value = members.value(keyword) else { continue }
      guard let number = value.number else {
        throw .badInput("JSON schema, \(place): `\(keyword)` is a number")
      }
      let isLow = keyword == "minimum" || keyword == "exclusiveMinimum"
      let rounded = number.rounded(isLow ? .up : .down)
      guard var bound = Int(exactly: rounded), abs(rounded) <= 1e15 else {
        throw .badInput("JSON schema, \(place): `\(keyword)` beyond 1e15 is not taken")
      }
      if !isWhole, rounded != number { return try decimal(members, place) }
      // Fractions lie between the bounds, whether these are among the values or not.
      if isLow {
        floor = max(floor ?? bound, bound)
      } else {
        ceiling = min(ceiling ?? bound, bound)
      }
      if keyword.hasPrefix("exclusive"), rounded == number { bound += isLow ? 1 : -1 }
      if isLow { low = max(low ?? bound, bound) } else { high = min(high ?? bound, bound) }
    }
    if floor == nil, ceiling == nil {
      return try isWhole
        ? shared("integer") { SchemaNumbers.integer } : shared("number") { SchemaNumbers.number }
    }
    var choices: [GrammarExpression] = []
    if low ?? .min <= high ?? .max { choices.append(SchemaNumbers.integers(low, high)) }
    let isExact = max(floor?.magnitude ?? 0, ceiling?.magnitude ?? 0) <= 1_000_000_000
    if !isWhole, isExact, floor ?? .min < ceiling ?? .max,
      let fractions = SchemaNumbers.fractions(floor, ceiling)
    {
      choices.append(fractions)
    }
    if choices.isEmpty {
      throw .badInput("JSON schema, \(place): no number lies between the bounds")
    }
    return try add(place, .choice(choices))
  }

  /// A number with as many decimals as its bounds have.
  private mutating func decimal(
    _ members: Members, _ place: String
  ) throws(AIGCError) -> GrammarExpression {
    let bounds = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"].compactMap {
      keyword in members.value(keyword)?.number.map { (keyword, $0) }
    }
    // A number's own digits say how many decimals it has.
    let places = bounds.map { String($0.1).split(separator: ".").last?.count ?? 0 }.max() ?? 0
    let scale = (0..<min(places, Self.largestPlaces + 1)).reduce(1.0) { unit, _ in unit * 10 }
    var (low, high) = (Int?.none, Int?.none)
    for (keyword, bound) in bounds {
      guard abs(bound) <= 1e9, places <= Self.largestPlaces, !String(bound).contains("e") else {
        throw .badInput(
          "JSON schema, \(place): `\(keyword)` of numbers is taken up to 1e9 and to "
            + "\(Self.largestPlaces) decimals")
      }
      let units = Int((bound * scale).rounded())
      switch keyword {
      case "minimum": low = max(low ?? units, units)
      case "exclusiveMinimum": low = max(low ?? units + 1, units + 1)
      case "maximum": high = min(high ?? units, units)
      default: high = min(high ?? units - 1, units - 1)
      }
    }
    guard low ?? .min <= high ?? .max else {
      throw .badInput("JSON schema, \(place): no number lies between the bounds")
    }
    return try add(place, SchemaNumbers.integers(low, high, places: places))
  }

  private static var largestPlaces: Int { 6 }

  // MARK: Strings

  mutating func string(_ members: Members, _ place: String) throws(AIGCError) -> GrammarExpression {
    let (least, most) = try counts("minLength", "maxLength", members, place)
    let hasLength = members.value("minLength") != nil || members.value("maxLength") != nil
    var body: GrammarExpression?
    if let pattern = members.value("pattern") {
      guard case .string(let text) = pattern else {
        throw .badInput("JSON schema, \(place): `pattern` is a text")
      }
      body = try SchemaPattern.parse(text, place: "JSON schema, \(place)")
    }
    if let format = members.value("format") {
      guard case .string(let name) = format, let known = SchemaText.format(name) else {
        throw .badInput(
          "JSON schema, \(place): `format` \(printable(format.text)) is not taken; date, time, date-time and uuid "
            + "are")
      }
      if body != nil {
        throw .badInput("JSON schema, \(place): `format` beside `pattern` is not taken")
      }
      body = known
    }
    if let body {
      if hasLength {
        throw .badInput(
          "JSON schema, \(place): `minLength` and `maxLength` beside `pattern` or `format` are not taken"
        )
      }
      return try add(place, SchemaText.quoted(body))
    }
    if !hasLength { return try plainString() }
    return try add(
      place, SchemaText.quoted(.repeated(SchemaText.character, least: least, most: most)))
  }

  // MARK: Arrays

  mutating func array(_ members: Members, _ place: String) throws(AIGCError) -> GrammarExpression {
    var (least, most) = try counts("minItems", "maxItems", members, place)
    var first: [JSONValue] = []
    switch members.value("prefixItems") {
    case .array(let schemas): first = schemas
    case nil: break
    default: throw .badInput("JSON schema, \(place): `prefixItems` is a list of schemas")
    }
    let rest = members.value("items")
    if case .array = rest {
      throw .badInput(
        "JSON schema, \(place): `items` is one schema; a list of them is `prefixItems`")
    }
    if let most, most < first.count { first.removeLast(first.count - most) }
    // As in llama.cpp, the first items are all written, and others where the schema speaks of them.
    least = max(least, first.count)
    if !first.isEmpty, rest == nil { most = least }
    if rest == .bool(false) {
      if least > first.count {
        throw .badInput("JSON schema, \(place): `minItems` and `items` leave no array")
      }
      most = first.count
    }
    var items: [GrammarExpression] = []
    for (index, schema) in first.enumerated() {
      items.append(.rule(try rule(schema, "\(place)/prefixItems/\(index)")))
    }
    let space = try space()
    let separator: [GrammarExpression] = [space, .text(","), space]
    var parts: [GrammarExpression] = []
    for (index, item) in items.enumerated() { parts += index == 0 ? [item] : separator + [item] }
    if most ?? .max > items.count {
      let item = GrammarExpression.rule(try rule(rest ?? .bool(true), "\(place)/items"))
      let next = GrammarExpression.sequence(separator + [item])
      if items.isEmpty {
        let more = GrammarExpression.repeated(
          next, least: max(least - 1, 0), most: most.map { $0 - 1 })
        let all = GrammarExpression.sequence([item, more])
        parts.append(least == 0 ? all.optional : all)
      } else {
        parts.append(
          .repeated(next, least: least - items.count, most: most.map { $0 - items.count }))
      }
    }
    return try add(
      place, .sequence([.text("["), space] + parts + [space, .text("]")]))
  }

  // MARK: Objects

  /// A member as it is written.
  private mutating func member(
    _ key: GrammarExpression, _ schema: JSONValue, _ place: String
  ) throws(AIGCError) -> GrammarExpression {
    let space = try space()
    let value = GrammarExpression.rule(try rule(schema, place))
    return try add(place, .sequence([key, space, .text(":"), space, value]))
  }

  mutating func object(_ members: Members, _ place: String) throws(AIGCError) -> GrammarExpression {
    let properties = try properties(members, place)
    let names = properties.map { $0.name }
    let space = try space()
    let separator: [GrammarExpression] = [space, .text(","), space]
    // What can follow when a member is written, and when none is, from the last to the first.
    var (rest, start) = (GrammarExpression.sequence([]), GrammarExpression.sequence([]))
    if let schema = try additional(members, place, hasNames: !names.isEmpty) {
      let scalars = names.map { $0.unicodeScalars.map { $0.value } }
      if scalars.contains(where: { $0.count > 200 }) {
        throw .badInput("JSON schema, \(place): a property's name is longer than 200 characters")
      }
      let key = try add(
        "\(place)/additionalProperties",
        SchemaText.quoted(SchemaText.names(otherThan: scalars)))
      let other = try member(key, schema, "\(place)/additionalProperties")
      rest = .repeated(.sequence(separator + [other]), least: 0, most: nil)
      start = GrammarExpression.sequence([other, rest]).optional
    }
    for property in properties.reversed() {
      let written = try member(
        .text(JSONValue.string(property.name).text), property.schema,
        "\(place)/properties/\(property.name)")
      let after = try add(place, rest)
      let first = GrammarExpression.sequence([written, after])
      start = try property.isRequired ? first : .choice([first, add(place, start)])
      let next = GrammarExpression.sequence(separator + [written])
      rest = .sequence([property.isRequired ? next : next.optional, after])
    }
    return try add(place, .sequence([.text("{"), space, start, space, .text("}")]))
  }

  /// The members that an object may have by name, in order.
  private func properties(
    _ members: Members, _ place: String
  ) throws(AIGCError) -> [(name: String, schema: JSONValue, isRequired: Bool)] {
    var known: Members = []
    switch members.value("properties") {
    case .object(let all): known = all
    case nil: break
    default: throw .badInput("JSON schema, \(place): `properties` is an object of schemas")
    }
    if known.count > 1000 { throw .badInput("JSON schema, \(place): more than 1,000 properties") }
    let required = try required(members, place)
    var seen = Set<String>()
    for member in known where !seen.insert(member.name).inserted {
      throw .badInput(
        "JSON schema, \(place): the property \(printable(member.name)) stands there twice")
    }
    var result = known.filter { $0.value != .bool(false) || required.contains($0.name) }
      .map { (name: $0.name, schema: $0.value, isRequired: required.contains($0.name)) }
    for name in required where seen.insert(name).inserted {
      // Without a schema of its own it has that of all others.
      var schema = members.value("additionalProperties") ?? .bool(true)
      if schema == .bool(false) {
        throw .badInput(
          "JSON schema, \(place): `required` \(printable(name)) is forbidden by `additionalProperties`"
        )
      }
      if case .object(let empty) = schema, empty.isEmpty { schema = .bool(true) }
      result.append((name, schema, true))
    }
    return result
  }

  func required(_ members: Members, _ place: String) throws(AIGCError) -> [String] {
    var names: [String] = []
    guard let list = members.value("required") else { return [] }
    guard case .array(let values) = list else {
      throw .badInput("JSON schema, \(place): `required` is a list of names")
    }
    for value in values {
      guard case .string(let name) = value else {
        throw .badInput("JSON schema, \(place): `required` is a list of names")
      }
      names.append(name)
    }
    return names
  }

  /// The schema of members that have no name in the schema; nil: there are none.
  private func additional(
    _ members: Members, _ place: String, hasNames: Bool
  ) throws(AIGCError) -> JSONValue? {
    switch members.value("additionalProperties") {
    case .bool(false): nil
    case nil: hasNames ? nil : members.value("properties") == nil ? .bool(true) : nil
    case .object(let schema): .object(schema)
    case .bool(true): .bool(true)
    default: throw .badInput("JSON schema, \(place): `additionalProperties` is a schema")
    }
  }
}
