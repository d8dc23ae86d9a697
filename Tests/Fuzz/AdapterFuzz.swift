import Checkpoints
import Files
import Kernels
import TestSupport
import Training

@testable import Families

/// The target `adapter`: a folder of PEFT and a GGUF file of an adapter, applied to a model; and `rows`, lines of JSONL
/// that a model learns from.
struct AdapterFuzz: FuzzSubject {
  private let target: FuzzTests.Target
  private let folder: String
  private(set) var seeds: [[UInt8]] = []
  private let configuration: TransformerConfiguration
  private let weights: TransformerWeights
  private static let files = ["adapter_config.json", "adapter_model.safetensors", "adapter.gguf"]

  init(_ target: FuzzTests.Target, folder: String) throws {
    (self.target, self.folder) = (target, folder)
    let base = fixture("transformers/llama", of: "FamiliesTests")
    var scanner = try JSONScanner(Table(bytes("\(base)/config.json")), place: "")
    guard case .object(let members) = try scanner.value() else { throw AIGCError.badInput("") }
    let architecture = LlamaArchitecture()
    configuration = TransformerConfiguration(
      architecture, try architecture.shape(config: ModelFields(members, place: "")))
    weights = try TransformerWeights(
      Checkpoint.open("\(base)/model.safetensors"), configuration)
    guard target == .adapter else {
      seeds = [
        #"{"text": "abc"}"# + "\n" + #"{"prompt": "ab", "completion": "cd"}"# + "\n",
        #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#,
      ].map { Array($0.utf8) }
      return
    }
    let made = fixture("adapters/llama", of: "FamiliesTests")
    let adapter = try Adapter.read(made, for: configuration)
    try adapter.writeGGUF(configuration, name: "a", to: "\(folder)/\(Self.files[2])")
    for (index, name) in Self.files.enumerated() {
      let content = try bytes(index < 2 ? "\(made)/\(name)" : "\(folder)/\(name)")
      try TestSupport.write(content, to: "\(folder)/\(name)")
      // The first byte says which file is changed.
      seeds.append([UInt8(index)] + content)
    }
  }

  var dictionary: [String] {
    target == .adapter
      ? [
        "\"r\": 0", "\"r\": 4294967296", "\"lora_alpha\": ", "\"use_rslora\": true",
        "\"use_dora\": true", "\"alpha_pattern\": {\"q_proj\": 3}", "1e400", "-1", "null", "[]",
        "{", "F16", "BF16", "\"shape\":[", "lora_A", "lora_B", "adapter.lora.alpha",
        "adapter.type", "general.type", ".lora_a", ".lora_b", "\u{0}\u{0}\u{C0}\u{7F}",
      ]
      : [
        "\"text\": ", "\"prompt\": ", "\"completion\": ", "\"messages\": [", "{", "}", "[", "]",
        "\n", "null", "\"role\": \"assistant\"", "\"content\": ", "\\ud800", "\"\"",
      ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch] }

  func write(_ input: [UInt8]) throws {
    guard target == .adapter else {
      return try TestSupport.write(input, to: "\(folder)/rows.jsonl")
    }
    let changed = Int(input.first ?? 0) % Self.files.count
    for (index, name) in Self.files.enumerated() {
      let content = index == changed ? input.dropFirst() : seeds[index].dropFirst()
      try TestSupport.write(Array(content), to: "\(folder)/\(name)")
    }
  }

  func keep(_ execution: Int) throws {
    let names = target == .adapter ? Self.files : ["rows.jsonl"]
    for name in names {
      try TestSupport.write(bytes("\(folder)/\(name)"), to: "\(folder)-\(execution)-\(name).kept")
    }
  }

  func run() throws {
    guard target == .adapter else {
      var options = RowOptions()
      for (mask, skip) in [(true, true), (false, false)] {
        (options.masksPrompts, options.skipsBadLines) = (mask, skip)
        var reader = RowReader(
          ByteTokenizer(),
          try ChatTemplate("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"),
          options, context: 9)
        for row in try reader.read("\(folder)/rows.jsonl") {
          precondition(row.targets.count + 1 == row.tokens.count && row.learnedCount > 0)
        }
      }
      return
    }
    for path in [folder, "\(folder)/\(Self.files[2])"] {
      let adapter = try Adapter.read(path, for: configuration)
      let decoder = try TransformerEngine(weights, adapters: [adapter]).decoder
      var scores: [Float] = []
      decoder.read([1], KeyValueCache(for: decoder.weights, type: .f32), scores: &scores)
      for tensor in configuration.adaptable {
        _ = try weights.merged(with: [adapter]).tensor(tensor.key)
      }
    }
  }
}
