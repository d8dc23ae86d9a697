import Checkpoints
import Files
import Inference

extension ChatTemplate {
  static let metadataKey = "tokenizer.chat_template"
  /// Of the template for conversations with tools.
  static let toolMetadataKey = "tokenizer.chat_template.tool_use"
  /// What templates call the tokens whose ids the metadata give, by the word that stands there.
  private static let names = [
    ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("padding", "pad_token"),
    ("seperator", "sep_token"), ("cls", "cls_token"), ("mask", "mask_token"), ("eot", "eot_token"),
  ]

  /// The template in a GGUF file's metadata (`tokenizer.chat_template`; `….tool_use` for conversations with tools),
  /// and the texts of the special tokens by their ids.
  /// - Returns: nil where the file has none.
  /// - Throws: ``/Files/AIGCError``: badInput for what is no template, mismatch for values of another type.
  static func read(_ metadata: GGUFMetadata, _ path: String) throws(AIGCError) -> ChatTemplate? {
    guard metadata[metadataKey] != nil else { return nil }
    let tools = metadata[toolMetadataKey] == nil ? nil : try metadata.string(toolMetadataKey)
    do {
      return try ChatTemplate(
        metadata.string(metadataKey), specialTokens: specialTokens(metadata), toolSource: tools)
    } catch {
      throw AIGCError(error.code, "\(path): \(error.description)")
    }
  }

  private static func specialTokens(_ metadata: GGUFMetadata) -> [(name: String, text: String)] {
    guard let tokens = try? metadata.strings("tokenizer.ggml.tokens") else { return [] }
    return names.compactMap { word, name in
      guard let id = metadata["tokenizer.ggml.\(word)_token_id"]?.int, tokens.indices.contains(id)
      else { return nil }
      return (name, tokens[id])
    }
  }
}
