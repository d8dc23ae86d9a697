import Datasets
import Testing

@Suite struct TextJoinerTests {
  private func joined(_ tokens: [String], _ mode: TokenMode = .word) -> String {
    var joiner = TextJoiner(mode: mode)
    let text = tokens.flatMap { joiner.append(Array($0.utf8)) } + joiner.finish()
    return String(decoding: text, as: UTF8.self)
  }

  private func roundTrip(_ line: String, _ mode: TokenMode = .auto) throws -> String {
    joined(try sentences(line, mode).flatMap { $0 }, mode)
  }

  /// Lines as novels, papers and notes print them come back as they are.
  @Test(arguments: [
    "It was late, and the rain had not stopped; nobody spoke.",
    "“Well,” said the captain, “we're lost--quite lost!--aren't we?”",
    "\"Well,\" she said, \"if you must, you must.\" And she went (at last) home.",
    "He paid $3.50 for 1,000 nails, i.e. 0.35 cents each, at 12:30 p.m. [see note 4].",
    "The horses' heads turned; the men's coats were wet.",
    "'Nothing,' he said, 'nothing at all.'",
    "'Tis nothing, 'tis naught, ‘late,’ and ‘dark.’ the boys’ own",
    "‘Come in,’ called the boy’s mother. ‘It’s open.’",
    "She waited... and waited… then left—quietly—by the back door.",
    "A well-known n-gram model: fast, small, and 95% right?",
    "The _Harbour Light_ sailed in 1914–18; nobody aboard (or ashore) knew why!",
    "Read the #1 entry at a/b, please.",
    "’Twas dusk: “’Tis done.”",
    "“...and so,” he ended, “good night.”",
    "¿Dónde está? ¡Aquí! – dijo él.",
    "He said: “One, two, three.” “Four,” said I.",
    "Smith & Sons, 42 Mill Lane {back door}.",
  ]) func englishLinesComeBack(_ line: String) throws {
    #expect(try roundTrip(line) == line)
    #expect(try roundTrip(line, .word) == line)
  }

  @Test(arguments: [
    "这是一个简单的n-gram模型示例文本。", "他说：“你好，世界！”然后走了。", "《春晓》（孟浩然）：春眠不觉晓……",
    "カタカナとひらがな、そして漢字。", "用Swift写的，2024年。",
  ]) func chineseAndJapaneseLinesComeBack(_ line: String) throws {
    #expect(try roundTrip(line) == line)
  }

  @Test func piecesOfWordsAttach() {
    #expect(joined(["It", "'s", "John", "’s", "."]) == "It's John’s.")
    #expect(joined(["한국어", "문장", "."]) == "한국어 문장.")
    #expect(joined(["a", "\u{301}", "b"]) == "a\u{301} b")
    #expect(joined(["", "a", "", "b"]) == "a  b")
  }

  @Test func sentencesStartAnew() {
    var joiner = TextJoiner(mode: .word)
    var text: [UInt8] = []
    for token in ["\"", "open"] { joiner.append(Array(token.utf8), to: &text) }
    text += joiner.endSentence()
    for token in ["\"", "again", "\"", "."] { joiner.append(Array(token.utf8), to: &text) }
    text += joiner.endSentence()
    #expect(String(decoding: text, as: UTF8.self) == "\"open\n\"again\".\n")
  }

  @Test func whitespaceJoinsWithOneSpace() {
    var joiner = TextJoiner(mode: .whitespace)
    let text =
      joiner.append([97]) + joiner.append([44]) + joiner.endSentence() + joiner.append([98])
      + joiner.finish()
    #expect(String(decoding: text, as: UTF8.self) == "a ,\nb")
  }

  @Test func charactersAreStrungTogether() {
    #expect(joined(["你", " ", "a", "é"], .char) == "你 aé")
  }

  @Test func bytesWaitForTheirCharacter() {
    var joiner = TextJoiner(mode: .byte)
    let text = Array("é你👍a".utf8)
    let pieces = text.map { joiner.append([$0]) }
    #expect(pieces.map(\.count) == [0, 2, 0, 0, 3, 0, 0, 0, 4, 1])
    #expect(pieces.flatMap { $0 } == text)
    #expect(joiner.finish() == [])
    #expect(joiner.append([0xE4]) == [])
    #expect(joiner.endSentence() == [0xEF, 0xBF, 0xBD, 10])
  }

  /// Any cut into tokens gives what the standard library makes of the whole.
  @Test func byteRepairEqualsTheStandardLibrary() {
    var random = TestRandom(state: 6)
    let alphabet: [UInt8] = [
      0x61, 0xC3, 0xA9, 0xE0, 0xE4, 0xBD, 0xA0, 0xED, 0xF0, 0x9F, 0x98, 0x80, 0xF4, 0xFF, 0xC0,
    ]
    for _ in 0..<1000 {
      var joiner = TextJoiner(mode: .byte)
      var all: [UInt8] = []
      var output: [UInt8] = []
      for _ in 0..<8 {
        let token = (0..<Int.random(in: 1..<4, using: &random)).map { _ in
          alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        }
        all += token
        output += joiner.append(token)
        #expect(String(validating: output, as: UTF8.self) != nil)
      }
      output += joiner.finish()
      #expect(String(decoding: output, as: UTF8.self) == String(decoding: all, as: UTF8.self))
    }
  }

  /// Tokens of a model read from elsewhere can be any bytes.
  @Test func anyBytesPass() {
    var random = TestRandom(state: 7)
    for mode in TokenMode.allCases {
      var joiner = TextJoiner(mode: mode)
      var size = 0
      for _ in 0..<2000 {
        let token = (0..<Int.random(in: 0..<5, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        size += joiner.append(token).count
      }
      #expect(size > 0)
    }
  }
}
