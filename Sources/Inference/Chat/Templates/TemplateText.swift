/// A text as Python's `str`: a sequence of Unicode scalars, compared one by one. Swift's own strings
/// take what looks alike for equal, and count what is read as one character.
struct TemplateText: Sendable, ExpressibleByStringLiteral {
  var scalars: [Unicode.Scalar]
  /// Whether the text was marked as safe: HTML is escaped in what is added to it.
  var isMarkup = false

  init(_ scalars: [Unicode.Scalar] = []) { self.scalars = scalars }
  init(_ scalars: ArraySlice<Unicode.Scalar>) { self.scalars = Array(scalars) }
  init(_ text: String) { scalars = Array(text.unicodeScalars) }
  init(stringLiteral text: String) { self.init(text) }

  var count: Int { scalars.count }
  var isEmpty: Bool { scalars.isEmpty }

  var string: String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}

extension TemplateText: Hashable {
  static func == (a: TemplateText, b: TemplateText) -> Bool { a.scalars == b.scalars }
  func hash(into hasher: inout Hasher) { hasher.combine(scalars) }
}

extension TemplateText {
  /// The order of Python's strings: by scalars.
  func precedes(_ other: TemplateText) -> Bool {
    scalars.lexicographicallyPrecedes(other.scalars)
  }

  func lowercased() -> TemplateText {
    var result = mapped { $0.lowercaseMapping }
    // A sigma that ends a word has a form of its own; in these texts lower case has as many characters.
    guard scalars.contains("\u{3A3}"), result.count == count else { return result }
    for place in scalars.indices where scalars[place] == "\u{3A3}" && endsWord(place) {
      result.scalars[place] = "\u{3C2}"
    }
    return result
  }

  /// Whether there are letters before a place and none behind it, signs such as accents aside.
  private func endsWord(_ place: Int) -> Bool {
    func isIgnored(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isCaseIgnorable }
    let reach = 64
    let before = scalars[max(0, place - reach)..<place].last { !isIgnored($0) }
    let behind = scalars[(place + 1)...].prefix(reach).first { !isIgnored($0) }
    return before?.properties.isCased == true && behind?.properties.isCased != true
  }

  func uppercased() -> TemplateText { mapped { $0.uppercaseMapping } }

  /// The first character in title case, the others in lower case.
  func capitalized() -> TemplateText {
    guard let first = scalars.first else { return self }
    var result = Array(first.properties.titlecaseMapping.unicodeScalars)
    result += TemplateText(scalars[1...]).lowercased().scalars
    return TemplateText(result)
  }

  private func mapped(_ mapping: (Unicode.Scalar.Properties) -> String) -> TemplateText {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(count)
    for scalar in scalars { result.append(contentsOf: mapping(scalar.properties).unicodeScalars) }
    return TemplateText(result)
  }

  /// Without the characters at its ends that are in `set`; nil: white space.
  func stripped(_ set: [Unicode.Scalar]? = nil, start: Bool = true, end: Bool = true)
    -> TemplateText
  {
    let isRemoved: (Unicode.Scalar) -> Bool
    if let set {
      let members = Set(set)
      isRemoved = { members.contains($0) }
    } else {
      isRemoved = { $0.isPythonSpace }
    }
    var (from, to) = (0, count)
    while start, from < to, isRemoved(scalars[from]) { from += 1 }
    while end, to > from, isRemoved(scalars[to - 1]) { to -= 1 }
    return from == 0 && to == count ? self : TemplateText(scalars[from..<to])
  }

  func hasPrefix(_ part: TemplateText) -> Bool { scalars.starts(with: part.scalars) }
  func hasSuffix(_ part: TemplateText) -> Bool {
    count >= part.count && scalars[(count - part.count)...] == part.scalars[...]
  }

  /// Its lines, as `str.splitlines` cuts them.
  func lines(keepsEnds: Bool = false) -> [TemplateText] {
    var result: [TemplateText] = []
    var (start, place) = (0, 0)
    while place < count {
      let scalar = scalars[place]
      place += 1
      guard scalar.endsPythonLine else { continue }
      let end = place - 1
      if scalar == "\r", place < count, scalars[place] == "\n" { place += 1 }
      result.append(TemplateText(scalars[start..<(keepsEnds ? place : end)]))
      start = place
    }
    if start < count { result.append(TemplateText(scalars[start...])) }
    return result
  }
}

extension Unicode.Scalar {
  /// White space as `str.isspace` has it.
  var isPythonSpace: Bool {
    switch value {
    case 9...13, 28...32, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }

  /// Ends of lines as `str.splitlines` has them.
  var endsPythonLine: Bool {
    switch value {
    case 10...13, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  /// `\w` of Python's regular expressions: letters, numbers and the underscore.
  var isPythonWord: Bool { self == "_" || isPythonLetter || isPythonNumeric }

  /// `str.isalpha` of one character.
  var isPythonLetter: Bool {
    if isASCII { return ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return true
    default: return false
    }
  }

  /// `str.isnumeric` of one character.
  var isPythonNumeric: Bool {
    isASCII ? ("0"..."9").contains(self) : properties.numericType != nil
  }

  /// A decimal digit of any script as that of ASCII, any other character as itself.
  var withPlainDigit: Unicode.Scalar {
    guard !isASCII, properties.numericType == .decimal, let value = properties.numericValue else {
      return self
    }
    return Unicode.Scalar(48 + UInt8(clamping: Int(value)))
  }

  /// Whether `repr` shows the character as itself.
  var isPythonPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: self == " "
    default: true
    }
  }
}
