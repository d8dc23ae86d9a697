import Checkpoints
import Datasets
import Files
import Glibc
import Inference
import Kernels
import TestSupport
import Testing
import Weights

@testable import Families

/// Models that are written as GGUF files, as folders again, and with weights of few bits.
@Suite struct GGUFWritingTests {
  private let path = fixture("chat.gguf", of: "FamiliesTests")
  private let family = TransformerFamily(.llama)

  private func scores(_ path: String, _ text: String) throws -> [ScoredToken] {
    var options = ModelLoadOptions()
    (options.activations, options.cacheType) = (.f32, .f32)
    return try TransformerLanguageModel(path: path, options: options).score(
      Table(Array(text.utf8)), name: "t")
  }

  private func expectSame(_ a: String, _ b: String, within bound: Float = 1e-5) throws {
    let text = "<|im_start|>user\nthe dog sees 12 cats<|im_end|>\n"
    let (x, y) = (try scores(a, text), try scores(b, text))
    #expect(x.map { $0.id } == y.map { $0.id } && x.count > 8)
    for (one, other) in zip(x, y) {
      #expect(abs((one.logProbability ?? 0) - (other.logProbability ?? 0)) < bound)
    }
  }

  /// From the file to a folder, and back: the same tokens, scores, chats and ends.
  @Test func thereAndBack() throws {
    let folder = try TemporaryFolder()
    let (copy, back) = (folder.file("copy"), folder.file("back.gguf"))
    try family.convert(path, to: copy)
    try family.convert(copy, to: back)
    for other in [copy, back] {
      try expectSame(path, other)
      let (a, b) = (
        try TransformerLanguageModel(folder: path), try TransformerLanguageModel(folder: other)
      )
      #expect(try a.chatTemplate()?.source == b.chatTemplate()?.source)
      #expect(Set(a.endTokens) == Set(b.endTokens) && a.endToken == b.endToken)
      #expect(a.configuration.shape == b.configuration.shape)
    }
    let (old, new) = (try GGUFFile.open(path).metadata, try GGUFFile.open(back).metadata)
    for key in ["tokens", "merges"] {
      let name = "tokenizer.ggml.\(key)"
      #expect(Array(try old.strings(name)) == Array(try new.strings(name)), "\(key)")
    }
    for key in ["model", "pre"] {
      #expect(try old.string("tokenizer.ggml.\(key)") == new.string("tokenizer.ggml.\(key)"))
    }
    #expect(try old.ints("tokenizer.ggml.token_type") == new.ints("tokenizer.ggml.token_type"))
    #expect(try new.int("general.file_type") == 0)
  }

  /// Both templates of chats go from a file to a folder, to another folder, over that one, and to a file.
  @Test func templatesForTools() throws {
    let folder = try TemporaryFolder()
    let file = try GGUFFile.open(path)
    let tools = "{{ tools|length }} tools"
    let key = "tokenizer.chat_template"
    try GGUFWriter.write(
      metadata: file.metadata.entries + [("\(key).tool_use", .string(tools))],
      try file.tensors().map { GGUFTensor($0) }, to: folder.file("tools.gguf"), sync: false)
    var (source, options) = (folder.file("tools.gguf"), ConversionOptions())
    options.force = true
    for name in ["one", "two", "two"] {
      try family.convert(source, to: folder.file(name), options: options)
      source = folder.file("one")
    }
    try family.convert(folder.file("two"), to: folder.file("back.gguf"))
    #expect(
      try text(folder.file("two/additional_chat_templates/tool_use.jinja")) == tools)
    let expected = try file.metadata.string(key)
    for name in ["one", "two", "back.gguf"] {
      let model = try TransformerLanguageModel(folder: folder.file(name))
      let template = try #require(try model.chatTemplate())
      #expect(template.source == expected && template.toolSource == tools, "\(name)")
    }
    // A model without a template for tools in its place leaves none.
    try family.convert(path, to: folder.file("two"), options: options)
    #expect(!folderContents(folder.file("two")).contains("additional_chat_templates"))
  }

  /// From one file to another, metadata go along, and weights stay as they are or become what is asked for.
  @Test func anotherFile() throws {
    let folder = try TemporaryFolder()
    let (same, halves) = (folder.file("same.gguf"), folder.file("halves.gguf"))
    try family.convert(path, to: same)
    var options = ConversionOptions()
    options.type = .f16
    try family.convert(path, to: halves, options: options)
    let (old, new) = (try Checkpoint.open(path), try Checkpoint.open(same))
    for tensor in old.tensors {
      let other = try new.tensor(tensor.name)
      #expect(tensor.typeName == other.typeName && tensor.shape == other.shape)
      #expect(try tensor.bytes().holdsSame(as: other.bytes()))
    }
    for tensor in try Checkpoint.open(halves).tensors {
      #expect(tensor.typeName == (tensor.shape.count == 2 ? "F16" : "F32"), "\(tensor.name)")
    }
    let metadata = try GGUFFile.open(halves).metadata
    #expect(try metadata.int("general.file_type") == 1)
    #expect(metadata["general.quantization_version"] == nil)
    #expect(try metadata.string("tokenizer.chat_template").count > 10)
    try expectSame(path, halves, within: 0.01)
  }

  @Test(arguments: QuantizedType.allCases) func quantized(_ type: QuantizedType) throws {
    let folder = try TemporaryFolder()
    let (whole, file) = (folder.file("whole.gguf"), folder.file("few.gguf"))
    var options = ConversionOptions()
    options.type = .f32
    try family.convert(path, to: whole, options: options)
    let result = try family.quantize(whole, to: file, type: type, force: false)
    #expect(result.bytesAfter == (try MappedFile(path: file).count))
    #expect(result.bytesAfter < result.bytesBefore)
    #expect(result.types.reduce(0) { $0 + $1.count } == (try Checkpoint.open(file)).tensors.count)
    #expect(try GGUFFile.open(file).metadata.int("general.file_type") == Int(type.fileType))
    let text = try Table(Array("the dog sees the cat, and birds hear it".utf8))
    let loss = try #require(try family.compare(whole, with: file, on: text, name: "t"))
    #expect(loss.ways.count == (type == .f16 || type == .bf16 ? 1 : 2) && loss.tokens > 8)
    let way = try #require(loss.ways.first)
    // Random weights have no outliers to spare, and lose much in 4 bits. The fixture's weights are of few bits themselves:
    // where nothing is lost only rounding is left, which may be none.
    let bound = [.f16, .bf16, .q80, .q6K].contains(type) ? 0.1 : 10
    #expect(
      way.activations == "f32" && (way.divergence ?? -1) >= 0 && (way.divergence ?? 99) < bound)
    // Of the sums the perplexity is that of scores.
    let scored = try scores(file, "the dog sees the cat, and birds hear it")
    let mean = scored.reduce(0) { $0 - Double($1.logProbability ?? 0) } / Double(loss.tokens)
    #expect(abs(log(way.perplexity) - mean) < 1e-5)
    #expect((try family.generationSpeed(file) ?? 0) > 0)
  }

  /// What the format has no words for stays a folder.
  @Test func refused() throws {
    let folder = try TemporaryFolder()
    let copy = folder.file("copy")
    try family.convert(path, to: copy)
    let config = try text("\(copy)/config.json")
    try folder.write("copy/config.json", config.replacing("silu", with: "gelu"))
    let line = refuses([.mismatch]) { try family.convert(copy, to: folder.file("x.gguf")) }
    #expect(line.contains("stays a folder"), "\(line)")
    refuses([.usage]) { try family.convert(path, to: folder.file("x.safetensors")) }
    refuses([.usage]) {
      _ = try family.quantize(path, to: folder.file("x"), type: .q80, force: true)
    }
  }
}
