import ArgumentParser
import Families
import Files

/// What a generated text must be.
struct ConstraintArguments: ParsableArguments {
  @Option(
    help: "Write a JSON document that this file's schema accepts, whole within --max-tokens.",
    completion: .file(extensions: ["json"]))
  var jsonSchema: String?

  @Option(
    help: "Write a text of this file's grammar (GBNF), whole within --max-tokens.",
    completion: .file(extensions: ["gbnf"]))
  var grammar: String?

  @Option(parsing: .unconditional, help: "Write one of these texts: A,B,C.")
  var choice: String?

  init() {}

  /// The files that are read.
  var files: [String?] { [jsonSchema, grammar] }

  func validate() throws {
    let given = [("--json-schema", jsonSchema), ("--grammar", grammar), ("--choice", choice)]
      .filter { $0.1 != nil }.map { $0.0 }
    if given.count > 1 { throw ValidationError("\(given[0]) or \(given[1]), not both") }
  }

  /// The flag that was given.
  var flag: String? {
    jsonSchema != nil
      ? "--json-schema" : grammar != nil ? "--grammar" : choice != nil ? "--choice" : nil
  }

  /// - Throws: ``/Files/AIGCError``: badInput for a file that is missing or is no grammar or schema that is taken, with
  ///   the file's name; usage for an empty text to choose.
  func constraint() throws(AIGCError) -> Constraint? {
    if let choice {
      let texts = choice.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
      guard !texts.contains("") else {
        throw .usage(
          "--choice \(printable(choice)): texts with a comma between two, none of them empty")
      }
      return .choice(texts)
    }
    if let grammar { return .grammar(try readText(grammar, allowsWords: false)) }
    if let jsonSchema { return .jsonSchema(try readText(jsonSchema, allowsWords: false)) }
    return nil
  }
}
