import Files

/// Values as Python's `str` and `repr` write them.
extension TemplateRenderer {
  func string(_ value: TemplateValue) throws(AIGCError) -> TemplateText {
    switch value {
    case .text(let text): return text
    case .undefined: return TemplateText()
    default: return try representation(value)
    }
  }

  func representation(_ value: TemplateValue) throws(AIGCError) -> TemplateText {
    var result: [Unicode.Scalar] = []
    try appendRepresentation(value, to: &result, depth: 0)
    return TemplateText(result)
  }

  private func append(
    _ text: String, to result: inout [Unicode.Scalar]
  ) throws(AIGCError) {
    try budget.allocate(text.unicodeScalars.count)
    result += text.unicodeScalars
  }

  func checkValueDepth(_ depth: Int) throws(AIGCError) {
    try budget.spend()
    guard depth < TemplateBudget.valueDepth else {
      throw error("a value holds too many others inside each other")
    }
  }

  private func appendRepresentation(
    _ value: TemplateValue, to result: inout [Unicode.Scalar], depth: Int
  ) throws(AIGCError) {
    try checkValueDepth(depth)
    switch value {
    case .undefined: try append("Undefined", to: &result)
    case .none: try append("None", to: &result)
    case .bool(let value): try append(value ? "True" : "False", to: &result)
    case .int(let value): try append(String(value), to: &result)
    case .double(let value): try append(pythonText(of: value), to: &result)
    case .text(let text):
      try budget.allocate(text.count)
      if text.isMarkup { try append("Markup(", to: &result) }
      text.appendRepresentation(to: &result)
      if text.isMarkup { result.append(")") }
    case .list(let list): try append(list.values, ("[", "]"), to: &result, depth)
    case .tuple(let list):
      try append(list.values, ("(", list.values.count == 1 ? ",)" : ")"), to: &result, depth)
    case .dictionary(let dictionary): try append(dictionary, to: &result, depth)
    case .view(let view):
      try append("\(view.part.typeName)(", to: &result)
      try append(try elements(value), ("[", "]"), to: &result, depth)
      result.append(")")
    case .range(let range):
      let step = range.step == 1 ? "" : ", \(range.step)"
      try append("range(\(range.start), \(range.stop)\(step))", to: &result)
    case .namespace(let namespace):
      try append("<Namespace ", to: &result)
      try append(namespace.attributes, to: &result, depth)
      result.append(">")
    case .function, .iterator, .loop: try append("<\(value.typeName)>", to: &result)
    }
  }

  private func append(
    _ values: [TemplateValue], _ brackets: (String, String), to result: inout [Unicode.Scalar],
    _ depth: Int
  ) throws(AIGCError) {
    try append(brackets.0, to: &result)
    for (index, value) in values.enumerated() {
      if index > 0 { try append(", ", to: &result) }
      try appendRepresentation(value, to: &result, depth: depth + 1)
    }
    try append(brackets.1, to: &result)
  }

  private func append(
    _ dictionary: TemplateDictionary, to result: inout [Unicode.Scalar], _ depth: Int
  ) throws(AIGCError) {
    try append("{", to: &result)
    for (index, (key, value)) in zip(dictionary.keys, dictionary.values).enumerated() {
      if index > 0 { try append(", ", to: &result) }
      try appendRepresentation(key, to: &result, depth: depth + 1)
      try append(": ", to: &result)
      try appendRepresentation(value, to: &result, depth: depth + 1)
    }
    try append("}", to: &result)
  }
}

extension TemplateText {
  /// Appends what `repr` writes of a string.
  func appendRepresentation(to result: inout [Unicode.Scalar]) {
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    result.append(quote)
    for scalar in scalars {
      switch scalar {
      case quote, "\\": result += ["\\", scalar]
      case "\n": result += ["\\", "n"]
      case "\r": result += ["\\", "r"]
      case "\t": result += ["\\", "t"]
      default:
        if scalar.isPythonPrintable {
          result.append(scalar)
        } else {
          result += scalar.escape.unicodeScalars
        }
      }
    }
    result.append(quote)
  }
}

extension Unicode.Scalar {
  /// `\x1b`, `\u200b` or `\U000e0001`.
  fileprivate var escape: String {
    let digits = String(value, radix: 16)
    let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
    return "\\\(letter)" + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

/// A number as Python's `repr` writes it: the fewest digits that give it again, with an exponent below
/// 0.0001 and from 10^16.
func pythonText(of value: Double) -> String {
  if value.isNaN { return "nan" }
  if value.isInfinite { return value < 0 ? "-inf" : "inf" }
  let sign = value.sign == .minus ? "-" : ""
  if value == 0 { return sign + "0.0" }
  let (digits, exponent) = shortestDigits(of: value.magnitude)
  guard (-4..<16).contains(exponent) else {
    let rest = digits.dropFirst()
    let size = String(exponent.magnitude)
    return sign + String(digits.prefix(1)) + (rest.isEmpty ? "" : "." + rest) + "e"
      + (exponent < 0 ? "-" : "+") + (size.count < 2 ? "0" + size : size)
  }
  if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
  let whole = exponent + 1
  if digits.count <= whole {
    return sign + digits + String(repeating: "0", count: whole - digits.count) + ".0"
  }
  return sign + digits.prefix(whole) + "." + digits.dropFirst(whole)
}

/// The digits of a positive number and the power of ten of the first one.
private func shortestDigits(of value: Double) -> (digits: String, exponent: Int) {
  let parts = value.description.split(separator: "e")
  let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
  let whole = String(mantissa[0])
  let fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
  var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.count - 1
  var digits = Substring(whole + fraction)
  while digits.count > 1, digits.first == "0" {
    digits = digits.dropFirst()
    exponent -= 1
  }
  while digits.count > 1, digits.last == "0" { digits = digits.dropLast() }
  return (String(digits), exponent)
}
