import Files

/// A value of a template, as Python has it. Lists and dictionaries are shared by all that name them.
enum TemplateValue {
  /// What nothing was given for; the text says it when the value is asked for more than its truth.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(TemplateText)
  case list(TemplateList)
  case tuple(TemplateList)
  case dictionary(TemplateDictionary)
  case view(TemplateView)
  case range(TemplateRange)
  /// What a filter such as `map` gives: its values can be taken once.
  case iterator(TemplateIterator)
  case namespace(TemplateNamespace)
  case function(any TemplateFunction)
  case loop(TemplateLoopState)

  static func string(_ text: String) -> TemplateValue { .text(TemplateText(text)) }

  /// The name that Python has for the value's type.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .double: "float"
    case .text(let text): text.isMarkup ? "Markup" : "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .view(let view): view.part.typeName
    case .range: "range"
    case .iterator: "generator"
    case .namespace: "Namespace"
    case .function(let function): function.typeName
    case .loop: "LoopContext"
    }
  }
}

/// The values of a list or a tuple.
class TemplateList {
  var values: [TemplateValue]
  init(_ values: [TemplateValue]) { self.values = values }
}

/// What `groupby` gives: a tuple whose two values have names.
final class TemplateGroup: TemplateList {
  func attribute(_ name: String) -> TemplateValue? {
    guard values.count == 2 else { return nil }
    return name == "grouper" ? values[0] : name == "list" ? values[1] : nil
  }
}

/// A dictionary in the order in which its keys came.
final class TemplateDictionary {
  private(set) var keys: [TemplateValue] = []
  private(set) var values: [TemplateValue] = []
  private var places: [TemplateKey: Int] = [:]

  var count: Int { keys.count }

  subscript(key: TemplateKey) -> TemplateValue? { places[key].map { values[$0] } }
  subscript(name: String) -> TemplateValue? { self[.text(TemplateText(name))] }

  /// Sets the value of a key, which keeps its place.
  func set(_ key: TemplateKey, _ name: TemplateValue, _ value: TemplateValue) {
    if let place = places[key] {
      values[place] = value
      return
    }
    places[key] = keys.count
    keys.append(name)
    values.append(value)
  }

  func set(_ name: String, _ value: TemplateValue) {
    let text = TemplateText(name)
    set(.text(text), .text(text), value)
  }

  /// Takes a key away; the time follows the number of keys.
  func remove(_ key: TemplateKey) -> TemplateValue? {
    guard let place = places.removeValue(forKey: key) else { return nil }
    keys.remove(at: place)
    for (other, index) in places where index > place { places[other] = index - 1 }
    return values.remove(at: place)
  }

  func removeAll() {
    keys = []
    values = []
    places = [:]
  }
}

/// What a key of a dictionary is compared by: 1, 1.0 and true are the same one.
enum TemplateKey: Hashable {
  case none
  case undefined
  case int(Int)
  case double(Double)
  case text(TemplateText)
  case tuple([TemplateKey])
}

/// `keys()`, `values()` or `items()` of a dictionary.
struct TemplateView {
  enum Part: String {
    case keys, values, items
    var typeName: String { "dict_\(rawValue)" }
  }
  var dictionary: TemplateDictionary
  var part: Part
}

/// `range(start, stop, step)`.
struct TemplateRange {
  var start: Int
  var stop: Int
  var step: Int

  /// Steps are never 0 and sizes are bounded where a range is made.
  var count: Int {
    if step > 0 { return start < stop ? (stop - start - 1) / step + 1 : 0 }
    return start > stop ? (start - stop - 1) / -step + 1 : 0
  }

  subscript(index: Int) -> Int { start + index * step }
}

/// Values that are taken once, from front to end, each made when it is asked for.
final class TemplateIterator {
  /// Makes a value of the next one before; nil passes over it.
  typealias Step = (TemplateValue) throws(AIGCError) -> TemplateValue?

  private var values: ArraySlice<TemplateValue> = []
  private var source: TemplateIterator?
  private var step: Step?

  init(_ values: [TemplateValue], _ step: Step? = nil) {
    (self.values, self.step) = (values[...], step)
  }
  init(_ source: TemplateIterator, _ step: @escaping Step) {
    (self.source, self.step) = (source, step)
  }

  func next(_ renderer: TemplateRenderer) throws(AIGCError) -> TemplateValue? {
    try renderer.nested { () throws(AIGCError) in
      while true {
        try renderer.budget.spend()
        let value: TemplateValue?
        if let source { value = try source.next(renderer) } else { value = values.popFirst() }
        guard let value else { return nil }
        guard let step else { return value }
        if let result = try step(value) { return result }
      }
    }
  }

  func release() {
    values = []
    source = nil
    step = nil
  }
}

/// What `namespace()` makes: attributes that can be set in an inner scope.
final class TemplateNamespace {
  let attributes: TemplateDictionary
  init(_ attributes: TemplateDictionary) { self.attributes = attributes }
}

/// Something that can be called.
protocol TemplateFunction: AnyObject {
  var typeName: String { get }
  func call(
    _ arguments: inout TemplateCall, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> TemplateValue
  func attribute(_ name: String, _ renderer: TemplateRenderer) -> TemplateValue?
  /// Lets go of what the function holds, at the end of the rendering.
  func release()
}

extension TemplateFunction {
  var typeName: String { "function" }
  func attribute(_ name: String, _ renderer: TemplateRenderer) -> TemplateValue? { nil }
  func release() {}
}

/// `loop` in the body of a loop.
final class TemplateLoopState {
  var items: [TemplateValue]
  var index = 0
  let depth: Int
  let loop: TemplateLoop
  /// Where the loop stands, for its recursion; nil for a loop without.
  var scope: TemplateScope?
  var lastChanged: [TemplateValue]?

  init(_ items: [TemplateValue], depth: Int, _ loop: TemplateLoop, _ scope: TemplateScope?) {
    (self.items, self.depth, self.loop, self.scope) = (items, depth, loop, scope)
  }
}

/// Names and their values in a part of a template.
final class TemplateScope {
  private var values: [String: TemplateValue] = [:]
  private(set) var parent: TemplateScope?

  init(_ parent: TemplateScope?) { self.parent = parent }

  func find(_ name: String) -> TemplateValue? {
    var scope: TemplateScope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.parent
    }
    return nil
  }

  func set(_ name: String, _ value: TemplateValue) { values[name] = value }

  func release() {
    values = [:]
    parent = nil
  }
}

/// The arguments that a call was given, which what is called takes one by one.
struct TemplateCall {
  /// What is called, for messages.
  var name: String
  var positional: ArraySlice<TemplateValue>
  var named: [(name: String, value: TemplateValue)]

  init(
    _ name: String, _ positional: [TemplateValue] = [],
    _ named: [(name: String, value: TemplateValue)] = []
  ) {
    (self.name, self.positional, self.named) = (name, positional[...], named)
  }

  /// The next argument by its place, else the one with this name; nil: neither was given.
  mutating func take(_ name: String) -> TemplateValue? {
    if let value = positional.popFirst() { return value }
    guard let place = named.firstIndex(where: { $0.name == name }) else { return nil }
    return named.remove(at: place).value
  }
}
