import Files
import TestSupport
import Testing

@testable import Inference

/// llama.cpp's own word on grammars and texts; Scripts/fixtures/gbnf.py asks it.
@Suite struct LlamaGrammarTests {
  @Test func acceptsWhatLlamaAccepts() throws {
    let json = try JSONValue(parsing: try MappedFile(path: fixture("gbnf.json")).bytes())
    guard case .object(let all) = json, case .array(let grammars)? = all.value("grammars"),
      case .array(let refused)? = all.value("refused")
    else {
      Issue.record("the fixture has another form")
      return
    }
    var count = 0
    for case .object(let made) in grammars {
      guard case .string(let source)? = made.value("grammar"),
        case .array(let texts)? = made.value("texts"),
        case .array(let accepted)? = made.value("accepted")
      else { continue }
      let grammar = try GrammarParser.parse(source)
      for case (.string(let text), .bool(let expected)) in zip(texts, accepted) {
        #expect(try accepts(grammar, text) == expected, "\(source)\n\(text)")
        count += 1
      }
    }
    #expect(count > 500)
    for case .string(let source) in refused {
      #expect(throws: AIGCError.self) {
        try GrammarProgram(try GrammarParser.parse(source), alphabet: .bytes)
      }
    }
    #expect(refused.count > 8)
  }
}
