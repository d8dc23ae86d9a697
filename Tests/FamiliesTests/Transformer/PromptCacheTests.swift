import Checkpoints
import Files
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// Prompts saved and read again, and files that are none.
@Suite struct TransformerPromptCacheTests {
  private func scores(_ session: inout TransformerSession) -> [Float] {
    var scores: [Float] = []
    session.scores(into: &scores)
    return scores
  }

  private func load(
    _ path: String, _ prompt: [Int32], _ engine: TransformerEngine
  ) throws -> TransformerSession {
    try TransformerPromptCache.read(path, prompt: prompt, engine: engine, startToken: 0)
  }

  @Test func goesOnAsIfItHadBeenRead() throws {
    let (folder, model) = (try TemporaryFolder(), NaiveGPT2(width: 24, layers: 2, heads: 2))
    let engine = try model.engine()
    let tokens = model.tokens(90)
    var session = TransformerSession(engine)
    for token in tokens.prefix(80) {
      session.append(token)
      session.read()
    }
    try TransformerPromptCache.write(&session, to: folder.file("prompt"))
    // The same prompt, a longer one, one that differs from token 70 on, and another one.
    var other = tokens
    other[70] = (other[70] + 1) % 97
    for prompt in [Array(tokens.prefix(80)), tokens, other, Array(tokens.reversed())] {
      var (found, expected) = (
        try load(folder.file("prompt"), prompt, engine), TransformerSession(engine)
      )
      for token in prompt {
        expected.append(token)
        expected.read()
      }
      let (a, b) = (scores(&found), scores(&expected))
      let difference = zip(a, b).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      #expect(difference < 1e-4 && found.tokens == prompt)
    }
    // Not one byte differs where every token was read in the same way.
    var again = try load(folder.file("prompt"), Array(tokens.prefix(80)), engine)
    #expect(scores(&again) == scores(&session))
  }

  @Test func otherModelsAndDamagedFilesAreRefused() throws {
    let (folder, model) = (try TemporaryFolder(), NaiveGPT2(width: 24, layers: 2, heads: 2))
    let engine = try model.engine()
    let tokens = model.tokens(20)
    var session = TransformerSession(engine)
    session.append(contentsOf: tokens)
    let path = folder.file("prompt")
    try TransformerPromptCache.write(&session, to: path)

    func code(_ path: String, _ engine: TransformerEngine) -> AIGCError.Code? {
      refusal { _ = try load(path, tokens, engine) }?.code
    }
    #expect(code(path, engine) == nil)
    #expect(code(path, try NaiveGPT2(width: 24, layers: 2, heads: 3).engine()) == .mismatch)
    #expect(code(path, try model.engine(.f16)) == .mismatch)
    #expect(code(folder.file("nothing"), engine) == .badInput)

    let checkpoint = try Checkpoint.open(path)
    func damaged(_ name: String, _ tensor: NewTensor?, format: String? = nil) throws {
      var metadata = checkpoint.metadata
      if let format { metadata["format"] = format }
      let kept = checkpoint.tensors.filter { $0.name != name }.map { NewTensor($0) }
      let file = folder.file("damaged")
      try SafetensorsWriter.write(
        kept + (tensor.map { [$0] } ?? []), metadata: metadata, to: file, sync: false)
      #expect(code(file, engine) == .badInput, "\(name)")
    }
    try damaged("", nil, format: "something else")
    try damaged("tokens", nil)
    try damaged("tokens", NewTensor(name: "tokens", shape: [1], integers: [97]))
    try damaged("tokens", NewTensor(name: "tokens", shape: [1], integers: [-1]))
    try damaged(
      "tokens", NewTensor(name: "tokens", shape: [65], integers: [Int64](repeating: 1, count: 65)))
    try damaged(
      "tokens", NewTensor(name: "tokens", shape: [300], integers: [Int64](repeating: 1, count: 300))
    )
    try damaged("block.0", nil)
    let size = try #require(checkpoint["block.0"]).count
    for bytes in [[UInt8](repeating: 0, count: size - 1), [UInt8](repeating: 0xFF, count: size)] {
      try damaged(
        "block.0", NewTensor(name: "block.0", shape: [bytes.count], bytes: try Table(bytes)))
    }

    // Cut off and changed anywhere: an error of ours, or scores, but no trap.
    let bytes = try MappedFile(path: path).bytes().array(of: UInt8.self)
    for length in stride(from: 0, to: bytes.count, by: 997) {
      let cut = try folder.write("cut", Array(bytes[..<length]))
      #expect(code(cut, engine) == .badInput, "\(length) bytes")
    }
    var random = RandomSource(seed: 9)
    for _ in 0..<100 {
      var changed = bytes
      changed[Int(random.integer(below: 900))] = UInt8(random.integer(below: 256))
      let file = try folder.write("changed", changed)
      if var session = try? load(file, tokens, engine) { _ = scores(&session) }
    }
  }
}
