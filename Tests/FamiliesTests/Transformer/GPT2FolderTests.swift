import Autograd
import Checkpoints
import Datasets
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// Hugging Face folders, good and bad ones.
@Suite struct GPT2FolderTests {
  @Test func publishedFoldersAreKnown() throws {
    let path = gpt2Fixture("generation")
    #expect(try family(of: path).name == "gpt2")
    #expect(try ModelConfiguration.read(folder: path).kind == "text")
    let members = try TransformerFamily().inspect(path)
    #expect(members.first { $0.name == "context" }?.value == .int(256))
    let model = try TransformerLanguageModel(folder: path)
    // Ten tokens of the table are no tokens of the tokenizer.
    #expect(model.vocabularySize == model.configuration.shape.vocabulary - 10)
    var scores: [Float] = []
    var session = model.makeSession()
    session.append(contentsOf: try model.encode("the cat"))
    session.scores(into: &scores)
    #expect(scores.count == model.vocabularySize)
  }

  @Test func everythingWrongIsSaidAtOnce() throws {
    let folder = try TemporaryFolder()
    let configuration = try TransformerConfiguration.read(folder: gpt2Fixture("plain"))
    let checkpoint = try Checkpoint.open("\(gpt2Fixture("plain"))/model.safetensors")
    var tensors: [NewTensor] = []
    for tensor in checkpoint.tensors {
      switch tensor.name {
      case "transformer.h.1.mlp.c_fc.bias": break
      case "transformer.wpe.weight":
        tensors.append(NewTensor(name: tensor.name, shape: [16, 32], floats: try tensor.floats()))
      case "transformer.ln_f.bias":
        tensors.append(
          NewTensor(name: tensor.name, shape: [16], integers: [Int64](repeating: 0, count: 16)))
      default: tensors.append(NewTensor(tensor))
      }
    }
    tensors.append(NewTensor(name: "transformer.h.0.attn.bias", shape: [1], floats: [1]))
    tensors.append(NewTensor(name: "transformer.h.0.attn.other", shape: [1], floats: [1]))
    tensors.append(
      NewTensor(
        name: "lm_head.weight", shape: [97, 16], floats: .init(repeating: 0, count: 97 * 16))
    )
    try SafetensorsWriter.write(tensors, to: folder.file("model.safetensors"), sync: false)
    let text = refuses([.mismatch]) {
      _ = try TransformerWeights(folder: folder.path, configuration)
    }
    for part in [
      "h.1.mlp.c_fc.bias is missing", "wpe.weight has the shape [16, 32], not [32, 16]",
      "ln_f.bias holds I64", "lm_head.weight is another one", "h.0.attn.other is unknown",
    ] { #expect(text.contains(part), "\(text)") }
    #expect(!text.contains("attn.bias"))
  }

  @Test func badSizesAreRefused() throws {
    let folder = try TemporaryFolder()
    try copyGPT2("generation", to: folder)
    func open() throws { _ = try TransformerLanguageModel(folder: folder.file("model")) }
    try open()
    for (key, value) in [
      ("\"n_head\": 4", "\"n_head\": 3"), ("\"n_head\": 4", "\"n_head\": 0"),
      ("\"n_embd\": 16", "\"n_embd\": 9223372036854775807"),
      ("\"n_embd\": 16", "\"n_embd\": 32"), ("\"n_layer\": 2", "\"n_layer\": 3"),
      ("\"n_layer\": 2", "\"n_layer\": 1"), ("\"n_layer\": 2", "\"n_layer\": 1024"),
      ("\"n_layer\": 2", "\"n_layer\": 2.5"), ("\"n_positions\": 256", "\"n_positions\": -1"),
      ("\"n_inner\": null", "\"n_inner\": 4194304"), ("gelu_new", "swish"),
      ("\"vocab_size\": 300", "\"vocab_size\": 12"),
      ("\"model_type\": \"gpt2\"", "\"model_type\": \"llama\""),
      ("\"n_head\": 4", "\"n_head\": 4, \"scale_attn_by_inverse_layer_idx\": true"),
      ("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": 7"),
    ] {
      try folder.expectRefusal(of: Damage(key, value)) { try open() }
    }
  }

  @Test func missingFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    for name in ["model.safetensors", "vocab.json", "merges.txt", "config.json"] {
      try copyGPT2("generation", to: folder)
      removeTree(folder.file("model/\(name)"))
      let text = refuses([.badInput]) {
        _ = try TransformerLanguageModel(folder: folder.file("model"))
      }
      #expect(text.contains(name), "\(text)")
    }
  }

  @Test func notANumberIsFound() throws {
    let folder = try TemporaryFolder()
    try copyGPT2("generation", to: folder)
    let checkpoint = try Checkpoint.open(folder.file("model/model.safetensors"))
    let tensors = try checkpoint.tensors.map { tensor in
      var values = try tensor.floats()
      if tensor.name.hasSuffix("h.1.ln_1.weight") { values[3] = .nan }
      return NewTensor(name: tensor.name, shape: tensor.shape, floats: values)
    }
    try SafetensorsWriter.write(tensors, to: folder.file("model/model.safetensors"), sync: false)
    let model = try TransformerLanguageModel(folder: folder.file("model"))
    let text = refuses([.badInput]) {
      _ = try model.evaluate(Table(Array("the cat sees the dog".utf8)), name: "text")
    }
    #expect(text.contains("h.1.ln_1.weight holds nan, at place 3"), "\(text)")
  }

  @Test(arguments: [ScalarType.f32, .f16, .bf16, nil]) func converting(_ type: ScalarType?) throws {
    let folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.type = type
    try TransformerFamily().convert(
      gpt2Fixture("generation"), to: folder.file("out"), options: options)
    let (old, new) = (
      try TransformerLanguageModel(folder: gpt2Fixture("generation")),
      try TransformerLanguageModel(folder: folder.file("out"))
    )
    #expect(new.weights?.type == type ?? .f32)
    #expect(new.configuration.endToken == 0 && new.configuration.shape.width == 16)
    let text = try Table(Array("the cat sees the dog .".utf8))
    let (a, b) = (try old.evaluate(text, name: "a"), try new.evaluate(text, name: "b"))
    let limit = type == .bf16 ? 0.05 : type == .f16 ? 5e-3 : 0
    #expect(abs(a.perplexity / b.perplexity - 1) <= limit)
    refuses([.usage]) {
      try TransformerFamily().convert(
        gpt2Fixture("generation"), to: folder.file("out"), options: options)
    }
  }

  @Test func windowsScoreEachTokenOnce() throws {
    var options = ModelLoadOptions()
    options.cacheType = .f32
    let model = try TransformerLanguageModel(path: gpt2Fixture("generation"), options: options)
    let network = try model.network()
    var random = RandomSource(seed: 5)
    let tokens = (0..<53).map { _ in Int32(random.integer(below: 280)) }
    for (context, stride) in [(16, 8), (16, 16), (16, 3), (60, 30), (53, 1), (2, 1)] {
      let found = try model.logProbabilities(tokens, context: context, stride: stride)
      #expect(found[0] == nil && found.count == tokens.count)
      var (begin, end) = (0, 0)
      // Token by token, each by a pass of its own.
      for place in 1..<tokens.count {
        while place >= end {
          if end > 0 { begin += min(stride, context - 1) }
          end = min(begin + context, tokens.count)
        }
        let window = Array(tokens[begin..<place])
        let all = network.logits(Indices(window, [1, window.count]), .inference)
        // Of the tokens that the tokenizer has, as in generation.
        let row = Array(all.values.suffix(300).prefix(model.vocabularySize))
        let own = logSoftmax(Tensor(row, [1, row.count])).values[Int(tokens[place])]
        #expect(abs(own - (found[place] ?? 0)) < 1e-4, "\(context) \(stride) \(place)")
      }
    }
  }

  // MARK: Companion files

  /// Greedy tokens after "the cat", at most 40.
  private func greedy(
    _ folder: TemporaryFolder, beams: Int = 1, ignoring: Bool = false
  ) throws -> (tokens: [Int32], reason: StopReason?) {
    let model = try TransformerLanguageModel(folder: folder.file("model"))
    var options = GenerationOptions()
    (options.prompt, options.maxTokens, options.beams) = ("the cat", 40, beams)
    (options.sampling.temperature, options.ignoreEnd) = (0, ignoring)
    let sample = try TextGenerator(model: model, options: options).run { _ in }.first
    return (sample?.tokens ?? [], sample?.reason)
  }

  /// `eos_token_id` as transformers' `generate` reads it: of generation_config.json where that is there,
  /// else of config.json; a number, a list, or null.
  @Test func endTokensEndTexts() throws {
    let folder = try TemporaryFolder()
    try copyGPT2("generation", to: folder)
    let config = try text("\(gpt2Fixture("generation"))/config.json")
    let old = #""eos_token_id": 0"#
    #expect(config.contains(old))
    func write(_ ids: String?, _ generation: String?) throws {
      let new = ids.map { "\"eos_token_id\": \($0)" } ?? "\"other\": 0"
      try folder.write(
        "model/config.json", config.split(separator: old, maxSplits: 1).joined(separator: new))
      removeTree(folder.file("model/generation_config.json"))
      if let generation { try folder.write("model/generation_config.json", generation) }
    }
    try write("null", nil)
    let free = try greedy(folder)
    #expect(free.tokens.count == 40 && free.reason == .length)
    let tokens = free.tokens
    let (a, b) = (tokens[12], tokens[7])
    let (firstA, firstB) = (
      try #require(tokens.firstIndex(of: a)), try #require(tokens.firstIndex(of: b))
    )
    for (ids, generation, end) in [
      ("\(a)", nil, firstA), ("[\(a)]", nil, firstA), ("[\(a), \(b)]", nil, min(firstA, firstB)),
      ("0", "{\"eos_token_id\": [\(b), 0]}", firstB), ("\(a)", "{\"eos_token_id\": \(b)}", firstB),
      ("\(a)", "{}", nil), ("\(a)", "{\"eos_token_id\": null}", nil),
      ("[9999, \(b)]", nil, firstB), ("[]", nil, nil),
    ] as [(String, String?, Int?)] {
      try write(ids, generation)
      let found = try greedy(folder)
      let expected = end.map { Array(tokens[...$0]) } ?? tokens
      #expect(found.tokens == expected, "\(ids) \(generation ?? "-")")
      #expect(found.reason == (end == nil ? .length : .end))
      let ignored = try greedy(folder, ignoring: true).tokens
      #expect(ignored.count == 40 && (end == nil || !ignored.contains(tokens[end ?? 0])))
      let searched = try greedy(folder, beams: 3).tokens
      if end != nil, let last = searched.last, searched.count < 40 {
        #expect([a, b, 0].contains(last))
      }
      // A new folder says the same in one file.
      removeTree(folder.file("copy"))
      try TransformerFamily().convert(
        folder.file("model"), to: folder.file("copy"), options: ConversionOptions())
      #expect(
        try TransformerLanguageModel(folder: folder.file("copy")).endTokens
          == TransformerLanguageModel(folder: folder.file("model")).endTokens)
    }
    for wrong in ["1.5", "[1.5]", "\"x\"", "[[1]]", "{}"] {
      try write("0", "{\"eos_token_id\": \(wrong)}")
      refuses { _ = try greedy(folder) }
      try write(wrong, nil)
      refuses { _ = try greedy(folder) }
    }
    try write("0", #"{"temperature": 0.5, "top_k": 50, "do_sample": true, "suppress_tokens": [3]}"#)
    let ignored = try TransformerLanguageModel(folder: folder.file("model")).ignoredSettings
    #expect(
      ignored == [
        "generation_config.json: temperature 0.5", "generation_config.json: suppress_tokens […]",
      ])
  }

  /// transformers' other names of the sizes.
  @Test func otherNamesOfSizes() throws {
    let folder = try TemporaryFolder()
    try copyGPT2("generation", to: folder)
    let whole = try text("\(gpt2Fixture("generation"))/config.json")
    let names = [
      ("n_head", "num_attention_heads"), ("n_layer", "num_hidden_layers"),
      ("n_embd", "hidden_size"),
      ("n_positions", "max_position_embeddings"),
    ]
    var other = whole
    for (name, alias) in names {
      other = other.split(separator: "\"\(name)\"").joined(separator: "\"\(alias)\"")
    }
    #expect(!other.contains("\"n_head\""))
    try folder.write("model/config.json", other)
    let configuration = try TransformerConfiguration.read(folder: folder.file("model"))
    #expect(try configuration == TransformerConfiguration.read(folder: gpt2Fixture("generation")))
    for (name, alias) in names {
      try folder.write(
        "model/config.json",
        "{\"\(alias)\": 7," + whole.drop { $0 != "{" }.dropFirst())
      let line = refuses { _ = try TransformerConfiguration.read(folder: folder.file("model")) }
      #expect(line.contains(name) && line.contains(alias), "\(line)")
    }
  }
}
