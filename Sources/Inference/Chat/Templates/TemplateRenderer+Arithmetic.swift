import Files
import Glibc

/// Python's arithmetic, of integers of 64 bits: beyond them a typed error.
extension TemplateRenderer {
  func negative(_ value: TemplateValue) throws(AIGCError) -> TemplateValue {
    if case .undefined(let reason) = value { throw error(reason) }
    if let integer = value.integer {
      return .int(try whole(Int(0).subtractingReportingOverflow(integer)))
    }
    if let number = value.number { return .double(-number) }
    throw error("bad operand type for unary -: '\(value.typeName)'")
  }

  func positive(_ value: TemplateValue) throws(AIGCError) -> TemplateValue {
    if case .undefined(let reason) = value { throw error(reason) }
    if let integer = value.integer { return .int(integer) }
    if value.number != nil { return value }
    throw error("bad operand type for unary +: '\(value.typeName)'")
  }

  func arithmetic(
    _ operation: TemplateOperator, _ a: TemplateValue, _ b: TemplateValue
  ) throws(AIGCError) -> TemplateValue {
    if case .undefined(let reason) = a { throw error(reason) }
    if case .text(let text) = a, operation == .remainder { return try percent(text, b) }
    if case .undefined(let reason) = b { throw error(reason) }
    if let a = a.integer, let b = b.integer {
      if let result = try integers(operation, a, b) { return .int(result) }
    }
    if let a = a.number, let b = b.number { return .double(try doubles(operation, a, b)) }
    if operation == .add, let sum = try joined(a, b) { return sum }
    if operation == .multiply {
      if let count = b.integer, let result = try repeated(a, count) { return result }
      if let count = a.integer, let result = try repeated(b, count) { return result }
    }
    let sign = operation == .power ? "** or pow()" : operation.rawValue
    throw error(
      "unsupported operand type(s) for \(sign): '\(a.typeName)' and '\(b.typeName)'")
  }

  private func whole(
    _ result: (partialValue: Int, overflow: Bool)
  ) throws(AIGCError) -> Int {
    guard !result.overflow else { throw error("a number beyond 64 bits") }
    return result.partialValue
  }

  /// nil where the result is no integer.
  private func integers(
    _ operation: TemplateOperator, _ a: Int, _ b: Int
  ) throws(AIGCError) -> Int? {
    switch operation {
    case .add: return try whole(a.addingReportingOverflow(b))
    case .subtract: return try whole(a.subtractingReportingOverflow(b))
    case .multiply: return try whole(a.multipliedReportingOverflow(by: b))
    case .divide: return nil
    case .floorDivide, .remainder:
      guard b != 0 else { throw error("integer division or modulo by zero") }
      let quotient = try whole(a.dividedReportingOverflow(by: b))
      let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
      let isBelow = rest != 0 && (rest < 0) != (b < 0)
      if operation == .remainder { return isBelow ? rest + b : rest }
      return isBelow ? quotient - 1 : quotient
    case .power:
      guard b >= 0 else { return nil }
      var (result, base, exponent) = (1, a, b)
      if a == 0 || a == 1 { return b == 0 ? 1 : a }
      if a == -1 { return b & 1 == 0 ? 1 : -1 }
      while exponent > 0 {
        if exponent & 1 == 1 { result = try whole(result.multipliedReportingOverflow(by: base)) }
        exponent >>= 1
        if exponent > 0 { base = try whole(base.multipliedReportingOverflow(by: base)) }
      }
      return result
    }
  }

  private func doubles(
    _ operation: TemplateOperator, _ a: Double, _ b: Double
  ) throws(AIGCError) -> Double {
    switch operation {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide:
      guard b != 0 else { throw error("division by zero") }
      return a / b
    case .floorDivide, .remainder:
      guard b != 0 else { throw error("float floor division or modulo by zero") }
      var rest = fmod(a, b)
      var quotient = (a - rest) / b
      if rest != 0, (rest < 0) != (b < 0) {
        rest += b
        quotient -= 1
      }
      if rest == 0 { rest = b < 0 ? -0.0 : 0.0 }
      if operation == .remainder { return rest }
      let floored = quotient.rounded(.down)
      return quotient - floored > 0.5 ? floored + 1 : floored
    case .power:
      guard a != 0 || b >= 0 else { throw error("0.0 cannot be raised to a negative power") }
      let result = pow(a, b)
      guard !result.isNaN || a.isNaN || b.isNaN else { throw error("a power that is complex") }
      return result
    }
  }

  /// `a + b` of strings, lists and tuples; nil for other values.
  private func joined(
    _ a: TemplateValue, _ b: TemplateValue
  ) throws(AIGCError) -> TemplateValue? {
    switch (a, b) {
    case (.text(let a), .text(let b)):
      guard a.isMarkup || b.isMarkup else { return try text(a.scalars + b.scalars) }
      try budget.allocate(6 * (a.count + b.count))
      var result = TemplateText(a.escaped().scalars + b.escaped().scalars)
      result.isMarkup = true
      return .text(result)
    case (.list(let a), .list(let b)): return try list(a.values + b.values)
    case (.tuple(let a), .tuple(let b)): return try tuple(a.values + b.values)
    default: return nil
    }
  }

  /// `value * count` of strings, lists and tuples; nil for other values.
  private func repeated(_ value: TemplateValue, _ count: Int) throws(AIGCError) -> TemplateValue? {
    guard let length = length(value) else { return nil }
    let count = max(count, 0)
    switch value {
    case .text, .list, .tuple: break
    default: return nil
    }
    let (size, overflow) = length.multipliedReportingOverflow(by: count)
    // A value takes eight times what a character does.
    let unit = if case .text = value { 1 } else { 8 }
    try budget.allocate(overflow || size > .max / 8 ? .max : unit * size)
    switch value {
    case .text(let text):
      let parts = repeatElement(text.scalars, count: length == 0 ? 0 : count)
      return .text(TemplateText(Array(parts.joined())))
    case .list(let values):
      return try list(Array(repeatElement(values.values, count: length == 0 ? 0 : count).joined()))
    case .tuple(let values):
      return try tuple(Array(repeatElement(values.values, count: length == 0 ? 0 : count).joined()))
    default: return nil
    }
  }
}

extension TemplateText {
  /// With HTML's signs escaped, unless it is marked as safe, and marked so.
  func escaped(evenMarkup: Bool = false) -> TemplateText {
    if isMarkup, !evenMarkup { return self }
    var result = TemplateText()
    result.isMarkup = true
    for scalar in scalars {
      switch scalar {
      case "&": result.scalars += "&amp;".unicodeScalars
      case "<": result.scalars += "&lt;".unicodeScalars
      case ">": result.scalars += "&gt;".unicodeScalars
      case "'": result.scalars += "&#39;".unicodeScalars
      case "\"": result.scalars += "&#34;".unicodeScalars
      default: result.scalars.append(scalar)
      }
    }
    return result
  }
}
