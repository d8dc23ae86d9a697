import Files

/// The functions that every template finds.
final class TemplateGlobal: TemplateFunction, Sendable {
  private let name: String
  private let body:
    @Sendable (TemplateRenderer, inout TemplateCall) throws(AIGCError) -> TemplateValue

  private init(
    _ name: String,
    _ body:
      @escaping @Sendable (TemplateRenderer, inout TemplateCall) throws(AIGCError) ->
      TemplateValue
  ) { (self.name, self.body) = (name, body) }

  func call(
    _ arguments: inout TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue {
    arguments.name = name
    let result = try body(renderer, &arguments)
    try renderer.finish(arguments)
    return result
  }

  static let all: [String: TemplateGlobal] = Dictionary(
    uniqueKeysWithValues: [
      range, dictionary, namespace, joiner, cycler, exception, time,
    ].map { ($0.name, $0) })

  /// Jinja2's sandbox has this limit too.
  private static let largestRange = 100_000

  private static let range = TemplateGlobal("range") { (renderer, arguments) throws(AIGCError) in
    let first = try renderer.integer(try renderer.required("stop", &arguments), "stop")
    var result = TemplateRange(start: 0, stop: first, step: 1)
    if let stop = try renderer.integerIfGiven("stop", &arguments) {
      result.start = first
      result.stop = stop
      result.step = try renderer.integer("step", &arguments, 1)
    }
    guard result.step != 0 else { throw renderer.error("range() arg 3 must not be zero") }
    let bounds = -(1 << 40)...(1 << 40)
    guard bounds.contains(result.start), bounds.contains(result.stop), bounds.contains(result.step),
      result.count <= largestRange
    else { throw renderer.error("a range of more than \(largestRange) numbers") }
    return .range(result)
  }

  private static let dictionary = TemplateGlobal("dict") {
    (renderer, arguments) throws(AIGCError) in
    let result = try renderer.makeDictionary()
    try renderer.add(&arguments, to: result)
    return .dictionary(result)
  }

  private static let namespace = TemplateGlobal("namespace") {
    (renderer, arguments) throws(AIGCError) in
    let attributes = try renderer.makeDictionary()
    try renderer.add(&arguments, to: attributes)
    for case .text(let name) in attributes.keys { try renderer.checkName(name.string) }
    let result = TemplateNamespace(attributes)
    return .namespace(result)
  }

  private static let joiner = TemplateGlobal("joiner") { (renderer, arguments) throws(AIGCError) in
    let separator = arguments.take("sep") ?? .string(", ")
    return try renderer.function(TemplateJoiner(separator))
  }

  private static let cycler = TemplateGlobal("cycler") { (renderer, arguments) throws(AIGCError) in
    let values = Array(arguments.positional)
    arguments.positional = []
    guard !values.isEmpty else { throw renderer.error("at least one item has to be provided") }
    return try renderer.function(TemplateCycler(values))
  }

  private static let exception = TemplateGlobal("raise_exception") {
    (renderer, arguments) throws(AIGCError) in
    let message = try renderer.string(try renderer.required("message", &arguments)).string
    throw .mismatch("the chat template refuses the messages: \(printable(message))")
  }

  private static let time = TemplateGlobal("strftime_now") {
    (renderer, arguments) throws(AIGCError) in
    let format = try renderer.requiredText("format", &arguments)
    // Letters grow to a date and time at most.
    try renderer.budget.allocate(16 * format.count)
    return .string(renderer.date.text(format.scalars))
  }
}

/// `joiner`: nothing at the first call, a separator at the later ones.
private final class TemplateJoiner: TemplateFunction {
  private var separator: TemplateValue
  private var isUsed = false

  init(_ separator: TemplateValue) { self.separator = separator }

  func call(
    _ arguments: inout TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue {
    defer { isUsed = true }
    return isUsed ? separator : .string("")
  }

  func release() { separator = .none }
}

/// `cycler`: its values in turn.
private final class TemplateCycler: TemplateFunction {
  private var values: [TemplateValue]
  private var place = 0

  init(_ values: [TemplateValue]) { self.values = values }

  func attribute(_ name: String, _ renderer: TemplateRenderer) -> TemplateValue? {
    switch name {
    case "current": values.indices.contains(place) ? values[place] : TemplateValue.none
    case "next": .function(self)
    case "reset": .function(TemplateReset { [self] in place = 0 })
    default: nil
    }
  }

  func call(
    _ arguments: inout TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue {
    guard !values.isEmpty else { return .none }
    defer { place = (place + 1) % values.count }
    return values[place]
  }

  func release() { values = [] }
}

/// `cycler.reset`.
private final class TemplateReset: TemplateFunction {
  private let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }

  func call(
    _ arguments: inout TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue {
    body()
    return .none
  }
}
