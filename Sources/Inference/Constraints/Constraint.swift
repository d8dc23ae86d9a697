import Files

/// What a generated text must be: a text of a grammar, a JSON document of a schema, one of several texts.
public enum Constraint: Codable, Equatable, Sendable {
  /// A grammar as llama.cpp writes them (GBNF).
  case grammar(String)
  /// A JSON schema (draft 2020-12), of which what a grammar cannot promise is refused.
  case jsonSchema(String)
  /// One of these texts.
  case choice([String])

  /// - Throws: ``/Files/AIGCError``: badInput for a grammar or a schema that is none or asks for what is not taken,
  ///   usage for texts of which one is empty.
  package func grammar() throws(AIGCError) -> Grammar {
    switch self {
    case .grammar(let source): try GrammarParser.parse(source)
    case .jsonSchema(let schema): try JSONSchema.grammar(schema)
    case .choice(let texts): try Grammar(choices: texts)
    }
  }
}

extension ConstraintEngine {
  /// - Parameters:
  ///   - constraint: what texts must be.
  ///   - model: writes them.
  ///   - endTokens: at which its texts end.
  /// - Throws: ``/Files/AIGCError``: as ``Constraint/grammar()`` and ``init(_:vocabulary:)``; mismatch for a model
  ///   whose tokens are words.
  convenience init(
    _ constraint: Constraint, model: any LanguageModel, endTokens: [Int32]
  ) throws(AIGCError) {
    let grammar = try constraint.grammar()
    guard var texts = model.tokenTexts else {
      throw .mismatch(
        "`constraint`: the model's tokens are words; take a model of characters, bytes or BPE")
    }
    let count = max(model.vocabularySize, 0)
    texts =
      Array(texts.prefix(count)) + [[UInt8]](repeating: [], count: max(0, count - texts.count))
    let marks = model.specialTokens.filter { $0.isControl }.map { $0.id }
    for token in endTokens + marks where texts.indices.contains(Int(token)) {
      texts[Int(token)] = []
    }
    try self.init(grammar, vocabulary: texts)
  }
  /// Whether a decoder leaves out the space that a text's first token begins with, as SentencePiece's do.
  func dropsFirstSpace(_ decoder: any TokenDecoder) -> Bool {
    guard let space else { return false }
    var decoder = decoder
    return (decoder.append(space) + decoder.finish()).isEmpty
  }
}
