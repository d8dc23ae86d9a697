import Files
import FoundationEssentials
import Testing

@Suite struct JSONTests {
  private func parsed(_ bytes: some Sequence<UInt8>) throws -> JSONValue {
    try JSONValue(parsing: Table(Array(bytes)))
  }

  @Test func compactAndOrdered() {
    let value: JSONValue = [
      "b": 1, "a": [true, .null, 0.5, "x"], "f": .float(-1.25), "n": .double(.nan),
      "i": .double(-.infinity), "e": [:], "big": .double(1e300),
    ]
    let text = #"{"b":1,"a":[true,null,0.5,"x"],"f":-1.25,"n":null,"i":null,"e":{},"big":1e+300}"#
    #expect(value.text == text)
  }

  @Test func stringsAreEscaped() throws {
    let text = "quote\" back\\ line\n tab\t \u{0}\u{1F}\u{7F} é 春 \u{1F600} \u{2028}"
    let value = JSONValue.string(text)
    let back = try JSONDecoder().decode(JSONValue.self, from: Data(value.text.utf8))
    #expect(back == value)
    #expect(value.text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
  }

  @Test func readsWhatItWrites() throws {
    let value: JSONValue = ["a": [1, -2, 0.25, "s", false], "b": ["c": .null]]
    #expect(try JSONDecoder().decode(JSONValue.self, from: Data(value.text.utf8)) == value)
  }

  @Test func bytesThatAreNotText() {
    #expect(JSONValue.object(JSONValue.text(bytes: Array("é".utf8))).text == #"{"text":"é"}"#)
    let broken = JSONValue.object(JSONValue.text(bytes: [0x61, 0xE6]))
    #expect(broken.text == "{\"text\":\"a\u{FFFD}\",\"bytes\":[97,230]}")
  }

  @Test func parserReadsWhatJSONDecoderReads() throws {
    let texts = [
      "null", "true", "false", "0", "-0", "12", "-7", "1.5", "-2.5e-3", "9223372036854775807",
      "9223372036854775808", "[]", "{}", " [ 1 , 2 ] ", #"{"a":{"b":[1,"x",null]},"c":true}"#,
      #""\u00e9\u6625\ud83d\ude00 \"\\\/\b\f\n\r\t é春""#, "\t{ \"a\" :\r\n1 }\n",
    ]
    for text in texts {
      let value = try parsed(text.utf8)
      #expect(value == (try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))), "\(text)")
    }
    let ordered = try parsed(#"{"b":1,"a":2}"#.utf8)
    #expect(try parsed("1E+2".utf8) == .double(100))
    #expect(ordered == .object([.init("b", 1), .init("a", 2)]))
  }

  @Test func parserRefusesWhatIsNoJSON() {
    let texts = [
      "", " ", "nul", "tru", "truex", "+1", "01", "-", "1.", ".5", "1e", "1e999", "[1,]", "[1",
      "[1 2]",
      "{", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "1 2", "\"", "\"\\x\"", "\"\\u12g4\"",
      "\"\\ud83d\"", "\"\\ud83d\\u0041\"", "\"\\udc00\"", "\"\n\"", "NaN", "'a'", "\u{0}", "1\u{0}",
    ]
    for text in texts {
      #expect(throws: AIGCError.self, "\(text)") { try parsed(text.utf8) }
    }
    #expect(throws: AIGCError.self) { try parsed([0x22, 0xFF, 0x22]) }
    let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: AIGCError.badInput("byte 128: nested too deeply")) {
      try parsed(deep)
    }
  }

  /// What is passed over is checked as what is read.
  @Test func scannerPassesOver() throws {
    let text = #"{"a":[{"b":"\u00e9\\"},1e3,null],"c":"春","d":[],"e":{},"n":12}"#
    var scanner = JSONScanner(try Table(Array(text.utf8)), place: "x")
    var keys: [String] = []
    var number = 0
    try scanner.object { (scanner, key) throws(AIGCError) in
      keys.append(key)
      if key == "n" { number = try scanner.size() } else { try scanner.skip() }
    }
    try scanner.finish()
    #expect(keys == ["a", "c", "d", "e", "n"] && number == 12)
    for text in [
      "[1,]", "{\"a\"}", "[01]", "[\"\\x\"]", "[tru]", "\"\u{1}\"", "[\"a]", "{\"a\":1 \"b\":2}",
      "[-]",
      String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
    ] {
      var scanner = JSONScanner(try Table(Array(text.utf8)), place: "x")
      #expect(throws: AIGCError.self, "\(text.prefix(20))") { try scanner.skip() }
    }
    for (text, message) in [
      ("-1", "x: byte 0: a whole number from 0 up is needed"),
      ("01", "x: byte 2: a whole number from 0 up is needed"),
      ("1.0", "x: byte 1: a whole number is needed"),
      ("99999999999999999999", "x: byte 18: the number is too large"),
    ] {
      var scanner = JSONScanner(try Table(Array(text.utf8)), place: "x")
      #expect(throws: AIGCError.badInput(message)) { try scanner.size() }
    }
  }
}
