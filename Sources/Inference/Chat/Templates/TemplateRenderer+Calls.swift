import Files

extension TemplateRenderer {
  func evaluateCall(
    _ callee: TemplateExpression, _ arguments: TemplateArguments
  ) throws(AIGCError) -> TemplateValue {
    var name = "the value"
    if case .name(let own) = callee { name = own }
    if case .attribute(let object, let own) = callee {
      name = own
      let value = try evaluate(object)
      // A method that is called at once needs no value of its own.
      if let method = TemplateMethod.find(own, of: value) {
        var call = try self.call(named: own, arguments)
        return try self.call(method, of: value, &call)
      }
      let function = try attribute(own, of: value)
      var call = try self.call(named: own, arguments)
      return try self.call(function, &call)
    }
    let function = try evaluate(callee)
    var call = try self.call(named: name, arguments)
    return try self.call(function, &call)
  }

  /// The values of a call's arguments.
  func call(
    named name: String, _ arguments: TemplateArguments
  ) throws(AIGCError) -> TemplateCall {
    var positional: [TemplateValue] = []
    for argument in arguments.positional {
      let value = try evaluate(argument.value)
      if argument.isSpread { positional += try elements(value) } else { positional.append(value) }
    }
    var named: [(name: String, value: TemplateValue)] = []
    for argument in arguments.named {
      guard !named.contains(where: { $0.name == argument.name }) else {
        throw error("\(printable(name))() gets '\(printable(argument.name))' twice")
      }
      named.append((argument.name, try evaluate(argument.value)))
    }
    if let spread = arguments.spread {
      guard case .dictionary(let members) = try evaluate(spread) else {
        throw error("what follows ** is no mapping")
      }
      try budget.spend(members.count)
      for (key, value) in zip(members.keys, members.values) {
        guard case .text(let text) = key else { throw error("names of arguments are strings") }
        named.append((text.string, value))
      }
    }
    return TemplateCall(printable(name), positional, named)
  }

  func call(
    _ function: TemplateValue, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> TemplateValue {
    try budget.spend()
    let name = arguments.name
    return try nested { () throws(AIGCError) in
      switch function {
      case .function(let function): return try function.call(&arguments, self)
      case .loop(let loop): return try call(loop, &arguments)
      case .undefined(let reason): throw error(reason)
      default: throw error("\(name): '\(function.typeName)' object is not callable")
      }
    }
  }

  func call(
    _ method: TemplateMethod, of value: TemplateValue, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> TemplateValue {
    try budget.spend()
    let result = try method.body(self, value, &arguments)
    try finish(arguments)
    return result
  }

  /// No argument may be left that was not asked for.
  func finish(_ arguments: TemplateCall) throws(AIGCError) {
    if !arguments.positional.isEmpty { throw error("\(arguments.name)() got too many arguments") }
    if let first = arguments.named.first {
      throw error("\(arguments.name)() has no argument '\(printable(first.name))'")
    }
  }

  /// An argument that must be there.
  func required(
    _ name: String, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> TemplateValue {
    guard let value = arguments.take(name) else {
      throw error("\(arguments.name)() lacks the argument '\(name)'")
    }
    return value
  }

  // MARK: loop

  /// A recursive loop called with other items.
  private func call(
    _ state: TemplateLoopState, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> TemplateValue {
    guard let outer = state.scope else {
      throw error("a loop is called that has no 'recursive'")
    }
    let items = try required("reciter", &arguments)
    try finish(arguments)
    let text = try captured { () throws(AIGCError) in
      try inScope(outer) { () throws(AIGCError) in
        try run(state.loop, over: items, depth: state.depth + 1)
      }
    }
    return try self.text(text)
  }

  func attribute(
    _ name: String, of loop: TemplateLoopState
  ) throws(AIGCError) -> TemplateValue? {
    let (index, count) = (loop.index, loop.items.count)
    switch name {
    case "index": return .int(index + 1)
    case "index0": return .int(index)
    case "revindex": return .int(count - index)
    case "revindex0": return .int(count - index - 1)
    case "first": return .bool(index == 0)
    case "last": return .bool(index == count - 1)
    case "length": return .int(count)
    case "depth": return .int(loop.depth + 1)
    case "depth0": return .int(loop.depth)
    case "previtem":
      return index > 0 ? loop.items[index - 1] : .undefined("there is no previous item")
    case "nextitem":
      return index + 1 < count ? loop.items[index + 1] : .undefined("there is no next item")
    case "cycle", "changed": return try function(TemplateLoopFunction(loop, name))
    default: return nil
    }
  }
}

/// `loop.cycle` and `loop.changed`.
final class TemplateLoopFunction: TemplateFunction {
  private let loop: TemplateLoopState
  private let name: String

  init(_ loop: TemplateLoopState, _ name: String) { (self.loop, self.name) = (loop, name) }

  var typeName: String { "method" }

  func call(
    _ arguments: inout TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue {
    let values = Array(arguments.positional)
    if name == "cycle" {
      guard !values.isEmpty else { throw renderer.error("no items for cycling given") }
      return values[loop.index % values.count]
    }
    var isSame = loop.lastChanged?.count == values.count
    if isSame, let last = loop.lastChanged {
      for (a, b) in zip(last, values) where try !renderer.areEqual(a, b) { isSame = false }
    }
    loop.lastChanged = values
    return .bool(!isSame)
  }
}

/// A method with the value that it was asked of.
final class TemplateBoundMethod: TemplateFunction {
  private var value: TemplateValue
  private let name: String
  private let method: TemplateMethod

  init(_ value: TemplateValue, _ name: String, _ method: TemplateMethod) {
    (self.value, self.name, self.method) = (value, name, method)
  }

  var typeName: String { "builtin_function_or_method" }

  func call(
    _ arguments: inout TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue {
    try renderer.call(method, of: value, &arguments)
  }

  func release() { value = .none }
}

/// A macro with the scope where it was defined.
final class TemplateMacroFunction: TemplateFunction {
  private let macro: TemplateMacro
  private var scope: TemplateScope?

  init(_ macro: TemplateMacro, _ scope: TemplateScope) {
    (self.macro, self.scope) = (macro, scope)
  }

  var typeName: String { "Macro" }

  func release() { scope = nil }

  func attribute(_ name: String, _ renderer: TemplateRenderer) -> TemplateValue? {
    switch name {
    case "name": .string(macro.name)
    case "catch_kwargs": .bool(macro.takesNamed)
    case "catch_varargs": .bool(macro.takesPositional)
    case "caller": .bool(macro.takesCaller)
    default: nil
    }
  }

  func call(
    _ arguments: inout TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue {
    let inner = TemplateScope(scope)
    try renderer.budget.allocate(48)
    renderer.hold(inner)
    let text = try renderer.inScope(inner) { () throws(AIGCError) in
      try bind(&arguments, in: inner, renderer)
      return try renderer.captured { () throws(AIGCError) in _ = try renderer.run(macro.body) }
    }
    return .text(text)
  }

  private func bind(
    _ arguments: inout TemplateCall, in inner: TemplateScope, _ renderer: TemplateRenderer
  ) throws(AIGCError) {
    for (name, fallback) in macro.parameters {
      if let value = arguments.take(name) {
        inner.set(name, value)
      } else if let fallback {
        inner.set(name, try renderer.evaluate(fallback))
      } else {
        inner.set(name, .undefined("the macro's parameter '\(printable(name))' was not given"))
      }
    }
    let isParameter = macro.parameters.contains { $0.name == "caller" }
    if macro.takesCaller, !isParameter {
      let place = arguments.named.firstIndex { $0.name == "caller" }
      inner.set(
        "caller",
        place.map { arguments.named.remove(at: $0).value } ?? .undefined("No caller defined"))
    }
    if macro.takesNamed {
      let dictionary = try renderer.makeDictionary()
      for (name, value) in arguments.named {
        try renderer.set(.string(name), value, in: dictionary)
      }
      arguments.named = []
      inner.set("kwargs", .dictionary(dictionary))
    }
    if macro.takesPositional {
      inner.set("varargs", try renderer.tuple(Array(arguments.positional)))
      arguments.positional = []
    }
    try renderer.finish(arguments)
  }
}
