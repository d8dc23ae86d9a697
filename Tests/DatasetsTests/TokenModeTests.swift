import Datasets
import Files
import TestSupport
import Testing

@Suite struct TokenModeTests {
  @Test func wordsKeepWhatBelongsInside() throws {
    #expect(
      try tokens("I don't know the well-known n-gram.") == "I|don't|know|the|well-known|n-gram|.")
    #expect(try tokens("It’s 3.14 or 1,000, not 5.") == "It’s|3.14|or|1,000|,|not|5|.")
    #expect(try tokens("snake_case _so_ 'tis") == "snake_case|_|so|_|'|tis")
    #expect(try tokens("dogs' tails-") == "dogs|'|tails|-")
    #expect(try tokens("a.b c,d 1.a") == "a|.|b|c|,|d|1|.|a")
    #expect(try tokens("naïve Straße Ünïcode") == "naïve|Straße|Ünïcode")
  }

  @Test func runsStayTogether() throws {
    #expect(try tokens("it!--Joe... “Oh——no……” ***") == "it|!|--|Joe|...|“|Oh|——|no|……|”|***")
    #expect(try tokens("a -- b --- ==") == "a|--|b|---|==")
    #expect(try tokens("!!(?)") == "!|!|(|?|)")
    #expect(try tokens("-.-..-") == "-|.|-|..|-")
  }

  @Test func autoSplitsChineseAndJapanese() throws {
    #expect(
      try tokens("这是一个简单的n-gram模型示例文本。", .auto)
        == "这|是|一|个|简|单|的|n-gram|模|型|示|例|文|本|。")
    #expect(try tokens("这是n-gram模型。", .word) == "这是n-gram模型|。")
    #expect(try tokens("カタカナとひらがな、ＡＢ", .auto) == "カ|タ|カ|ナ|と|ひ|ら|が|な|、|Ａ|Ｂ")
    #expect(try tokens("한국어 문장", .auto) == "한국어|문장")
    #expect(try tokens("n-模", .auto) == "n|-|模")
    #expect(try tokens("𠀀𠀁 x", .auto) == "𠀀|𠀁|x")
  }

  @Test func unicodeSpacesMarksAndInvisibleSigns() throws {
    #expect(try tokens("a\u{A0}b\u{3000}c\u{2028}d\u{85}e\u{200B}f") == "a|b|c|d|e|f")
    #expect(try tokens("e\u{301}te\u{301} co\u{AD}op") == "e\u{301}te\u{301}|co\u{AD}op")
    #expect(try tokens("می\u{200C}خواهم कि") == "می\u{200C}خواهم|कि")
    #expect(try tokens("👍👨‍👩") == "👍|👨|\u{200D}|👩")
    #expect(try tokens("\u{FEFF}first\u{B}second\u{C}third") == "first|second|third")
    #expect(try tokens("\u{10FFFF}\u{E000}x") == "\u{10FFFF}|\u{E000}|x")
  }

  @Test func linesAreSentences() throws {
    for mode in [TokenMode.auto, .word] {
      #expect(try sentences("a b\r\n\r\n  \n\nc", mode) == [["a", "b"], ["c"]])
    }
    #expect(try sentences("ab\r\n\n c\r", .char) == [["a", "b"], [" ", "c", "\r"]])
    #expect(try sentences("ab\r\n\nc\n", .byte) == [["a", "b", "\r"], ["c"]])
    #expect(try sentences("é\0", .byte) == [["\u{FFFD}", "\u{FFFD}", "\0"]])
    #expect(try sentences("añ 的", .char) == [["a", "ñ", " ", "的"]])
    // At a text's start it is left out where the text is read.
    #expect(try sentences("a\u{FEFF}", .char) == [["a", "\u{FEFF}"]])
  }

  @Test func whitespaceReadsAsLmplz() throws {
    #expect(
      try sentences("a\tb\rc\0d  e\n\n \nf", .whitespace) == [
        ["a", "b", "c", "d", "e"], [], [], ["f"],
      ])
    #expect(try sentences("a\n", .whitespace) == [["a"]])
    #expect(try sentences("a\n  ", .whitespace) == [["a"]])
    #expect(try sentences("\n", .whitespace) == [[]])
    #expect(
      try sentences("a\u{B}b\u{C}c\u{A0}d\u{1}", .whitespace) == [["a\u{B}b\u{C}c\u{A0}d\u{1}"]])
    #expect(
      try tokenRanges(text: Table([0xFF, 0xFE, 32, 0x80]), mode: .whitespace, name: "t") == [
        [0..<2, 3..<4]
      ])
  }

  /// The scanner takes eight bytes a step; this twin takes one.
  @Test func whitespaceEqualsNaiveScan() throws {
    var random = TestRandom(state: 1)
    let alphabet: [UInt8] = [32, 9, 13, 0, 10, 97, 98, 1, 11, 31, 33, 0x80, 0xFF, 99, 100, 101, 60]
    for _ in 0..<300 {
      let size = Int.random(in: 0..<80, using: &random)
      let text = (0..<size).map { _ in alphabet[Int.random(in: 0..<17, using: &random)] }
      var expected: [[[UInt8]]] = []
      var lines = text.split(separator: 10, omittingEmptySubsequences: false)
      let last = lines.removeLast()
      for line in lines + [last] {
        expected.append(line.split { [32, 9, 13, 0].contains($0) }.map { Array($0) })
      }
      if expected[expected.count - 1].isEmpty { expected.removeLast() }
      let found = try tokenRanges(text: Table(text), mode: .whitespace, name: "t")
      #expect(found.map { $0.map { Array(text[$0]) } } == expected)
    }
  }

  @Test func invalidBytesAreNamed() throws {
    for mode in [TokenMode.auto, .word, .char] {
      func refuse(_ bytes: [UInt8]) -> String? {
        refusal { _ = try tokenRanges(text: Table(bytes), mode: mode, name: "c.txt") }?.line
      }
      #expect(refuse([97, 10, 0xFF, 98]) == "3 c.txt: byte 2 is not UTF-8; pass `tokens` byte")
      #expect(
        refuse([97, 0]) == "3 c.txt: byte 1 is NUL, not text; pass `tokens` byte or whitespace")
      #expect(refuse([97, 0xE4, 0xBD]) == "3 c.txt: byte 1 is not UTF-8; pass `tokens` byte")
      for wrong: [UInt8] in [
        [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0xF5, 0x80, 0x80, 0x80], [0x80], [0xC3, 0x28], [0xF0, 0x9F, 0x98],
      ] {
        #expect(refuse(wrong + [10])?.contains("byte 0 is not UTF-8") == true)
      }
    }
  }

  @Test func validityAgreesWithTheStandardLibrary() throws {
    var random = TestRandom(state: 2)
    let pieces: [[UInt8]] = [
      [0x61], [0x20], [0xC3], [0xA9], [0xE4], [0xBD], [0xA0], [0xF0], [0x9F], [0x98], [0x80],
      [0xED], [0xEF, 0xBF, 0xBD], [0xF4], [0x8F], [0xC3, 0xA9], [0xE4, 0xBD, 0xA0],
    ]
    for _ in 0..<2000 {
      let count = Int.random(in: 1..<6, using: &random)
      let text = (0..<count).flatMap { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)]
      }
      let isValid = String(validating: text, as: UTF8.self) != nil
      for mode in [TokenMode.auto, .word, .char] {
        let refused = refusal { _ = try tokenRanges(text: Table(text), mode: mode, name: "t") }?
          .line
        #expect((refused == nil) == isValid, "\(text)")
      }
    }
  }

  @Test func charAndByteTokensAreTheWholeText() throws {
    let text = Array("Zoë – 你好 👨‍👩‍👧 \u{0301}x\u{7F}".utf8)
    for mode in [TokenMode.char, .byte] {
      let ranges = try tokenRanges(text: Table(text), mode: mode, name: "t")
      #expect(ranges.flatMap { $0 }.flatMap { text[$0] } == text)
    }
  }

  @Test func modesAreSpelledAsTheFlag() {
    #expect(TokenMode.allCases.map(\.rawValue) == ["auto", "word", "char", "byte", "whitespace"])
    #expect(TokenMode.allCases.filter(\.needsUTF8) == [.auto, .word, .char])
  }
}
