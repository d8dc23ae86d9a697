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

  @Option(
    parsing: .unconditional, help: "Write one of these texts: A,B,C; \\, is a comma in one.")
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
      let texts = Self.texts(choice)
      guard !texts.contains("") else {
        throw .usage(
          "--choice \(printable(choice)): texts with a comma between two, none of them empty")
      }
      return .choice(texts)
    }
    if let grammar { return try Self.checked(grammar) { .grammar($0) } }
    if let jsonSchema { return try Self.checked(jsonSchema) { .jsonSchema($0) } }
    return nil
  }

  /// The texts between commas; a comma behind a backslash is one of the text.
  static func texts(_ choice: String) -> [String] {
    var (texts, isEscaped) = ([""], false)
    for character in choice {
      if isEscaped {
        texts[texts.count - 1] += character == "," ? "," : "\\\(character)"
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "," {
        texts.append("")
      } else {
        texts[texts.count - 1].append(character)
      }
    }
    if isEscaped { texts[texts.count - 1] += "\\" }
    return texts
  }

  /// A file's constraint; what is wrong with it is told with the file's name.
  private static func checked(
    _ path: String, _ constraint: (String) -> Constraint
  ) throws(AIGCError) -> Constraint {
    let constraint = constraint(try readText(path, allowsWords: false))
    do {
      _ = try constraint.grammar()
    } catch {
      let name = path == "-" ? "standard input" : path
      throw AIGCError(error.code, "\(name): \(error.description)")
    }
    return constraint
  }
}
