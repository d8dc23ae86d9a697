import Files

extension TemplateRenderer {
  fileprivate func ownList(_ value: TemplateValue) throws(AIGCError) -> TemplateList {
    switch value {
    case .list(let list), .tuple(let list): return list
    default: throw error("a list is needed, not \(value.typeName)")
    }
  }

  fileprivate func ownDictionary(_ value: TemplateValue) throws(AIGCError) -> TemplateDictionary {
    if case .dictionary(let dictionary) = value { return dictionary }
    throw error("a dict is needed, not \(value.typeName)")
  }

  /// What a call such as `dict(…)` or `update(…)` is given: a mapping or pairs, and names.
  func add(
    _ arguments: inout TemplateCall, to dictionary: TemplateDictionary
  ) throws(AIGCError) {
    if let first = arguments.positional.popFirst() {
      switch first {
      case .dictionary(let other):
        for (key, value) in zip(other.keys, other.values) {
          try set(key, value, in: dictionary)
        }
      case .namespace(let namespace):
        for (key, value) in zip(namespace.attributes.keys, namespace.attributes.values) {
          try set(key, value, in: dictionary)
        }
      default:
        for pair in try elements(first) {
          let parts = try elements(pair)
          guard parts.count == 2 else { throw error("a dict is made of pairs") }
          try set(parts[0], parts[1], in: dictionary)
        }
      }
    }
    for (name, value) in arguments.named { try set(.string(name), value, in: dictionary) }
    arguments.named = []
  }
}

extension TemplateMethod {
  static let sequences: [String: TemplateMethod] = [
    "count": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let wanted = try renderer.required("value", &arguments)
      var count = 0
      for element in try renderer.ownList(value).values
      where try renderer.areEqual(element, wanted) { count += 1 }
      return .int(count)
    },
    "index": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let wanted = try renderer.required("value", &arguments)
      for (place, element) in try renderer.ownList(value).values.enumerated()
      where try renderer.areEqual(element, wanted) { return .int(place) }
      throw renderer.error("the value is not in the list")
    },
  ]

  static let lists: [String: TemplateMethod] = [
    "append": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      try renderer.budget.allocate(8)
      let list = try renderer.ownList(value)
      list.values.append(try renderer.required("object", &arguments))
      return .none
    },
    "extend": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let added = try renderer.elements(try renderer.required("iterable", &arguments))
      try renderer.budget.allocate(8 * added.count)
      try renderer.ownList(value).values += added
      return .none
    },
    "insert": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let list = try renderer.ownList(value)
      let index = try renderer.integer(try renderer.required("index", &arguments), "index")
      let own = index < 0 ? index.addingReportingOverflow(list.values.count).partialValue : index
      let place = min(max(own, 0), list.values.count)
      try renderer.budget.allocate(8)
      try renderer.budget.spend(list.values.count / 16)
      list.values.insert(try renderer.required("object", &arguments), at: place)
      return .none
    },
    "pop": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let list = try renderer.ownList(value)
      let index = try renderer.integer("index", &arguments, -1)
      guard let place = index.place(in: list.values.count) else {
        throw renderer.error(list.values.isEmpty ? "pop from empty list" : "pop index out of range")
      }
      try renderer.budget.spend((list.values.count - place) / 16)
      return list.values.remove(at: place)
    },
    "remove": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let list = try renderer.ownList(value)
      let wanted = try renderer.required("value", &arguments)
      for (place, element) in list.values.enumerated()
      where try renderer.areEqual(element, wanted) {
        list.values.remove(at: place)
        return .none
      }
      throw renderer.error("the value is not in the list")
    },
    "clear": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      try renderer.ownList(value).values = []
      return .none
    },
    "copy": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      try renderer.list(try renderer.ownList(value).values)
    },
    "reverse": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      let list = try renderer.ownList(value)
      try renderer.budget.spend(list.values.count / 16)
      list.values.reverse()
      return .none
    },
    "sort": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let isReversed = try renderer.flag("reverse", &arguments, false)
      let list = try renderer.ownList(value)
      list.values = try renderer.sorted(list.values) { (a, b) throws(AIGCError) in
        try isReversed ? renderer.precedes(b, a, "<") : renderer.precedes(a, b, "<")
      }
      return .none
    },
  ]

  private static func view(_ part: TemplateView.Part) -> TemplateMethod {
    TemplateMethod { (renderer, value, _) throws(AIGCError) in
      .view(TemplateView(dictionary: try renderer.ownDictionary(value), part: part))
    }
  }

  static let dictionaries: [String: TemplateMethod] = [
    "keys": view(.keys),
    "values": view(.values),
    "items": view(.items),
    "get": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let key = try renderer.key(try renderer.required("key", &arguments))
      let fallback = arguments.take("default") ?? .none
      return try renderer.ownDictionary(value)[key] ?? fallback
    },
    "pop": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let dictionary = try renderer.ownDictionary(value)
      let key = try renderer.key(try renderer.required("key", &arguments))
      let fallback = arguments.take("default")
      try renderer.budget.spend(dictionary.count)
      guard let found = dictionary.remove(key) ?? fallback else {
        throw renderer.error("pop: the key is not in the dict")
      }
      return found
    },
    "popitem": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      let dictionary = try renderer.ownDictionary(value)
      guard let key = dictionary.keys.last else {
        throw renderer.error("popitem(): dictionary is empty")
      }
      try renderer.budget.spend(dictionary.count)
      return try renderer.tuple([key, dictionary.remove(try renderer.key(key)) ?? .none])
    },
    "setdefault": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let dictionary = try renderer.ownDictionary(value)
      let name = try renderer.required("key", &arguments)
      let fallback = arguments.take("default") ?? .none
      if let found = dictionary[try renderer.key(name)] { return found }
      try renderer.set(name, fallback, in: dictionary)
      return fallback
    },
    "update": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      try renderer.add(&arguments, to: try renderer.ownDictionary(value))
      return .none
    },
    "copy": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      let copy = try renderer.makeDictionary()
      var call = TemplateCall("copy", [value])
      try renderer.add(&call, to: copy)
      return .dictionary(copy)
    },
    "clear": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      try renderer.ownDictionary(value).removeAll()
      return .none
    },
  ]
}
