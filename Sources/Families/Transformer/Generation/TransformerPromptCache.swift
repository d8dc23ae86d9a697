import Checkpoints
import Files
import Kernels

/// Keys and values of a prompt in a file, so that it is not read again: a safetensors file of the
/// `tokens`, and of `block.N` for each 64 of them, the bytes of the keys and values of all layers as they
/// are kept in memory. Its metadata hold the number that differs between models, and how values are kept.
enum TransformerPromptCache {
  private static let format = "aigc-gpt2-prompt-cache"
  private static let version = "2"

  /// Saves what a session has read.
  /// - Throws: ``/Files/AIGCError`` (failed) when the file cannot be written.
  static func write(_ session: inout TransformerSession, to path: String) throws(AIGCError) {
    let cache = session.readCache()
    var tensors = [
      NewTensor(
        name: "tokens", shape: [session.tokens.count], integers: session.tokens.map { Int64($0) })
    ]
    for (index, block) in cache.contents().enumerated() {
      tensors.append(
        NewTensor(name: "block.\(index)", shape: [block.count], bytes: try Table(block)))
    }
    let metadata = [
      "format": format, "version": version, "model": try modelName(session.engine),
      "cache_type": cache.type.rawValue,
    ]
    try SafetensorsWriter.write(tensors, metadata: metadata, to: path, sync: false)
  }

  /// A session that has read as much of `prompt` as the file begins with; the rest is appended.
  /// - Throws: ``/Files/AIGCError``: badInput when the file is missing, damaged or no prompt cache;
  ///   mismatch when it is another model's.
  static func read(
    _ path: String, prompt: [Int32], engine: TransformerEngine, startToken: Int32, keep: Int = 0
  ) throws(AIGCError) -> TransformerSession {
    let checkpoint = try Checkpoint.open(path)
    guard checkpoint.metadata["format"] == format else {
      throw .badInput("\(path): no prompt cache of a transformer")
    }
    guard checkpoint.metadata["version"] == version else {
      throw .badInput("\(path): a prompt cache of another version of aigc; make it anew")
    }
    guard checkpoint.metadata["model"] == (try modelName(engine)) else {
      throw .mismatch("\(path): the prompt cache of another model; make it anew")
    }
    // It is written anew after the prompt.
    InputRecord.release(path)
    let tokens = try tokens(checkpoint, engine)
    let cache = KeyValueCache(for: engine.decoder.weights, type: engine.cacheType)
    guard checkpoint.metadata["cache_type"] == cache.type.rawValue else {
      throw .mismatch("\(path): keys and values of another type; make it anew")
    }
    var contents: [[UInt8]] = []
    while let tensor = checkpoint["block.\(contents.count)"] {
      guard tensor.type == .u8, tensor.count == cache.blockByteCount else {
        throw .badInput("\(path): damaged: \(tensor.name) has another size")
      }
      contents.append(try tensor.bytes().array(of: UInt8.self))
    }
    guard cache.restore(count: tokens.count, contents) else {
      throw .badInput("\(path): damaged: its tensors do not fit each other")
    }
    guard cache.areContentsFinite else {
      throw .badInput("\(path): damaged: it holds values that are not finite")
    }
    var common = 0
    while common < min(tokens.count, prompt.count), tokens[common] == prompt[common] { common += 1 }
    cache.truncate(to: common)
    var session = TransformerSession(
      engine, tokens: Array(tokens[..<common]), cache: cache, startToken: startToken, keep: keep)
    session.append(contentsOf: Array(prompt[common...]))
    return session
  }

  private static func modelName(_ engine: TransformerEngine) throws(AIGCError) -> String {
    String(try engine.fingerprint(), radix: 16)
  }

  private static func tokens(
    _ checkpoint: Checkpoint, _ engine: TransformerEngine
  ) throws(AIGCError) -> [Int32] {
    guard let tensor = checkpoint["tokens"], tensor.type == .i64, tensor.shape.count == 1 else {
      throw .badInput("\(checkpoint.path): damaged: tokens are missing")
    }
    guard tensor.count <= engine.sizes.context else {
      throw .badInput(
        "\(checkpoint.path): damaged: \(counted(tensor.count, "token")); the model has positions for "
          + "\(engine.sizes.context)")
    }
    let integers = try tensor.integers()
    guard integers.allSatisfy({ $0 >= 0 && $0 < engine.sizes.vocabulary }) else {
      throw .badInput("\(checkpoint.path): damaged: a token that the model does not have")
    }
    return integers.map { Int32(truncatingIfNeeded: $0) }
  }
}
