import Checkpoints
import Files
import Inference

extension ChatTemplate {
  private static let key = "tokenizer.chat_template"

  /// The template of a GGUF file: `tokenizer.chat_template`, and `tokenizer.chat_template.tool_use` for
  /// conversations with tools. The special tokens are those that the file names.
  /// - Returns: nil where the file has none.
  /// - Throws: ``/Files/AIGCError``: badInput for what is no template, mismatch for a value of another type.
  public static func read(gguf metadata: GGUFMetadata) throws(AIGCError) -> ChatTemplate? {
    guard metadata[key] != nil else { return nil }
    let tools = "\(key).tool_use"
    let toolSource = metadata[tools] == nil ? nil : try metadata.string(tools)
    return try ChatTemplate(
      try metadata.string(key), specialTokens: try specialTokens(metadata), toolSource: toolSource)
  }

  private static func specialTokens(
    _ metadata: GGUFMetadata
  ) throws(AIGCError) -> [(name: String, text: String)] {
    let prefix = "tokenizer.ggml."
    guard metadata[prefix + "tokens"] != nil else { return [] }
    let texts = try metadata.strings(prefix + "tokens")
    var result: [(name: String, text: String)] = []
    for (key, name) in [
      ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"),
      ("padding", "pad_token"), ("eot", "eot_token"),
    ] where metadata["\(prefix)\(key)_token_id"] != nil {
      let id = try metadata.int("\(prefix)\(key)_token_id")
      if (0..<texts.count).contains(id) { result.append((name, texts[id])) }
    }
    return result
  }
}
