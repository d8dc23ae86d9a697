import Files

extension TemplateRenderer {
  /// Whether a value counts as true.
  func isTrue(_ value: TemplateValue) throws(AIGCError) -> Bool {
    switch value {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let list), .tuple(let list): !list.values.isEmpty
    case .dictionary(let dictionary): dictionary.count > 0
    case .view(let view): view.dictionary.count > 0
    case .range(let range): range.count > 0
    case .loop(let loop): !loop.items.isEmpty
    case .iterator, .namespace, .function: true
    }
  }

  /// The values that a loop over `value` gives.
  func elements(_ value: TemplateValue) throws(AIGCError) -> [TemplateValue] {
    let elements: [TemplateValue]
    switch value {
    case .undefined: return []
    case .list(let list), .tuple(let list): return list.values
    case .dictionary(let dictionary): return dictionary.keys
    case .iterator(let iterator):
      var values: [TemplateValue] = []
      while let value = try iterator.next(self) { values.append(value) }
      return values
    case .loop(let loop): return Array(loop.items[min(loop.index + 1, loop.items.count)...])
    case .text(let text):
      try budget.allocate(8 * text.count)
      return text.scalars.map { .text(TemplateText([$0])) }
    case .range(let range):
      try budget.allocate(8 * range.count)
      return (0..<range.count).map { .int(range[$0]) }
    case .view(let view):
      let dictionary = view.dictionary
      switch view.part {
      case .keys: return dictionary.keys
      case .values: return dictionary.values
      case .items:
        var pairs: [TemplateValue] = []
        for (key, value) in zip(dictionary.keys, dictionary.values) {
          pairs.append(try tuple([key, value]))
        }
        elements = pairs
      }
    default: throw error("'\(value.typeName)' object is not iterable")
    }
    return elements
  }

  /// The number of elements; nil for a value without.
  func length(_ value: TemplateValue) -> Int? {
    switch value {
    case .undefined: 0
    case .text(let text): text.count
    case .list(let list), .tuple(let list): list.values.count
    case .dictionary(let dictionary): dictionary.count
    case .view(let view): view.dictionary.count
    case .range(let range): range.count
    case .loop(let loop): loop.items.count
    default: nil
    }
  }

  // MARK: Keys

  func key(_ value: TemplateValue) throws(AIGCError) -> TemplateKey {
    guard let key = try keyIfHashable(value) else {
      throw error("unhashable type: '\(value.typeName)'")
    }
    return key
  }

  func keyIfHashable(
    _ value: TemplateValue, depth: Int = 0
  ) throws(AIGCError) -> TemplateKey? {
    try checkValueDepth(depth)
    switch value {
    case .none: return TemplateKey.none
    case .undefined: return .undefined
    case .bool(let value): return .int(value ? 1 : 0)
    case .int(let value): return .int(value)
    case .double(let value): return Int(exactly: value).map { .int($0) } ?? .double(value)
    case .text(let text):
      try budget.spend(text.count / 64)
      return .text(text)
    case .tuple(let list):
      var keys: [TemplateKey] = []
      for element in list.values {
        guard let key = try keyIfHashable(element, depth: depth + 1) else { return nil }
        keys.append(key)
      }
      return .tuple(keys)
    default: return nil
    }
  }

  // MARK: Comparisons

  func areEqual(
    _ a: TemplateValue, _ b: TemplateValue, depth: Int = 0
  ) throws(AIGCError) -> Bool {
    try checkValueDepth(depth)
    switch (a, b) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let a), .text(let b)):
      try budget.spend(min(a.count, b.count) / 64)
      return a == b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      guard a !== b else { return true }
      guard a.values.count == b.values.count else { return false }
      for (a, b) in zip(a.values, b.values) where try !areEqual(a, b, depth: depth + 1) {
        return false
      }
      return true
    case (.dictionary(let a), .dictionary(let b)):
      return try areEqual(a, b, depth)
    case (.range(let a), .range(let b)):
      return a.count == b.count
        && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step))
    case (.namespace(let a), .namespace(let b)): return a === b
    case (.function(let a), .function(let b)): return a === b
    case (.iterator(let a), .iterator(let b)): return a === b
    case (.loop(let a), .loop(let b)): return a === b
    default:
      if let a = a.integer, let b = b.integer { return a == b }
      if let a = a.number, let b = b.number { return a == b }
      return false
    }
  }

  private func areEqual(
    _ a: TemplateDictionary, _ b: TemplateDictionary, _ depth: Int
  ) throws(AIGCError) -> Bool {
    guard a !== b else { return true }
    guard a.count == b.count else { return false }
    for (name, value) in zip(a.keys, a.values) {
      guard let other = b[try key(name)], try areEqual(value, other, depth: depth + 1) else {
        return false
      }
    }
    return true
  }

  /// Whether `a` is below `b`.
  /// - Parameter sign: the operator, for messages.
  func precedes(
    _ a: TemplateValue, _ b: TemplateValue, _ sign: String, orEqual: Bool = false, depth: Int = 0
  ) throws(AIGCError) -> Bool {
    try checkValueDepth(depth)
    switch (a, b) {
    case (.undefined(let reason), _), (_, .undefined(let reason)): throw error(reason)
    case (.text(let a), .text(let b)):
      try budget.spend(min(a.count, b.count) / 64)
      return orEqual ? !b.precedes(a) : a.precedes(b)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (a, b) in zip(a.values, b.values) where try !areEqual(a, b, depth: depth + 1) {
        return try precedes(a, b, sign, orEqual: orEqual, depth: depth + 1)
      }
      let (a, b) = (a.values.count, b.values.count)
      return orEqual ? a <= b : a < b
    default:
      if let a = a.integer, let b = b.integer { return orEqual ? a <= b : a < b }
      if let a = a.number, let b = b.number { return orEqual ? a <= b : a < b }
      throw error(
        "'\(sign)' not supported between instances of '\(a.typeName)' and '\(b.typeName)'")
    }
  }

  /// `value in container`.
  func contains(_ container: TemplateValue, _ value: TemplateValue) throws(AIGCError) -> Bool {
    switch container {
    case .text(let text):
      guard case .text(let part) = value else {
        if case .undefined(let reason) = value { throw error(reason) }
        throw error("'in <string>' requires string as left operand, not \(value.typeName)")
      }
      return try find(part, in: text) != nil
    case .dictionary(let dictionary): return dictionary[try key(value)] != nil
    case .view(let view) where view.part == .keys:
      return view.dictionary[try key(value)] != nil
    case .iterator(let iterator):
      while let element = try iterator.next(self) {
        if try areEqual(element, value) { return true }
      }
      return false
    case .undefined, .list, .tuple, .range, .view, .loop:
      for element in try elements(container) where try areEqual(element, value) { return true }
      return false
    default: throw error("argument of type '\(container.typeName)' is not iterable")
    }
  }

  /// The first place of `part` in `text`, from a place on.
  func find(
    _ part: TemplateText, in text: TemplateText, from start: Int = 0, to end: Int? = nil
  ) throws(AIGCError) -> Int? {
    let end = end ?? text.count
    guard part.count <= end - start else { return nil }
    guard let first = part.scalars.first else { return start }
    var steps = 0
    for place in start...(end - part.count) {
      steps += 1
      guard text.scalars[place] == first else { continue }
      var length = 1
      while length < part.count, text.scalars[place + length] == part.scalars[length] {
        length += 1
      }
      if length == part.count {
        try budget.spend(steps / 16)
        return place
      }
      steps += length
      if steps >= 1 << 16 {
        try budget.spend(steps / 16)
        steps = 0
      }
    }
    try budget.spend(steps / 16)
    return nil
  }

  /// Sorts and keeps the order of equal values.
  func sorted<Element>(
    _ values: [Element], _ precedes: (Element, Element) throws(AIGCError) -> Bool
  ) throws(AIGCError) -> [Element] {
    var (current, width) = (values, 1)
    while width < current.count {
      var merged: [Element] = []
      merged.reserveCapacity(current.count)
      for start in stride(from: 0, to: current.count, by: 2 * width) {
        let middle = min(start + width, current.count)
        let end = min(start + 2 * width, current.count)
        var (left, right) = (start, middle)
        while left < middle, right < end {
          if try precedes(current[right], current[left]) {
            merged.append(current[right])
            right += 1
          } else {
            merged.append(current[left])
            left += 1
          }
        }
        merged += current[left..<middle]
        merged += current[right..<end]
      }
      current = merged
      width *= 2
    }
    return current
  }
}

extension TemplateValue {
  /// A number as a double.
  var number: Double? {
    switch self {
    case .double(let value): value
    case .int(let value): Double(value)
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }
}
