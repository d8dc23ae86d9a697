import Files

extension TemplateRenderer {
  /// A filter that makes another string of its value's text.
  private static func changed(
    _ change: @escaping @Sendable (TemplateText) -> TemplateText
  ) -> TemplateOperation {
    { (renderer, value, _) throws(AIGCError) in
      let text = try renderer.string(value)
      // Properties of characters are looked up one by one.
      try renderer.budget.spend(text.count / 2)
      var result = change(text)
      result.isMarkup = text.isMarkup
      return try renderer.text(result)
    }
  }

  static let textFilters: [String: TemplateOperation] = [
    "upper": changed { $0.uppercased() },
    "lower": changed { $0.lowercased() },
    "capitalize": changed { $0.capitalized() },
    "title": changed { $0.titlecasedWords() },
    "trim": { (renderer, value, arguments) throws(AIGCError) in
      let set = try renderer.textIfGiven("chars", &arguments)
      return try renderer.text(try renderer.string(value).stripped(set?.scalars))
    },
    "replace": { (renderer, value, arguments) throws(AIGCError) in
      let old = try renderer.string(try renderer.required("old", &arguments))
      let new = try renderer.string(try renderer.required("new", &arguments))
      let count = try renderer.integerIfGiven("count", &arguments) ?? -1
      return .text(try renderer.replaced(try renderer.string(value), old, new, count: count))
    },
    "center": { (renderer, value, arguments) throws(AIGCError) in
      var format = FormatSpecification()
      format.width = try renderer.integer("width", &arguments, 80)
      return try renderer.text(try renderer.centered(try renderer.string(value).scalars, format))
    },
    "format": { (renderer, value, arguments) throws(AIGCError) in
      let text = try renderer.string(value)
      if !arguments.named.isEmpty {
        guard arguments.positional.isEmpty else {
          throw renderer.error("can't handle positional and keyword arguments at the same time")
        }
        let names = try renderer.makeDictionary()
        try renderer.add(&arguments, to: names)
        return try renderer.percent(text, .dictionary(names))
      }
      let values = Array(arguments.positional)
      arguments.positional = []
      return try renderer.percent(text, try renderer.tuple(values))
    },
    "indent": { (renderer, value, arguments) throws(AIGCError) in
      let width = arguments.take("width") ?? .int(4)
      let first = try renderer.flag("first", &arguments, false)
      let blank = try renderer.flag("blank", &arguments, false)
      let unit: TemplateText
      if case .text(let text) = width {
        unit = text
      } else {
        let count = max(0, try renderer.integer(width, "width"))
        try renderer.budget.allocate(count)
        unit = TemplateText(Array(repeating: " ", count: count))
      }
      return .text(
        try renderer.indented(try renderer.string(value), by: unit, first: first, blank: blank))
    },
    "truncate": { (renderer, value, arguments) throws(AIGCError) in
      let length = try renderer.integer("length", &arguments, 255)
      let cutsWords = try renderer.flag("killwords", &arguments, false)
      let end = try renderer.textIfGiven("end", &arguments) ?? "..."
      let leeway = try renderer.integerIfGiven("leeway", &arguments) ?? 5
      guard length >= end.count, leeway >= 0 else {
        throw renderer.error("truncate: expected length >= \(end.count), leeway >= 0")
      }
      let text = try renderer.string(value)
      if text.count - leeway <= length { return .text(text) }
      var kept = text.scalars[..<(length - end.count)]
      if !cutsWords, let space = kept.lastIndex(of: " ") { kept = kept[..<space] }
      return try renderer.text(kept + end.scalars)
    },
    "wordcount": { (renderer, value, _) throws(AIGCError) in
      let text = try renderer.string(value)
      try renderer.budget.spend(text.count / 8)
      var (count, isInside) = (0, false)
      for scalar in text.scalars {
        let isWord = scalar.isPythonWord
        if isWord, !isInside { count += 1 }
        isInside = isWord
      }
      return .int(count)
    },
  ]

  private func indented(
    _ text: TemplateText, by unit: TemplateText, first: Bool, blank: Bool
  ) throws(AIGCError) -> TemplateText {
    let lines = TemplateText(text.scalars + ["\n"]).lines()
    var result: [Unicode.Scalar] = first ? unit.scalars : []
    for (index, line) in lines.enumerated() {
      try budget.allocate(1 + unit.count + line.count)
      if index > 0 {
        result.append("\n")
        if blank || !line.isEmpty { result += unit.scalars }
      }
      result += line.scalars
    }
    return TemplateText(result)
  }

  // MARK: HTML and addresses

  static let markupFilters: [String: TemplateOperation] = [
    "safe": { (renderer, value, _) throws(AIGCError) in
      var text = try renderer.string(value)
      text.isMarkup = true
      return .text(text)
    },
    "escape": escape, "e": escape,
    "forceescape": { (renderer, value, _) throws(AIGCError) in
      try renderer.text(try renderer.string(value).escaped(evenMarkup: true))
    },
    "striptags": { (renderer, value, _) throws(AIGCError) in
      try renderer.text(try renderer.string(value).withoutTags())
    },
    "urlencode": { (renderer, value, _) throws(AIGCError) in
      switch value {
      case .dictionary(let dictionary):
        let pairs = TemplateView(dictionary: dictionary, part: .items)
        return .text(try renderer.query(try renderer.elements(.view(pairs))))
      case .list, .tuple, .view, .iterator:
        return .text(try renderer.query(try renderer.elements(value)))
      default: return try renderer.text(try renderer.string(value).percentEncoded())
      }
    },
    "xmlattr": { (renderer, value, arguments) throws(AIGCError) in
      let addsSpace = try renderer.flag("autospace", &arguments, true)
      guard case .dictionary(let dictionary) = value else {
        throw renderer.error("xmlattr needs a mapping")
      }
      var result: [Unicode.Scalar] = []
      for (key, value) in zip(dictionary.keys, dictionary.values) {
        switch value {
        case .none, .undefined: continue
        default: break
        }
        let name = try renderer.string(key)
        guard
          !name.scalars.contains(where: { $0.isPythonSpace || "/>=".unicodeScalars.contains($0) })
        else { throw renderer.error("xmlattr: an invalid character in a key") }
        if !result.isEmpty { result.append(" ") }
        result += name.escaped().scalars + ["=", "\""]
        result += try renderer.string(value).escaped().scalars + ["\""]
        try renderer.budget.allocate(result.count)
      }
      if addsSpace, !result.isEmpty { result.insert(" ", at: 0) }
      return .text(TemplateText(result))
    },
  ]

  private static let escape: TemplateOperation = { (renderer, value, _) throws(AIGCError) in
    try renderer.text(try renderer.string(value).escaped())
  }

  private func query(_ pairs: [TemplateValue]) throws(AIGCError) -> TemplateText {
    var parts: [TemplateText] = []
    for pair in pairs {
      let values = try elements(pair)
      guard values.count == 2 else { throw error("urlencode needs pairs") }
      let (name, text) = (try string(values[0]), try string(values[1]))
      // A character takes at most four bytes, three characters each.
      try budget.allocate(12 * (name.count + text.count))
      parts.append(
        TemplateText(
          name.percentEncoded(inQuery: true).scalars + ["="]
            + text.percentEncoded(inQuery: true).scalars))
    }
    return try joined(parts, by: "&")
  }
}

extension TemplateText {
  /// Jinja2's `title`: words begin behind spaces, hyphens and opening brackets.
  fileprivate func titlecasedWords() -> TemplateText {
    var result: [Unicode.Scalar] = []
    var isInside = false
    for scalar in scalars {
      let properties = scalar.properties
      if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
        isInside = false
        result.append(scalar)
        continue
      }
      result +=
        (isInside ? properties.lowercaseMapping : properties.uppercaseMapping).unicodeScalars
      isInside = true
    }
    return TemplateText(result)
  }

  /// Without comments and tags, runs of white space one space.
  fileprivate func withoutTags() -> TemplateText {
    var kept: [Unicode.Scalar] = []
    var place = 0
    let lastTagEnd = scalars.lastIndex(of: ">") ?? -1
    while place < count {
      if scalars[place] == "<", place < lastTagEnd {
        while scalars[place] != ">" { place += 1 }
      } else {
        kept.append(scalars[place])
      }
      place += 1
    }
    let words = TemplateText(kept).words(limit: -1, fromEnd: false)
    var result: [Unicode.Scalar] = []
    for (index, word) in words.enumerated() {
      if index > 0 { result.append(" ") }
      result += word.scalars
    }
    return TemplateText(result).withoutEntities()
  }

  /// With characters in place of HTML's five signs and of numbers, `&#39;`.
  private func withoutEntities() -> TemplateText {
    let signs: [String: Unicode.Scalar] = [
      "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'",
    ]
    var result: [Unicode.Scalar] = []
    var place = 0
    while place < count {
      let end = scalars[place...].prefix(10).firstIndex(of: ";")
      if scalars[place] == "&", let end {
        let name = TemplateText(scalars[place + 1..<end]).string
        let code =
          name.hasPrefix("#x") || name.hasPrefix("#X")
          ? UInt32(name.dropFirst(2), radix: 16)
          : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
        if let scalar = signs[name] ?? code.flatMap(Unicode.Scalar.init) {
          result.append(scalar)
          place = end + 1
          continue
        }
      }
      result.append(scalars[place])
      place += 1
    }
    return TemplateText(result)
  }

  /// Percent signs in place of what addresses do not hold.
  fileprivate func percentEncoded(inQuery: Bool = false) -> TemplateText {
    var result: [Unicode.Scalar] = []
    for byte in string.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain = byte < 0x80 && (scalar.isPythonWord || ".-~".unicodeScalars.contains(scalar))
      if isPlain || scalar == "/" && !inQuery {
        result.append(scalar)
      } else if scalar == " ", inQuery {
        result.append("+")
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%\(byte < 16 ? "0" : "")\(digits)".unicodeScalars
      }
    }
    return TemplateText(result)
  }
}
