import Files

/// Reads a format text with fields in braces.
struct BraceReader {
  /// `{name!conversion:specification}`.
  struct Field {
    var name: [Unicode.Scalar] = []
    var conversion: Unicode.Scalar?
    var specification: [Unicode.Scalar] = []
  }

  enum Part {
    case text([Unicode.Scalar])
    case field(Field)
  }

  private let source: [Unicode.Scalar]
  private var place = 0
  /// The next argument of a field without a name.
  private var index = 0

  init(_ source: [Unicode.Scalar]) { self.source = source }

  mutating func next(_ renderer: TemplateRenderer) throws(AIGCError) -> Part? {
    guard place < source.count else { return nil }
    let start = place
    while place < source.count, source[place] != "{", source[place] != "}" { place += 1 }
    if place > start { return .text(Array(source[start..<place])) }
    let brace = source[place]
    place += 1
    if place < source.count, source[place] == brace {
      place += 1
      return .text([brace])
    }
    guard brace == "{" else { throw renderer.error("Single '}' encountered in format string") }
    return .field(try field(renderer))
  }

  private mutating func field(_ renderer: TemplateRenderer) throws(AIGCError) -> Field {
    var field = Field()
    var depth = 1
    var isInSpecification = false
    while place < source.count {
      let scalar = source[place]
      place += 1
      if scalar == "{" { depth += 1 }
      if scalar == "}" {
        depth -= 1
        if depth == 0 { return field }
      }
      if isInSpecification {
        field.specification.append(scalar)
      } else if scalar == ":" {
        isInSpecification = true
      } else if scalar == "!", place < source.count {
        field.conversion = source[place]
        place += 1
      } else {
        field.name.append(scalar)
      }
    }
    throw renderer.error("expected '}' before end of string")
  }

  /// The argument that a field names, `0`, `name`, `user.name` or `list[0]`.
  mutating func value(
    _ name: [Unicode.Scalar], _ arguments: TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue {
    let text = TemplateText(name).string
    let first = text.prefix { $0 != "." && $0 != "[" }
    var value: TemplateValue
    if first.isEmpty || Int(first) != nil {
      let number = first.isEmpty ? index : Int(first) ?? 0
      if first.isEmpty { index += 1 }
      guard number >= 0, number < arguments.positional.count else {
        throw renderer.error("format: there is no argument \(number)")
      }
      value = arguments.positional[arguments.positional.startIndex + number]
    } else if let found = arguments.named.first(where: { $0.name == first }) {
      value = found.value
    } else {
      throw renderer.error("format: there is no argument \(printable(String(first)))")
    }
    var rest = text.dropFirst(first.count)
    while let sign = rest.first {
      rest = rest.dropFirst()
      if sign == "." {
        let part = rest.prefix { $0 != "." && $0 != "[" }
        rest = rest.dropFirst(part.count)
        value = try renderer.attribute(String(part), of: value)
      } else {
        let part = rest.prefix { $0 != "]" }
        rest = rest.dropFirst(part.count + 1)
        let key = Int(part).map { TemplateValue.int($0) } ?? .string(String(part))
        value = try renderer.item(key, of: value)
      }
    }
    return value
  }
}
