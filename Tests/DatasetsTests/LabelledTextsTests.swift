import Files
import TestSupport
import Testing

@testable import Datasets

@Suite struct LabelledTextsTests {
  private func read(
    _ name: String, _ text: String, _ options: LabelledTexts.Options = .init()
  ) throws -> LabelledTexts {
    let folder = try TemporaryFolder()
    return try LabelledTexts.read(try folder.write(name, text), options)
  }

  private func rows(_ texts: LabelledTexts) -> [String] {
    (0..<texts.count).map { "\(texts.texts.string($0))|\(texts.classes[Int(texts.labels[$0])])" }
  }

  @Test(arguments: [
    ("a.tsv", "good film\t1\nbad film\t0\n"),
    ("a.tsv", "sentence\tlabel\ngood film\t1\nbad film\t0\n"),
    ("a.tsv", "label\tid\ttext\r\n1\t7\tgood film\r\n0\t8\tbad film\r\n"),
    ("a.csv", "good film,1\nbad film,0\n"),
    ("a.csv", "Text,Sentiment\n\"good film\",1\nbad film,0\n"),
    (
      "a.jsonl",
      "{\"text\": \"good film\", \"label\": 1}\n\n{\"label\": \"0\", \"text\": \"bad film\"}\n"
    ),
    ("a.txt", "{\"text\": \"good film\", \"label\": 1}\n{\"label\": 0, \"text\": \"bad film\"}"),
    ("a.txt", "__label__1 good film\n__label__0 bad film\n"),
    ("a.txt", "good film\t1\nbad film\t0"),
  ]) func formsAreRead(name: String, text: String) throws {
    let found = try read(name, text)
    #expect(rows(found) == ["good film|1", "bad film|0"])
    #expect(found.classes == ["0", "1"])
  }

  @Test func columnsAreChosen() throws {
    let text = "a\tb\tc\nx\ty\tz\n"
    #expect(rows(try read("a.tsv", text)) == ["a|c", "x|z"])
    #expect(
      rows(try read("a.tsv", text, .init(textColumn: "2", labelColumn: "1"))) == ["b|a", "y|x"])
    #expect(rows(try read("a.tsv", text, .init(labelColumn: "1"))) == ["b|a", "y|x"])
    #expect(rows(try read("a.csv", "class,title\n1,hi\n")) == ["hi|1"])
    #expect(rows(try read("a.csv", "topic,review\n1,hi\n")) == ["hi|1"])
    // A name makes the first line a header.
    #expect(rows(try read("a.tsv", text, .init(textColumn: "b", labelColumn: "a"))) == ["y|x"])
    #expect(
      rows(
        try read("a.jsonl", "{\"q\": \"hi\", \"n\": 3}", .init(textColumn: "q", labelColumn: "n")))
        == ["hi|3"])
  }

  /// Quotes are part of a text, but for a field that is all in quotes.
  @Test func quotesInTabsAreText() throws {
    let found = try read(
      "a.tsv", "\"good\" he said\t1\n\"all \"\"in\"\" it\"\t0\n\"a\" and \"b\"\t1\n")
    #expect(rows(found) == ["\"good\" he said|1", "all \"in\" it|0", "\"a\" and \"b\"|1"])
  }

  @Test func foldersAreRead() throws {
    let folder = try TemporaryFolder()
    try folder.write("mr/rt-polarity.pos", "fine\ngood\n")
    try folder.write("mr/rt-polarity.neg", "bad\n")
    let polar = try LabelledTexts.read(folder.file("mr"))
    #expect(rows(polar) == ["bad|neg", "fine|pos", "good|pos"])
    #expect(polar.withPolarities.classes == ["negative", "positive"])
    try folder.write("news/sport/1.txt", "a game\nof two halves")
    try folder.write("news/money/1.txt", "rates")
    #expect(
      rows(try LabelledTexts.read(folder.file("news"))) == [
        "rates|money", "a game\nof two halves|sport",
      ])
    try folder.write("files/sport.txt", "a game\n")
    try folder.write("files/money.txt", "rates\n")
    try folder.write("files/README.md", "about\n")
    #expect(rows(try LabelledTexts.read(folder.file("files"))) == ["rates|money", "a game|sport"])
  }

  @Test(arguments: [
    ("a.tsv", "good film\n", "line 1"), ("a.tsv", "good\t1\nbad\n", "line 2"),
    ("a.csv", "good,1\nbad\n", "line 2"), ("a.jsonl", "{\"text\": \"x\"}\n", "no `label`"),
    ("a.jsonl", "{\"text\": \"x\", \"label\": 1}\n{\n", "line 2"),
    ("a.txt", "just text\n", "no labels"),
    ("a.txt", "__label__a x\ny\n", "line 2"), ("a.tsv", "\n\n", "no labelled texts"),
  ]) func brokenFilesAreRefused(name: String, text: String, words: String) {
    #expect(refuses { _ = try read(name, text) }.contains(words))
  }

  @Test func missingColumnsAreRefused() {
    refuses([.usage]) { _ = try read("a.tsv", "a\tb\n", .init(textColumn: "9")) }
  }

  @Test func sharesKeepTheClasses() throws {
    let text = (0..<100).map { "text \($0)\t\($0 % 4 == 0 ? "a" : "b")\n" }.joined()
    let all = try read("a.tsv", text)
    let (learned, heldOut) = all.split(share: 0.2, seed: 1)
    #expect(learned.counts == [20, 60] && heldOut?.counts == [5, 15])
    let parts = (0..<5).map { all.fold($0, of: 5, seed: 1) }
    #expect(parts.flatMap { $0.part }.sorted() == Array(0..<100))
    for part in parts {
      #expect(all.subset(part.part).counts == [5, 15] && part.rest.count == 80)
    }
  }

  @Test func otherClassesAreRefused() throws {
    let found = try read("a.tsv", "x\tpos\ny\tneg\nz\tmaybe\n")
    refuses([.mismatch]) { _ = try found.matched(to: ["negative", "positive"], of: "m") }
    let numbers = try read("a.tsv", "x\t1\ny\t0\n").matched(to: ["negative", "positive"], of: "m")
    #expect(numbers.labels == [1, 0])
  }
}

@Suite struct TextWordsTests {
  @Test(arguments: [
    ("It isn't GOOD, can't be!", ["it", "is", "n't", "good", ",", "ca", "n't", "be", "!"]),
    ("n't he’s won’t", ["n't", "he", "'s", "wo", "n't"]),
    ("well-made rock-'n'-roll - x", ["well-made", "rock", "-", "'n", "'", "-", "roll", "-", "x"]),
    ("ÄRGER über 3.5 €", ["ärger", "über", "3", ".", "5", "€"]),
    ("我不喜欢。", ["我", "不", "喜", "欢", "。"]), ("", []), ("  \n", []), ("don't't", ["do", "n't", "'t"]),
  ]) func wordsAreCut(text: String, words: [String]) {
    #expect(TextWords.strings(Array(text.utf8)[...]) == words)
  }

  /// Characters are what Unicode says, wherever they are looked up.
  @Test func tablesHoldWhatUnicodeSays() {
    for scalar: UInt32 in 0..<0x11000 {
      let (found, plain) = (FoldedScalars.read(scalar), FoldedScalars.classify(scalar))
      #expect(found.kind == plain.kind && found.lower == plain.lower, "U+\(scalar)")
    }
  }

  @Test func endlessTextsAreReadInPart() {
    let text = [UInt8](repeating: UInt8(ascii: "!"), count: TextWords.most + 1)
    #expect(TextWords(text[...]).words.count == TextWords.most && !TextWords(text[...]).isWhole)
    #expect(TextWords(text.dropLast()).isWhole)
  }

  @Test func bytesThatAreNoTextAreMarks() {
    let words = TextWords([0xFF, 0x61, 0x80, 0xE4, 0xBD][...]).words
    #expect(words.count == 5 && words.map { $0.start } == [0, 1, 2, 3, 4])
  }

  /// Behind a negation a word counts as less than nothing, up to a boundary.
  @Test func negationsTurnWordsRound() {
    var features = TextFeatures()
    features.ngrams = 1
    func values(_ text: String) -> [String: Float] {
      let found = features.features(Array(text.utf8)[...])
      return Dictionary(
        uniqueKeysWithValues: ["good", "bad", "film", "not"].compactMap { word in
          let key = UInt32(TextWords.hash(of: word) >> 32)
          return found.first { $0.key == key }.map { (word, $0.value) }
        })
    }
    #expect(values("not good film") == ["not": 1, "good": -1, "film": -1])
    #expect(values("not good , film") == ["not": 1, "good": -1, "film": 1])
    #expect(values("not bad but good") == ["not": 1, "bad": -1, "good": 1])
    #expect(values("good not good") == ["not": 1, "good": 0])
    features.negation = 0
    #expect(values("not good film") == ["not": 1, "good": 1, "film": 1])
  }
}
