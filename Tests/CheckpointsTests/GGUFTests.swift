import Files
import Kernels
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct GGUFTests {
  private func blocks() throws -> GGUFFile { try GGUFFile.open(fixture("blocks.gguf")) }

  @Test func metadataOfEveryType() throws {
    let metadata = try blocks().metadata
    #expect(try metadata.string("general.architecture") == "test")
    let numbers = [
      "uint8": 200, "int8": -100, "uint16": 60000, "int16": -30000, "uint32": 4_000_000_000,
      "int32": -2_000_000_000, "int64": Int.min,
    ]
    for (name, value) in numbers { #expect(try metadata.int("test.\(name)") == value) }
    guard case .uint64(UInt64.max)? = metadata["test.uint64"] else {
      Issue.record("uint64: \(String(describing: metadata["test.uint64"]))")
      return
    }
    #expect(try metadata.float("test.float32") == 0.1)
    #expect(metadata["test.float64"]?.summary == "1e+300")
    #expect(try metadata.float("test.int8") == -100)
    #expect(try metadata.bool("test.bool"))
    #expect(try metadata.string("test.string") == "日本 \n Ġ")
    let strings = try metadata.strings("test.strings")
    #expect(strings.count == 24)
    #expect(Array(strings.prefix(5)) == ["", "a", "Ġthe", "日", "<0>"])
    #expect(Array(strings.bytes(at: 23)) == Array("<19>".utf8))
    #expect(try metadata.ints("test.numbers") == [3, -1, 7])
    #expect(try metadata.floats("test.floats") == [0.5, -2])
    #expect(try metadata.floats("test.numbers") == [3, -1, 7])
    #expect(try metadata.bools("test.bools") == [true, false])
  }

  @Test func otherTypesAreRefused() throws {
    let metadata = try blocks().metadata
    let message = refuses([.mismatch]) { _ = try metadata.int("test.string") }
    #expect(message.hasSuffix("the value of test.string is string, and must be an integer"))
    refuses([.mismatch]) { _ = try metadata.int("test.uint64") }
    refuses([.mismatch]) { _ = try metadata.int("test.float32") }
    refuses([.mismatch]) { _ = try metadata.string("test.strings") }
    refuses([.mismatch]) { _ = try metadata.bool("test.uint8") }
    refuses([.mismatch]) { _ = try metadata.strings("test.numbers") }
    refuses([.mismatch]) { _ = try metadata.ints("test.floats") }
    refuses([.mismatch]) { _ = try metadata.floats("test.strings") }
    let missing = refuses([.mismatch]) { _ = try metadata.float("none") }
    #expect(missing.hasSuffix("blocks.gguf: the metadata has no key none"))
  }

  /// Every block type, bit for bit as the package `gguf` decodes it.
  @Test func decodesEveryBlockType() throws {
    let checkpoint = try readAll(fixture("blocks.gguf"))
    #expect(checkpoint.format == .gguf)
    for type in BlockType.allCases {
      let tensor = try checkpoint.tensor(type.rawValue)
      #expect(tensor.blocks == type && tensor.typeName == type.rawValue)
      #expect(tensor.shape == [2, 256] && tensor.type == .f32 && tensor.floatTable() == nil)
      #expect(tensor.blockBytes?.count == 2 * 256 / type.values * type.bytes)
      let expected = try checkpoint.tensor("\(type.rawValue).values").floats()
      let values = try tensor.floats()
      #expect(values.map { $0.bitPattern } == expected.map { $0.bitPattern }, "\(type.rawValue)")
      let row = try tensor.prefix(1)
      #expect(row.blocks == type)
      #expect(try row.floats() == Array(expected.prefix(256)))
    }
    #expect(
      try checkpoint.tensor("half").floats() == [1, -2.5, 65504, 5.9604645e-08, 0.099975586, 0])
    #expect(checkpoint["half"]?.shape == [2, 3])
    #expect(try checkpoint.tensor("integers").integers() == [1, -2, 1 << 31 - 1])
  }

  @Test func metadataAsText() throws {
    let texts = try Checkpoint.open(fixture("blocks.gguf")).metadata
    #expect(texts["test.numbers"] == "[3, -1, 7]")
    #expect(texts["test.bools"] == "[true, false]")
    #expect(texts["test.uint64"] == "18446744073709551615")
    #expect(
      texts["test.strings"] == "[, a, Ġthe, 日, <0>, <1>, <2>, <3>, …] (24 values)")
  }

  @Test func versionTwo() throws {
    let folder = try TemporaryFolder()
    var file = try bytes(fixture("blocks.gguf"))
    file[4] = 2
    let path = try folder.write("two.gguf", file)
    #expect(try GGUFFile.open(path).version == 2)
    #expect(try readAll(path).tensors.count == 26)
  }

  @Test func vocabularyWithoutTensors() throws {
    let folder = try TemporaryFolder()
    var file = GGUFBytes(tensors: 0, pairs: 1)
    file.strings("tokenizer.ggml.tokens", (0..<300_000).map { "t\($0)" })
    let path = try folder.write("vocabulary.gguf", file.bytes)
    let tokens = try GGUFFile.open(path).metadata.strings("tokenizer.ggml.tokens")
    #expect(tokens.count == 300_000 && tokens[299_999] == "t299999")
    #expect(try Checkpoint.open(path).tensors.isEmpty)
  }
}

/// A GGUF file, piece by piece.
struct GGUFBytes {
  var bytes: [UInt8]

  init(version: UInt32 = 3, tensors: UInt64, pairs: UInt64) {
    bytes = Array("GGUF".utf8) + littleEndian(version) + littleEndian(tensors) + littleEndian(pairs)
  }

  mutating func text(_ text: String) {
    bytes += littleEndian(UInt64(text.utf8.count)) + Array(text.utf8)
  }

  /// A pair whose value's bytes are given.
  mutating func pair(_ key: String, kind: UInt32, _ value: [UInt8]) {
    text(key)
    bytes += littleEndian(kind) + value
  }

  mutating func strings(_ key: String, _ texts: [String]) {
    pair(key, kind: 9, littleEndian(UInt32(8)) + littleEndian(UInt64(texts.count)))
    for text in texts { self.text(text) }
  }

  /// The description of a tensor; `sizes` as in the file, innermost first.
  mutating func tensor(
    _ name: String, _ sizes: [UInt64], type: UInt32 = 0, at offset: UInt64 = 0, rank: UInt32? = nil
  ) {
    text(name)
    bytes += littleEndian(rank ?? UInt32(sizes.count))
    for size in sizes { bytes += littleEndian(size) }
    bytes += littleEndian(type) + littleEndian(offset)
  }

  /// Zeros up to a multiple of `alignment`, then `count` bytes.
  mutating func values(_ count: Int, alignment: Int = 32) {
    while bytes.count % alignment != 0 { bytes.append(0) }
    bytes += [UInt8](repeating: 0, count: count)
  }
}
