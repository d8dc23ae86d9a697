import Files
import Kernels
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct GGUFWriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Byte for byte what the package `gguf` wrote.
  @Test(arguments: ["blocks.gguf", "quantized.gguf"]) func writesAsThePackage(name: String) throws {
    let source = try Checkpoint.open(fixture(name))
    let metadata = try #require(source.gguf)
    let path = folder.file(name)
    try GGUFWriter.write(
      metadata: metadata.entries, source.tensors.map { GGUFTensor($0) }, to: path, sync: false)
    #expect(try bytes(path) == bytes(fixture(name)))
  }

  @Test func turnsValues() throws {
    let values = try Checkpoint.open(fixture("quantized.gguf")).tensor("values")
    let floats = try values.floats()
    let types: [GGUFType] =
      [.scalar(.f32), .scalar(.f16), .scalar(.bf16)] + BlockType.encodable.map { .blocks($0) }
    let path = folder.file("a.gguf")
    try GGUFWriter.write(
      metadata: [("general.architecture", .string("test"))],
      types.map { GGUFTensor(values, name: $0.name, as: $0) }, to: path, sync: true)
    let written = try readAll(path)
    #expect(try written.tensor("F32").floats() == floats)
    #expect(try written.tensor("F16").floats() == floats.map { Float(Float16($0)) })
    #expect(try written.tensor("BF16").floats() == floats.map { float(brain: brainBits($0)) })
    for type in BlockType.encodable {
      let expected = try type.encode(try Table(floats), name: "values")
      #expect(try Array(#require(written[type.rawValue]?.blockBytes)) == Array(expected))
      #expect(written[type.rawValue]?.shape == [6, 512])
    }
    // Blocks of another file: back to F32, to another type, and copied.
    let again = folder.file("b.gguf")
    try GGUFWriter.write(
      metadata: [],
      [
        GGUFTensor(try written.tensor("Q4_K"), as: .scalar(.f32)),
        GGUFTensor(try written.tensor("Q4_0"), as: .blocks(.q80)),
        GGUFTensor(try written.tensor("Q6_K"), as: .blocks(.q6K)),
      ], to: again, sync: false)
    let copies = try readAll(again)
    #expect(try copies.tensor("Q4_K").floats() == written.tensor("Q4_K").floats())
    #expect(copies["Q4_K"]?.blocks == nil && copies["Q4_0"]?.typeName == "Q8_0")
    #expect(try copies.tensor("Q6_K").bytes().holdsSame(as: written.tensor("Q6_K").bytes()))
  }

  @Test func metadataOfOurOwn() throws {
    let path = folder.file("a.gguf")
    try GGUFWriter.write(
      metadata: [
        ("a", .array(try GGUFArray(["", "日", "b"]))),
        ("b", .array(try GGUFArray([1, -2] as [Int32]))),
        ("c", .array(try GGUFArray([0.5] as [Float]))), ("general.alignment", .uint32(64)),
        ("d", .uint16(3)),
      ], [], to: path, sync: false)
    let metadata = try GGUFFile.open(path).metadata
    #expect(metadata.entries.map { $0.key } == ["a", "b", "c", "d"])
    #expect(try Array(metadata.strings("a")) == ["", "日", "b"])
    #expect(try metadata.ints("b") == [1, -2] && metadata.floats("c") == [0.5])
    #expect(try metadata.int("d") == 3)
  }

  @Test func refusals() throws {
    let values = try Checkpoint.open(fixture("quantized.gguf")).tensor("values")
    let path = folder.file("a.gguf")
    func write(_ tensors: [GGUFTensor], _ keys: [String] = []) throws {
      try GGUFWriter.write(
        metadata: keys.map { ($0, .bool(true)) }, tensors, to: path, sync: false)
    }
    let nothing: GGUFTensor.Values = { _ in }
    let f32 = GGUFType.scalar(.f32)
    for tensors in [
      [GGUFTensor(values), GGUFTensor(values)],
      [GGUFTensor(values, name: "")], [GGUFTensor(values, name: "a\0")],
      [GGUFTensor(values, name: String(repeating: "n", count: 64))],
      [GGUFTensor(name: "a", type: f32, shape: [1, 1, 1, 1, 1], values: nothing)],
      [GGUFTensor(name: "a", type: f32, shape: [1], values: nothing)],
      [GGUFTensor(name: "a", type: f32, shape: [1 << 40, 1 << 40], values: nothing)],
      [GGUFTensor(name: "a", type: .blocks(.q4K), shape: [128], values: nothing)],
      [GGUFTensor(name: "a", type: .scalar(.u8), shape: [0], values: nothing)],
      [GGUFTensor(values, as: .scalar(.i32))], [GGUFTensor(values, as: .blocks(.q2K))],
    ] { refuses([.mismatch]) { try write(tensors) } }
    for keys in [["a", "a"], [""], ["a\0"], [String(repeating: "k", count: 65_536)]] {
      refuses([.mismatch]) { try write([], keys) }
    }
    #expect(folderContents(folder.path).isEmpty)
    // Written in one step: what was there stays where values are refused half-way.
    try folder.write("a.gguf", [1, 2, 3])
    let infinite = try folder.write(
      "x.safetensors",
      safetensors(#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#)
        + littleEndian(Float.infinity.bitPattern))
    let tensor = try Checkpoint.open(infinite).tensor("w")
    refuses([.badInput]) { try write([GGUFTensor(values), GGUFTensor(tensor, as: .scalar(.f16))]) }
    #expect(try bytes(path) == [1, 2, 3])
  }
}
