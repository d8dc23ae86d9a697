import Files

/// Tests, as in `value is defined`.
extension TemplateRenderer {
  private typealias Test =
    @Sendable (TemplateRenderer, TemplateValue, inout TemplateCall) throws(AIGCError) -> Bool

  func isTrue(_ test: TemplateFilter, _ value: TemplateValue) throws(AIGCError) -> Bool {
    var call = try self.call(named: test.name, test.arguments)
    return try isTrue(test.name, value, &call)
  }

  /// A test by its name, with arguments that are values.
  func isTrue(
    _ name: String, _ value: TemplateValue, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> Bool {
    let result: Bool
    if let test = Self.types[name] {
      result = test(value)
    } else if let comparison = Self.comparisons[name] {
      let other = try required("other", &arguments)
      result = try compare(value, comparison, other)
    } else {
      result = try isTrueOtherwise(name, value, &arguments)
    }
    try finish(arguments)
    return result
  }

  private static let comparisons: [String: TemplateComparison] = [
    "==": .equal, "eq": .equal, "equalto": .equal, "!=": .notEqual, "ne": .notEqual, "<": .less,
    "lt": .less, "lessthan": .less, "<=": .lessOrEqual, "le": .lessOrEqual, ">": .greater,
    "gt": .greater, "greaterthan": .greater, ">=": .greaterOrEqual, "ge": .greaterOrEqual,
    "in": .isIn,
  ]

  private static let types: [String: @Sendable (TemplateValue) -> Bool] = [
    "defined": { if case .undefined = $0 { false } else { true } },
    "undefined": { if case .undefined = $0 { true } else { false } },
    "none": { if case .none = $0 { true } else { false } },
    "boolean": { if case .bool = $0 { true } else { false } },
    "true": { if case .bool(true) = $0 { true } else { false } },
    "false": { if case .bool(false) = $0 { true } else { false } },
    "integer": { if case .int = $0 { true } else { false } },
    "float": { if case .double = $0 { true } else { false } },
    "number": { $0.number != nil },
    "string": { if case .text = $0 { true } else { false } },
    "mapping": { if case .dictionary = $0 { true } else { false } },
    "escaped": { if case .text(let text) = $0 { text.isMarkup } else { false } },
    "callable": { value in
      switch value {
      case .function, .loop: true
      default: false
      }
    },
    "sequence": { value in
      switch value {
      case .undefined, .text, .list, .tuple, .dictionary, .range: true
      default: false
      }
    },
    "iterable": { value in
      switch value {
      case .none, .bool, .int, .double, .namespace, .function: false
      default: true
      }
    },
  ]

  private func isTrueOtherwise(
    _ name: String, _ value: TemplateValue, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> Bool {
    switch name {
    case "odd", "even", "divisibleby":
      let divisor = name == "divisibleby" ? try required("num", &arguments) : .int(2)
      let rest = try arithmetic(.remainder, value, divisor)
      let isZero = try areEqual(rest, .int(0))
      return name == "odd" ? try areEqual(rest, .int(1)) : isZero
    case "lower": return try string(value).isLowercase
    case "upper": return try string(value).isUppercase
    case "filter":
      guard case .text(let text) = value else { return false }
      return Self.filter(text.string) != nil
    case "test":
      guard case .text(let text) = value else { return false }
      let others = ["odd", "even", "divisibleby", "lower", "upper", "filter", "test", "sameas"]
      let name = text.string
      return Self.types[name] != nil || Self.comparisons[name] != nil || others.contains(name)
    case "sameas": return isSame(value, try required("other", &arguments))
    default: throw error("no test named '\(printable(name))'")
    }
  }

  /// Python's `is`, where numbers and strings are the same when they are equal.
  private func isSame(_ a: TemplateValue, _ b: TemplateValue) -> Bool {
    switch (a, b) {
    case (.none, .none): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.text(let a), .text(let b)): a == b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)): a === b
    case (.dictionary(let a), .dictionary(let b)): a === b
    case (.namespace(let a), .namespace(let b)): a === b
    case (.function(let a), .function(let b)): a === b
    default: false
    }
  }
}
