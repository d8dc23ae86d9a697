import Files

/// A regular expression as a tree.
indirect enum ExpressionTree {
  case empty
  case one(ScalarSet)
  case assertion(RegularExpression.Step)
  case sequence([ExpressionTree])
  case choice([ExpressionTree])
  /// nil: any number.
  case repetition(ExpressionTree, least: Int, most: Int?)
}

/// Reads a pattern.
struct ExpressionParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var isCaseless = false
  private static let deepest = 100

  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  private func error(_ text: String) -> AIGCError {
    .usage("`rewards` format: character \(position + 1): \(text)")
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard position + wanted.count <= scalars.count,
      Array(scalars[position..<position + wanted.count]) == wanted
    else { return false }
    position += wanted.count
    return true
  }

  mutating func parse() throws(AIGCError) -> ExpressionTree {
    isCaseless = take("(?i)")
    let tree = try choice()
    if next != nil { throw error("')' without '('") }
    return tree
  }

  private mutating func choice() throws(AIGCError) -> ExpressionTree {
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(AIGCError) -> ExpressionTree {
    var parts: [ExpressionTree] = []
    while let scalar = next, scalar != "|", scalar != ")" { parts.append(try repeated()) }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated() throws(AIGCError) -> ExpressionTree {
    var tree = try atom()
    while let scalar = next {
      switch scalar {
      case "*": tree = .repetition(tree, least: 0, most: nil)
      case "+": tree = .repetition(tree, least: 1, most: nil)
      case "?": tree = .repetition(tree, least: 0, most: 1)
      case "{":
        tree = try counted(tree)
        // Whether a match is looked for lazily changes nothing about whether there is one.
        _ = take("?")
        continue
      default: return tree
      }
      position += 1
      _ = take("?")
    }
    return tree
  }

  private mutating func counted(_ tree: ExpressionTree) throws(AIGCError) -> ExpressionTree {
    position += 1
    let least = number()
    var most = least
    if take(",") { most = number() }
    guard take("}"), let least, least <= most ?? least, (most ?? least) <= RegularExpression.most
    else {
      throw error("{2}, {2,} or {2,5} is needed, numbers of at most \(RegularExpression.most)")
    }
    let isOpen = scalars[position - 2] == ","
    return .repetition(tree, least: least, most: isOpen ? nil : most)
  }

  private mutating func number() -> Int? {
    var digits = ""
    while let scalar = next, ScalarSet.digit.contains(scalar), digits.utf8.count < 9 {
      digits.unicodeScalars.append(scalar)
      position += 1
    }
    return Int(digits)
  }

  private mutating func atom() throws(AIGCError) -> ExpressionTree {
    guard let scalar = next else { return .empty }
    position += 1
    switch scalar {
    case "(":
      depth += 1
      guard depth <= Self.deepest else { throw error("nested too deeply") }
      if take("?"), !take(":") {
        throw error("of '(?' only '(?:' is known, and '(?i)' at the start")
      }
      let tree = try choice()
      guard take(")") else { throw error("')' is missing") }
      depth -= 1
      return tree
    case "[": return .one(cased(try set()))
    case ".": return .one(.any)
    case "^": return .assertion(.start)
    case "$": return .assertion(.end)
    case "*", "+", "?", "{":
      position -= 1
      throw error("nothing stands before '\(scalar)'; \\\(scalar) is the character itself")
    case "\\":
      if take("b") { return .assertion(.boundary) }
      return .one(cased(try escaped()))
    default: return .one(cased(ScalarSet(scalar)))
    }
  }

  private func cased(_ set: ScalarSet) -> ScalarSet { isCaseless ? set.inBothCases : set }

  /// What stands behind a backslash.
  private mutating func escaped() throws(AIGCError) -> ScalarSet {
    guard let scalar = next else { throw error("a backslash at the end") }
    position += 1
    func inverted(_ set: ScalarSet) -> ScalarSet {
      var set = set
      set.isInverted = true
      return set
    }
    switch scalar {
    case "d": return .digit
    case "w": return .word
    case "s": return .space
    case "D": return inverted(.digit)
    case "W": return inverted(.word)
    case "S": return inverted(.space)
    case "n": return ScalarSet("\n")
    case "t": return ScalarSet("\t")
    case "r": return ScalarSet("\r")
    default:
      if ScalarSet.word.contains(scalar) {
        throw error("'\\\(printable(String(Character(scalar))))' is not known here")
      }
      return ScalarSet(scalar)
    }
  }

  /// What stands between brackets.
  private mutating func set() throws(AIGCError) -> ScalarSet {
    var result = ScalarSet(ranges: [])
    let isInverted = take("^")
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      position += 1
      var low = ScalarSet(scalar)
      if scalar == "\\" { low = try escaped() }
      guard !low.isInverted else { throw error("\\D, \\W and \\S do not stand between brackets") }
      // A range, unless the hyphen is the last one.
      if low.ranges.count == 1, !low.isLetters, next == "-", position + 1 < scalars.count,
        scalars[position + 1] != "]"
      {
        position += 1
        var high = ScalarSet(scalars[position])
        position += 1
        if high.ranges == [92...92] { high = try escaped() }
        guard let first = low.ranges.first?.lowerBound, let last = high.ranges.first?.lowerBound,
          high.ranges.count == 1, !high.isInverted, first <= last
        else { throw error("a range from a higher to a lower character") }
        low = ScalarSet(ranges: [first...last])
      }
      result.ranges += low.ranges
      result.isLetters = result.isLetters || low.isLetters
    }
    guard take("]") else { throw error("']' is missing") }
    result.isInverted = isInverted
    return result
  }
}

/// Makes places of a tree.
struct ExpressionCompiler {
  private(set) var steps: [RegularExpression.Step] = []
  /// Parts gone through: repetitions of nothing make no places, and are as many.
  private var visits = 0

  private mutating func append(_ step: RegularExpression.Step) throws(AIGCError) {
    guard steps.count < RegularExpression.most else { throw Self.tooLarge }
    steps.append(step)
  }

  private static var tooLarge: AIGCError {
    .usage("`rewards` format: an expression of more than \(RegularExpression.most) places")
  }

  mutating func add(_ tree: ExpressionTree) throws(AIGCError) {
    visits += 1
    guard visits <= 8 * RegularExpression.most else { throw Self.tooLarge }
    switch tree {
    case .empty: break
    case .one(let set): try append(.one(set))
    case .assertion(let step): try append(step)
    case .sequence(let parts): for part in parts { try add(part) }
    case .choice(let parts):
      var ends: [Int] = []
      for (index, part) in parts.enumerated() {
        guard index < parts.count - 1 else {
          try add(part)
          break
        }
        let split = steps.count
        try append(.split(0, 0))
        try add(part)
        ends.append(steps.count)
        try append(.jump(0))
        steps[split] = .split(split + 1, steps.count)
      }
      for end in ends { steps[end] = .jump(steps.count) }
    case .repetition(let part, let least, let most):
      for _ in 0..<least { try add(part) }
      guard let most else { return try loop(part) }
      for _ in least..<max(least, most) { try optional(part) }
    }
  }

  private mutating func loop(_ part: ExpressionTree) throws(AIGCError) {
    let split = steps.count
    try append(.split(0, 0))
    try add(part)
    try append(.jump(split))
    steps[split] = .split(split + 1, steps.count)
  }

  private mutating func optional(_ part: ExpressionTree) throws(AIGCError) {
    let split = steps.count
    try append(.split(0, 0))
    try add(part)
    steps[split] = .split(split + 1, steps.count)
  }
}
