import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Datasets

/// The companion files of a GPT-2 tokenizer against transformers' AutoTokenizer: the same ids, or a refusal
/// that names the setting. See Scripts/fixtures/tokenizer_folders.py.
@Suite struct TokenizerFoldersTests {
  private struct Fixture: Decodable {
    struct Case: Decodable {
      var name: String
      var files: [String: String]
      /// Members of tokenizer.json that are other ones.
      var tokenizer: [String: String]?
      var vocabulary: Bool
      var count: Int
      var end: Int32?
      var ids: [[Int32]]
    }
    var texts: [String]
    var cases: [Case]
  }

  private func read() throws -> Fixture {
    let path = fixture("tokenizer-folders/cases.json")
    return try JSONDecoder().decode(Fixture.self, from: Data(try bytes(path)))
  }

  private func write(_ one: Fixture.Case, to folder: TemporaryFolder) throws {
    for (name, content) in one.files { try folder.write(name, content) }
    if one.vocabulary {
      for name in ["vocab.json", "merges.txt"] {
        try folder.write(name, bytes(fixture("bpe/\(name)")))
      }
    }
    guard let members = one.tokenizer else { return }
    let base = try MappedFile(path: fixture("tokenizer-json/pairs.json")).bytes()
    guard case .object(let old) = try JSONValue(parsing: base) else { return }
    let new = try old.map { member in
      guard let text = members[member.name] else { return member }
      return JSONValue.Member(member.name, try JSONValue(parsing: Table(Array(text.utf8))))
    }
    try folder.write("tokenizer.json", JSONValue.object(new).text)
  }

  /// Flags that are refused by name.
  private static let refused = ["single_word"]

  @Test func idsAreAutoTokenizers() throws {
    let fixture = try read()
    #expect(fixture.cases.count > 40)
    for one in fixture.cases {
      let folder = try TemporaryFolder()
      try write(one, to: folder)
      if one.name == "all flags" || Self.refused.contains(where: { one.name.hasPrefix($0) }) {
        let line = refusal { _ = try BPETokenizer(folder: folder.path) }?.line
        #expect(line?.hasPrefix("3 ") == true && line?.contains("is not supported") == true)
        #expect(Self.refused.contains { line?.contains($0) == true }, "\(one.name): \(line ?? "")")
        continue
      }
      let tokenizer = try BPETokenizer(folder: folder.path)
      #expect(tokenizer.vocabularySize == one.count, "\(one.name)")
      #expect(tokenizer.endToken == one.end || one.end == nil, "\(one.name)")
      // What is written and read again is the same tokenizer.
      let copy = try TemporaryFolder()
      try tokenizer.write { "\(copy.path)/\($0)" }
      let again = try BPETokenizer(folder: copy.path)
      for (text, ids) in zip(fixture.texts, one.ids) {
        let table = try table(text)
        for reader in [tokenizer, again] {
          #expect(
            try reader.encode(table, name: "t") == ids, "\(one.name): \(text.debugDescription)")
          let ranges = try reader.ranges(of: table, name: "t")
          #expect(ranges.count == ids.count && ranges.last?.upperBound ?? 0 <= table.count)
          #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        }
      }
    }
  }

  /// What does not fit, or is not built here, is refused in one line that names it.
  @Test func refusals() throws {
    for (file, content, expected) in [
      ("added_tokens.json", #"{"<pad>":517}"#, "there is no token with id 512"),
      ("added_tokens.json", #"{"<pad>":7}"#, "another token has this id"),
      ("added_tokens.json", #"{"<|endoftext|>":512}"#, "its id in the vocabulary is 0"),
      ("added_tokens.json", #"{"":512}"#, "an added token without content"),
      ("added_tokens.json", #"{"<pad>":4294967296}"#, "too large"),
      ("added_tokens.json", #"{"<pad>":"512"}"#, "byte "),
      ("added_tokens.json", "[]", "byte "),
      ("tokenizer_config.json", "{", "byte "),
      ("tokenizer_config.json", #"{"add_bos_token":1}"#, "true or false"),
      ("tokenizer_config.json", #"{"tokenizer_class":"RobertaTokenizer"}"#, "'RobertaTokenizer'"),
      (
        "tokenizer_config.json", #"{"tokenizer_class":"PreTrainedTokenizerFast"}"#,
        "without tokenizer.json"
      ),
      (
        "tokenizer_config.json", #"{"added_tokens_decoder":{"x":{"content":"<pad>"}}}"#,
        "'x' is no id"
      ),
      (
        "tokenizer_config.json", #"{"added_tokens_decoder":{"600":{"content":"<pad>"}}}"#,
        "there is no token with id 512"
      ),
      ("tokenizer_config.json", #"{"pad_token":7}"#, "pad_token is no token"),
      ("special_tokens_map.json", #"{"pad_token":{"lstrip":false}}"#, "without content"),
      ("config.json", #"{"tokenizer_class":"BertTokenizer"}"#, "'BertTokenizer'"),
    ] {
      let folder = try TemporaryFolder()
      for name in ["vocab.json", "merges.txt"] {
        try folder.write(name, bytes(fixture("bpe/\(name)")))
      }
      try folder.write(file, content)
      let line = refusal { _ = try BPETokenizer(folder: folder.path) }?.line ?? "accepted"
      #expect(line.hasPrefix("3 \(folder.path)") && line.contains(expected), "\(content): \(line)")
      #expect(!line.contains("\n"))
    }
  }

  /// Tokens that a model was not enlarged for are known, and refused where a text has them.
  @Test func tokensBeyondTheModel() throws {
    let folder = try TemporaryFolder()
    for name in ["vocab.json", "merges.txt"] {
      try folder.write(name, bytes(fixture("bpe/\(name)")))
    }
    try folder.write("special_tokens_map.json", #"{"pad_token":"[PAD]"}"#)
    var tokenizer = try BPETokenizer(folder: folder.path)
    #expect(tokenizer.vocabularySize == 513 && tokenizer.plainVocabularySize == 512)
    tokenizer.idLimit = 512
    #expect(try tokenizer.encode(prompt: "a b").count == 2)
    let line = refusal { _ = try tokenizer.encode(prompt: "a[PAD]") }?.line
    #expect(line == "4 the prompt: the token '[PAD]' has the id 512, the model has 512 tokens")
  }
}
