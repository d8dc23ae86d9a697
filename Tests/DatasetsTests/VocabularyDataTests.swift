import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Datasets

/// Tokenizers as GGUF files hold them, and back; see Scripts/fixtures/tokenizer_kinds.py.
@Suite struct VocabularyDataTests {
  private static let folder = fixture("tokenizer-kinds")

  private func open(_ kind: String) throws -> BPETokenizer {
    try BPETokenizer(tokenizerJSON: "\(Self.folder)/\(kind).json")
  }

  private func texts() throws -> [String] {
    struct Fixture: Decodable { var texts: [String] }
    return try JSONDecoder().decode(Fixture.self, from: Data(bytes("\(Self.folder)/texts.json")))
      .texts
  }

  @Test(arguments: [("digits", "smollm"), ("llama3", "llama-bpe")])
  func idsStay(kind: String, pre: String) throws {
    let tokenizer = try open(kind)
    let data = try VocabularyData(tokenizer, size: tokenizer.vocabularySize + 3, name: kind)
    #expect(data.model == "gpt2" && data.pre == pre && data.merges.count > 0)
    #expect(data.tokens.count == tokenizer.vocabularySize + 3)
    #expect(data.types.suffix(3) == [5, 5, 5])
    let read = try BPETokenizer(data)
    #expect(read.marks.start == tokenizer.marks.start)
    for text in try texts() {
      let text = try table(text)
      #expect(try read.encode(text, name: "t") == tokenizer.encode(text, name: "t"), "\(kind)")
    }
  }

  /// Merges become scores, by which they are found again.
  @Test func scores() throws {
    let tokenizer = try open("gemma")
    let data = try VocabularyData(tokenizer, size: tokenizer.vocabularySize, name: "gemma")
    #expect(data.model == "llama" && data.addsSpacePrefix == false && data.pre == nil)
    #expect(data.scores.count == data.tokens.count && data.types.filter { $0 == 6 }.count == 256)
    let read = try BPETokenizer(data)
    for text in try texts() {
      let text = try table(text)
      #expect(try read.encode(text, name: "t") == tokenizer.encode(text, name: "t"))
    }
  }

  /// What the format has no words for.
  @Test(arguments: ["prefix", "dropped", "unknowns"]) func refused(kind: String) throws {
    let tokenizer = try open(kind)
    let line = refuses([.mismatch]) {
      _ = try VocabularyData(tokenizer, size: tokenizer.vocabularySize, name: kind)
    }
    #expect(line.contains("GGUF"), "\(kind): \(line)")
  }

  /// A model with fewer rows than tokens has only these.
  @Test func fewerRows() throws {
    let tokenizer = try open("digits")
    let data = try VocabularyData(tokenizer, size: 300, name: "digits")
    #expect(data.tokens.count == 300 && data.types.count == 300)
    #expect((data.endToken ?? 0) < 300 && (data.startToken ?? 0) < 300)
  }
}
