import Files

/// How `tojson` writes: the arguments of Python's `json.dumps`.
struct TemplateJSONStyle {
  var isASCII = false
  /// What each level is moved in by; nil: all in one line.
  var indentation: [Unicode.Scalar]?
  var itemSeparator: [Unicode.Scalar] = [",", " "]
  var keySeparator: [Unicode.Scalar] = [":", " "]
  var sortsKeys = false
}

extension TemplateRenderer {
  func json(_ value: TemplateValue, _ style: TemplateJSONStyle) throws(AIGCError) -> TemplateText {
    var result: [Unicode.Scalar] = []
    try appendJSON(value, style, to: &result, depth: 0)
    return TemplateText(result)
  }

  private func appendJSON(
    _ value: TemplateValue, _ style: TemplateJSONStyle, to result: inout [Unicode.Scalar],
    depth: Int
  ) throws(AIGCError) {
    try checkValueDepth(depth)
    let start = result.count
    switch value {
    case .text(let text):
      try budget.allocate(text.count)
      appendJSONString(text, isASCII: style.isASCII, to: &result)
    case .list(let list), .tuple(let list):
      try appendJSON(list.values, style, to: &result, depth)
      return
    case .dictionary(let dictionary):
      try appendJSON(dictionary, style, to: &result, depth)
      return
    default:
      guard let scalar = jsonScalar(value) else {
        throw error("Object of type \(value.typeName) is not JSON serializable")
      }
      result += scalar.unicodeScalars
    }
    try budget.allocate(result.count - start)
  }

  /// null, a truth value or a number.
  private func jsonScalar(_ value: TemplateValue) -> String? {
    switch value {
    case .none: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): String(value)
    case .double(let value):
      value.isNaN
        ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : pythonText(of: value)
    default: nil
    }
  }

  /// A line end and the indentation of a level, where there is one.
  private func appendBreak(
    _ style: TemplateJSONStyle, _ depth: Int, to result: inout [Unicode.Scalar]
  ) throws(AIGCError) {
    guard let indentation = style.indentation else { return }
    try budget.allocate(1 + indentation.count * depth)
    result.append("\n")
    for _ in 0..<depth { result += indentation }
  }

  private func appendJSON(
    _ values: [TemplateValue], _ style: TemplateJSONStyle, to result: inout [Unicode.Scalar],
    _ depth: Int
  ) throws(AIGCError) {
    result.append("[")
    for (index, value) in values.enumerated() {
      if index > 0 {
        try budget.allocate(style.itemSeparator.count)
        result += style.itemSeparator
      }
      try appendBreak(style, depth + 1, to: &result)
      try appendJSON(value, style, to: &result, depth: depth + 1)
    }
    if !values.isEmpty { try appendBreak(style, depth, to: &result) }
    result.append("]")
    try budget.allocate(2)
  }

  private func appendJSON(
    _ dictionary: TemplateDictionary, _ style: TemplateJSONStyle,
    to result: inout [Unicode.Scalar], _ depth: Int
  ) throws(AIGCError) {
    var members = Array(zip(dictionary.keys, dictionary.values))
    if style.sortsKeys {
      members = try sorted(members) { (a, b) throws(AIGCError) in try precedes(a.0, b.0, "<") }
    }
    result.append("{")
    for (index, (key, value)) in members.enumerated() {
      if index > 0 {
        try budget.allocate(style.itemSeparator.count)
        result += style.itemSeparator
      }
      try appendBreak(style, depth + 1, to: &result)
      if case .text(let text) = key {
        try budget.allocate(text.count)
        appendJSONString(text, isASCII: style.isASCII, to: &result)
      } else if let scalar = jsonScalar(key) {
        result += ["\""] + scalar.unicodeScalars + ["\""]
      } else {
        throw error("keys must be str, int, float, bool or None, not \(key.typeName)")
      }
      try budget.allocate(style.keySeparator.count)
      result += style.keySeparator
      try appendJSON(value, style, to: &result, depth: depth + 1)
    }
    if !members.isEmpty { try appendBreak(style, depth, to: &result) }
    result.append("}")
    try budget.allocate(2)
  }
}

private func appendJSONString(
  _ text: TemplateText, isASCII: Bool, to result: inout [Unicode.Scalar]
) {
  result.append("\"")
  for scalar in text.scalars {
    switch scalar {
    case "\"", "\\": result += ["\\", scalar]
    case "\n": result += ["\\", "n"]
    case "\r": result += ["\\", "r"]
    case "\t": result += ["\\", "t"]
    case "\u{8}": result += ["\\", "b"]
    case "\u{C}": result += ["\\", "f"]
    default:
      if scalar.value < 0x20 || isASCII && scalar.value > 0x7E {
        for unit in UTF16.encode(scalar) ?? .init() {
          let digits = String(unit, radix: 16)
          result += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
        }
      } else {
        result.append(scalar)
      }
    }
  }
  result.append("\"")
}

extension TemplateRenderer {
  /// A value of JSON as a value of the template.
  func value(_ json: JSONValue) throws(AIGCError) -> TemplateValue {
    switch json {
    case .null: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return .double(value)
    case .float(let value): return .double(Double(value))
    case .string(let text): return try self.text(TemplateText(text))
    case .array(let values):
      var result: [TemplateValue] = []
      for element in values { result.append(try value(element)) }
      return try list(result)
    case .object(let members):
      let dictionary = try makeDictionary()
      for member in members {
        try set(.string(member.name), try value(member.value), in: dictionary)
      }
      return .dictionary(dictionary)
    }
  }
}
