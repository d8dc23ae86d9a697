import Files
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct HostileGGUFTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What a file is refused with, behind its path.
  private func refusal(of file: GGUFBytes, _ comment: Comment? = nil) throws -> String {
    let path = try folder.write("x.gguf", file.bytes)
    return String(refuses([.badInput], comment) { try readAll(path) }.dropFirst(path.utf8.count))
  }

  @Test(arguments: [UInt64(1) << 60, .max, 1 << 63, 1000]) func counts(count: UInt64) throws {
    #expect(try refusal(of: GGUFBytes(tensors: count, pairs: 0)).contains("\(count) tensors"))
    #expect(try refusal(of: GGUFBytes(tensors: 0, pairs: count)).contains("\(count) pairs"))
    for kind: UInt32 in [0, 5, 6, 7, 8, 10] {
      var array = GGUFBytes(tensors: 0, pairs: 1)
      array.pair("a", kind: 9, littleEndian(kind) + littleEndian(count))
      array.values(64)
      #expect(try refusal(of: array).contains("\(count) values of an array"), "\(kind)")
    }
    var text = GGUFBytes(tensors: 0, pairs: 1)
    text.pair("a", kind: 8, littleEndian(count))
    text.values(64)
    #expect(try refusal(of: text).contains("a text of \(count) bytes"))
    var key = GGUFBytes(tensors: 0, pairs: 1)
    key.bytes += littleEndian(count)
    key.values(64)
    #expect(try refusal(of: key).contains("a text of \(count) bytes"))
  }

  @Test func headers() throws {
    for (version, message) in [
      (UInt32(0), "big-endian"), (1, "version 1"), (4, "version 4"), (3 << 24, "big-endian"),
      (2 << 24, "big-endian"),
    ] {
      let file = GGUFBytes(version: version, tensors: 0, pairs: 0)
      #expect(try refusal(of: file).contains(message), "\(version)")
    }
  }

  @Test func pairs() throws {
    var file = GGUFBytes(tensors: 0, pairs: 1)
    file.pair("a", kind: 13, [0, 0, 0, 0, 0, 0, 0, 0])
    #expect(try refusal(of: file).contains("unknown type, 13"))
    file = GGUFBytes(tensors: 0, pairs: 1)
    file.pair("a", kind: 9, littleEndian(UInt32(13)) + littleEndian(UInt64(0)))
    #expect(try refusal(of: file).contains("unknown type, 13"))
    // Arrays of arrays, deep enough to end a reader that follows them.
    file = GGUFBytes(tensors: 0, pairs: 1)
    file.pair("a", kind: 9, [])
    for _ in 0..<100_000 { file.bytes += littleEndian(UInt32(9)) + littleEndian(UInt64(1)) }
    #expect(try refusal(of: file).contains("array of arrays"))
    for key in ["", "a\0b", String(repeating: "k", count: 65_536)] {
      file = GGUFBytes(tensors: 0, pairs: 1)
      file.pair(key, kind: 7, [1])
      file.values(32)
      #expect(try refusal(of: file).contains("the name of a key"))
    }
    file = GGUFBytes(tensors: 0, pairs: 1)
    file.bytes += littleEndian(UInt64(1)) + [0xFF] + littleEndian(UInt32(7)) + [1]
    #expect(try refusal(of: file).contains("not UTF-8"))
    file = GGUFBytes(tensors: 0, pairs: 2)
    file.pair("a", kind: 7, [1])
    file.pair("a", kind: 7, [1])
    #expect(try refusal(of: file).contains("the key a twice"))
  }

  @Test func alignments() throws {
    for alignment: UInt32 in [0, 3, 24, .max, 0x8000_0001] {
      var file = GGUFBytes(tensors: 0, pairs: 1)
      file.pair("general.alignment", kind: 4, littleEndian(alignment))
      #expect(try refusal(of: file).contains("power of two"), "\(alignment)")
    }
    var file = GGUFBytes(tensors: 0, pairs: 1)
    file.pair("general.alignment", kind: 8, littleEndian(UInt64(0)))
    #expect(try refusal(of: file).contains("power of two"))
    // The start of the values lies beyond the file then.
    file = GGUFBytes(tensors: 1, pairs: 1)
    file.pair("general.alignment", kind: 4, littleEndian(UInt32(1) << 31))
    file.tensor("a", [1])
    file.values(32)
    #expect(try refusal(of: file).contains("bytes 0 to 4 of 0"))
    file = GGUFBytes(tensors: 1, pairs: 1)
    file.pair("general.alignment", kind: 4, littleEndian(UInt32(8)))
    file.tensor("a", [1], at: 8)
    file.values(12, alignment: 8)
    let path = try folder.write("y.gguf", file.bytes)
    #expect(try readAll(path).tensors.count == 1)
  }

  @Test func tensors() throws {
    let cases: [(String, String, [UInt64], UInt32, UInt64)] = [
      ("the name of a tensor", "", [1], 0, 0), ("the name of a tensor", "a\0", [1], 0, 0),
      ("has 64 bytes", String(repeating: "n", count: 64), [1], 0, 0),
      ("5 dimensions", "a", [1, 1, 1, 1, 1], 0, 0), ("too large", "a", [1 << 32, 1 << 32], 0, 0),
      ("too large", "a", [1 << 62], 0, 0), ("too large", "a", [1 << 62], 28, 0),
      ("a dimension of 9223372036854775808", "a", [1 << 63], 0, 0),
      ("too large", "a", [1 << 40, 1 << 40, 0], 0, 0), ("too large", "a", [256, 1 << 60], 12, 0),
      // The product of these is negative or wraps to something small in 64 bits.
      ("too large", "a", [UInt64(Int64.max), 2], 24, 0), ("too large", "a", [1 << 62, 4], 24, 0),
      ("bytes 0 to 149533581377672 of 256", "a", [32, 1 << 42 + 4], 8, 0),
      ("blocks of Q4_K, which has 256", "a", [128, 2], 12, 0),
      ("blocks of Q8_0, which has 32", "a", [1, 32], 8, 0),
      ("blocks of Q8_0, which has 32", "a", [], 8, 0),
      ("of type IQ2_XXS are not read", "a", [256], 16, 0),
      ("of type IQ1_M are not read", "a", [256], 29, 0),
      ("of type TQ2_0 are not read", "a", [256], 35, 0),
      ("of an unknown type, 77,", "a", [256], 77, 0), ("bytes 0 to 260 of 256", "a", [65], 0, 0),
      ("no multiple of 32", "a", [1], 0, 8), ("no multiple of 32", "a", [1], 0, .max),
      ("no multiple of 32", "a", [1], 0, 1 << 63),
      ("bytes 9223372036854775776 to", "a", [4], 0, (1 << 63) - 32),
      ("no multiple of 32", "a", [16], 0, (1 << 63) - 32), ("bytes 256 to 260", "a", [1], 0, 256),
    ]
    for (message, name, sizes, type, offset) in cases {
      var file = GGUFBytes(tensors: 1, pairs: 0)
      file.tensor(name, sizes, type: type, at: offset)
      file.values(256)
      let found = try refusal(of: file)
      #expect(found.contains(message), "\(found)")
    }
    var file = GGUFBytes(tensors: 1, pairs: 0)
    file.tensor("a", [1], rank: .max)
    file.values(64)
    #expect(try refusal(of: file).contains("4294967295 dimensions"))
  }

  @Test func severalTensors() throws {
    for (message, second, offset) in [
      ("overlap", "b", UInt64(0)), ("overlap", "b", 32), ("are called a", "a", 64),
    ] {
      var file = GGUFBytes(tensors: 2, pairs: 0)
      file.tensor("a", [10], at: 0)
      file.tensor(second, [10], at: offset)
      file.values(256)
      #expect(try refusal(of: file).contains(message), "\(second) \(offset)")
    }
    // Empty ones share their places with others, and there may be holes.
    var file = GGUFBytes(tensors: 4, pairs: 0)
    file.tensor("d", [10], at: 128)
    file.tensor("a", [0, 5], at: 0)
    file.tensor("b", [1], at: 0)
    file.tensor("c", [], at: 64)
    file.values(256)
    let path = try folder.write("y.gguf", file.bytes)
    let checkpoint = try readAll(path)
    #expect(checkpoint.tensors.map { $0.name } == ["d", "a", "b", "c"])
    #expect(checkpoint["a"]?.shape == [5, 0] && checkpoint["c"]?.shape == [])
  }

  /// One part of a model is no model.
  @Test func splitModels() throws {
    var file = GGUFBytes(tensors: 0, pairs: 1)
    file.pair("split.count", kind: 2, littleEndian(UInt16(3)))
    let path = try folder.write("y.gguf", file.bytes)
    #expect(refuses([.mismatch]) { try readAll(path) }.contains("one of 3 parts"))
    #expect(try GGUFFile.open(path).metadata.int("split.count") == 3)
  }

  @Test func cutFiles() throws {
    let whole = try bytes(fixture("blocks.gguf"))
    // The header byte by byte, the values less finely; 20 bytes behind the last tensor are none of it.
    let lengths = Array(0..<4096) + Array(stride(from: 4096, to: whole.count - 20, by: 97))
    for length in lengths {
      let path = try folder.write("cut.gguf", Array(whole.prefix(length)))
      refuses([.badInput], "\(length)") { try readAll(path) }
    }
  }
}
