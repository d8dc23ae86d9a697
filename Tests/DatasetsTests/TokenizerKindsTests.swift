import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Datasets

/// Small tokenizers of all kinds against the package `tokenizers`; see Scripts/fixtures/tokenizer_kinds.py.
@Suite struct TokenizerKindsTests {
  private static let folder = fixture("tokenizer-kinds")

  private struct Row: Decodable {
    var ids: [[Int32]]
    /// Without the tokens around the text, and with special tokens in it as text.
    var plain: [[Int32]]
    /// What the ids without the tokens around the text are, special tokens shown.
    var decoded: [String]
  }

  private struct Fixture: Decodable {
    var texts: [String]
    var kinds: [String: Row]
  }

  private struct Scores: Decodable {
    var tokens: [String]
    var scores: [Float]
    var types: [Int]
    var ids: [[Int32]]
    var plain: [[Int32]]
  }

  private func read() throws -> Fixture {
    try JSONDecoder().decode(Fixture.self, from: Data(bytes("\(Self.folder)/texts.json")))
  }

  private func expectIDs(
    _ tokenizer: BPETokenizer, _ texts: [String], _ ids: [[Int32]], _ plain: [[Int32]],
    _ name: String
  ) throws {
    var text = tokenizer
    text.parsesSpecialTokens = false
    for (index, content) in texts.enumerated() {
      let table = try table(content)
      let place = "\(name): \(content.debugDescription)"
      #expect(try tokenizer.encode(table, name: "t") == ids[index], "\(place)")
      #expect(
        try text.encode(table, name: "t", addsSpecialTokens: false) == plain[index], "\(place)")
      let ranges = try tokenizer.ranges(of: table, name: "t")
      #expect(ranges.count == ids[index].count, "\(place)")
      #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      // Characters that are left out at the end are in no token.
      if name != "dropped", name != "lackless", !content.isEmpty {
        #expect(ranges.last?.upperBound == table.count, "\(place)")
      }
    }
  }

  @Test func textsHaveTheReferencesIds() throws {
    let fixture = try read()
    #expect(fixture.texts.count > 70 && fixture.kinds.count == 14)
    for (name, row) in fixture.kinds.sorted(by: { $0.key < $1.key }) {
      let tokenizer = try BPETokenizer(tokenizerJSON: "\(Self.folder)/\(name).json")
      try expectIDs(tokenizer, fixture.texts, row.ids, row.plain, name)
      // What is written and read again is the same tokenizer.
      let copy = try TemporaryFolder()
      try tokenizer.write { "\(copy.path)/\($0)" }
      let again = try BPETokenizer(folder: copy.path)
      try expectIDs(again, fixture.texts, row.ids, row.plain, name)
    }
  }

  /// The tokens' text as the reference joins it; U+FFFD for what is no UTF-8 may be more than one there.
  @Test func idsHaveTheReferencesTexts() throws {
    let fixture = try read()
    for (name, row) in fixture.kinds {
      let tokenizer = try BPETokenizer(tokenizerJSON: "\(Self.folder)/\(name).json")
      for (text, expected) in zip(fixture.texts, row.decoded)
      where !text.contains("<s>") && !text.contains("</s>") {
        let ids = try tokenizer.encode(prompt: text)
        #expect(decode(tokenizer, ids) == expected, "\(name): \(text.debugDescription)")
      }
    }
  }

  private struct Class: Decodable {
    var kind: String
    var files: [String: String]
    var texts: [String]
    var ids: [[Int32]]
  }

  /// Folders as transformers' AutoTokenizer reads them, by the class that they name.
  @Test func classesHaveAutoTokenizersIds() throws {
    let classes = try JSONDecoder().decode(
      [Class].self, from: Data(bytes("\(Self.folder)/classes.json")))
    #expect(classes.count > 14)
    for one in classes {
      let folder = try TemporaryFolder()
      try folder.write("tokenizer.json", bytes("\(Self.folder)/\(one.kind).json"))
      for (name, content) in one.files { try folder.write(name, content) }
      let tokenizer = try BPETokenizer(folder: folder.path)
      for (text, ids) in zip(one.texts, one.ids) {
        #expect(
          try tokenizer.encode(prompt: text, addsSpecialTokens: true) == ids,
          "\(one.kind), \(one.files): \(text.debugDescription)")
      }
    }
  }

  @Test func rangesAreOfTheText() throws {
    let tokenizer = try BPETokenizer(tokenizerJSON: "\(Self.folder)/composed.json")
    // Two characters that are composed, and the mark of a space.
    let text = Array("a e\u{301}b".utf8)
    let ranges = try tokenizer.ranges(of: Table(text), name: "t")
    let parts = ranges.map { String(decoding: text[$0], as: UTF8.self) }
    #expect(parts.joined() == "a e\u{301}b" && parts.contains("e\u{301}"))
  }

  /// The vocabulary of a GGUF file with scores.
  @Test func scoresHaveTheReferencesIds() throws {
    let fixture = try read()
    let row = try JSONDecoder().decode(
      Scores.self, from: Data(bytes("\(Self.folder)/scores.json")))
    var data = VocabularyData(name: "v", model: "llama")
    for token in row.tokens { data.tokens.append(token.utf8) }
    (data.scores, data.types) = (row.scores, row.types)
    data.addsEnd = true
    let tokenizer = try BPETokenizer(data)
    #expect(tokenizer.specialTokens.map(\.text) == ["<unk>", "<s>", "</s>"])
    #expect(tokenizer.endToken == 2 && tokenizer.marks.start == [1] && tokenizer.marks.end == [2])
    try expectIDs(tokenizer, fixture.texts, row.ids, row.plain, "scores")
    let copy = try TemporaryFolder()
    try tokenizer.write { "\(copy.path)/\($0)" }
    try expectIDs(
      BPETokenizer(folder: copy.path), fixture.texts, row.ids, row.plain, "scores, written")
  }

  /// The same vocabulary as tokenizer.json and as a GGUF file has it.
  @Test func preTokenizersHaveTheReferencesIds() throws {
    let fixture = try read()
    for (name, pre) in [("digits", "smollm"), ("llama3", "llama-bpe")] {
      let tokenizer = try BPETokenizer(tokenizerJSON: "\(Self.folder)/\(name).json")
      var data = VocabularyData(name: "v", model: "gpt2")
      data.pre = pre
      for id in 0..<Int32(tokenizer.vocabularySize) { data.tokens.append(tokenizer.written(id)) }
      for merge in tokenizer.writtenMerges { data.merges.append(merge.left + [32] + merge.right) }
      data.types = (0..<tokenizer.vocabularySize).map { id in
        tokenizer.specialTokens.contains { $0.id == Int32(id) } ? 3 : 1
      }
      (data.startToken, data.addsStart) = (1, pre == "smollm" ? true : nil)
      let row = try #require(fixture.kinds[name])
      try expectIDs(BPETokenizer(data), fixture.texts, row.ids, row.plain, pre)
    }
  }

  /// Vocabularies that lack bytes: the unknown token stands for each of these, or they are left out.
  @Test func bytesWithoutTokens() throws {
    let texts = try read().texts
    for (name, unknown) in [("lacking", Optional(0)), ("lackless", nil)] {
      let tokenizer = try BPETokenizer(tokenizerJSON: "\(Self.folder)/\(name).json")
      #expect(tokenizer.unknownToken == unknown.map { Int32($0) })
      #expect(try tokenizer.encode(prompt: "\u{1}") == (unknown == nil ? [] : [0]))
      var data = VocabularyData(name: "v", model: "gpt2")
      data.pre = "smollm"
      for id in 0..<Int32(tokenizer.vocabularySize) { data.tokens.append(tokenizer.written(id)) }
      for merge in tokenizer.writtenMerges { data.merges.append(merge.left + [32] + merge.right) }
      data.types = (0..<tokenizer.vocabularySize).map { id in
        tokenizer.specialTokens.contains { $0.id == Int32(id) } ? 3 : 1
      }
      data.unknownToken = unknown
      let other = try BPETokenizer(data)
      for text in texts {
        #expect(try other.encode(prompt: text) == tokenizer.encode(prompt: text))
      }
    }
  }

  @Test func refusals() throws {
    func data(_ change: (inout VocabularyData) -> Void) -> VocabularyData {
      var data = VocabularyData(name: "v", model: "llama")
      for token in ["<unk>", "<s>", "</s>", "a", "b", "ab"] { data.tokens.append(token.utf8) }
      data.scores = [0, 0, 0, -1, -2, -3]
      change(&data)
      return data
    }
    #expect(try BPETokenizer(data { _ in }).encode(prompt: "abx") == [0, 5, 0])
    for (change, expected) in [
      ({ $0.model = "t5" }, "the tokenizer 't5' is not supported, only llama and gpt2"),
      (
        {
          $0.model = "gpt2"; $0.pre = "tekken"
        }, "the pre-tokenizer 'tekken' is not supported"
      ),
      ({ $0.model = "gpt2" }, "the pre-tokenizer (tokenizer.ggml.pre) is missing"),
      (
        {
          $0.model = "gpt2"; $0.pre = "default"
        }, "the pre-tokenizer 'default' is not supported"
      ),
      (
        {
          $0.model = "gpt2"; $0.pre = "gpt-2"
        }, "no token for byte 32: not a byte-level vocabulary"
      ),
      ({ $0.tokens = .init() }, "a vocabulary without tokens"),
      ({ $0.scores = [1] }, "6 tokens and 1 score"),
      ({ $0.types = [1, 2] }, "6 tokens and 2 types"),
      ({ $0.endToken = 6 }, "the eos token has the id 6, of 6 tokens"),
      ({ $0.startToken = -1 }, "the bos token has the id -1, of 6 tokens"),
      (
        {
          $0.tokens.append(String(repeating: "a", count: 257).utf8); $0.scores.append(0)
        },
        "token 6 has 257 bytes, more than 256"
      ),
    ] as [((inout VocabularyData) -> Void, String)] {
      let line = refusal { _ = try BPETokenizer(data(change)) }?.line
      #expect(line == "3 v: \(expected)")
    }
    // Texts twice, empty ones, scores that are no numbers, types that nobody knows.
    let odd = data {
      for token in ["ab", "", "\u{FF}"] { $0.tokens.append(token.utf8) }
      $0.tokens.append([0xFF, 0xC0])
      $0.scores += [.nan, .infinity, -.infinity, 0]
      $0.types = [2, 3, 3, 1, 1, 1, 1, 9, -4, 6]
    }
    #expect(try BPETokenizer(odd).encode(prompt: "ab ").contains(6))
  }

  /// A long run of one character takes n log n, not n².
  @Test func hostileTextsTakeNoTime() throws {
    var data = VocabularyData(name: "v", model: "llama")
    for token in ["<unk>", "<s>", "</s>", "\u{2581}"] { data.tokens.append(token.utf8) }
    for length in 1...200 { data.tokens.append(String(repeating: "a", count: length).utf8) }
    data.scores = (0..<204).map { Float($0 % 7) - Float($0) }
    let tokenizer = try BPETokenizer(data)
    #if DEBUG
      let size = 20_000
    #else
      let size = 1_000_000
    #endif
    for text in [
      String(repeating: "a", count: size), String(repeating: " ", count: size),
      String(repeating: "e\u{301}\u{323}", count: size / 4),
      String(repeating: "<s>", count: size / 4),
    ] {
      let start = ContinuousClock.now
      _ = try tokenizer.encode(prompt: text)
      _ = try tokenizer.ranges(of: table(text), name: "t")
      #expect(ContinuousClock.now - start < .seconds(10), "\(text.prefix(4).debugDescription)")
    }
    let marks = String(repeating: "\u{323}\u{301}", count: size / 2)
    for name in ["qwen2", "composed", "llama3", "digits"] {
      let tokenizer = try BPETokenizer(tokenizerJSON: "\(Self.folder)/\(name).json")
      let start = ContinuousClock.now
      for text in [
        "a" + marks, String(repeating: " \n", count: size) + "x",
        String(repeating: "1", count: size),
      ] { _ = try tokenizer.encode(prompt: text) }
      #expect(ContinuousClock.now - start < .seconds(10), "\(name)")
    }
  }
}
