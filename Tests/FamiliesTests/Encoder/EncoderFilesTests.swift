import Datasets
import Files
import TestSupport
import Testing

@testable import Families

/// Broken files of encoders: one line each.
@Suite struct EncoderFilesTests {
  private static let names = [
    "config.json", "model.safetensors", "modules.json", "sentence_bert_config.json",
    "tokenizer.json", "1_Pooling/config.json",
  ]

  private func path(_ name: String) -> String {
    fixture("bert/\(name)", of: "FamiliesTests")
  }

  /// A copy of the model with one file changed.
  private func copy(_ name: String, _ change: ([UInt8]) -> [UInt8]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for file in Self.names {
      let data = try bytes(path("odd/\(file)"))
      try folder.write(file, file == name ? change(data) : data)
    }
    return folder
  }

  private func replaced(_ name: String, _ old: String, _ new: String) throws -> TemporaryFolder {
    try copy(name) { data in
      let parts = String(decoding: data, as: UTF8.self).split(
        separator: old, omittingEmptySubsequences: false)
      #expect(parts.count > 1)
      return Array(parts.joined(separator: new).utf8)
    }
  }

  @Test(arguments: [
    ("config.json", "\"bert\"", "\"roberta\"", "'model_type'"),
    ("config.json", "\"hidden_size\": 12", "\"hidden_size\": 9", "has the shape"),
    ("config.json", "\"num_attention_heads\": 3", "\"num_attention_heads\": 5", "does not divide"),
    ("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "is missing"),
    ("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 99999", "not 1 to"),
    ("config.json", "\"max_position_embeddings\": 72", "\"max_position_embeddings\": 73", "shape"),
    ("config.json", "\"gelu\"", "\"swoosh\"", "'hidden_act'"),
    ("modules.json", "models.Normalize", "models.Dense", "'type'"),
    ("modules.json", "1_Pooling", "..", "'path'"),
    ("modules.json", "1_Pooling", "/etc/x", "'path'"),
    (
      "1_Pooling/config.json", "max_tokens\": false", "max_tokens\": true", "2 ways"
    ),
    ("sentence_bert_config.json", "70", "2", "2 tokens stand around"),
    ("sentence_bert_config.json", "70", "\"x\"", "no whole number"),
    ("tokenizer.json", "WordPiece", "BPE", "'BPE'"),
    ("tokenizer.json", "BertNormalizer", "NFC", "'NFC'"),
    ("tokenizer.json", "\"unk_token\": \"[UNK]\"", "\"unk_token\": \"[NO]\"", "'[NO]'"),
  ])
  func refused(_ file: String, _ old: String, _ new: String, _ message: String) throws {
    let folder = try replaced(file, old, new)
    let error = #expect(throws: AIGCError.self) { try SentenceEncoder(folder.path) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
  }

  /// Files that end early, and files with other bytes.
  @Test(arguments: names) func damaged(_ name: String) throws {
    for share in [0, 1, 5, 9] {
      let cut = try copy(name) { Array($0.prefix($0.count * share / 10)) }
      #expect(throws: AIGCError.self) { try SentenceEncoder(cut.path) }
    }
    for place in 0..<24 {
      let changed = try copy(name) { data in
        var data = data
        data[data.count * place / 24 % 4000] ^= 0x55
        return data
      }
      // A changed weight may be a weight too; what matters is that nothing but our error comes.
      _ = refusal {
        let model = try SentenceEncoder(changed.path)
        _ = try model.embed([Table(Array("the model".utf8))]) { "\($0)" }
      }
    }
  }

  @Test func textThatIsNone() throws {
    let model = try SentenceEncoder(path("odd"))
    let error = #expect(throws: AIGCError.self) {
      try model.embed([Table(Array("a".utf8)), Table([0x61, 0xFF])]) { "line \($0 + 1)" }
    }
    #expect(error == .badInput("line 2: byte 1 is not UTF-8"))
    #expect(throws: AIGCError.self) { try model.vectors([[]]) }
    #expect(throws: AIGCError.self) { try model.vectors([[1, 9999]]) }
    #expect(throws: AIGCError.self) { try model.vectors([[Int32](repeating: 1, count: 71)]) }
  }
}
