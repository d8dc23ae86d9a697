import Files

/// Reads `pattern`, the part of ECMA-262's regular expressions that is regular: characters, classes, groups, `|`,
/// quantifiers, and `^` and `$` around all of it. What a class leaves out is left out of all of Unicode; `\d`, `\w` and
/// `\s` are those of ASCII, with which all engines agree.
struct SchemaPattern {
  private let source: [Unicode.Scalar]
  private let place: String
  private var position = 0

  /// The bodies of strings that match.
  /// - Throws: ``/Files/AIGCError`` (badInput) that names what is not taken.
  static func parse(_ pattern: String, place: String) throws(AIGCError) -> GrammarExpression {
    var parser = SchemaPattern(pattern, place: place)
    return try parser.whole()
  }

  private init(_ pattern: String, place: String) {
    (source, self.place) = (Array(pattern.unicodeScalars), place)
  }

  private func error(_ text: String) -> AIGCError {
    .badInput("\(place): `pattern`, character \(position + 1): \(text)")
  }

  private var next: Unicode.Scalar? { position < source.count ? source[position] : nil }

  private mutating func whole() throws(AIGCError) -> GrammarExpression {
    let anything = GrammarExpression.repeated(SchemaText.character, least: 0, most: nil)
    let isAtStart = next == "^"
    if isAtStart { position += 1 }
    let hasAlternatives = self.hasAlternatives
    let body = try alternatives(depth: 0)
    let isAtEnd = next == "$"
    if isAtEnd { position += 1 }
    if next != nil { throw error("\(printable(String(source[position]))) is not taken here") }
    if hasAlternatives, isAtStart != isAtEnd || isAtStart {
      throw .badInput("\(place): `pattern`: ^ and $ stand in one alternative each: write ^(a|b)$")
    }
    return .sequence((isAtStart ? [] : [anything]) + [body] + (isAtEnd ? [] : [anything]))
  }

  /// Whether a | stands outside of groups and classes.
  private var hasAlternatives: Bool {
    var (depth, isClass, place) = (0, false, position)
    while place < source.count {
      switch source[place] {
      case "\\": place += 1
      case "[": isClass = true
      case "]": isClass = false
      case "(" where !isClass: depth += 1
      case ")" where !isClass: depth -= 1
      case "|" where !isClass && depth == 0: return true
      default: break
      }
      place += 1
    }
    return false
  }

  private mutating func alternatives(depth: Int) throws(AIGCError) -> GrammarExpression {
    if depth > Grammar.largestDepth { throw error("groups too deep in each other") }
    var choices = [try sequence(depth: depth)]
    while next == "|" {
      position += 1
      choices.append(try sequence(depth: depth))
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence(depth: Int) throws(AIGCError) -> GrammarExpression {
    var items: [GrammarExpression] = []
    while let scalar = next, scalar != "|", scalar != ")", scalar != "$" {
      var item = try atom(depth: depth)
      if let (least, most) = try quantifier() {
        item = .repeated(item, least: least, most: most)
        // A lazy one takes the same texts.
        if next == "?" { position += 1 }
        if let sign = next, "*+?{".unicodeScalars.contains(sign) {
          throw error("\(sign) after a quantifier")
        }
      }
      items.append(item)
    }
    return .sequence(items)
  }

  private mutating func atom(depth: Int) throws(AIGCError) -> GrammarExpression {
    guard let scalar = next else { throw error("ends too early") }
    switch scalar {
    case "(":
      position += 1
      if next == "?" {
        guard position + 1 < source.count, source[position + 1] == ":" else {
          throw error("(? is not taken, but for (?:")
        }
        position += 2
      }
      let body = try alternatives(depth: depth + 1)
      guard next == ")" else { throw error(") is missing") }
      position += 1
      return body
    case "[": return SchemaText.spelled(try characterClass())
    case ".":
      position += 1
      return SchemaText.spelled(
        CharacterRanges.complement([0...0x1F, 0x85...0x85, 0x2028...0x2029]))
    case "^", "*", "+", "?", "{": throw error("\(scalar) is not taken here")
    case "\\": return SchemaText.spelled(try escape(inClass: false))
    default:
      position += 1
      return SchemaText.spelled([scalar.value...scalar.value])
    }
  }

  private mutating func quantifier() throws(AIGCError) -> (Int, Int?)? {
    switch next {
    case "*": position += 1; return (0, nil)
    case "+": position += 1; return (1, nil)
    case "?": position += 1; return (0, 1)
    case "{":
      position += 1
      guard let least = try count() else { throw error("a number is missing") }
      var most: Int? = least
      if next == "," {
        position += 1
        most = try count()
      }
      guard next == "}" else { throw error("} is missing") }
      position += 1
      if let most, most < least { throw error("the second number is smaller") }
      return (least, most)
    default: return nil
    }
  }

  private mutating func count() throws(AIGCError) -> Int? {
    var value: Int?
    while let scalar = next, ("0"..."9").contains(scalar) {
      value = (value ?? 0) * 10 + Int(scalar.value - 48)
      if value ?? 0 > Grammar.largestCount { throw error("more than \(Grammar.largestCount)") }
      position += 1
    }
    return value
  }

  private mutating func characterClass() throws(AIGCError) -> [ClosedRange<UInt32>] {
    position += 1
    let isNegated = next == "^"
    if isNegated { position += 1 }
    var (ranges, isASCII) = ([ClosedRange<UInt32>](), false)
    while let scalar = next, scalar != "]" {
      if scalar == "[" { throw error("[ in a class: write \\[") }
      let first = try classCharacter()
      guard first.count == 1, let low = first.first, low.count == 1 else {
        ranges += first
        isASCII = true
        continue
      }
      guard next == "-", position + 1 < source.count, source[position + 1] != "]" else {
        ranges += first
        continue
      }
      position += 1
      let last = try classCharacter()
      guard last.count == 1, let high = last.first, high.count == 1,
        high.lowerBound >= low.lowerBound
      else { throw error("no range of characters") }
      ranges.append(low.lowerBound...high.lowerBound)
    }
    guard next == "]" else { throw error("] is missing") }
    position += 1
    if ranges.isEmpty { throw error("an empty class") }
    guard isNegated else { return ranges }
    let rest = CharacterRanges.complement(CharacterRanges.normalized(ranges))
    // Engines differ in what else is a letter, a digit or a space.
    return CharacterRanges.intersection(
      rest, isASCII ? [0x20...0x7E] : [0x20...0xD7FF, 0xE000...0x10FFFF])
  }

  private mutating func classCharacter() throws(AIGCError) -> [ClosedRange<UInt32>] {
    guard let scalar = next else { throw error("] is missing") }
    if scalar == "\\" { return try escape(inClass: true) }
    position += 1
    return [scalar.value...scalar.value]
  }

  private mutating func escape(inClass: Bool) throws(AIGCError) -> [ClosedRange<UInt32>] {
    position += 1
    guard let scalar = next else { throw error("ends too early") }
    position += 1
    let word: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    let white: [ClosedRange<UInt32>] = [0x09...0x0D, 0x20...0x20]
    func others(_ set: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
      CharacterRanges.intersection([0x20...0x7E], CharacterRanges.complement(set))
    }
    switch scalar {
    case "d": return [0x30...0x39]
    case "D": return others([0x30...0x39])
    case "w": return word
    case "W": return others(word)
    case "s": return white
    case "S": return others(white)
    case "t": return [9...9]
    case "n": return [10...10]
    case "r": return [13...13]
    case "f": return [12...12]
    case "v": return [11...11]
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    case "a"..."z", "A"..."Z", "0"..."9":
      position -= 2
      throw error("\\\(scalar) is not taken")
    default: return [scalar.value...scalar.value]
    }
  }

  private mutating func hexadecimal(_ digits: Int) throws(AIGCError) -> [ClosedRange<UInt32>] {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let scalar = next, scalar.isASCII, let part = UInt32(String(scalar), radix: 16) else {
        throw error("\(digits) hexadecimal digits are missing")
      }
      value = value << 4 | part
      position += 1
    }
    guard Unicode.Scalar(value) != nil else { throw error("no character") }
    return [value...value]
  }
}
