import Files

/// Filters that choose, change or order values.
extension TemplateRenderer {
  static let selectionFilters: [String: TemplateOperation] = [
    "map": { (renderer, value, arguments) throws(AIGCError) in
      try renderer.map(value, &arguments)
    },
    "select": selection(keeps: true, byAttribute: false),
    "reject": selection(keeps: false, byAttribute: false),
    "selectattr": selection(keeps: true, byAttribute: true),
    "rejectattr": selection(keeps: false, byAttribute: true),
    "sort": { (renderer, value, arguments) throws(AIGCError) in
      let isReversed = try renderer.flag("reverse", &arguments, false)
      let caseCounts = try renderer.flag("case_sensitive", &arguments, false)
      let path = arguments.take("attribute")
      var keyed: [(key: TemplateValue, value: TemplateValue)] = []
      for element in try renderer.elements(value) {
        keyed.append((try renderer.sortKey(element, path, caseCounts), element))
      }
      let sorted = try renderer.sorted(keyed, isReversed: isReversed)
      return try renderer.list(sorted.map { $0.value })
    },
    "dictsort": { (renderer, value, arguments) throws(AIGCError) in
      let caseCounts = try renderer.flag("case_sensitive", &arguments, false)
      let by = try renderer.textIfGiven("by", &arguments)?.string ?? "key"
      let isReversed = try renderer.flag("reverse", &arguments, false)
      guard by == "key" || by == "value" else {
        throw renderer.error("You can only sort by either 'key' or 'value'")
      }
      guard case .dictionary(let dictionary) = value else {
        throw renderer.error("dictsort needs a mapping, not \(value.typeName)")
      }
      var keyed: [(key: TemplateValue, value: TemplateValue)] = []
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        let own = try renderer.sortValue(by == "key" ? key : value, caseCounts: caseCounts)
        keyed.append((own, try renderer.tuple([key, value])))
      }
      let sorted = try renderer.sorted(keyed, isReversed: isReversed)
      return try renderer.list(sorted.map { $0.value })
    },
    "unique": { (renderer, value, arguments) throws(AIGCError) in
      let caseCounts = try renderer.flag("case_sensitive", &arguments, false)
      let path = arguments.take("attribute")
      var seen: Set<TemplateKey> = []
      var result: [TemplateValue] = []
      for element in try renderer.elements(value) {
        let own = try renderer.sortValue(
          try renderer.part(path, of: element), caseCounts: caseCounts)
        if seen.insert(try renderer.key(own)).inserted { result.append(element) }
      }
      return try renderer.iterator(result)
    },
    "min": extreme(isLargest: false),
    "max": extreme(isLargest: true),
    "groupby": { (renderer, value, arguments) throws(AIGCError) in
      let path = try renderer.required("attribute", &arguments)
      let fallback = arguments.take("default")
      let caseCounts = try renderer.flag("case_sensitive", &arguments, false)
      return try renderer.groups(value, path, fallback, caseCounts)
    },
  ]

  private func map(
    _ value: TemplateValue, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> TemplateValue {
    if arguments.positional.isEmpty, let path = arguments.take("attribute") {
      let fallback = arguments.take("default")
      return try iterator(over: value) { [self] (element) throws(AIGCError) in
        try part(path, of: element, fallback: fallback)
      }
    }
    guard let first = arguments.positional.popFirst() else {
      throw error("map requires a filter argument")
    }
    let name = try text(first, "filter").string
    let own = arguments
    (arguments.positional, arguments.named) = ([], [])
    return try iterator(over: value) { [self] (element) throws(AIGCError) in
      var call = own
      return try apply(name, to: element, &call)
    }
  }

  private static func selection(keeps: Bool, byAttribute: Bool) -> TemplateOperation {
    { (renderer, value, arguments) throws(AIGCError) in
      let path = byAttribute ? try renderer.required("attribute", &arguments) : nil
      var test: String?
      if let name = arguments.positional.popFirst() {
        test = try renderer.text(name, "test").string
      }
      let own = arguments
      (arguments.positional, arguments.named) = ([], [])
      return try renderer.iterator(over: value) { (element) throws(AIGCError) in
        let part = try renderer.part(path, of: element)
        var call = own
        let isMet =
          if let test { try renderer.isTrue(test, part, &call) } else { try renderer.isTrue(part) }
        return isMet == keeps ? element : nil
      }
    }
  }

  /// What an element is sorted by: several paths with commas between them are a list.
  private func sortKey(
    _ element: TemplateValue, _ path: TemplateValue?, _ caseCounts: Bool
  ) throws(AIGCError) -> TemplateValue {
    guard case .text(let text)? = path, text.scalars.contains(",") else {
      return try sortValue(try part(path, of: element), caseCounts: caseCounts)
    }
    var values: [TemplateValue] = []
    for name in text.scalars.split(separator: ",", omittingEmptySubsequences: false) {
      let own = try part(.text(TemplateText(name)), of: element)
      values.append(try sortValue(own, caseCounts: caseCounts))
    }
    return try list(values)
  }

  private func sorted(
    _ values: [(key: TemplateValue, value: TemplateValue)], isReversed: Bool
  ) throws(AIGCError) -> [(key: TemplateValue, value: TemplateValue)] {
    try sorted(values) { (a, b) throws(AIGCError) in
      try isReversed ? precedes(b.key, a.key, "<") : precedes(a.key, b.key, "<")
    }
  }

  private static func extreme(isLargest: Bool) -> TemplateOperation {
    { (renderer, value, arguments) throws(AIGCError) in
      let caseCounts = try renderer.flag("case_sensitive", &arguments, false)
      let path = arguments.take("attribute")
      var best: (key: TemplateValue, value: TemplateValue)?
      for element in try renderer.elements(value) {
        let key = try renderer.sortValue(
          try renderer.part(path, of: element), caseCounts: caseCounts)
        guard let current = best else {
          best = (key, element)
          continue
        }
        let isBetter =
          try isLargest
          ? renderer.precedes(current.key, key, ">") : renderer.precedes(key, current.key, "<")
        if isBetter { best = (key, element) }
      }
      return best?.value ?? .undefined("No aggregated item, sequence was empty.")
    }
  }

  /// Tuples of what elements have in common (`grouper`) and the elements (`list`), in order.
  private func groups(
    _ value: TemplateValue, _ path: TemplateValue, _ fallback: TemplateValue?, _ caseCounts: Bool
  ) throws(AIGCError) -> TemplateValue {
    var keyed: [(key: TemplateValue, value: TemplateValue)] = []
    for element in try elements(value) {
      let own = try part(path, of: element, fallback: fallback)
      keyed.append((try sortValue(own, caseCounts: caseCounts), element))
    }
    var result: [TemplateValue] = []
    var members: [TemplateValue] = []
    let sorted = try sorted(keyed, isReversed: false)
    for (index, entry) in sorted.enumerated() {
      members.append(entry.value)
      if index + 1 < sorted.count, try areEqual(sorted[index + 1].key, entry.key) { continue }
      let first = try part(path, of: members[0], fallback: fallback)
      let group = TemplateGroup([caseCounts ? entry.key : first, try list(members)])
      try keep(group, units: 32)
      result.append(.tuple(group))
      members = []
    }
    return try list(result)
  }
}
