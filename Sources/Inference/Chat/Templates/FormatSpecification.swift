import Files

/// How a value is written into a place: `>10.2f` of `format`, or `%-10.2f`.
struct FormatSpecification {
  var fill: Unicode.Scalar = " "
  /// `<`, `>`, `^` or `=`; nil: left for texts, right for numbers.
  var alignment: Unicode.Scalar?
  /// What stands before a number that is not negative: nothing, `+` or a space.
  var sign: Unicode.Scalar?
  var isAlternate = false
  var width = 0
  var separator: Unicode.Scalar?
  var precision: Int?
  var type: Unicode.Scalar?

  init() {}

  /// Reads `[[fill]align][sign][#][0][width][,][.precision][type]`; nil for what is none.
  init?(_ text: [Unicode.Scalar]) {
    var place = 0
    func next() -> Unicode.Scalar? { place < text.count ? text[place] : nil }
    func isAlignment(_ scalar: Unicode.Scalar) -> Bool { "<>=^".unicodeScalars.contains(scalar) }
    if text.count > 1, isAlignment(text[1]) {
      (fill, alignment, place) = (text[0], text[1], 2)
    } else if let first = next(), isAlignment(first) {
      (alignment, place) = (first, 1)
    }
    if let scalar = next(), "+- ".unicodeScalars.contains(scalar) {
      sign = scalar == "-" ? nil : scalar
      place += 1
    }
    if next() == "#" {
      isAlternate = true
      place += 1
    }
    if next() == "0" {
      if alignment == nil { (fill, alignment) = ("0", "=") }
      place += 1
    }
    guard let width = Self.number(text, &place) else { return nil }
    self.width = width
    if let scalar = next(), scalar == "," || scalar == "_" {
      separator = scalar
      place += 1
    }
    if next() == "." {
      place += 1
      let start = place
      precision = Self.number(text, &place)
      if precision == nil || place == start { return nil }
    }
    if let scalar = next() {
      type = scalar
      place += 1
    }
    if place < text.count { return nil }
  }

  /// A number of at most 9 digits; 0 where there is none.
  static func number(_ text: [Unicode.Scalar], _ place: inout Int) -> Int? {
    var (value, count) = (0, 0)
    while place < text.count, let digit = text[place].digit(10) {
      value = value * 10 + Int(digit)
      place += 1
      count += 1
      if count > 9 { return nil }
    }
    return value
  }
}

extension TemplateRenderer {
  /// Fills a text up to the width.
  /// - Parameter signs: how many characters at its front stay there with `=`.
  func padded(
    _ text: [Unicode.Scalar], _ format: FormatSpecification, fallback: Unicode.Scalar,
    signs: Int = 0
  ) throws(AIGCError) -> [Unicode.Scalar] {
    let missing = max(0, format.width) - text.count
    guard missing > 0 else { return text }
    try budget.allocate(format.width)
    func fill(_ count: Int) -> [Unicode.Scalar] { Array(repeating: format.fill, count: count) }
    switch format.alignment ?? fallback {
    case "<": return text + fill(missing)
    case "^": return fill(missing / 2) + text + fill(missing - missing / 2)
    case "=": return text[..<signs] + fill(missing) + text[signs...]
    default: return fill(missing) + text
    }
  }

  /// A value as a format specification writes it.
  func formatted(
    _ value: TemplateValue, _ format: FormatSpecification
  ) throws(AIGCError) -> [Unicode.Scalar] {
    switch value {
    case .bool where format.type != nil && format.type != "s":
      return try formattedNumber(value, format)
    case .int, .double: return try formattedNumber(value, format)
    default:
      guard format.type == nil || format.type == "s" else {
        throw error(
          "a \(value.typeName) cannot be written as \(format.type.map(String.init) ?? "")")
      }
      var text = try string(value).scalars
      if let precision = format.precision { text = Array(text.prefix(precision)) }
      return try padded(text, format, fallback: "<")
    }
  }

  func formattedNumber(
    _ value: TemplateValue, _ format: FormatSpecification
  ) throws(AIGCError) -> [Unicode.Scalar] {
    try budget.spend(100)
    try budget.allocate(min(format.precision ?? 0, 1 << 30))
    var isNegative = false
    var body = ""
    if let integer = value.integer, let text = integerText(integer, format) {
      isNegative = integer < 0
      body = text
    } else if let number = value.number {
      isNegative = number.sign == .minus && !number.isNaN
      body = try numberText(number.magnitude, format)
    } else {
      throw error("a number is needed, not \(value.typeName)")
    }
    if let separator = format.separator { body = grouped(body, separator) }
    let sign = isNegative ? "-" : format.sign.map { String(Character($0)) } ?? ""
    let result = Array((sign + body).unicodeScalars)
    return try padded(result, format, fallback: ">", signs: sign.unicodeScalars.count)
  }

  /// The digits of an integer; nil where the type is one of numbers with a point.
  private func integerText(_ value: Int, _ format: FormatSpecification) -> String? {
    let size = value.magnitude
    switch format.type {
    case nil, "d", "i", "u", "n":
      let digits = String(size)
      return String(repeating: "0", count: max(0, (format.precision ?? 0) - digits.count)) + digits
    case "x": return (format.isAlternate ? "0x" : "") + String(size, radix: 16)
    case "X": return (format.isAlternate ? "0X" : "") + String(size, radix: 16, uppercase: true)
    case "o": return (format.isAlternate ? "0o" : "") + String(size, radix: 8)
    case "b": return (format.isAlternate ? "0b" : "") + String(size, radix: 2)
    case "c": return Unicode.Scalar(UInt32(clamping: size)).map { String(Character($0)) } ?? "?"
    default: return nil
    }
  }

  private func numberText(
    _ value: Double, _ format: FormatSpecification
  ) throws(AIGCError) -> String {
    if !value.isFinite { return value.isNaN ? "nan" : "inf" }
    let precision = format.precision ?? 6
    let digits = DecimalDigits(value)
    switch format.type {
    case "f", "F": return digits.fixed(precision)
    case "e": return digits.scientific(precision)
    case "E": return digits.scientific(precision).uppercased()
    case "g": return digits.general(precision, keepsZeros: format.isAlternate)
    case "G": return digits.general(precision, keepsZeros: format.isAlternate).uppercased()
    case "%": return DecimalDigits(value * 100).fixed(precision) + "%"
    case nil:
      guard format.precision != nil else { return pythonText(of: value) }
      let text = digits.general(precision, keepsZeros: false)
      return text.contains(".") || text.contains("e") ? text : text + ".0"
    default: throw error("an unknown format of numbers")
    }
  }

  /// Thousands parted by a sign.
  private func grouped(_ text: String, _ separator: Unicode.Scalar) -> String {
    let whole = text.prefix { ("0"..."9").contains($0) }
    var result = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index) % 3 == 0 { result.unicodeScalars.append(separator) }
      result.append(digit)
    }
    return result + text.dropFirst(whole.count)
  }

  // MARK: %

  /// `text % values`.
  func percent(_ text: TemplateText, _ values: TemplateValue) throws(AIGCError) -> TemplateValue {
    var rest: ArraySlice<TemplateValue> = [values]
    if case .tuple(let list) = values { rest = list.values[...] }
    var result: [Unicode.Scalar] = []
    var place = 0
    let source = text.scalars
    while place < source.count {
      let scalar = source[place]
      place += 1
      guard scalar == "%" else {
        result.append(scalar)
        continue
      }
      let part = try conversion(source, &place, values, &rest)
      try budget.allocate((text.isMarkup ? 6 : 1) * part.count)
      result += text.isMarkup ? part.escaped().scalars : part.scalars
    }
    if !rest.isEmpty, !values.isMappingLike {
      throw error("not all arguments converted during string formatting")
    }
    var formatted = TemplateText(result)
    formatted.isMarkup = text.isMarkup
    return try self.text(formatted)
  }

  /// What stands for `%…`; the place is behind the sign.
  private func conversion(
    _ source: [Unicode.Scalar], _ place: inout Int, _ values: TemplateValue,
    _ rest: inout ArraySlice<TemplateValue>
  ) throws(AIGCError) -> TemplateText {
    func next() -> Unicode.Scalar? { place < source.count ? source[place] : nil }
    var value: TemplateValue?
    if next() == "(", let end = source[place...].firstIndex(of: ")") {
      guard case .dictionary(let dictionary) = values else {
        throw error("format requires a mapping")
      }
      let name = TemplateText(source[place + 1..<end])
      guard let item = dictionary[.text(name)] else {
        throw error("no value for %(\(printable(name.string)))")
      }
      value = item
      rest = []
      place = end + 1
    }
    var format = FormatSpecification()
    format.alignment = ">"
    while let flag = next(), "-+ #0".unicodeScalars.contains(flag) {
      switch flag {
      case "-": (format.alignment, format.fill) = ("<", " ")
      case "+": format.sign = "+"
      case " ": if format.sign == nil { format.sign = " " }
      case "#": format.isAlternate = true
      default: if format.alignment != "<" { (format.alignment, format.fill) = ("=", "0") }
      }
      place += 1
    }
    func number() throws(AIGCError) -> Int {
      guard next() == "*" else {
        guard let number = FormatSpecification.number(source, &place) else {
          throw error("a width that is too large")
        }
        return number
      }
      place += 1
      guard let number = rest.popFirst()?.integer, (0..<1_000_000_000).contains(number) else {
        throw error("* wants int")
      }
      return number
    }
    format.width = try number()
    if next() == "." {
      place += 1
      format.precision = try number()
    }
    guard let type = next() else { throw error("incomplete format") }
    place += 1
    if type == "%" { return "%" }
    guard let value = value ?? rest.popFirst() else {
      throw error("not enough arguments for format string")
    }
    format.type = type
    var result = TemplateText(try converted(value, format))
    if case .text(let text) = value { result.isMarkup = text.isMarkup }
    return result
  }

  private func converted(
    _ value: TemplateValue, _ format: FormatSpecification
  ) throws(AIGCError) -> [Unicode.Scalar] {
    var format = format
    switch format.type {
    case "s", "r", "a":
      var text = format.type == "s" ? try string(value) : try representation(value)
      if let precision = format.precision { text = TemplateText(text.scalars.prefix(precision)) }
      if format.alignment == "=" { (format.alignment, format.fill) = (">", " ") }
      return try padded(text.scalars, format, fallback: ">")
    case "c":
      if case .text(let text) = value, text.count == 1 {
        return try padded(text.scalars, format, fallback: ">")
      }
      return try formattedNumber(value, format)
    case "d", "i", "u", "x", "X", "o":
      guard let number = value.number, number.isFinite,
        value.integer != nil || number.magnitude < 0x1p62
      else { throw error("a number is needed, not \(value.typeName)") }
      return try formattedNumber(.int(value.integer ?? Int(number)), format)
    case "f", "F", "e", "E", "g", "G":
      guard let number = value.number else {
        throw error("must be real number, not \(value.typeName)")
      }
      return try formattedNumber(.double(number), format)
    default: throw error("unsupported format character")
    }
  }

  // MARK: format

  /// `text.format(…)`.
  func braces(
    _ text: TemplateText, _ arguments: inout TemplateCall, depth: Int = 0
  ) throws(AIGCError) -> [Unicode.Scalar] {
    var reader = BraceReader(text.scalars)
    var result: [Unicode.Scalar] = []
    while let part = try reader.next(self) {
      switch part {
      case .text(let text):
        try budget.allocate(text.count)
        result += text
      case .field(let field):
        let value = try reader.value(field.name, arguments, self)
        var specification = field.specification
        if specification.contains("{") {
          guard depth == 0 else { throw error("fields of a format inside each other") }
          specification = try braces(TemplateText(specification), &arguments, depth: 1)
        }
        guard let format = FormatSpecification(specification) else {
          throw error("invalid format specifier")
        }
        let shown: TemplateValue
        switch field.conversion {
        case nil: shown = value
        case "s": shown = .text(try string(value))
        case "r", "a": shown = .text(try representation(value))
        default: throw error("unknown conversion in a format")
        }
        let piece = try formatted(shown, format)
        try budget.allocate(piece.count)
        result += piece
      }
    }
    return result
  }
}

extension TemplateValue {
  /// What `%` does not count as a value that must be used: dictionaries and lists have items by keys.
  fileprivate var isMappingLike: Bool {
    switch self {
    case .dictionary, .list: true
    default: false
    }
  }
}
