import Files
import TestSupport

@testable import Inference

/// The targets `grammar` and `jsonSchema`: what texts must be, and some texts that are drawn so.
struct ConstraintFuzz: FuzzSubject {
  private let folder: String
  private let isSchema: Bool

  init(_ target: FuzzTests.Target, folder: String) {
    self.folder = folder
    isSchema = target == .jsonSchema
  }

  var seeds: [[UInt8]] {
    let grammars = [
      "root ::= (\"a\" | b){2,5} [^x-z\\n]* # end\nb ::= \"(\" root? \")\" | \"\\u4e2d\"+\n",
      "root ::= e\ne ::= t ([+*] t)*\nt ::= \"(\" e \")\" | [0-9]{1,3} | .\n",
    ]
    let schemas = [
      """
      {"type": "object", "properties": {"a": {"type": ["integer", "null"], "minimum": -5, "exclusiveMaximum": 1200},
      "中": {"type": "array", "items": {"$ref": "#/$defs/x"}, "minItems": 1, "maxItems": 4}}, "required": ["a"],
      "additionalProperties": {"enum": ["b", 1.5, [null]]}, "$defs": {"x": {"pattern": "^[A-Z]{2}(-\\\\d+)?$"}}}
      """,
      """
      {"anyOf": [{"oneOf": [{"const": "a"}, {"type": "number", "maximum": 3}]}, {"allOf": [{"minLength": 2},
      {"maxLength": 9}]}, {"format": "date-time"}, {"prefixItems": [true, {"$ref": "#"}]}]}
      """,
    ]
    return (isSchema ? schemas : grammars).map { Array($0.utf8) }
  }

  var dictionary: [String] {
    isSchema
      ? [
        "\"type\":", "\"$ref\": \"#\"", "\"allOf\": [", "\"oneOf\": [", "\"minLength\": 99999999",
        "\"maximum\": -1e300",
        "\"pattern\": \"(((a{2000}){2000}){2000})\"", "\"minItems\": 2147483647", "{}", "true",
        "false", "null", "[", "]",
        "{", "}", ",", "\\u0000", "\"items\":", "\"required\": [\"\"]",
      ]
      : [
        "root", "::=", "|", "(", ")", "*", "+", "?", "{2000}", "{0,}", "[^", "]", "\"", "\\x00",
        "\\U0010FFFF", "\n",
        "root ::= root", "((((\"\"{2000}){2000}){2000})", ".", "# ", "-",
      ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .usage] }

  private var path: String { "\(folder)/input" }

  func write(_ input: [UInt8]) throws { try TestSupport.write(input, to: path) }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    let text = String(decoding: try bytes(path), as: UTF8.self)
    let constraint: Constraint = isSchema ? .jsonSchema(text) : .grammar(text)
    let vocabulary = (0...255).map { [UInt8($0)] } + [Array("ab".utf8), Array("\":".utf8), []]
    let engine = try ConstraintEngine(try constraint.grammar(), vocabulary: vocabulary)
    let room = min(engine.shortest, 1000) + 20
    var mask = GrammarMask(engine, endTokens: [258], promptTokens: 0, room: room)
    for step in 0..<room {
      let allowed = mask.allowed
      guard !allowed.isEmpty else { break }
      let token = allowed[(step &* 7919) % allowed.count]
      if token == 258 { break }
      mask.accept(token)
    }
  }
}
