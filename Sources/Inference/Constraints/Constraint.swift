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
