import Files

/// Filters, as in `value | trim`.
extension TemplateRenderer {
  func apply(_ filter: TemplateFilter, to value: TemplateValue) throws(AIGCError) -> TemplateValue {
    var call = try self.call(named: filter.name, filter.arguments)
    return try apply(filter.name, to: value, &call)
  }

  /// A filter by its name, with arguments that are values.
  func apply(
    _ name: String, to value: TemplateValue, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> TemplateValue {
    try budget.spend()
    guard let filter = Self.filter(name) else {
      throw error("no filter named '\(printable(name))'")
    }
    arguments.name = name
    let result = try filter(self, value, &arguments)
    try finish(arguments)
    return result
  }

  static func filter(_ name: String) -> TemplateOperation? {
    valueFilters[name] ?? textFilters[name] ?? markupFilters[name] ?? sequenceFilters[name]
      ?? selectionFilters[name]
  }

  private static let valueFilters: [String: TemplateOperation] = [
    "default": fallback, "d": fallback,
    "string": { (renderer, value, _) throws(AIGCError) in .text(try renderer.string(value)) },
    "abs": { (renderer, value, _) throws(AIGCError) in
      if let integer = value.integer {
        return integer < 0 ? try renderer.negative(.int(integer)) : .int(integer)
      }
      guard let number = value.number else {
        throw renderer.error("bad operand type for abs(): '\(value.typeName)'")
      }
      return .double(number.magnitude)
    },
    "int": { (renderer, value, arguments) throws(AIGCError) in
      let fallback = arguments.take("default") ?? .int(0)
      let base = try renderer.integer("base", &arguments, 10)
      if case .undefined(let reason) = value { throw renderer.error(reason) }
      if let integer = value.integer { return .int(integer) }
      if case .text(let text) = value, let integer = pythonInteger(text, base: base) {
        return .int(integer)
      }
      return value.pythonNumber.flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .int($0) }
        ?? fallback
    },
    "float": { (renderer, value, arguments) throws(AIGCError) in
      let fallback = arguments.take("default") ?? .double(0)
      if case .undefined(let reason) = value { throw renderer.error(reason) }
      return value.pythonNumber.map { .double($0) } ?? fallback
    },
    "round": { (renderer, value, arguments) throws(AIGCError) in
      let precision = try renderer.integer("precision", &arguments, 0)
      let method = try renderer.textIfGiven("method", &arguments)?.string ?? "common"
      return try renderer.rounded(value, precision, method)
    },
    "tojson": { (renderer, value, arguments) throws(AIGCError) in
      let style = try renderer.jsonStyle(&arguments)
      return .text(try renderer.json(value, style))
    },
    "from_json": { (renderer, value, _) throws(AIGCError) in
      let text = try renderer.text(value, "value").string
      try renderer.budget.allocate(text.utf8.count)
      let json: JSONValue
      do throws(AIGCError) { json = try JSONValue(parsing: try Table(Array(text.utf8))) } catch {
        throw renderer.error("from_json: \(error.description)")
      }
      return try renderer.value(json)
    },
    "attr": { (renderer, value, arguments) throws(AIGCError) in
      let name = try renderer.requiredText("name", &arguments).string
      if case .undefined(let reason) = value { throw renderer.error(reason) }
      return try renderer.ownAttribute(name, of: value)
        ?? .undefined("'\(value.objectName)' has no attribute '\(printable(name))'")
    },
    "filesizeformat": { (renderer, value, arguments) throws(AIGCError) in
      let isBinary = try renderer.flag("binary", &arguments, false)
      guard let size = value.pythonNumber else { throw renderer.error("a size is a number") }
      return .string(sizeText(size, isBinary: isBinary))
    },
  ]

  private static let fallback: TemplateOperation = {
    (renderer, value, arguments) throws(AIGCError) in
    let fallback = arguments.take("default_value") ?? .string("")
    let evenFalse = try renderer.flag("boolean", &arguments, false)
    if case .undefined = value { return fallback }
    if evenFalse, try !renderer.isTrue(value) { return fallback }
    return value
  }

  private func jsonStyle(_ arguments: inout TemplateCall) throws(AIGCError) -> TemplateJSONStyle {
    var style = TemplateJSONStyle()
    style.isASCII = try flag("ensure_ascii", &arguments, false)
    switch arguments.take("indent") {
    case nil, .some(.none): break
    case .text(let text): style.indentation = text.scalars
    case .some(let value):
      let width = max(0, try integer(value, "indent"))
      try budget.allocate(width)
      style.indentation = Array(repeating: " ", count: width)
    }
    if style.indentation != nil { style.itemSeparator = [","] }
    switch arguments.take("separators") {
    case nil, .some(.none): break
    case .some(let value):
      let parts = try elements(value)
      guard parts.count == 2 else { throw error("tojson: two separators are needed") }
      style.itemSeparator = try text(parts[0], "separators").scalars
      style.keySeparator = try text(parts[1], "separators").scalars
    }
    style.sortsKeys = try flag("sort_keys", &arguments, false)
    return style
  }

  private func rounded(
    _ value: TemplateValue, _ precision: Int, _ method: String
  ) throws(AIGCError) -> TemplateValue {
    guard ["common", "ceil", "floor"].contains(method) else {
      throw error("method must be common, ceil or floor")
    }
    try budget.spend(1000)
    if method == "common" {
      if let integer = value.integer, precision >= 0 { return .int(integer) }
      if let integer = value.integer {
        return Int(exactly: pythonRounded(Double(integer), precision)).map { .int($0) }
          ?? .int(integer)
      }
      guard let number = value.number else {
        throw error("type \(value.typeName) doesn't define __round__ method")
      }
      return .double(pythonRounded(number, precision))
    }
    let scale = try arithmetic(.power, .int(10), .int(precision))
    let product = try arithmetic(.multiply, value, scale)
    guard let number = product.number, number.isFinite, number.magnitude < 0x1p62 else {
      throw error("a number that cannot be rounded")
    }
    let whole = Int(number.rounded(method == "ceil" ? .up : .down))
    return try arithmetic(.divide, .int(whole), scale)
  }
}

extension TemplateValue {
  /// What Python's `float()` makes of a value; nil: it refuses it.
  fileprivate var pythonNumber: Double? {
    guard case .text(let text) = self else { return number }
    let digits = TemplateText(text.stripped().scalars.map(\.withPlainDigit)).string
    switch digits.lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    case "nan", "+nan", "-nan": return .nan
    default: break
    }
    guard digits.utf8.count < 400,
      digits.utf8.allSatisfy({ byte in "0123456789+-.eE_".utf8.contains(byte) }),
      let first = digits.utf8.first, first != UInt8(ascii: "_")
    else { return nil }
    return Double(digits.filter { $0 != "_" })
  }
}

/// What Python's `int()` makes of a text; nil: it refuses it.
private func pythonInteger(_ text: TemplateText, base: Int) -> Int? {
  guard (2...36).contains(base), text.count < 100 else { return nil }
  var digits = TemplateText(text.stripped().scalars.map(\.withPlainDigit)).string.lowercased()
  let isNegative = digits.hasPrefix("-")
  if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
  let prefixes = [16: "0x", 8: "0o", 2: "0b"]
  if let prefix = prefixes[base], digits.hasPrefix(prefix) { digits.removeFirst(2) }
  let parts = digits.split(separator: "_", omittingEmptySubsequences: false)
  guard !parts.contains(where: \.isEmpty), let first = digits.first, first != "-", first != "+"
  else {
    return nil
  }
  return Int((isNegative ? "-" : "") + parts.joined(), radix: base)
}

private func sizeText(_ size: Double, isBinary: Bool) -> String {
  let base = isBinary ? 1024.0 : 1000.0
  if size == 1 { return "1 Byte" }
  guard size >= base else { return "\(DecimalDigits(size.rounded(.towardZero)).fixed(0)) Bytes" }
  let letters = ["k", "M", "G", "T", "P", "E", "Z", "Y"]
  var unit = base * base
  for (index, letter) in letters.enumerated() {
    if size < unit || index == letters.count - 1 {
      let name = isBinary ? "\(index == 0 ? "K" : letter)iB" : "\(letter)B"
      return "\(DecimalDigits(base * size / unit).fixed(1)) \(name)"
    }
    unit *= base
  }
  return ""
}
