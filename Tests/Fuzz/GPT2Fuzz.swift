import Files
import TestSupport
import Training

@testable import Families

/// The targets `gpt2`, a model folder's `config.json`, and `promptCache`, what `--prompt-cache` reads.
struct GPT2Fuzz: FuzzSubject {
  private let target: FuzzTests.Target
  private let folder: String
  private(set) var seeds: [[UInt8]] = []
  private let path: String
  private static let prompt = "ab"

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.target = target
    self.folder = folder
    path = "\(folder)/" + (target == .promptCache ? "cache" : ModelConfiguration.fileName)
    let fixtures = fixture("gpt2", of: "FamiliesTests")
    for name in ["config.json", "model.safetensors", "vocab.json", "merges.txt"] {
      try TestSupport.write(bytes("\(fixtures)/generation/\(name)"), to: "\(folder)/\(name)")
    }
    if target == .promptCache {
      try generate()
      seeds = [try bytes(path)]
    } else {
      for name in ["generation", "plain", "untied"] {
        seeds.append(try bytes("\(fixtures)/\(name)/config.json"))
      }
    }
  }

  var dictionary: [String] {
    target == .promptCache
      ? [
        "F32", "I64", "\"shape\":[", "\"data_offsets\":[", "-1", "0", "4294967296", "__metadata__",
      ]
      : [
        "\"n_embd\": ", "\"n_head\": ", "\"n_layer\": ", "\"n_positions\": ", "\"vocab_size\": ",
        "\"n_inner\": ", "\"tie_word_embeddings\": false", "\"eos_token_id\": ", "\"tokens\": ",
        "\"activation_function\": \"relu\"", "-1", "0", "1e9", "9223372036854775807", "null",
        "true",
        "[]", "{}", "\"family\": \"gpt2\"", "\"char\"", "\"bpe\"",
      ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch, .usage] }

  func write(_ input: [UInt8]) throws { try TestSupport.write(input, to: path) }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws { try generate() }

  private func generate() throws {
    var options = GenerationOptions()
    options.prompt = Self.prompt
    options.maxTokens = 3
    if target == .promptCache { options.promptCache = path }
    let model = try TransformerLanguageModel(folder: folder)
    _ = try TextGenerator(model: model, options: options).run { _ in }
  }
}
