/// What stands around the merges of a BPE tokenizer: how a text is changed and cut before, and how the text of
/// tokens is joined. GPT-2's, where nothing else is said.
struct TextPipeline: Sendable {
  var preparation = TextPreparation()
  var split = PieceSplit.gpt2
  /// What stands for a space in tokens: U+2581 of SentencePiece; nil where spaces are bytes like others.
  var spaceMark: [UInt8]?
  /// Whether the space that a text begins with is none of its own.
  var dropsFirstSpace = false

  /// Whether it is GPT-2's but for the space before a text, so that `vocab.json` and `merges.txt` say all.
  var isGPT2: Bool {
    guard case .gpt2 = split else { return false }
    return preparation.normalizers.isEmpty && spaceMark == nil
  }
}
