import Autograd
import Checkpoints
import Files
import Inference
import Kernels
import TestSupport
import Testing

@testable import Families

/// A GGUF file of blocks with a vocabulary and a chat template, as the verbs take it.
@Suite struct GGUFModelTests {
  private let path = fixture("chat.gguf", of: "FamiliesTests")

  private func open(
    context: Int? = nil, _ activations: ActivationType? = nil, _ cache: CacheType? = nil
  ) throws -> TransformerLanguageModel {
    var options = ModelLoadOptions()
    (options.context, options.activations, options.cacheType) = (context, activations, cache)
    return try TransformerLanguageModel(path: path, options: options)
  }

  /// The file once more with other metadata; nil takes a key away.
  private func changed(_ values: [String: GGUFValue?]) throws -> (TemporaryFolder, path: String) {
    let (folder, file) = (try TemporaryFolder(), try GGUFFile.open(path))
    var entries = file.metadata.entries.filter { !values.keys.contains($0.key) }
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      if let value { entries.append((key, value)) }
    }
    let path = folder.file("changed.gguf")
    let tensors = try file.tensors().map { GGUFTensor($0) }
    try GGUFWriter.write(metadata: entries, tensors, to: path, sync: false)
    return (folder, path)
  }

  @Test func conversations() throws {
    let model = try open()
    let template = try #require(try model.chatTemplate())
    #expect(template.specialTokens.map { $0.name } == ["bos_token", "eos_token"])
    #expect(template.specialTokens.map { $0.text } == ["<|im_start|>", "<|im_end|>"])
    let message = ChatMessage(role: "user", content: "the cat")
    let prompt = try ChatPrompt(
      Conversation(messages: [message]), template: template, model: model, room: 8)
    #expect(prompt.text == "<|im_start|>user\nthe cat<|im_end|>\n<|im_start|>assistant\n")
    #expect(prompt.tokens.filter { $0 < 3 } == [1, 2, 1] && prompt.tokens.contains(259))
    // The end that the file names first, then the marks by which templates end turns.
    #expect(model.endTokens == [2, 0] && model.endToken == 2)
    let (folder, other) = try changed(["tokenizer.ggml.eot_token_id": .uint32(0)])
    #expect(try TransformerLanguageModel(folder: other).endTokens == [2, 0])
    withExtendedLifetime(folder) {}
  }

  @Test func templatesThatAreNone() throws {
    let key = "tokenizer.chat_template"
    let large = String(repeating: "{# #}", count: 2_000_000)
    for (value, words) in [
      (GGUFValue.string("{% for %}"), "line 1"), (.string(large), "too large"),
      (.uint32(7), "must be a text"),
    ] {
      let (folder, file) = try changed([key: value])
      let model = try TransformerLanguageModel(folder: file)
      let line = refuses([.badInput, .mismatch]) { _ = try model.chatTemplate() }
      #expect(line.contains(words) && line.contains("changed.gguf"), "\(line)")
      withExtendedLifetime(folder) {}
    }
    let (folder, bare) = try changed([key: nil])
    #expect(try TransformerLanguageModel(folder: bare).chatTemplate() == nil)
    let (tools, two) = try changed(["\(key).tool_use": .string("tools")])
    let template = try #require(try TransformerLanguageModel(folder: two).chatTemplate())
    #expect(try template.render(Conversation(messages: [], tools: [.object([])])) == "tools")
    withExtendedLifetime((folder, tools)) {}
  }

  /// What public reports say of other readers: counts, ids and sizes that fit nothing.
  @Test func hostileMetadata() throws {
    let tokens = { (count: Int) throws in
      GGUFValue.array(try GGUFArray((0..<count).map { "t\($0)" }))
    }
    for (key, value, words) in [
      ("llama.attention.head_count", GGUFValue.uint32(0), "is 0, not 1 to"),
      ("llama.attention.head_count", .uint32(.max), "is 4294967295, not 1 to"),
      ("llama.attention.head_count", .uint64(1 << 63), "no whole number"),
      ("llama.attention.head_count", .uint32(3), "no multiple of 3 heads"),
      ("llama.attention.head_count_kv", .uint32(0), "is 0, not 1 to"),
      ("llama.embedding_length", .uint64(1 << 60), "not 1 to"),
      ("llama.embedding_length", .int32(-32), "not 1 to"),
      ("llama.block_count", .uint64(1 << 60), "not 1 to"),
      ("llama.block_count", .uint32(3), "is missing"),
      ("llama.context_length", .uint32(0), "not 1 to"),
      ("llama.rope.dimension_count", .uint32(7), "llama.rope.dimension_count"),
      ("llama.rope.dimension_count", .uint64(1 << 63), "no whole number"),
      ("llama.rope.freq_base", .float32(.nan), "llama.rope.freq_base"),
      ("llama.rope.freq_base", .float32(0), "llama.rope.freq_base"),
      ("llama.attention.layer_norm_rms_epsilon", .float32(-1), "no number above 0"),
      ("llama.feed_forward_length", .array(try GGUFArray([Int32(1), 2])), "from layer to layer"),
      ("tokenizer.ggml.tokens", try tokens(10), "10 tokens and 260 types"),
      ("tokenizer.ggml.tokens", try tokens(0), "without tokens"),
      ("tokenizer.ggml.token_type", .array(try GGUFArray([Int32(1)])), "260 tokens and 1 type"),
      ("tokenizer.ggml.merges", .array(try GGUFArray(["t zz"])), "merge 0"),
      ("tokenizer.ggml.merges", .array(try GGUFArray([""])), "merge 0"),
      ("tokenizer.ggml.bos_token_id", .uint32(260), "has the id 260, of 260 tokens"),
      ("tokenizer.ggml.eos_token_id", .uint32(.max), "has the id 4294967295, of 260 tokens"),
      ("tokenizer.ggml.eot_token_id", .int32(-1), "has the id -1, of 260 tokens"),
      ("tokenizer.ggml.unknown_token_id", .uint64(1 << 63), "must be an integer"),
    ] {
      let (folder, file) = try changed([key: value])
      let line = refuses([.badInput, .mismatch], "\(key) \(value)") {
        _ = try TransformerLanguageModel(folder: file)
      }
      #expect(line.contains(words) && !line.contains("\n"), "\(key): \(line)")
      withExtendedLifetime(folder) {}
    }
  }

  /// Scores of whole texts are those of generation to the last bit, in windows too.
  @Test(arguments: [ActivationType.f32, .int8], CacheType.allCases) func scoresAreThoseOfGeneration(
    _ activations: ActivationType, _ cache: CacheType
  ) throws {
    let model = try open(context: 40, activations, cache)
    let text =
      "the dog sees the cat, and 12 birds hear the dog! " + String(repeating: "x y ", count: 9)
    let tokens = try model.encode(text)
    let scored = try model.score(Table(Array(text.utf8)), name: "t")
    #expect(scored.map { $0.id } == tokens && tokens.count > 70)
    var rows: [[Float]] = []
    try model.logits(of: tokens, window: ScoringWindow()) { values in
      for first in stride(from: 0, to: values.count, by: model.vocabularySize) {
        rows.append(Array(values[first..<first + model.vocabularySize]))
      }
    }
    #expect(rows.count == tokens.count - 1)
    // Windows of 40, each 20 after the one before.
    for start in stride(from: 0, to: tokens.count - 20, by: 20) {
      var session = model.makeSession()
      var scores: [Float] = []
      for place in start..<min(start + 39, tokens.count - 1) {
        session.append(tokens[place])
        guard start == 0 || place >= start + 19 else { continue }
        session.scores(into: &scores)
        #expect(rows[place] == scores, "\(place)")
        let logProbability = scored[place + 1].logProbability ?? .nan
        #expect(logProbability == logSoftmax(scores)[Int(tokens[place + 1])], "\(place)")
      }
    }
    #expect(scored[0].logProbability == nil)
  }

  private func logSoftmax(_ scores: [Float]) -> [Float] {
    Autograd.logSoftmax(Tensor(scores, [1, scores.count])).values
  }

  @Test func choicesAct() throws {
    let text = try Table(Array("the cat sees the dog".utf8))
    var found: [[Float?]] = []
    for (activations, cache) in [
      (nil, nil), (ActivationType.f32, nil), (nil, CacheType.f32), (nil, .q8),
    ] as [(ActivationType?, CacheType?)] {
      found.append(try open(activations, cache).score(text, name: "t").map { $0.logProbability })
    }
    #expect(Set(found).count == 4)
    #expect(try open(.int8, .f16).score(text, name: "t").map { $0.logProbability } == found[0])
  }

  @Test func states() throws {
    let model = try open(.f32)
    let tokens = try model.encode("the dog")
    let network = try model.network()
    let peer = network.states(Indices(tokens, [1, tokens.count]), after: [0, 1, 2], .inference)
    let own = try #require(try model.hiddenStates(of: tokens, layers: [0, 1, 2]))
    for (a, b) in zip(own, peer) {
      let largest = b.values.reduce(0) { max($0, abs($1)) }
      #expect(zip(a.values, b.values).allSatisfy { abs($0 - $1) < 1e-5 * largest })
    }
    refuses([.mismatch]) { _ = try model.hiddenStates(of: [260], layer: 1) }
  }

  @Test func families() throws {
    #expect(try family(of: path).name == "llama")
    let (folder, other) = try changed(["general.architecture": .string("mistral3")])
    let line = refuses([.badInput]) { _ = try family(of: other) }
    #expect(line.contains("'mistral3'") && line.contains("read are: gpt2, llama"))
    #expect(refuses([.badInput]) { _ = try family(of: folder.write("x.gguf", "GGUF")) } != "")
    let listed = ModelStore.standard()
    var store = listed
    store.folders = [(.home, folder.path)]
    try folder.write("little/model.gguf", bytes(path))
    #expect(store.models().map { $0.name } == ["little"])
    #expect(store.models().first?.configuration.description == "Little talker")
    #expect(try store.resolve("little") == "\(folder.path)/little/model.gguf")
  }
}
