import Files
import TestSupport
import Testing

@testable import Checkpoints

/// Files of torch.save against what the safetensors package wrote of the same tensors.
@Suite struct TorchTests {
  @Test(arguments: [
    ("zip", "zip"), ("zip-legacy", "zip"), ("types", "types"), ("types-legacy", "types"),
    ("views", "views"), ("views-legacy", "views"), ("training", "training"),
    ("training-legacy", "training"), ("protocol4", "zip"), ("protocol5", "zip"),
    ("protocol4-legacy", "zip"), ("deflated", "zip"), ("descriptors", "zip"),
    ("big-endian", "zip"), ("module", "module"),
  ])
  func equalsPython(name: String, expected: String) throws {
    let checkpoint = try readAll(fixture("\(name).pth"))
    #expect(checkpoint.format == (name.hasSuffix("legacy") ? .torchLegacy : .torchZip))
    let reference = try Checkpoint.open(fixture("\(expected).safetensors"))
    #expect(
      checkpoint.tensors.map { $0.name }.sorted() == reference.tensors.map { $0.name }.sorted())
    for tensor in checkpoint.tensors {
      let other = try reference.tensor(tensor.name)
      #expect(tensor.type == other.type && tensor.shape == other.shape, "\(tensor.name)")
      #expect(
        try tensor.bytes().array(of: UInt8.self) == other.bytes().array(of: UInt8.self),
        "\(tensor.name)")
    }
  }

  @Test func namesAndMetadata() throws {
    let checkpoint = try Checkpoint.open(fixture("training.pth"))
    #expect(
      checkpoint.tensors.prefix(4).map { $0.name }
        == ["model.0.weight", "model.0.bias", "model.1.weight", "model.1.bias"])
    #expect(checkpoint["optimizer.state.0.exp_avg"]?.shape == [2, 3])
    #expect(checkpoint["rng.0"]?.type == .u8)
    #expect(checkpoint["parameter"]?.count == 2)
    #expect(checkpoint.metadata["epoch"] == "7")
    #expect(checkpoint.metadata["best"] == "-0.125")
    #expect(checkpoint.metadata["done"] == "false")
    #expect(checkpoint.metadata["args.lr"] == "0.01")
    #expect(checkpoint.metadata["args.name"] == "tiny")
    #expect(checkpoint.metadata["args.sizes.1"] == "2")
    #expect(try Checkpoint.open(fixture("zip.pth")).metadata.isEmpty)
  }

  @Test func orderIsTheFiles() throws {
    let names = try Checkpoint.open(fixture("zip.pth")).tensors.map { $0.name }
    #expect(
      names == [
        "conv.weight", "conv.bias", "norm.running_mean", "norm.num_batches_tracked", "scale",
        "empty",
      ])
  }

  @Test func storedFloatsAreTheFileItself() throws {
    let views = try Checkpoint.open(fixture("views.pth"))
    let row = try #require(views["row"]?.floatTable())
    #expect(row.indices.map { row[$0] } == [3, 3.25, 3.5, 3.75, 4, 4.25])
    #expect(views["transposed"]?.floatTable() == nil)
    #expect(views["halves"]?.floatTable() == nil)
  }

  @Test func unreadKinds() throws {
    let quantized = refuses { try readAll(fixture("quantized.pth")) }
    #expect(quantized.contains("_rebuild_qtensor"))
    let complex = refuses { try readAll(fixture("complex.pth")) }
    #expect(complex.contains("torch.ComplexFloatStorage"))
  }

  @Test func recognition() throws {
    let folder = try TemporaryFolder()
    for name in ["zip.pth", "zip-legacy.pth", "zip.safetensors", "model.safetensors.index.json"] {
      #expect(Checkpoint.recognizes(fixture(name)), "\(name)")
    }
    try folder.write("x", bytes(fixture("zip.pth")))
    #expect(Checkpoint.recognizes(folder.file("x")))
    try folder.write("a.pth", Array("damaged".utf8))
    #expect(Checkpoint.recognizes(folder.file("a.pth")))
    try folder.write("a.arpa", Array("\\data\\\n".utf8))
    #expect(!Checkpoint.recognizes(folder.file("a.arpa")))
    #expect(!Checkpoint.recognizes(folder.path))
  }
}
