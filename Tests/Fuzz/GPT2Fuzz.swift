import Files
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
    let fixtures = "\(parentFolder(of: parentFolder(of: #filePath)))/FamiliesTests/Fixtures/gpt2"
    for name in ["config.json", "model.safetensors", "vocab.json", "merges.txt"] {
      try put(Self.read("\(fixtures)/generation/\(name)"), "\(folder)/\(name)")
    }
    if target == .promptCache {
      try generate()
      seeds = [try Self.read(path)]
    } else {
      for name in ["generation", "plain", "untied"] {
        seeds.append(try Self.read("\(fixtures)/\(name)/config.json"))
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

  func write(_ input: [UInt8]) throws { try put(input, path) }

  func keep(_ execution: Int) throws {
    try put(Self.read(path), "\(folder)-\(execution).kept")
  }

  func run() throws { try generate() }

  private func generate() throws {
    var options = GenerationOptions()
    options.prompt = Self.prompt
    options.maxTokens = 3
    if target == .promptCache { options.promptCache = path }
    let model = try GPT2LanguageModel(folder: folder)
    _ = try TextGenerator(model: model, options: options).run { _ in }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    try MappedFile(path: path).bytes().array(of: UInt8.self)
  }

  private func put(_ bytes: [UInt8], _ path: String) throws {
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.commit(sync: false)
  }
}
