import Files

extension TemplateRenderer {
  static let sequenceFilters: [String: TemplateOperation] = [
    "length": length, "count": length,
    "list": { (renderer, value, _) throws(AIGCError) in
      try renderer.list(try renderer.elements(value))
    },
    "first": { (renderer, value, _) throws(AIGCError) in
      if case .iterator(let iterator) = value {
        return try iterator.next(renderer) ?? .undefined("No first item, sequence was empty.")
      }
      if case .text(let text) = value {
        return text.scalars.first.map { .text(TemplateText([$0])) }
          ?? .undefined("No first item, sequence was empty.")
      }
      return try renderer.elements(value).first ?? .undefined("No first item, sequence was empty.")
    },
    "last": { (renderer, value, _) throws(AIGCError) in
      if case .iterator = value { throw renderer.error("'generator' object is not reversible") }
      if case .text(let text) = value {
        return text.scalars.last.map { .text(TemplateText([$0])) }
          ?? .undefined("No last item, sequence was empty.")
      }
      return try renderer.elements(value).last ?? .undefined("No last item, sequence was empty.")
    },
    "reverse": { (renderer, value, _) throws(AIGCError) in
      if case .text(let text) = value { return try renderer.text(text.scalars.reversed()) }
      return try renderer.iterator(try renderer.elements(value).reversed())
    },
    "join": { (renderer, value, arguments) throws(AIGCError) in
      let separator = try renderer.string(arguments.take("d") ?? .string(""))
      let path = arguments.take("attribute")
      var parts: [TemplateText] = []
      for element in try renderer.elements(value) {
        parts.append(try renderer.string(try renderer.part(path, of: element)))
      }
      return .text(try renderer.joined(parts, by: separator))
    },
    "items": { (renderer, value, _) throws(AIGCError) in
      switch value {
      case .undefined: return try renderer.iterator([])
      case .dictionary(let dictionary):
        let view = TemplateView(dictionary: dictionary, part: .items)
        return try renderer.iterator(try renderer.elements(.view(view)))
      default: throw renderer.error("Can only get item pairs from a mapping.")
      }
    },
    "sum": { (renderer, value, arguments) throws(AIGCError) in
      let path = arguments.take("attribute")
      var total = arguments.take("start") ?? .int(0)
      for element in try renderer.elements(value) {
        total = try renderer.arithmetic(.add, total, try renderer.part(path, of: element))
      }
      return total
    },
    "batch": { (renderer, value, arguments) throws(AIGCError) in
      let size = try renderer.integer(try renderer.required("linecount", &arguments), "linecount")
      let fill = arguments.take("fill_with") ?? .none
      return try renderer.batches(try renderer.elements(value), size, fill)
    },
    "slice": { (renderer, value, arguments) throws(AIGCError) in
      let count = try renderer.integer(try renderer.required("slices", &arguments), "slices")
      let fill = arguments.take("fill_with") ?? .none
      return try renderer.slices(try renderer.elements(value), count, fill)
    },
  ]

  private static let length: TemplateOperation = { (renderer, value, _) throws(AIGCError) in
    guard let length = renderer.length(value) else {
      throw renderer.error("object of type '\(value.typeName)' has no len()")
    }
    return .int(length)
  }

  private func batches(
    _ values: [TemplateValue], _ size: Int, _ fill: TemplateValue
  ) throws(AIGCError) -> TemplateValue {
    // Jinja2 compares each length with the size: a size that is never reached gives one batch.
    guard size > 0 else { throw error("batch: a size above 0 is needed") }
    var result: [TemplateValue] = []
    for start in stride(from: 0, to: values.count, by: min(size, max(values.count, 1))) {
      var batch = Array(values[start..<min(start + size, values.count)])
      if case .none = fill {
      } else if batch.count < size {
        try budget.allocate(8 * min(size, 1 << 40))
        batch += repeatElement(fill, count: size - batch.count)
      }
      result.append(try list(batch))
    }
    return try iterator(result)
  }

  private func slices(
    _ values: [TemplateValue], _ count: Int, _ fill: TemplateValue
  ) throws(AIGCError) -> TemplateValue {
    guard count > 0 else { throw error("slice: a number above 0 is needed") }
    try budget.allocate(8 * min(count, 1 << 40))
    let (size, longer) = (values.count / count, values.count % count)
    var result: [TemplateValue] = []
    var start = 0
    for index in 0..<count {
      let end = start + size + (index < longer ? 1 : 0)
      var slice = Array(values[start..<end])
      if case .none = fill {} else if index >= longer { slice.append(fill) }
      result.append(try list(slice))
      start = end
    }
    return try iterator(result)
  }

  // MARK: Paths

  /// The value at a path such as `function.name` or 0; the value itself without a path.
  func part(
    _ path: TemplateValue?, of value: TemplateValue, fallback: TemplateValue? = nil
  ) throws(AIGCError) -> TemplateValue {
    var keys: [TemplateValue] = []
    switch path {
    case nil, .some(.none): return value
    case .text(let text):
      for part in text.scalars.split(separator: ".", omittingEmptySubsequences: false) {
        let name = TemplateText(part)
        keys.append(Int(name.string).map { $0 >= 0 ? .int($0) : .text(name) } ?? .text(name))
      }
    case .some(let key): keys = [key]
    }
    var result = value
    for key in keys {
      result = try item(key, of: result)
      if let fallback, case .undefined = result { result = fallback }
    }
    return result
  }

  /// What a value is ordered by: strings in lower case unless cases count.
  func sortValue(_ value: TemplateValue, caseCounts: Bool) throws(AIGCError) -> TemplateValue {
    guard !caseCounts, case .text(let text) = value else { return value }
    return try self.text(text.lowercased())
  }
}
