import Files

/// What a filter, a test or a method does with its value and its arguments.
typealias TemplateOperation =
  @Sendable (
    TemplateRenderer, TemplateValue, inout TemplateCall
  ) throws(AIGCError) -> TemplateValue

/// Arguments by their types.
extension TemplateRenderer {
  func integer(
    _ name: String, _ arguments: inout TemplateCall, _ fallback: Int
  ) throws(AIGCError) -> Int {
    guard let value = arguments.take(name) else { return fallback }
    return try integer(value, name)
  }

  func integer(_ value: TemplateValue, _ name: String) throws(AIGCError) -> Int {
    if let integer = value.integer { return integer }
    throw error("'\(name)' must be an integer, not \(value.typeName)")
  }

  /// An integer that `None` and a missing argument stand for the lack of.
  func integerIfGiven(
    _ name: String, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> Int? {
    switch arguments.take(name) {
    case nil, .some(.none): return nil
    case .some(let value): return try integer(value, name)
    }
  }

  func flag(
    _ name: String, _ arguments: inout TemplateCall, _ fallback: Bool
  ) throws(AIGCError) -> Bool {
    guard let value = arguments.take(name) else { return fallback }
    return try isTrue(value)
  }

  /// A string; nil where the argument is missing or `None`.
  func textIfGiven(
    _ name: String, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> TemplateText? {
    switch arguments.take(name) {
    case nil, .some(.none): return nil
    case .some(let value): return try text(value, name)
    }
  }

  func text(_ value: TemplateValue, _ name: String) throws(AIGCError) -> TemplateText {
    if case .text(let text) = value { return text }
    if case .undefined(let reason) = value { throw error(reason) }
    throw error("'\(name)' must be a string, not \(value.typeName)")
  }

  func requiredText(
    _ name: String, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> TemplateText { try text(try required(name, &arguments), name) }
}
