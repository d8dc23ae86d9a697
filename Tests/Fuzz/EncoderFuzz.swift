import Datasets
import Files
import TestSupport

@testable import Families

/// Targets of models that make vectors of texts: a GGUF file, and `tokenizer.json` of a folder whose other files are
/// sound.
struct EncoderFuzz: FuzzSubject {
  let folder: String
  let seeds: [[UInt8]]
  private let isGGUF: Bool
  private var path: String { "\(folder)/\(isGGUF ? "model.gguf" : "tokenizer.json")" }

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.folder = folder
    isGGUF = target == .encoder
    func data(_ name: String) throws -> [UInt8] {
      try bytes(fixture("bert/\(name)", of: "FamiliesTests"))
    }
    if isGGUF {
      seeds = [try data("odd-f16.gguf"), try data("blocks-q8_0.gguf")]
    } else {
      seeds = [try data("odd/tokenizer.json")]
      for name in ["config.json", "model.safetensors", "sentence_bert_config.json"] {
        try TestSupport.write(data("odd/\(name)"), to: "\(folder)/\(name)")
      }
    }
  }

  var dictionary: [String] {
    isGGUF
      ? [
        "\u{0}\u{0}\u{0}\u{0}", "\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
        "\u{7F}\u{7F}\u{7F}\u{7F}", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type",
        "tokenizer.ggml.bos_token_id", "tokenizer.ggml.seperator_token_id",
        "bert.attention.head_count", "bert.block_count", "bert.context_length",
        "bert.pooling_type", "general.architecture", "blk.1.attn_q.weight", "token_types.weight",
      ]
      : [
        "\"WordPiece\"", "\"BertNormalizer\"", "\"BertPreTokenizer\"", "\"TemplateProcessing\"",
        "\"##\"", "\"[UNK]\"", "\"\"", "null", "true", "-1", "9223372036854775807", "{", "}", "[",
        "]", "\"added_tokens\":", "\"max_input_chars_per_word\":", "\"continuing_subword_prefix\":",
      ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch, .usage] }

  func write(_ input: [UInt8]) throws { try TestSupport.write(input, to: path) }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    let place = isGGUF ? path : folder
    _ = try EncoderFamily().inspect(place)
    let coder = try EncoderFamily().tokenizer(place)
    let ids = try coder.encode(prompt: "the unaffable 机 model", addsSpecialTokens: true)
    var decoder = coder.makeDecoder()
    for id in ids + [-1, .max] { _ = decoder.append(id) }
    let texts = [try Table(Array("the model".utf8)), try Table(Array("x".utf8))]
    _ = try SentenceEncoder(place).embed(texts) { "\($0)" }
  }
}
