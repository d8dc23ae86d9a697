import Files

/// One token of a template.
struct TemplateToken {
  enum Kind: Equatable {
    /// Text outside of tags.
    case data
    case blockBegin, blockEnd, variableBegin, variableEnd
    case name, string, integer, float, sign
    case end
  }

  let kind: Kind
  /// Text outside of tags, or the characters of a literal string.
  let text: [Unicode.Scalar]
  /// A name, a number or a sign; empty for other tokens.
  let string: String
  let line: Int

  init(_ kind: Kind, _ text: [Unicode.Scalar], line: Int) {
    (self.kind, self.text, self.line) = (kind, text, line)
    switch kind {
    case .name, .integer, .float, .sign: string = TemplateText(text).string
    default: string = ""
    }
  }
}

/// Cuts a template into tokens as Jinja2's lexer does with `trim_blocks` and `lstrip_blocks`, which is
/// how chat templates are read: a line end behind a block's tag goes, and so does white space
/// between the start of a line and a block's tag.
///
/// The source is read once from front to end, however often a tag is begun and not ended.
struct TemplateLexer {
  private let source: [Unicode.Scalar]
  private var position = 0
  private var line = 1
  /// Whether the last token ended a line, so that the next one begins one.
  private var startsLine = true
  private(set) var tokens: [TemplateToken] = []

  /// - Parameter source: the template; all line ends become `\n`, and one at the end goes.
  init(_ source: String) {
    var normalized: [Unicode.Scalar] = []
    normalized.reserveCapacity(source.utf8.count)
    var isBehindReturn = false
    for scalar in source.unicodeScalars {
      if scalar == "\r" {
        normalized.append("\n")
      } else if scalar != "\n" || !isBehindReturn {
        normalized.append(scalar)
      }
      isBehindReturn = scalar == "\r"
    }
    if normalized.last == "\n" { normalized.removeLast() }
    self.source = normalized
  }

  static func tokens(_ source: String) throws(AIGCError) -> [TemplateToken] {
    var lexer = TemplateLexer(source)
    while try lexer.readOutside() {}
    lexer.append(.end, [])
    return lexer.tokens
  }

  private func error(_ text: String) -> AIGCError {
    .badInput("chat template, line \(line): \(text)")
  }

  private mutating func append(_ kind: TemplateToken.Kind, _ text: [Unicode.Scalar]) {
    tokens.append(TemplateToken(kind, text, line: line))
  }

  /// Moves on and counts the lines.
  private mutating func advance(to end: Int) {
    for place in position..<end where source[place] == "\n" { line += 1 }
    if end > position { startsLine = source[end - 1] == "\n" }
    position = end
  }

  private func at(_ place: Int) -> Unicode.Scalar? { place < source.count ? source[place] : nil }

  private func matches(_ text: StaticString, at place: Int) -> Bool {
    var place = place
    for byte in text.description.utf8 {
      guard let scalar = at(place), scalar.value == UInt32(byte) else { return false }
      place += 1
    }
    return true
  }

  private func behindSpaces(_ place: Int) -> Int {
    var place = place
    while let scalar = at(place), scalar.isPythonSpace { place += 1 }
    return place
  }

  // MARK: Outside of tags

  /// Reads text up to the next tag, and the tag.
  /// - Returns: false at the end.
  private mutating func readOutside() throws(AIGCError) -> Bool {
    var place = position
    while place + 1 < source.count {
      if source[place] == "{" {
        let next = source[place + 1]
        if next == "%" || next == "{" || next == "#" { break }
      }
      place += 1
    }
    guard place + 1 < source.count else {
      if position < source.count { append(.data, Array(source[position...])) }
      advance(to: source.count)
      return false
    }
    let (sign, isBlock) = (at(place + 2), source[place + 1] != "{")
    appendData(upTo: place, sign: sign, strips: isBlock)
    let behind = place + (sign == "-" || sign == "+" ? 3 : 2)
    switch source[place + 1] {
    case "#":
      advance(to: behind)
      try readComment()
    case "%":
      if let body = rawBody(behind) {
        advance(to: body)
        try readRaw()
      } else {
        append(.blockBegin, [])
        advance(to: behind)
        try readTag(isBlock: true)
      }
    default:
      append(.variableBegin, [])
      advance(to: behind)
      try readTag(isBlock: false)
    }
    return true
  }

  /// Takes the text before a tag, less the white space that the tag asks to go.
  private mutating func appendData(upTo end: Int, sign: Unicode.Scalar?, strips: Bool) {
    var kept = end
    if sign == "-" {
      while kept > position, source[kept - 1].isPythonSpace { kept -= 1 }
    } else if sign != "+", strips {
      var start = end
      while start > position, source[start - 1].isPythonSpace, source[start - 1] != "\n" {
        start -= 1
      }
      let isAtStart = start > position ? source[start - 1] == "\n" : startsLine
      if isAtStart { kept = start }
    }
    if kept > position { append(.data, Array(source[position..<kept])) }
    advance(to: end)
  }

  /// The end of a block's or a comment's tag at `place`, with what goes with it; nil: there is none.
  private func tagEnd(_ first: Unicode.Scalar, at place: Int) -> Int? {
    var place = place
    let sign = at(place)
    if sign == "-" || sign == "+" { place += 1 }
    guard at(place) == first, at(place + 1) == "}" else { return nil }
    place += 2
    if sign == "-" { return behindSpaces(place) }
    if sign == "+" { return place }
    return at(place) == "\n" ? place + 1 : place
  }

  private mutating func readComment() throws(AIGCError) {
    var place = position
    while place < source.count {
      if let end = tagEnd("#", at: place) {
        advance(to: end)
        return
      }
      place += 1
    }
    throw error("a comment without its end, #}")
  }

  /// Where the text of `{% raw %}` begins; nil for other blocks.
  private func rawBody(_ place: Int) -> Int? {
    var place = behindSpaces(place)
    guard matches("raw", at: place) else { return nil }
    place = behindSpaces(place + 3)
    if matches("-%}", at: place) { return behindSpaces(place + 3) }
    return matches("%}", at: place) ? place + 2 : nil
  }

  private mutating func readRaw() throws(AIGCError) {
    var place = position
    while place < source.count {
      if source[place] == "{", at(place + 1) == "%" {
        let sign = at(place + 2)
        let name = behindSpaces(place + (sign == "-" || sign == "+" ? 3 : 2))
        if matches("endraw", at: name), let end = tagEnd("%", at: behindSpaces(name + 6)) {
          appendData(upTo: place, sign: sign, strips: true)
          advance(to: end)
          return
        }
        // White space that was looked at is not looked at again.
        place = max(place + 1, name - 1)
      }
      place += 1
    }
    throw error("a raw block without its end")
  }

  // MARK: Inside tags

  private mutating func readTag(isBlock: Bool) throws(AIGCError) {
    var open: [Unicode.Scalar] = []
    while position < source.count {
      let scalar = source[position]
      if scalar.isPythonSpace {
        advance(to: behindSpaces(position))
        continue
      }
      if open.isEmpty, let end = isBlock ? tagEnd("%", at: position) : variableEnd() {
        append(isBlock ? .blockEnd : .variableEnd, [])
        advance(to: end)
        return
      }
      if scalar == "'" || scalar == "\"" {
        try readString(scalar)
      } else if scalar.isPythonWord {
        try readWord()
      } else {
        try readSign(&open)
      }
    }
    throw error("a tag without its end")
  }

  private func variableEnd() -> Int? {
    if matches("-}}", at: position) { return behindSpaces(position + 3) }
    return matches("}}", at: position) ? position + 2 : nil
  }

  private mutating func readSign(_ open: inout [Unicode.Scalar]) throws(AIGCError) {
    let scalar = source[position]
    for pair: StaticString in ["//", "**", "==", "!=", ">=", "<="]
    where matches(pair, at: position) {
      append(.sign, Array(source[position..<position + 2]))
      advance(to: position + 2)
      return
    }
    switch scalar {
    case "(": open.append(")")
    case "[": open.append("]")
    case "{": open.append("}")
    case ")", "]", "}":
      guard open.popLast() == scalar else { throw error("'\(scalar)' without its beginning") }
    case "+", "-", "/", "*", "%", "~", ">", "<", "=", ".", ":", "|", ",", ";": break
    default: throw error("an unexpected character, \(printable(String(Character(scalar))))")
    }
    append(.sign, [scalar])
    advance(to: position + 1)
  }

  private mutating func readString(_ quote: Unicode.Scalar) throws(AIGCError) {
    var place = position + 1
    while place < source.count, source[place] != quote {
      place += source[place] == "\\" ? 2 : 1
    }
    guard place < source.count else { throw error("a string without its end") }
    var unescaper = TemplateEscapes(Array(source[position + 1..<place]))
    guard let text = unescaper.unescaped() else {
      throw error("an escape that is none in a string")
    }
    append(.string, text)
    advance(to: place + 1)
  }

  /// A name or a number.
  private mutating func readWord() throws(AIGCError) {
    let first = source[position]
    if first.isASCII, ("0"..."9").contains(first) {
      let isBehindPoint = position > 0 && source[position - 1] == "."
      let number = TemplateNumber(source, at: position, allowsFraction: !isBehindPoint)
      append(number.isInteger ? .integer : .float, number.digits)
      advance(to: number.end)
      return
    }
    var place = position
    while let scalar = at(place), scalar.isPythonWord { place += 1 }
    append(.name, Array(source[position..<place]))
    advance(to: place)
  }
}
