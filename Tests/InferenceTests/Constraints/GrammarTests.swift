import Files
import Testing

@testable import Inference

/// Whether a text is one of a grammar's.
func accepts(_ grammar: Grammar, _ text: String) throws -> Bool {
  var automaton = GrammarAutomaton(try GrammarProgram(grammar, alphabet: .bytes))
  var set = automaton.start()
  for byte in text.utf8 { set = automaton.step(set, byte) }
  return automaton.mayEnd[Int(set)]
}

/// Grammars as llama.cpp writes them.
@Suite struct GrammarTests {
  private func check(_ source: String, _ good: [String], _ bad: [String]) throws {
    let grammar = try GrammarParser.parse(source)
    for text in good { #expect(try accepts(grammar, text), "\(source) \(text)") }
    for text in bad { #expect(try !accepts(grammar, text), "\(source) \(text)") }
  }

  @Test func readsRules() throws {
    try check(
      "root ::= \"a\" b? # comment\nb ::= [x-z]+ | \"中\" {2}\n", ["a", "axyz", "a中中"],
      ["", "ab", "a中", "a中中中"])
    try check(
      #"root ::= ("\x41" | "\u4e2d" | "\U0001F600" | "\n\t\"\\") [^a-z\]]*"#,
      ["A", "中É", "😀", "\n\t\"\\7"], ["Aa", "A]", "\u{1F601}"])
    try check("root ::= (\n  \"a\" |\n  \"b\"\n){2,3}", ["ab", "bbb"], ["a", "abab"])
    try check("root ::= .{1,}", ["é", "a\n😀"], [""])
    try check("root ::= a\na ::= \"(\" a? \")\"", ["()", "((()))"], ["(", "())"])
    try check("root ::= ((\"a\"?)*)+ \"b\"?", ["", "aaab"], ["ba"])
    try check("root ::= e* \"x\"\ne ::= [0-9]{0,2}", ["x", "12345x"], ["a"])
  }

  /// The same grammar with other line ends.
  @Test func readsLineEnds() throws {
    try check("root ::= a |\r\n \"b\"\r\na ::= \"a\"\r\n", ["a", "b"], ["c"])
  }

  @Test func namesWhatIsWrong() throws {
    let cases: [(String, String)] = [
      ("root ::= \"a", "line 1, column 10: a text that does not end"),
      ("root ::= a\n", "line 1, column 10: there is no rule a"),
      ("a ::= \"a\"", "there is no rule root"),
      ("root ::= \"a\"\n  [x", "line 2, column 3: the name of a rule is missing"),
      ("root ::= [z-a]", "a range that runs backwards"),
      ("root ::= \"a\"{3,2}", "the second number is smaller"),
      ("root ::= \"a\"{99999}", "more than 2000 in a row"),
      ("root ::= * \"a\"", "stands behind nothing"),
      ("root ::= (\"a\"", ") is missing"),
      ("root ::= \"\\q\"", "is no escape"),
      ("root ::= \"\\ud800\"", "no character"),
      ("root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: the rule root was given before"),
      ("root ::= <think>", "tokens by name or number are not taken"),
      (String(repeating: "(", count: 5000), "the name of a rule is missing"),
      ("root ::= " + String(repeating: "(", count: 5000), "groups in each other deeper than 100"),
    ]
    for (source, message) in cases {
      let error = #expect(throws: AIGCError.self) { try GrammarParser.parse(source) }
      #expect(error?.code == .badInput)
      #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }
  }

  @Test func refusesGrammarsThatAreNone() throws {
    let deep = (0..<30).map { "r\($0) ::= r\($0 + 1) \"a\" | r\($0 + 1) \"b\"\n" }.joined()
    let cases: [(String, String)] = [
      ("root ::= root \"a\" | \"b\"", "the rule root begins with itself"),
      ("root ::= a\na ::= b? c\nb ::= \"b\"\nc ::= a \"x\" | \"y\"", "begins with itself"),
      ("root ::= \"a\" root", "no text ends the rule root"),
      ("root ::= []", "no text ends the rule root"),
      ("root ::= r0\n" + deep + "r30 ::= [0-9]+", "in more than 1024 ways"),
      ("root ::= ((((\"\"{2000}){2000}){2000}){2000})", "too large"),
      ("root ::= ((((\"a\"{2000}){2000}){2000}){2000})", "too large"),
    ]
    for (source, message) in cases {
      let start = ContinuousClock.now
      let error = #expect(throws: AIGCError.self) {
        try ConstraintEngine(
          try GrammarParser.parse(source), vocabulary: (0...255).map { [UInt8($0)] })
      }
      #expect(error?.code == .badInput)
      #expect(error?.description.contains(message) == true, "\(String(describing: error))")
      #expect(ContinuousClock.now - start < .seconds(10))
    }
  }

  /// All characters of all lengths are told from what is no UTF-8.
  @Test func rangesAreUTF8() throws {
    let ranges: [ClosedRange<UInt32>] = [
      0x61...0x7A, 0x7F...0x85, 0x3FF...0x812, 0xD7F0...0xE010, 0xFFF0...0x10020,
      0x3FFFF...0x10FFFF,
    ]
    let set = CharacterRanges.normalized(ranges)
    let grammar = Grammar(rules: [.init(name: "root", body: .characters(set))], root: 0)
    var automaton = GrammarAutomaton(try GrammarProgram(grammar, alphabet: .bytes))
    for value in UInt32(0)...0x10FFFF where value < 0x2000 || value % 7 == 0 || value & 0xFFF < 32 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      var place = automaton.start()
      for byte in String(Character(scalar)).utf8 { place = automaton.step(place, byte) }
      if automaton.mayEnd[Int(place)] != set.contains(where: { $0.contains(value) }) {
        Issue.record("\(value)")
      }
    }
    #expect(CharacterRanges.complement(CharacterRanges.complement(set)) == set)
  }
}
