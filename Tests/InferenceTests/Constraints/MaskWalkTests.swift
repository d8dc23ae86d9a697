import Files
import Kernels
import Testing

@testable import Inference

/// Scores that do not depend on the text, as the sampler asks for them.
private struct FixedSession: GenerationSession {
  let values: [Float]
  mutating func append(_ token: Int32) {}
  mutating func scores(into scores: inout [Float]) { scores = values }
}

/// Texts that are drawn through a mask, token by token.
@Suite struct MaskWalkTests {
  /// All bytes, and a few thousand longer tokens; the last one ends a text.
  static func vocabulary(bytes: Bool = true) -> [[UInt8]] {
    var tokens: [[UInt8]] = bytes ? (0...255).map { [UInt8($0)] } : []
    let words = [
      "{\"", "\":", "\": \"", "\",\"", "\", \"", "\"}", "}", "},{", "[[", "]]", "true", "false",
      "null", "123", "00",
      " ", "  ", "\n", "\n  ", "the", "The ", "中", "文字", "é", "😀", "ab\"", "\\n", "\\u00", "-1",
      "1.", "e+", ".5",
      "::", "a,b", "AB-", "2024", "-02-", "T12", ":00", "Z\"", "}\n", "tok", "en\":", "x\"", "y",
      "z", "name",
    ]
    tokens += words.map { Array($0.utf8) }
    if bytes {
      var random = RandomSource(seed: 5)
      let letters = Array("abcdefghij\"{}[]:, 0123456789".utf8)
      for _ in 0..<1500 {
        let count = 2 + Int(random.uniform() * 4)
        tokens.append(
          (0..<count).map { _ in letters[Int(random.uniform() * Double(letters.count))] })
      }
    } else {
      for value in UInt8(32)..<127 { tokens.append([value]) }
    }
    return tokens + [[]]
  }

  private func accepts(_ grammar: Grammar, _ text: [UInt8], _ alphabet: WritableCharacters = .bytes)
    throws -> Bool
  {
    var automaton = GrammarAutomaton(try GrammarProgram(grammar, alphabet: alphabet))
    var set = automaton.start()
    for byte in text { set = automaton.step(set, byte) }
    return automaton.mayEnd[Int(set)]
  }

  static let grammars: [String] = [
    "root ::= \"a\"+ | \"b\" root \"c\"", "root ::= [^\"x]{3,9} \".\"",
    "root ::= e\ne ::= t ([+*] t)*\nt ::= \"(\" e \")\" | [0-9]+ | \"-\" t",
    "root ::= (\"the\" \" \"?)+ (\"end\" | \"中文\")", "root ::= (\"ab\" | \"a\")* \"b\"?",
  ]
  static let schemas: [String] = [
    #"{"type":"object","properties":{"name":{"type":"string"},"n":{"type":"integer","minimum":3,"maximum":1204},"#
      + #""x":{"type":"array","items":{"enum":["a",1,"中"]},"minItems":2}},"required":["name","x"]}"#,
    #"{"type":"array","items":{"pattern":"^[A-Z]{2}-[0-9]+$"},"minItems":1,"maxItems":4}"#, "true",
    #"{"type":"string","minLength":5,"maxLength":12}"#, #"{"format":"date-time"}"#,
    #"{"type":"object","properties":{"a":{"type":"string","minLength":9,"maxLength":40},"b":{"maxLength":30}},"#
      + #""required":["a","b"]}"#,
  ]

  private static func all() throws -> [Grammar] {
    try grammars.map { try GrammarParser.parse($0) } + schemas.map { try JSONSchema.grammar($0) }
      + [Grammar(choices: ["tok", "token", "中文", "en\":"])]
  }

  /// The mask has exactly the tokens by which the text stays a beginning of the grammar's, and with little room those
  /// after which there is room for the rest.
  @Test(arguments: [true, false]) func masksAreThoseOfEachToken(bytes: Bool) throws {
    let vocabulary = Self.vocabulary(bytes: bytes)
    let end = Int32(vocabulary.count - 1)
    let alphabet = WritableCharacters(vocabulary)
    var random = RandomSource(seed: 7)
    for grammar in try Self.all() {
      let engine = try ConstraintEngine(grammar, vocabulary: vocabulary)
      var automaton = GrammarAutomaton(try GrammarProgram(grammar, alphabet: alphabet))
      for _ in 0..<6 {
        let total = engine.shortest + Int(random.uniform() * 40)
        var mask = GrammarMask(engine, endTokens: [end], promptTokens: 1, room: total)
        mask.accept(3)
        var set = automaton.start()
        var (room, text) = (total, [UInt8]())
        while true {
          var expected: [Int32] = []
          for (token, bytes) in vocabulary.enumerated() where !bytes.isEmpty && room > 0 {
            let after = bytes.reduce(set) { automaton.step($0, $1) }
            if after != GrammarAutomaton.dead, automaton.costs[Int(after)] <= room - 1 {
              expected.append(Int32(token))
            }
          }
          if automaton.mayEnd[Int(set)] { expected.append(end) }
          let allowed = mask.allowed
          #expect(allowed == expected)
          guard !allowed.isEmpty, allowed == expected else { break }
          let token = allowed[Int(random.uniform() * Double(allowed.count))]
          #expect(!mask.forbids(token))
          if token == end { break }
          text += vocabulary[Int(token)]
          for byte in vocabulary[Int(token)] { set = automaton.step(set, byte) }
          mask.accept(token)
          room -= 1
        }
        #expect(room >= 0)
        #expect(try accepts(grammar, text, alphabet), "\(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  /// What is found out about one place of a bounded string serves the others, but for those from which its end is seen.
  @Test func placesOfABoundedStringAreOfOneClass() throws {
    let grammar = try JSONSchema.grammar(#"{"type":"string","minLength":100,"maxLength":900}"#)
    let program = try GrammarProgram(grammar, alphabet: .bytes)
    func count(depth: Int) -> Int {
      let classes = NodeClasses(program, depth: depth)
      return Set(program.nodes.indices.map { classes[Int32($0)] }).count
    }
    let known = program.nodes.count
    #expect(known > 4000)
    #expect(count(depth: 8) < 400)
    #expect(count(depth: 4) < count(depth: 8))
    #expect(count(depth: 1 << 20) == known)
  }

  /// Whatever is drawn, by a sampler with cuts and bans, is whole within the room.
  @Test func drawnTextsAreWhole() throws {
    let vocabulary = Self.vocabulary()
    let end = Int32(vocabulary.count - 1)
    var random = RandomSource(seed: 9)
    for grammar in try Self.all() {
      let engine = try ConstraintEngine(grammar, vocabulary: vocabulary)
      for round in 0..<8 {
        let room = engine.shortest + round * 5
        var settings = SamplingConfiguration()
        settings.topK = round % 2 == 0 ? 0 : 3
        settings.noRepeatNgram = round == 3 ? 1 : 0
        settings.temperature = round == 5 ? 0 : 1
        let mask = GrammarMask(engine, endTokens: [end], promptTokens: 0, room: room)
        var sampler = try Sampler(
          settings, vocabularySize: vocabulary.count, endToken: end, masks: [mask])
        let values = vocabulary.map { _ in Float(random.uniform() * 6) }
        var session = FixedSession(values: values)
        var (history, text) = ([Int32](), [UInt8]())
        while history.count < room,
          let token = sampler.next(&session, history: history, random: &random), token != end
        {
          history.append(token)
          text += vocabulary[Int(token)]
        }
        #expect(try accepts(grammar, text), "\(round) \(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  /// A model without the characters of a grammar cannot write it.
  @Test func refusesWhatTheTokensCannotWrite() throws {
    let vocabulary = Self.vocabulary(bytes: false)
    let error = #expect(throws: AIGCError.self) {
      try ConstraintEngine(Grammar(choices: ["ψ"]), vocabulary: vocabulary)
    }
    #expect(error?.code == .mismatch)
    // A vocabulary of bytes without a few of them writes all other characters.
    let bytes = (0...255).map { $0 == 0xE5 || $0 > 0xF0 ? [] : [UInt8($0)] }
    let most = try ConstraintEngine(Grammar(choices: ["\u{5317}", "中文"]), vocabulary: bytes)
    #expect(most.shortest == 6)
    let some = try ConstraintEngine(Grammar(choices: ["ψ", "中"]), vocabulary: vocabulary)
    #expect(some.shortest == 1)
  }
}
