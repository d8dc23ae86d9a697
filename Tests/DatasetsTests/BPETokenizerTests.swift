import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Datasets

@Suite struct BPETokenizerTests {
  private static let folder = fixture("bpe")
  private static let trainingText = fixture("ngram/train.txt", of: "FamiliesTests")

  private struct Example: Decodable {
    var text: String
    var ids: [Int32]
  }

  /// Against the package `tokenizers`; see Scripts/fixtures/bpe.py.
  @Test func hardTextsHaveTheReferencesIds() throws {
    let tokenizer = try BPETokenizer(folder: Self.folder)
    let data = Data(try bytes("\(Self.folder)/texts.json"))
    let examples = try JSONDecoder().decode([Example].self, from: data)
    #expect(examples.count > 250)
    for example in examples {
      let ids = try tokenizer.encode(table(example.text), name: "t")
      #expect(ids == example.ids, "\(example.text.debugDescription)")
      #expect(try roundTrips(tokenizer, Array(example.text.utf8)))
      // The end token is not shown.
      let shown = ids.filter { $0 != tokenizer.endToken }.flatMap { tokenizer.bytes(of: $0) }
      #expect(Array(decode(tokenizer, ids).utf8) == shown)
    }
  }

  @Test func trainingFindsTheReferencesMerges() throws {
    let folder = try TemporaryFolder()
    var trainer = BPETrainer()
    trainer.vocabularySize = 512
    let tokenizer = try trainer.train([readText(path: Self.trainingText)], name: "t")
    try tokenizer.write { "\(folder.path)/\($0)" }
    for name in ["vocab.json", "merges.txt"] {
      #expect(
        try bytes("\(folder.path)/\(name)") == bytes("\(Self.folder)/\(name)"))
    }
    trainer.vocabularySize = 700
    let repeated = try trainer.train([readText(path: "\(Self.folder)/repeated.txt")], name: "t")
    try repeated.write { "\(folder.path)/\($0)" }
    #expect(
      try bytes("\(folder.path)/merges.txt")
        == bytes("\(Self.folder)/repeated-merges.txt"))
    // Long pieces are merged by places.
    trainer.vocabularySize = 900
    let long = try trainer.train([readText(path: "\(Self.folder)/long.txt")], name: "t")
    try long.write { "\(folder.path)/long-\($0)" }
    #expect(
      try bytes("\(folder.path)/long-merges.txt")
        == bytes("\(Self.folder)/long-merges.txt"))
    let again = try loadTokenizer(kind: .bpe, folder: folder.path)
    let text = try readText(path: Self.trainingText)
    #expect(try again.encode(text, name: "t") == repeated.encode(text, name: "t"))
  }

  /// A text without spaces is one piece: each merge looks at its own places only.
  @Test func aLongPieceIsLearnedInTime() throws {
    var random = TestRandom(state: 5)
    let text = (0..<150_000).map { _ in UInt8.random(in: 97..<123, using: &random) }
    var trainer = BPETrainer()
    trainer.vocabularySize = 1500
    let time = try ContinuousClock().measure {
      let tokenizer = try trainer.train([Table(text)], name: "t")
      #expect(tokenizer.vocabularySize == 1500)
    }
    #expect(time < .seconds(20))
  }

  @Test func realVocabularyOfGPT2() throws {
    guard let data = testData() else { return }
    let tokenizer = try BPETokenizer(folder: "\(data)/gpt2-bpe")
    #expect(tokenizer.vocabularySize == 50257 && tokenizer.mergeCount == 50000)
    #expect(tokenizer.endToken == 50256 && tokenizer.endTokenEndsText)
    for (text, ids) in [
      ("Hello world", [15496, 995]),
      ("Hello, I'm a language model,", [15496, 11, 314, 1101, 257, 3303, 2746, 11]),
      (
        "The quick brown fox jumps over the lazy dog",
        [464, 2068, 7586, 21831, 18045, 625, 262, 16931, 3290]
      ),
      (
        "你好,世界 🌍",
        [19526, 254, 25001, 121, 11, 10310, 244, 45911, 234, 12520, 234, 235]
      ),
      ("a<|endoftext|>\n\nb", [64, 50256, 198, 198, 65]),
    ] {
      #expect(try tokenizer.encode(table(text), name: "t") == ids.map { Int32($0) })
      #expect(try roundTrips(tokenizer, Array(text.utf8)))
    }
  }

  @Test func blocksDoNotChangeTheIds() throws {
    let text = try readText(path: Self.trainingText)
    let lines = "a\n\n\nb \n c\n<|endoftext|>\n\n'\n's \n\u{A0}\nd"
    for text in [text, try table(String(repeating: lines, count: 20))] {
      func pieces(_ blockSize: Int) throws -> [[UInt8]] {
        let matcher = try AddedTokenMatcher([AddedToken(id: 0, content: BPETokenizer.endOfText)])
        let corpus = PieceCorpus(text, name: "t", addedTokens: matcher, blockSize: blockSize)
        return try corpus.map { block in
          var words: [[UInt8]] = []
          block.forEach { index in
            words.append(block.withWord(index) { $0.start.bytes($0.length) })
          }
          return words
        }.flatMap { $0 }
      }
      let whole = try pieces(1 << 20)
      for size in [1, 2, 7, 100] { #expect(try pieces(size) == whole) }
    }
  }

  /// Quadratic work would take minutes.
  @Test func aLongWord() throws {
    let tokenizer = try BPETokenizer(folder: Self.folder)
    var random = TestRandom(state: 1)
    let letters = Array("theacdog".utf8)
    let text = (0..<100_000).map { _ in letters.randomElement(using: &random) ?? 0 }
    let time = try ContinuousClock().measure {
      #expect(try roundTrips(tokenizer, text))
      let short = try tokenizer.encode(Table(Array(text.prefix(40))), name: "t")
      let long = try tokenizer.encode(Table(Array(text.prefix(60))), name: "t")
      #expect(short.dropLast(5).elementsEqual(long.prefix(short.count - 5)))
    }
    #expect(time < .seconds(30))
  }

  @Test func decodersHoldBackParts() throws {
    let tokenizer = try BPETokenizer(folder: Self.folder)
    var decoder = tokenizer.makeDecoder()
    let ids = try tokenizer.encode(table("🌍"), name: "t")
    #expect(ids.count == 4)
    #expect(ids.dropLast().allSatisfy { decoder.append($0).isEmpty })
    #expect(decoder.append(ids[3]) == Array("🌍".utf8))
    #expect(decoder.append(ids[0]).isEmpty && decoder.finish() == Array("\u{FFFD}".utf8))
    #expect(decoder.append(0).isEmpty && decoder.append(-1).isEmpty && decoder.append(512).isEmpty)
  }

  @Test func refusals() throws {
    let tokenizer = try BPETokenizer(folder: Self.folder)
    for text in ["ab", "  ", "ab\n", "!! ", ""] {
      let bad = try Table(Array(text.utf8) + [0xC3, 0x28])
      #expect(
        refusal { _ = try tokenizer.encode(bad, name: "x") }?.line
          == "3 x: byte \(text.utf8.count) is not UTF-8; pass `tokens` byte")
    }
    var trainer = BPETrainer()
    trainer.vocabularySize = 256
    #expect(
      refusal { _ = try trainer.train([table("a")], name: "x") }?.line.hasPrefix("2 ") == true)
    trainer.vocabularySize = 300
    #expect(refusal { _ = try trainer.train([table("")], name: "x") }?.line == "3 x: no text in it")
    #expect(try trainer.train([table("ab ab")], name: "x").vocabularySize == 259)
    trainer.minimumFrequency = 2
    #expect(try trainer.train([table("ab ab")], name: "x").vocabularySize == 258)
  }

  @Test func damagedFiles() throws {
    let folder = try TemporaryFolder()
    let vocabulary = String(decoding: try bytes("\(Self.folder)/vocab.json"), as: UTF8.self)
    let merges = String(decoding: try bytes("\(Self.folder)/merges.txt"), as: UTF8.self)
    func load(_ vocabulary: String, _ merges: String) -> String? {
      refusal {
        try folder.write("vocab.json", vocabulary)
        try folder.write("merges.txt", merges)
        _ = try BPETokenizer(folder: folder.path)
      }.map { String($0.line.dropFirst(3 + folder.path.count)) }
    }
    #expect(load(vocabulary, merges) == nil)
    let lines = merges.split(separator: "\n")
    #expect(load(vocabulary, lines.dropFirst().joined(separator: "\r\n")) == nil)
    #expect(load(" { }\n", "") == "vocab.json: no token for byte 0: not a byte-level vocabulary")
    let pieces: [(String, String, String)] = [
      ("\"a\":65", "\"a\":66", "id 66 comes twice"),
      ("\"a\":65", "\"a\":512", "id 512 with 512 tokens; ids must be 0 to 511"),
      ("\"a\":65", "\"!\":65", "byte "), ("\"a\":65", "\"\":65", "byte "),
      ("\"a\":65", "\"a\":-1", "byte "), ("\"a\":65", "\"\\ud800\":65", "byte "),
      ("\"a\":65", "\"a\":65.0", "byte "), ("\"a\":65,", "\"a\":65", "byte "),
      ("\"a\":65", "\"\\u00e9x\":65", "no token for byte 97: not a byte-level vocabulary"),
    ]
    for (old, new, expected) in pieces {
      let changed = vocabulary.split(separator: old, omittingEmptySubsequences: false)
      #expect(changed.count == 2)
      let result = load(changed.joined(separator: new), merges)
      #expect(result?.hasPrefix("vocab.json: \(expected)") == true, "\(result ?? "accepted")")
    }
    #expect(load(String(vocabulary.dropLast(9)), merges)?.hasPrefix("vocab.json: byte ") == true)
    #expect(load(vocabulary + "x", merges)?.hasPrefix("vocab.json: byte ") == true)
    for (line, expected) in [
      ("zz y", "line 2 names a token that is not in the vocabulary"),
      ("z q", "line 2 makes a token that is not in the vocabulary"),
      ("z", "line 2 is not two tokens with a space between them"),
      ("z  q", "line 2 is not two tokens with a space between them"),
    ] {
      #expect(load(vocabulary, "#version: 0.2\n\(line)\n") == "merges.txt: \(expected)")
    }
  }

  /// The classes equal those of the Swift library, which may know a later Unicode.
  @Test func classesOfCharacters() {
    let classes = CharacterClasses.shared.start
    var wrong = 0
    for value in UInt32(0)..<0x110000 {
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age,
        age.major <= 16
      else { continue }
      let expected: UInt8 =
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: 1
        case .decimalNumber, .letterNumber, .otherNumber: 2
        default: scalar.properties.isWhitespace ? 3 : 0
        }
      if classes[Int(value)] != expected { wrong += 1 }
    }
    #expect(wrong == 0)
    #expect(unicodeRuns.reduce(0) { $0 + Int($1 >> 2) } == 0x110000)
  }
}
