import Checkpoints
import Files
import Kernels
import TestSupport
import Testing

@testable import Families

/// Vectors of texts by language models beside transformers: means of its last hidden states, from
/// `Scripts/fixtures/transformer_models.py`.
@Suite struct DecoderEmbedderTests {
  private static let letters = (0..<31).map { Character(Unicode.Scalar(UInt8(0x41 + $0))) }

  /// A fixture's model with a letter for each of its tokens.
  private func folder(_ name: String) throws -> TemporaryFolder {
    func path(_ file: String) -> String {
      fixture("transformers/\(name)/\(file)", of: "FamiliesTests")
    }
    let folder = try TemporaryFolder()
    let config = try text(path("config.json"))
    try folder.write(
      "config.json",
      config.replacing("\"model_type\"", with: "\"tokens\": \"char\", \"model_type\""))
    try folder.write("model.safetensors", bytes(path("model.safetensors")))
    let ids = Self.letters.enumerated().map { id, letter in
      "\"\(letter == "\\" ? "\\\\" : String(letter))\": \(id)"
    }
    try folder.write("vocab.json", "{\(ids.joined(separator: ", "))}")
    return folder
  }

  private func options(_ pooling: StatePooling?, normalizes: Bool? = nil) -> EmbeddingOptions {
    var options = EmbeddingOptions()
    (options.pooling, options.normalizes) = (pooling, normalizes)
    return options
  }

  @Test(arguments: ["llama", "gpt2", "qwen3", "gemma3"]) func pooledStates(_ name: String) throws {
    let folder = try folder(name)
    let answers = try Checkpoint.open(
      fixture("transformers/\(name)/answers.safetensors", of: "FamiliesTests"))
    let tokens = try answers.tensor("tokens")
    let (count, length) = (tokens.shape[0], tokens.shape[1])
    let ids = try tokens.integers().map { Int($0) }
    let layers = answers.tensors.count { $0.name.hasPrefix("states.") }
    let states = try answers.tensor("states.\(layers - 1)")
    let (values, width) = (try states.floats(), states.shape[2])
    let texts = try (0..<count).map { text in
      let letters = ids[text * length..<(text + 1) * length].map { Self.letters[$0] }
      return try Table(Array(String(letters).utf8))
    }
    for pooling in [nil, StatePooling.cls, .last, .max] {
      let model = try loadEmbedder(folder.path, options(pooling))
      #expect(model.width == width && model.limit == 64)
      let vectors = try model.embed(texts) { "\($0)" }
      for text in 0..<count {
        for place in 0..<width {
          let column = (0..<length).map { values[(text * length + $0) * width + place] }
          let peer: Float =
            switch pooling {
            case .cls: column[0]
            case .last: column[length - 1]
            case .max: column.max() ?? 0
            default: column.reduce(0, +) / Float(length)
            }
          #expect(abs(vectors[text][place] - peer) < 1e-4, "\(name) \(text) \(place)")
        }
      }
    }
  }

  @Test func optionsAndRefusals() throws {
    let folder = try folder("llama")
    let text = try Table(Array(String(Self.letters.prefix(9)).utf8))
    var settings = options(nil, normalizes: true)
    settings.context = 5
    let model = try loadEmbedder(folder.path, settings)
    #expect(try model.tokens(of: text, name: "") == [0, 1, 2, 3, 4])
    let vector = try model.embed([text]) { "\($0)" }[0]
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    let error = #expect(throws: AIGCError.self) {
      try model.embed([text, Table([])]) { "line \($0 + 1)" }
    }
    #expect(error?.description.hasPrefix("line 2: a text without tokens") == true)
    for context in [0, 65] {
      settings.context = context
      #expect(throws: AIGCError.self) { try loadEmbedder(folder.path, settings) }
    }
  }
}
