import Files

/// What a rule of a grammar stands for.
package indirect enum GrammarExpression: Equatable, Sendable {
  /// One Unicode character of these ranges, which are in order and apart.
  case characters([ClosedRange<UInt32>])
  /// These bytes of UTF-8.
  case literal([UInt8])
  /// One behind the other; none: the empty text.
  case sequence([GrammarExpression])
  /// One of these; none: no text at all.
  case choice([GrammarExpression])
  /// What the rule of this number stands for.
  case rule(Int)
  /// So many in a row; nil: any number.
  case repeated(GrammarExpression, least: Int, most: Int?)

  /// A text as it stands.
  package static func text(_ text: String) -> GrammarExpression { .literal(Array(text.utf8)) }
  /// The expression or nothing.
  package var optional: GrammarExpression { .repeated(self, least: 0, most: 1) }
}

/// A context-free grammar over Unicode characters: which texts a model may write.
package struct Grammar: Equatable, Sendable {
  /// A name and what it stands for.
  package struct Rule: Equatable, Sendable {
    package var name: String
    package var body: GrammarExpression
  }

  /// The rules; ``GrammarExpression/rule(_:)`` counts them from 0.
  package var rules: [Rule]
  /// The rule of whole texts.
  package var root: Int

  package init(rules: [Rule], root: Int) { (self.rules, self.root) = (rules, root) }

  /// How deep groups may lie in each other.
  static let largestDepth = 100
  /// How many rules there may be.
  static let largestRules = 50_000
  /// How often something may be asked for in a row: llama.cpp's limit.
  static let largestCount = 2000
  /// Bytes of a grammar's or a schema's file.
  static let largestSize = 4 << 20

  /// One of several texts.
  /// - Throws: ``/Files/AIGCError`` (usage) where there is none, or an empty one.
  package init(choices: [String]) throws(AIGCError) {
    if choices.isEmpty || choices.contains("") {
      throw .usage("`choice`: each of the texts to choose from must have a character")
    }
    self.init(rules: [Rule(name: "root", body: .choice(choices.map { .text($0) }))], root: 0)
  }
}
