import Files
import TestSupport
import Training

@testable import Families

/// The target `ggufModel`: a GGUF file with a vocabulary, a chat template and weights, as a model that answers.
struct GGUFModelFuzz: FuzzSubject {
  let folder: String
  let seeds: [[UInt8]]
  private var path: String { "\(folder)/model.gguf" }

  init(folder: String) throws {
    self.folder = folder
    seeds = [try bytes(fixture("chat.gguf", of: "FamiliesTests"))]
  }

  var dictionary: [String] {
    [
      "\u{0}\u{0}\u{0}\u{0}", "\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
      "\u{7F}\u{7F}\u{7F}\u{7F}",
      "tokenizer.ggml.merges", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type",
      "tokenizer.ggml.bos_token_id", "tokenizer.ggml.scores", "tokenizer.chat_template",
      "llama.attention.head_count", "llama.block_count", "llama.rope.dimension_count",
      "general.architecture", "gemma3", "gpt2", "qwen3", "blk.1.attn_q.weight", "rope_freqs.weight",
      "{% for i in range(9999) %}", "{% endfor %}", "{{ messages }}", "smollm", "t h",
    ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch, .usage] }

  func write(_ input: [UInt8]) throws { try TestSupport.write(input, to: path) }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    _ = try family(of: path)
    _ = try TransformerFamily(.llama).inspect(path)
    let model = try TransformerLanguageModel(folder: path)
    _ = try model.score(Table(Array("the cat".utf8)), name: "text")
    _ = model.specialTokens
    guard let template = try model.chatTemplate() else { return }
    var options = GenerationOptions()
    options.maxTokens = 2
    let conversation = Conversation(messages: [ChatMessage(role: "user", content: "a")])
    _ = try TextGenerator(
      model: model, options: options, answering: conversation, template: template
    ).run { _ in }
  }
}
