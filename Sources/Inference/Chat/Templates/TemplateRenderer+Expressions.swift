import Files

extension TemplateRenderer {
  func evaluate(_ expression: TemplateExpression) throws(AIGCError) -> TemplateValue {
    try budget.spend()
    return try nested { () throws(AIGCError) in try value(expression) }
  }

  private func value(_ expression: TemplateExpression) throws(AIGCError) -> TemplateValue {
    switch expression {
    case .literal(let value): return value
    case .name(let name):
      return scope.find(name) ?? .undefined("'\(printable(name))' is undefined")
    case .attribute(let value, let name): return try attribute(name, of: try evaluate(value))
    case .item(let value, let key): return try item(try evaluate(key), of: try evaluate(value))
    case .call(let function, let arguments): return try evaluateCall(function, arguments)
    case .filter(let value, let filter): return try apply(filter, to: try evaluate(value))
    case .test(let value, let test): return .bool(try isTrue(test, try evaluate(value)))
    case .not(let value): return .bool(!(try isTrue(try evaluate(value))))
    case .and(let a, let b):
      let value = try evaluate(a)
      return try isTrue(value) ? try evaluate(b) : value
    case .or(let a, let b):
      let value = try evaluate(a)
      return try isTrue(value) ? value : try evaluate(b)
    case .conditional(let condition, let then, let otherwise):
      if try isTrue(try evaluate(condition)) { return try evaluate(then) }
      guard let otherwise else { return .undefined("the inline if has no else and is false") }
      return try evaluate(otherwise)
    default: return try compound(expression)
    }
  }

  private func compound(_ expression: TemplateExpression) throws(AIGCError) -> TemplateValue {
    switch expression {
    case .list(let values): return try list(try evaluate(values))
    case .tuple(let values): return try tuple(try evaluate(values))
    case .dictionary(let members):
      let dictionary = try makeDictionary()
      for (key, value) in members {
        let name = try evaluate(key)
        try set(name, try evaluate(value), in: dictionary)
      }
      return .dictionary(dictionary)
    case .slice(let value, let slice): return try evaluate(slice, of: try evaluate(value))
    case .negative(let value): return try negative(try evaluate(value))
    case .positive(let value): return try positive(try evaluate(value))
    case .arithmetic(let operation, let a, let b):
      let left = try evaluate(a)
      return try arithmetic(operation, left, try evaluate(b))
    case .concatenation(let values): return try concatenation(values)
    case .comparison(let first, let others): return try comparison(first, others)
    default: return .none
    }
  }

  func evaluate(_ expressions: [TemplateExpression]) throws(AIGCError) -> [TemplateValue] {
    var result: [TemplateValue] = []
    for expression in expressions { result.append(try evaluate(expression)) }
    return result
  }

  private func concatenation(_ values: [TemplateExpression]) throws(AIGCError) -> TemplateValue {
    var result: [Unicode.Scalar] = []
    for value in values {
      let part = try string(try evaluate(value)).scalars
      try budget.allocate(part.count)
      result += part
    }
    return .text(TemplateText(result))
  }

  private func comparison(
    _ first: TemplateExpression, _ others: [(TemplateComparison, TemplateExpression)]
  ) throws(AIGCError) -> TemplateValue {
    var left = try evaluate(first)
    for (comparison, expression) in others {
      let right = try evaluate(expression)
      guard try compare(left, comparison, right) else { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  func compare(
    _ a: TemplateValue, _ comparison: TemplateComparison, _ b: TemplateValue
  ) throws(AIGCError) -> Bool {
    switch comparison {
    case .equal: try areEqual(a, b)
    case .notEqual: !(try areEqual(a, b))
    case .less: try precedes(a, b, "<")
    case .greater: try precedes(b, a, ">")
    case .lessOrEqual: try precedes(a, b, "<=", orEqual: true)
    case .greaterOrEqual: try precedes(b, a, ">=", orEqual: true)
    case .isIn: try contains(b, a)
    case .isNotIn: !(try contains(b, a))
    }
  }

  // MARK: Attributes and items

  /// `value.name`: an attribute or a method, else the item with this key.
  func attribute(_ name: String, of value: TemplateValue) throws(AIGCError) -> TemplateValue {
    if case .undefined(let reason) = value { throw error(reason) }
    if let attribute = try ownAttribute(name, of: value) { return attribute }
    if case .dictionary(let dictionary) = value, let item = dictionary[name] { return item }
    return .undefined("'\(value.objectName)' has no attribute '\(printable(name))'")
  }

  /// `value[key]`: an item, else the attribute of this name.
  func item(_ key: TemplateValue, of value: TemplateValue) throws(AIGCError) -> TemplateValue {
    if case .undefined(let reason) = value { throw error(reason) }
    if let item = try ownItem(key, of: value) { return item }
    if case .text(let name) = key {
      if let attribute = try ownAttribute(name.string, of: value) { return attribute }
      return .undefined("'\(value.objectName)' has no attribute '\(printable(name.string))'")
    }
    return .undefined(
      "\(value.objectName) has no element \(printable(try representation(key).string))")
  }

  private func ownItem(
    _ key: TemplateValue, of value: TemplateValue
  ) throws(AIGCError) -> TemplateValue? {
    switch value {
    case .dictionary(let dictionary):
      guard let key = try keyIfHashable(key) else { return nil }
      return dictionary[key]
    case .list(let list), .tuple(let list):
      return key.integer.flatMap { $0.place(in: list.values.count) }.map { list.values[$0] }
    case .text(let text):
      return key.integer.flatMap { $0.place(in: text.count) }.map {
        .text(TemplateText([text.scalars[$0]]))
      }
    case .range(let range):
      return key.integer.flatMap { $0.place(in: range.count) }.map { .int(range[$0]) }
    default: return nil
    }
  }

  /// An attribute or a method of a value; nil: there is none.
  func ownAttribute(
    _ name: String, of value: TemplateValue
  ) throws(AIGCError) -> TemplateValue? {
    switch value {
    case .namespace(let namespace): return namespace.attributes[name]
    case .loop(let loop): return try attribute(name, of: loop)
    case .function(let function): return function.attribute(name, self)
    case .tuple(let group as TemplateGroup) where group.attribute(name) != nil:
      return group.attribute(name)
    default:
      guard let method = TemplateMethod.find(name, of: value) else { return nil }
      return try function(TemplateBoundMethod(value, name, method))
    }
  }

  private func evaluate(
    _ slice: TemplateSlice, of value: TemplateValue
  ) throws(AIGCError) -> TemplateValue {
    var bounds: [Int?] = []
    for expression in [slice.start, slice.stop, slice.step] {
      guard let expression else {
        bounds.append(nil)
        continue
      }
      let bound = try evaluate(expression)
      if case .none = bound {
        bounds.append(nil)
      } else if let integer = bound.integer {
        bounds.append(integer)
      } else {
        throw error("a slice needs integers, not \(bound.typeName)")
      }
    }
    if bounds[2] == 0 { throw error("a slice cannot step by 0") }
    let count: Int
    switch value {
    case .text(let text): count = text.count
    case .list(let list), .tuple(let list): count = list.values.count
    case .range(let range): count = range.count
    case .undefined(let reason): throw error(reason)
    // As environment.getitem: what has no items is undefined.
    default: return .undefined("\(value.objectName) has no slices")
    }
    let places = TemplateSlice.places(count, bounds[0], bounds[1], bounds[2] ?? 1)
    try budget.spend(places.count / 8)
    switch value {
    case .text(let text): return try self.text(places.map { text.scalars[$0] })
    case .list(let values): return try list(places.map { values.values[$0] })
    case .range(let range): return try list(places.map { .int(range[$0]) })
    case .tuple(let values): return try tuple(places.map { values.values[$0] })
    default: return .none
    }
  }
}

extension TemplateSlice {
  /// The places that a slice of `count` values names, in Python's way.
  static func places(_ count: Int, _ start: Int?, _ stop: Int?, _ step: Int) -> [Int] {
    func bound(_ value: Int?, _ fallback: Int, _ lowest: Int, _ highest: Int) -> Int {
      guard let value else { return fallback }
      let place = value < 0 ? value.addingReportingOverflow(count).partialValue : value
      return min(max(place, lowest), highest)
    }
    if step > 0 {
      let (from, to) = (bound(start, 0, 0, count), bound(stop, count, 0, count))
      return from < to ? Array(stride(from: from, to: to, by: min(step, count + 1))) : []
    }
    let from = bound(start, count - 1, -1, count - 1)
    let to = bound(stop, -1, -1, count - 1)
    return from > to ? Array(stride(from: from, to: to, by: max(step, -count - 1))) : []
  }
}

extension Int {
  /// The place of an index that may count from the end; nil: outside.
  func place(in count: Int) -> Int? {
    let place = self < 0 ? addingReportingOverflow(count).partialValue : self
    return (0..<count).contains(place) ? place : nil
  }
}

extension TemplateValue {
  /// An integer or a truth value as an integer.
  var integer: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// How Jinja2 names a value in messages.
  var objectName: String {
    if case .none = self { return "None" }
    return "\(typeName) object"
  }
}
