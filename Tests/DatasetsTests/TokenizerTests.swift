import Datasets
import Files
import TestSupport
import Testing

@Suite struct TokenizerTests {
  @Test func charactersInOrderOfCodePoints() throws {
    let folder = try TemporaryFolder()
    let text = "be\r\n\u{FFFD}ab \"\\ é猫\u{1F600}\u{7}b\n"
    let tokenizer = try CharTokenizer(texts: [table(text), table("z")], name: "t")
    let sorted = Set(text.unicodeScalars).sorted { $0.value < $1.value }
    #expect(tokenizer.characters.filter { $0 != "z" } == sorted)
    #expect(tokenizer.vocabularySize == sorted.count + 1)
    #expect(try roundTrips(tokenizer, Array(text.utf8)))
    let ids = try tokenizer.encode(table(text), name: "t")
    #expect(decode(tokenizer, ids) == text)
    try tokenizer.write { "\(folder.path)/\($0)" }
    let again = try loadTokenizer(kind: .char, folder: folder.path)
    #expect(try again.encode(table(text), name: "t") == ids)
    #expect(again.endToken == nil && again.unknownToken == nil && again.kind == .char)
    #expect(try again.ranges(of: table("be"), name: "t") == [0..<1, 1..<2])
    #expect(again.bytes(of: -1).isEmpty && again.bytes(of: 99).isEmpty)
  }

  @Test func tinyShakespeareHas65Characters() throws {
    guard let data = testData() else { return }
    let text = try readText(path: "\(data)/text/tinyshakespeare.txt")
    let tokenizer = try buildTokenizer(kind: .char, texts: [text], vocabularySize: nil, name: "t")
    #expect(tokenizer.vocabularySize == 65)
    let ids = try tokenizer.encode(text.prefix(1000), name: "t")
    // "First Citizen:" in nanoGPT's data.
    #expect(ids.prefix(14) == [18, 47, 56, 57, 58, 1, 15, 47, 58, 47, 64, 43, 52, 10])
  }

  @Test func charactersThatAreNotThere() throws {
    let tokenizer = try CharTokenizer(texts: [table("abc\n")], name: "t")
    func line(_ text: [UInt8]) -> String? {
      refusal { _ = try tokenizer.encode(Table(text), name: "x.txt") }?.line
    }
    #expect(
      line(Array("a\nb\né".utf8))
        == "4 x.txt: line 3: the character 'é' (U+00E9) is not among the model's 4; "
        + "remove it, or train on a text that holds it")
    #expect(line([9])?.contains("line 1: the character U+0009 is") == true)
    #expect(line([97, 0xFF]) == "3 x.txt: byte 1 is not UTF-8; pass `tokens` byte")
    #expect(line([97, 0]) == "3 x.txt: byte 1 is NUL, not text; pass `tokens` byte")
    #expect(
      refusal { _ = try tokenizer.encode(prompt: "é") }?.line.contains("the prompt: line 1") == true
    )
    #expect(
      refusal { _ = try CharTokenizer(texts: [Table([])], name: "x") }?.line == "3 x: no text in it"
    )
  }

  @Test func charactersInDamagedFiles() throws {
    let folder = try TemporaryFolder()
    for text in [
      "{\"ab\":0}", "{}", "[]", "{\"a\":0,\"a\":1}", "{\"a\":1}", "{\"a\":0,}", "{\"a\"}", "",
      "{\"a\":0} x", "{\"\\x\":0}", "{\"\u{1}\":0}", "{\"a\":99999999999}", "{\"e\u{301}\":0}",
    ] {
      try folder.write("vocab.json", text)
      let line = refusal { _ = try loadTokenizer(kind: .char, folder: folder.path) }?.line
      #expect(line?.hasPrefix("3 ") == true, "\(text)")
    }
    try folder.write("vocab.json", " { \"\\u00e9\" : 1 ,\n\"\\ud83c\\udf0d\": 0 , \"\\/\":2} ")
    let tokenizer = try CharTokenizer(folder: folder.path)
    #expect(tokenizer.characters == ["🌍", "é", "/"])
  }

  @Test func bytes() throws {
    let tokenizer = try buildTokenizer(kind: .byte, texts: [], vocabularySize: nil, name: "t")
    #expect(try roundTrips(tokenizer, Array(0...255)))
    #expect(tokenizer.vocabularySize == 256 && tokenizer.bytes(of: 256).isEmpty)
    #expect(decode(tokenizer, [0xC3, 0xA9, 0xFF, 65, 0xC3]) == "é\u{FFFD}A\u{FFFD}")
    try tokenizer.write { $0 }
  }

  @Test func wordsWithLineEnds() throws {
    let folder = try TemporaryFolder()
    let text = "The cat, the dog.\n\nthe cat sleeps\n"
    let tokenizer = try WordTokenizer(
      mode: .word, texts: [table(text)], vocabularyLimit: nil, name: "t")
    // The , the dog . </s> …: <unk> <s> </s> The cat , the dog . sleeps
    #expect(
      try tokenizer.encode(table(text), name: "t") == [3, 4, 5, 6, 7, 8, 2, 6, 4, 9, 2])
    #expect(
      try tokenizer.ranges(of: table(text), name: "t") == [
        0..<3, 4..<7, 7..<8, 9..<12, 13..<16, 16..<17, 17..<18, 19..<22, 23..<26, 27..<33, 33..<34,
      ])
    #expect(try tokenizer.encode(table("the bird"), name: "t") == [6, 0, 2])
    #expect(try tokenizer.ranges(of: table("the bird"), name: "t") == [0..<3, 4..<8, 8..<8])
    #expect(try tokenizer.encode(prompt: "the bird") == [6, 0])
    #expect(try tokenizer.encode(prompt: "the bird\n") == [6, 0, 2])
    #expect(try tokenizer.encode(prompt: "") == [])
    #expect(decode(tokenizer, [3, 4, 5, 6, 7, 8, 2, 6]) == "The cat, the dog.\nthe")
    #expect(tokenizer.endToken == 2 && tokenizer.unknownToken == 0 && !tokenizer.endTokenEndsText)
    try tokenizer.write { "\(folder.path)/\($0)" }
    let again = try loadTokenizer(kind: tokenizer.kind, folder: folder.path)
    #expect(again.vocabularySize == 10)
    #expect(try again.encode(table(text), name: "t") == tokenizer.encode(table(text), name: "t"))
    for damaged in ["", "<unk>\n<s>\n", "<unk>\n</s>\n<s>\na", "<unk>\n<s>\n</s>\na\n\nb", "a\n"] {
      try folder.write("vocab.txt", damaged)
      let line = refusal { _ = try loadTokenizer(kind: .word, folder: folder.path) }?.line
      #expect(line?.hasPrefix("3 ") == true, "\(damaged)")
    }
    try folder.write("vocab.txt", "<unk>\n<s>\n</s>\na\na\n")
    let twice = refusal { _ = try loadTokenizer(kind: .word, folder: folder.path) }?.line
    #expect(twice?.hasSuffix("line 5 is a word that was there") == true)
  }

  @Test func emptyLinesInWhitespaceMode() throws {
    let tokenizer = try WordTokenizer(
      mode: .whitespace, texts: [table("a b\n\n\nc")], vocabularyLimit: nil, name: "t")
    let text = try table("\na \n\nc b")
    #expect(try tokenizer.encode(text, name: "t") == [2, 3, 2, 2, 5, 4, 2])
    #expect(
      try tokenizer.ranges(of: text, name: "t") == [
        0..<1, 1..<2, 3..<4, 4..<5, 5..<6, 7..<8, 8..<8,
      ])
  }

  @Test func theMostFrequentWords() throws {
    let texts = [try table("d a b a c"), try table("c b e\nd")]
    let tokenizer = try WordTokenizer(mode: .auto, texts: texts, vocabularyLimit: 3, name: "t")
    // Two times each: of equals the first in the text, in order of first occurrence.
    #expect((3..<6).map { tokenizer.vocabulary.text(of: $0) } == ["d", "a", "b"])
    #expect(tokenizer.vocabularySize == 6)
    #expect(try tokenizer.encode(texts[1], name: "t") == [0, 5, 0, 2, 3, 2])
    #expect(
      refusal {
        _ = try buildTokenizer(kind: .word, texts: texts, vocabularySize: 0, name: "t")
      }?.line.hasPrefix("2 ") == true)
    #expect(
      refusal {
        _ = try WordTokenizer(mode: .word, texts: [table(" \n")], vocabularyLimit: 3, name: "t")
      }?.line.hasPrefix("3 ") == true)
  }

  @Test func wordsFromAListAndMoreOfThem() throws {
    let words = ["x", "<s>", "the", "x", "", "<unk>"].map { Array($0.utf8) }
    let tokenizer = try WordTokenizer(mode: .word, words: words)
    #expect(tokenizer.vocabularySize == 5)
    #expect(try tokenizer.encode(table("the x y"), name: "t") == [4, 3, 0, 2])
    let (larger, oldCount) = try tokenizer.growing(with: [table("y the z\ny")], name: "t")
    #expect(oldCount == 5 && larger.vocabularySize == 7)
    #expect(try larger.encode(table("the x y z"), name: "t") == [4, 3, 5, 6, 2])
    #expect(tokenizer.vocabularySize == 5)
  }
}
