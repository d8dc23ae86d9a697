import Files

extension TemplateRenderer {
  /// The string that a method belongs to.
  fileprivate func own(_ value: TemplateValue) throws(AIGCError) -> TemplateText {
    try text(value, "self")
  }
}

extension TemplateMethod {
  /// A method that makes another string without arguments.
  private static func changed(
    _ change: @escaping @Sendable (TemplateText) -> TemplateText
  ) -> TemplateMethod {
    TemplateMethod { (renderer, value, _) throws(AIGCError) in
      let text = try renderer.own(value)
      // Properties of characters are looked up one by one.
      try renderer.budget.spend(text.count / 2)
      return try renderer.text(change(text))
    }
  }

  private static func stripped(start: Bool, end: Bool) -> TemplateMethod {
    TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let set = try renderer.textIfGiven("chars", &arguments)
      let text = try renderer.own(value).stripped(set?.scalars, start: start, end: end)
      return try renderer.text(text)
    }
  }

  private static func padded(_ alignment: Unicode.Scalar) -> TemplateMethod {
    TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      var format = FormatSpecification()
      format.width = try renderer.integer(try renderer.required("width", &arguments), "width")
      if let fill = try renderer.textIfGiven("fillchar", &arguments) {
        guard let scalar = fill.scalars.first, fill.count == 1 else {
          throw renderer.error("the fill character must be exactly one character long")
        }
        format.fill = scalar
      }
      let text = try renderer.own(value).scalars
      if alignment == "^" { return try renderer.text(try renderer.centered(text, format)) }
      return try renderer.text(try renderer.padded(text, format, fallback: alignment))
    }
  }

  static let strings: [String: TemplateMethod] = [
    "upper": changed { $0.uppercased() },
    "lower": changed { $0.lowercased() },
    "casefold": changed { $0.lowercased() },
    "capitalize": changed { $0.capitalized() },
    "title": changed { $0.titlecased() },
    "swapcase": changed { text in
      TemplateText(
        text.scalars.flatMap { scalar in
          let properties = scalar.properties
          return Array(
            (properties.isUppercase ? properties.lowercaseMapping : properties.uppercaseMapping)
              .unicodeScalars)
        })
    },
    "strip": stripped(start: true, end: true),
    "lstrip": stripped(start: true, end: false),
    "rstrip": stripped(start: false, end: true),
    "ljust": padded("<"),
    "rjust": padded(">"),
    "center": padded("^"),
    "zfill": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      var format = FormatSpecification()
      format.fill = "0"
      format.width = try renderer.integer(try renderer.required("width", &arguments), "width")
      let text = try renderer.own(value).scalars
      let signs = text.first == "-" || text.first == "+" ? 1 : 0
      return try renderer.text(try renderer.padded(text, format, fallback: "=", signs: signs))
    },
    "removeprefix": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let text = try renderer.own(value)
      let part = try renderer.requiredText("prefix", &arguments)
      return try renderer.text(
        text.hasPrefix(part) ? TemplateText(text.scalars[part.count...]) : text)
    },
    "removesuffix": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let text = try renderer.own(value)
      let part = try renderer.requiredText("suffix", &arguments)
      return try renderer.text(
        text.hasSuffix(part) ? TemplateText(text.scalars.dropLast(part.count)) : text)
    },
    "replace": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let old = try renderer.requiredText("old", &arguments)
      let new = try renderer.requiredText("new", &arguments)
      let count = try renderer.integer("count", &arguments, -1)
      return .text(try renderer.replaced(try renderer.own(value), old, new, count: count))
    },
    "join": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let values = try renderer.elements(try renderer.required("iterable", &arguments))
      var parts: [TemplateText] = []
      for value in values {
        guard case .text(let part) = value else {
          throw renderer.error("join() needs strings, found \(value.typeName)")
        }
        parts.append(part)
      }
      return .text(try renderer.joined(parts, by: try renderer.own(value)))
    },
    "format": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let result = try renderer.braces(try renderer.own(value), &arguments)
      arguments = TemplateCall("format")
      return .text(TemplateText(result))
    },
    "expandtabs": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let size = try renderer.integer("tabsize", &arguments, 8)
      var (result, column): ([Unicode.Scalar], Int) = ([], 0)
      for scalar in try renderer.own(value).scalars {
        let spaces = scalar == "\t" && size > 0 ? size - column % size : 0
        try renderer.budget.allocate(spaces)
        try renderer.budget.allocate(1)
        if scalar == "\t" {
          result += Array(repeating: " ", count: spaces)
          column += spaces
        } else {
          result.append(scalar)
          column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
        }
      }
      return .text(TemplateText(result))
    },
  ]

  // MARK: Parts of strings

  private static func split(fromEnd: Bool) -> TemplateMethod {
    TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let separator = try renderer.textIfGiven("sep", &arguments)
      let limit = try renderer.integer("maxsplit", &arguments, -1)
      let text = try renderer.own(value)
      let parts: [TemplateText]
      if let separator {
        guard !separator.isEmpty else { throw renderer.error("empty separator") }
        parts = try renderer.split(text, by: separator, limit: limit, fromEnd: fromEnd)
      } else {
        parts = text.words(limit: limit, fromEnd: fromEnd)
      }
      try renderer.budget.allocate(text.count)
      return try renderer.list(parts.map { .text($0) })
    }
  }

  private static func partition(fromEnd: Bool) -> TemplateMethod {
    TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let separator = try renderer.requiredText("sep", &arguments)
      guard !separator.isEmpty else { throw renderer.error("empty separator") }
      let text = try renderer.own(value)
      let parts = try renderer.split(text, by: separator, limit: 1, fromEnd: fromEnd)
      try renderer.budget.allocate(text.count)
      let none = TemplateText()
      let result =
        parts.count == 2
        ? [parts[0], separator, parts[1]] : fromEnd ? [none, none, text] : [text, none, none]
      return try renderer.tuple(result.map { .text($0) })
    }
  }

  /// `find`, `index` and their like, which see a part of the string only.
  private static func place(fromEnd: Bool, mustBe: Bool) -> TemplateMethod {
    TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let part = try renderer.requiredText("sub", &arguments)
      let (text, start) = try renderer.bounded(try renderer.own(value), &arguments)
      let found = try renderer.places(
        of: part, in: text, limit: fromEnd ? .max : 1, overlapping: fromEnd)
      let place = fromEnd ? found.last : found.first
      if place == nil, mustBe { throw renderer.error("substring not found") }
      return .int(place.map { $0 + start } ?? -1)
    }
  }

  private static func end(_ isEnd: Bool) -> TemplateMethod {
    TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let parts = try renderer.required("prefix", &arguments)
      let (text, _) = try renderer.bounded(try renderer.own(value), &arguments)
      let all: [TemplateValue]
      if case .tuple(let list) = parts { all = list.values } else { all = [parts] }
      for part in all {
        let part = try renderer.text(part, isEnd ? "suffix" : "prefix")
        if isEnd ? text.hasSuffix(part) : text.hasPrefix(part) { return .bool(true) }
      }
      return .bool(false)
    }
  }

  static let searches: [String: TemplateMethod] = [
    "split": split(fromEnd: false),
    "rsplit": split(fromEnd: true),
    "partition": partition(fromEnd: false),
    "rpartition": partition(fromEnd: true),
    "find": place(fromEnd: false, mustBe: false),
    "rfind": place(fromEnd: true, mustBe: false),
    "index": place(fromEnd: false, mustBe: true),
    "rindex": place(fromEnd: true, mustBe: true),
    "startswith": end(false),
    "endswith": end(true),
    "splitlines": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let keepsEnds = try renderer.flag("keepends", &arguments, false)
      let text = try renderer.own(value)
      try renderer.budget.allocate(text.count)
      return try renderer.list(text.lines(keepsEnds: keepsEnds).map { .text($0) })
    },
    "count": TemplateMethod { (renderer, value, arguments) throws(AIGCError) in
      let part = try renderer.requiredText("sub", &arguments)
      let (text, _) = try renderer.bounded(try renderer.own(value), &arguments)
      if part.isEmpty { return .int(text.count + 1) }
      return .int(try renderer.places(of: part, in: text).count)
    },
  ]

  // MARK: What strings are

  private static func all(
    _ isMet: @escaping @Sendable (Unicode.Scalar) -> Bool, evenEmpty: Bool = false
  ) -> TemplateMethod {
    TemplateMethod { (renderer, value, _) throws(AIGCError) in
      let text = try renderer.own(value)
      try renderer.budget.spend(text.count / 4)
      return .bool((evenEmpty || !text.isEmpty) && text.scalars.allSatisfy(isMet))
    }
  }

  static let checks: [String: TemplateMethod] = [
    "isalpha": all { $0.isPythonLetter },
    "isalnum": all { $0.isPythonLetter || $0.isPythonNumeric },
    "isnumeric": all { $0.isPythonNumeric },
    "isdigit": all { $0.properties.numericType == .decimal || $0.properties.numericType == .digit },
    "isdecimal": all { $0.properties.numericType == .decimal },
    "isspace": all { $0.isPythonSpace },
    "isascii": all({ $0.isASCII }, evenEmpty: true),
    "isprintable": all({ $0.isPythonPrintable }, evenEmpty: true),
    "isupper": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      .bool(try renderer.own(value).isUppercase)
    },
    "islower": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      .bool(try renderer.own(value).isLowercase)
    },
    "istitle": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      let text = try renderer.own(value)
      return .bool(text == text.titlecased() && text.scalars.contains { $0.properties.isCased })
    },
    "isidentifier": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      let text = try renderer.own(value).scalars
      let isBegun = text.first.map { $0 == "_" || $0.properties.isXIDStart } ?? false
      return .bool(isBegun && text.allSatisfy { $0.properties.isXIDContinue })
    },
  ]
}
