import Files

/// Puts short rules where they are called. What follows a rule differs from call to call, and masks of tokens
/// (``ConstraintMasks``) are shared within a rule: a rule of one character would leave nothing to share.
enum RuleInlining {
  /// The most characters of a text of such a rule, and the most parts of its body.
  private static let largestLength = 16
  private static let largestParts = 64

  /// The bodies of all rules.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  static func inlined(_ grammar: Grammar) throws(AIGCError) -> [GrammarExpression] {
    var short: [Int: GrammarExpression] = [:]
    // Rules of short rules may be short themselves.
    for _ in 0..<4 {
      let before = short.count
      for (index, rule) in grammar.rules.enumerated() where short[index] == nil {
        try Interruption.check(at: index)
        if index == grammar.root { continue }
        var size = Size(short: short)
        guard let length = size.length(rule.body), length <= largestLength,
          size.parts <= largestParts
        else { continue }
        short[index] = replaced(rule.body, short)
      }
      if short.count == before { break }
    }
    return grammar.rules.map { replaced($0.body, short) }
  }

  private static func replaced(
    _ expression: GrammarExpression, _ short: [Int: GrammarExpression]
  ) -> GrammarExpression {
    switch expression {
    case .characters, .literal: expression
    case .sequence(let items): .sequence(items.map { replaced($0, short) })
    case .choice(let items): .choice(items.map { replaced($0, short) })
    case .rule(let rule): short[rule] ?? expression
    case .repeated(let item, let least, let most):
      .repeated(replaced(item, short), least: least, most: most)
    }
  }

  private struct Size {
    let short: [Int: GrammarExpression]
    var parts = 0

    /// The most characters of a text; nil: any number, or too large to be asked.
    mutating func length(_ expression: GrammarExpression) -> Int? {
      parts += 1
      if parts > largestParts { return nil }
      switch expression {
      case .characters: return 1
      case .literal(let bytes): return bytes.count
      case .sequence(let items):
        var sum = 0
        for item in items {
          guard let length = length(item) else { return nil }
          sum += length
        }
        return sum
      case .choice(let items):
        var most = 0
        for item in items {
          guard let length = length(item) else { return nil }
          most = max(most, length)
        }
        return most
      case .rule(let rule): return short[rule].flatMap { length($0) }
      case .repeated(let item, _, let most):
        guard let most, most <= largestLength else { return nil }
        parts += most
        return length(item).map { $0 * most }
      }
    }
  }
}
