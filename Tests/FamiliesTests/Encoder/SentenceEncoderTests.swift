import Checkpoints
import Datasets
import Files
import Glibc
import Kernels
import TestSupport
import Testing

@testable import Families

/// Encoders of BERT's kind beside transformers, from `Scripts/fixtures/torch_bert.py`.
@Suite struct SentenceEncoderTests {
  private static func path(_ name: String) -> String {
    fixture("bert/\(name)", of: "FamiliesTests")
  }
  private static func list(_ name: String) throws -> [JSONValue] {
    guard case .array(let values) = try JSONValue(parsing: Table(bytes(path(name)))) else {
      throw AIGCError.badInput("no list")
    }
    return values
  }
  private static func texts() throws -> [Table<UInt8>] {
    try list("texts.json").map { value in
      guard case .string(let text) = value else { throw AIGCError.badInput("no text") }
      return try Table(Array(text.utf8))
    }
  }
  private static func ids(_ name: String) throws -> [[Int32]] {
    try list(name).map { value in
      guard case .array(let ids) = value else { throw AIGCError.badInput("no list") }
      return ids.map { Int32($0.number ?? -1) }
    }
  }
  private func answers(_ name: String, _ file: String = "answers.safetensors") throws -> [Float] {
    try Checkpoint.open(Self.path(file)).tensor(name).floats()
  }

  private func tokens(_ model: SentenceEncoder) throws -> [[Int32]] {
    try Self.texts().map { try model.tokens(of: $0, name: "a text") }
  }

  private func expectNear(_ found: [Float], _ peer: [Float], _ limit: Float = 2e-5) {
    #expect(found.count == peer.count)
    let largest = peer.reduce(0) { max($0, abs($1)) }
    let worst = zip(found, peer).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst <= limit * largest, "\(worst) beside \(largest)")
  }

  private func model(
    _ name: String, _ pooling: StatePooling? = nil, normalizes: Bool? = false, limit: Int? = nil,
    activations: ActivationType? = nil
  ) throws -> SentenceEncoder {
    var options = EmbeddingOptions()
    (options.pooling, options.normalizes, options.context) = (pooling, normalizes, limit)
    options.activations = activations
    return try SentenceEncoder(Self.path(name), options)
  }

  @Test func idsAreThoseOfTransformers() throws {
    #expect(try tokens(model("odd")) == Self.ids("ids.json"))
    // The same vocabulary in a GGUF file.
    #expect(try tokens(model("odd-f16.gguf", limit: 70)) == Self.ids("ids.json"))
  }

  /// Tokens as text again, as `tokenizers` writes them.
  @Test func decodedTexts() throws {
    let coder = try EncoderFamily().tokenizer(Self.path("odd"))
    let texts = try Self.list("decoded.json").map { value in
      if case .string(let text) = value { text } else { "" }
    }
    for (ids, text) in zip(try Self.ids("ids.json"), texts) {
      var decoder = coder.makeDecoder()
      var bytes = ids.flatMap { decoder.append($0) }
      bytes += decoder.finish()
      #expect(String(decoding: bytes, as: UTF8.self) == text)
    }
  }

  /// A text that is normalized in parts has the ids of its words.
  @Test func longTexts() throws {
    let model = try model("odd")
    let words = "The READS café 机 unaffable, "
    let part = try model.tokenizer.encode(prompt: words, addsSpecialTokens: false)
    let text = String(repeating: words, count: 700)
    let whole = try model.tokenizer.encode(prompt: text, addsSpecialTokens: true)
    #expect(whole == model.tokenizer.prefix + (0..<700).flatMap { _ in part } + [3])
    #expect(try model.tokens(of: Table(Array(text.utf8)), name: "") == whole.prefix(69) + [3])
  }

  /// What `aigc inspect` says.
  @Test func inspection() throws {
    for name in ["odd", "odd-f16.gguf"] {
      let family = try family(of: Self.path(name))
      #expect(family is EncoderFamily && family.kind == "embedding")
      let members = try family.inspect(Self.path(name))
      func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }
      #expect(value("context") == .int(name == "odd" ? 70 : 72) && value("positions") == .int(72))
      #expect(value("width") == .int(12) && value("pooling") == .string("mean"))
      #expect(value("type") == .string(name == "odd" ? "F32" : "F16"))
      // [vocabulary + positions + kinds, width], a norm, layers.
      let layer = 4 * (144 + 12) + 12 * 20 * 2 + 20 + 12 + 4 * 12
      #expect(value("parameters") == .int((95 + 72 + 2) * 12 + 24 + 2 * layer))
    }
  }

  /// `vocab.txt` with the settings of transformers' class gives the same.
  @Test func plainVocabulary() throws {
    let folder = try TemporaryFolder()
    try folder.write("vocab.txt", bytes(Self.path("odd/vocab.txt")))
    let tokenizer = try WordPieceTokenizer(folder: folder.path)
    let ids = try Self.texts().map { try tokenizer.encode($0, limit: 70, name: "a text") }
    #expect(try ids == Self.ids("ids.json"))
  }

  @Test func statesAndVectors() throws {
    let ids = try Self.ids("ids.json")
    let odd = try model("odd")
    expectNear(try ids.prefix(6).flatMap { try odd.states($0) }, try answers("odd.states"))
    for pooling in [StatePooling.mean, .cls, .max] {
      let vectors = try model("odd", pooling).vectors(ids)
      expectNear(vectors.flatMap { $0 }, try answers("odd.\(pooling)"))
    }
    expectNear(
      try model("odd-f16.gguf").vectors(ids).flatMap { $0 }, try answers("f16.mean"))
    expectNear(
      try model("blocks-q8_0.gguf").vectors(ids).flatMap { $0 }, try answers("q8_0.mean"))
    // Inputs in eight bits are a hundredth off.
    expectNear(
      try model("blocks-q8_0.gguf", activations: .int8).vectors(ids).flatMap { $0 },
      try answers("q8_0.mean"), 0.03)
  }

  /// What the folder says: means of length 1, 70 tokens.
  @Test func folderSettings() throws {
    let model = try SentenceEncoder(Self.path("odd"))
    #expect(model.limit == 70 && model.pooling == .mean && model.normalizes)
    let vectors = try model.embed(Self.texts()) { "line \($0 + 1)" }
    let plain = try answers("odd.mean")
    for (index, vector) in vectors.enumerated() {
      var peer = Array(plain[index * model.width..<(index + 1) * model.width])
      let length = peer.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for place in peer.indices { peer[place] /= length }
      expectNear(vector, peer)
    }
  }

  /// A vector has the same bits alone, beside others, and with any number of threads.
  @Test(arguments: ["odd", "odd-f16.gguf", "blocks-q8_0.gguf"])
  func companyChangesNothing(_ name: String) throws {
    for activations in [ActivationType.f32, .int8] {
      let model = try model(name, limit: 70, activations: activations)
      let ids = try Self.ids("ids.json")
      let alone = try ids.map { try model.vectors([$0])[0] }
      #expect(try model.vectors(ids) == alone)
      #expect(try model.vectors(Array(ids.reversed())) == alone.reversed())
      #expect(try model.vectors(Array(ids.prefix(3))) == Array(alone.prefix(3)))
    }
  }

  @Test func nearestTexts() {
    let found = SimilarText.nearest(
      to: [1, 0], among: [[0, 1], [2, 0], [-1, 0], [3, 0], [1, 1]], count: 3)
    #expect(found.map { $0.index } == [1, 3, 4])
    #expect(found[0].cosine == 1)
    #expect(abs(found[2].cosine - Float(0.5).squareRoot()) < 1e-6)
  }

  /// `AIGC_MINILM` names the folder of all-MiniLM-L6-v2.
  @Test func miniLM() throws {
    guard let folder = getenv("AIGC_MINILM").map({ String(cString: $0) }) else {
      return print("skipped: AIGC_MINILM is not set")
    }
    let model = try SentenceEncoder(folder)
    #expect(try tokens(model) == Self.ids("minilm-ids.json"))
    let peers = try answers("mean", "minilm.safetensors")
    let texts = try Self.texts().prefix(12)
    for (index, vector) in try model.embed(Array(texts), name: { "\($0)" }).enumerated() {
      let peer = Array(peers[index * model.width..<(index + 1) * model.width])
      #expect(SimilarText.nearest(to: vector, among: [peer], count: 1)[0].cosine > 0.99999)
    }
  }
}
