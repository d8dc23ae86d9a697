import Files
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct SafetensorsTests {
  @Test func valuesOfEveryType() throws {
    let checkpoint = try Checkpoint.open(fixture("reference.safetensors"))
    #expect(checkpoint.format == .safetensors)
    #expect(checkpoint.metadata == ["quote \" and \n": "日本 \t \u{1} \\"])
    let numbers: [Float] = [0, -1, 2.5, 1000, 0.3333, -6e-5]
    for name in ["f64", "f32"] {
      #expect(try checkpoint.tensor(name).floats() == numbers, "\(name)")
    }
    // The nearest halves and bfloat16s, as numpy prints them.
    #expect(
      try checkpoint.tensor("f16").floats()
        == [0, -1, 2.5, 1000, 0.333251953125, -6.0021877288818359375e-05])
    #expect(
      try checkpoint.tensor("bf16").floats()
        == [0, -1, 2.5, 1000, 0.333984375, -6.008148193359375e-05])
    #expect(try checkpoint.tensor("i64").integers() == [.min, -1, .max])
    #expect(try checkpoint.tensor("i32").integers() == [-(1 << 31), 5, 1 << 31 - 1])
    #expect(try checkpoint.tensor("i16").floats() == [-32768, 7, 32767])
    #expect(try checkpoint.tensor("i8").integers() == [-128, 0, 127])
    #expect(try checkpoint.tensor("u8").floats() == [0, 128, 255])
    #expect(try checkpoint.tensor("bool").integers() == [1, 0, 1, 1])
    #expect(checkpoint["f64"]?.shape == [2, 3])
    #expect(checkpoint["none"] == nil)
    refuses([.mismatch]) { _ = try checkpoint.tensor("none") }
    refuses([.mismatch]) { _ = try checkpoint.tensor("f16").integers() }
  }

  @Test func scalarsAndEmptyTensors() throws {
    let checkpoint = try readAll(fixture("zip.safetensors"))
    #expect(checkpoint["scale"]?.shape == [])
    #expect(try checkpoint.tensor("scale").floats() == [1.5])
    #expect(checkpoint["empty"]?.shape == [0, 4])
    #expect(try checkpoint.tensor("empty").floats() == [])
    #expect(checkpoint.valueCount == 18 + 2 + 3 + 1 + 1)
  }

  @Test func tablesAreTheFileItself() throws {
    let folder = try TemporaryFolder()
    let tensors = [
      NewTensor(name: "a", shape: [3], floats: [1, 2, 3]),
      NewTensor(name: "b", shape: [2], integers: [1, 2]),
    ]
    try SafetensorsWriter.write(tensors, to: folder.file("a.safetensors"), sync: true)
    let checkpoint = try Checkpoint.open(folder.file("a.safetensors"))
    let table = try #require(checkpoint["a"]?.floatTable())
    #expect(table.indices.map { table[$0] } == [1, 2, 3])
    #expect(checkpoint["b"]?.floatTable() == nil)
    // One byte before the values, which are then not aligned.
    let shifted = safetensors(
      #"{"u":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
        + #""f":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#, 0)
    try folder.write("b", shifted + [9] + littleEndian(Float(2.5).bitPattern))
    let unaligned = try Checkpoint.open(folder.file("b"))
    #expect(unaligned["f"]?.floatTable() == nil)
    #expect(try unaligned.tensor("f").floats() == [2.5])
  }

  @Test func everyHalf() {
    for bits in UInt16.min...UInt16.max {
      let (ours, theirs) = (float(half: bits), Float(Float16(bitPattern: bits)))
      #expect(ours == theirs || ours.isNaN && theirs.isNaN)
      #expect(ours.sign == theirs.sign)
    }
  }

  @Test func bfloat16IsTheNearest() {
    for bits in stride(from: UInt32(0), to: UInt32.max - 0x1_0001, by: 0x3_A7F1) {
      let value = Float(bitPattern: bits)
      guard value.isFinite else { continue }
      let below = bits & 0xFFFF_0000
      let rest = bits & 0xFFFF
      let isUp = rest > 0x8000 || rest == 0x8000 && below >> 16 & 1 == 1
      #expect(UInt32(brainBits(value)) == (below >> 16) + (isUp ? 1 : 0))
    }
    #expect(float(brain: brainBits(.nan)).isNaN)
    #expect(float(brain: brainBits(Float(bitPattern: 0x7F80_0001))).isNaN)
    #expect(brainBits(-.infinity) == 0xFF80)
  }

  /// Byte for byte what the reference implementation writes.
  @Test func writesAsTheReference() throws {
    let folder = try TemporaryFolder()
    for name in ["reference", "zip", "views", "training"] {
      let source = fixture("\(name).safetensors")
      let checkpoint = try Checkpoint.open(source)
      let copy = folder.file(name)
      try SafetensorsWriter.write(
        checkpoint.tensors.reversed().map { NewTensor($0) }, metadata: checkpoint.metadata,
        to: copy, sync: false)
      #expect(try bytes(copy) == bytes(source), "\(name)")
    }
  }

  @Test func writesHalves() throws {
    let folder = try TemporaryFolder()
    let reference = try Checkpoint.open(fixture("reference.safetensors"))
    let floats = try reference.tensor("f32").floats()
    let table = try Table(floats)
    try SafetensorsWriter.write(
      [
        NewTensor(name: "f16", shape: [2, 3], floats: floats, type: .f16),
        NewTensor(name: "bf16", shape: [2, 3], table: table, type: .bf16),
        NewTensor(name: "f32", shape: [3, 2], table: table),
        NewTensor(name: "u8", shape: [3], bytes: try Table([1, 2, 3])),
      ], to: folder.file("halves"), sync: false)
    let written = try readAll(folder.file("halves"))
    for name in ["f16", "bf16"] {
      let (ours, theirs) = (try written.tensor(name), try reference.tensor(name))
      #expect(ours.type == theirs.type)
      #expect(try ours.bytes().array(of: UInt8.self) == theirs.bytes().array(of: UInt8.self))
    }
    #expect(try written.tensor("f32").floats() == floats)
    #expect(try written.tensor("u8").integers() == [1, 2, 3])
    #expect(written.metadata.isEmpty)
  }

  @Test func writerRefuses() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x")
    let one = NewTensor(name: "a", shape: [1], floats: [1])
    for tensors in [
      [NewTensor(name: "a", shape: [2, 2], floats: [1, 2, 3])], [one, one],
      [NewTensor(name: "a", shape: [1], floats: [1], type: .i64)],
      [NewTensor(name: "__metadata__", shape: [1], floats: [1])],
      [NewTensor(name: "a", shape: [1], bytes: try Table([1, 2, 3]), type: .f32)],
    ] {
      refuses([.mismatch]) { try SafetensorsWriter.write(tensors, to: path, sync: false) }
    }
    #expect(folderContents(folder.path).isEmpty)
    try SafetensorsWriter.write([], to: path, sync: false)
    #expect(try Checkpoint.open(path).tensors.isEmpty)
  }

  @Test func shards() throws {
    let checkpoint = try readAll(fixture("model.safetensors.index.json"))
    #expect(checkpoint.format == .sharded)
    #expect(
      checkpoint.tensors.map { $0.name }
        == ["conv.weight", "scale", "conv.bias", "norm.num_batches_tracked"])
    #expect(checkpoint.metadata == ["total_size": "92"])
    #expect(try checkpoint.tensor("norm.num_batches_tracked").integers() == [12_345_678_901])
    let folder = try TemporaryFolder()
    for shard in ["../x", "a/b", "..", ".", "", "a\\u0000", "none", "self.json", "index"] {
      let index = #"{"weight_map":{"a":"\#(shard)"}}"#
      try folder.write("index", Array(index.utf8))
      try folder.write("self.json", Array(index.utf8))
      refuses([.badInput], "\(shard)") { try readAll(folder.file("self.json")) }
    }
    try folder.write("a", bytes(fixture("zip.safetensors")))
    for index in [
      #"{"weight_map":{"scale":"a","other":"a"}}"#, "{}",
      #"{"weight_map":{"scale":"a","scale":"a"}}"#,
      #"{"weight_map":{"scale":"a"},"weight_map":{}}"#, #"{"weight_map":[]}"#, "{",
    ] {
      try folder.write("i.json", Array(index.utf8))
      refuses([.badInput], "\(index)") { try readAll(folder.file("i.json")) }
    }
    try folder.write("i.json", Array(#" {"weight_map":{"scale":"a"},"x":[{}]} "#.utf8))
    #expect(try readAll(folder.file("i.json")).tensors.count == 1)
  }
}
