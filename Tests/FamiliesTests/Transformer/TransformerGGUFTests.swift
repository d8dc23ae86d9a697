import Checkpoints
import Files
import Kernels
import TestSupport
import Testing

@testable import Families

/// GGUF files of llama.cpp's converter beside the folders that they were made of.
@Suite struct TransformerGGUFTests {
  static let models = ["gpt2", "llama", "llama-bias", "qwen2", "qwen3", "gemma3"]

  private func folder(_ name: String) -> String {
    fixture("transformer-gguf/\(name)", of: "FamiliesTests")
  }

  private func open(_ name: String) throws -> (folder: TransformerWeights, gguf: TransformerWeights)
  {
    let checkpoint = try Checkpoint.open("\(folder(name))/model.gguf")
    return (
      try TransformerWeights(folder: folder(name), .read(folder: folder(name))),
      try TransformerWeights(checkpoint, TransformerConfiguration(checkpoint))
    )
  }

  @Test(arguments: models) func shapesAreEqual(_ name: String) throws {
    let checkpoint = try Checkpoint.open("\(folder(name))/model.gguf")
    let (config, gguf) = (
      try TransformerConfiguration.read(folder: folder(name)),
      try TransformerConfiguration(checkpoint)
    )
    #expect(config.shape == gguf.shape)
    #expect(config.family == gguf.family)
  }

  @Test(arguments: models) func valuesAreEqual(_ name: String) throws {
    let (a, b) = try open(name)
    #expect(a.tensors == b.tensors && !a.isGGUF && b.isGGUF)
    for tensor in a.tensors {
      let (x, y) = (try a.floats(tensor), try b.floats(tensor))
      let isSum = tensor.ggufForm == .plusOne
      #expect(
        zip(x, y).allSatisfy { abs($0 - $1) <= (isSum ? 1e-6 : 0) } && x.count == y.count,
        "\(tensor.name)")
    }
  }

  /// What the decoder gets is the same of both files, however the matrices stand.
  @Test(arguments: models) func matricesAreEqual(_ name: String) throws {
    let (a, b) = try open(name)
    let shape = a.shape
    for part in TransformerPart.allCases where part != .queryKeyValue && part != .head {
      for layer in part.isOfLayer ? (0..<shape.layers).map(Optional.init) : [nil] {
        if part.isNorm {
          guard a.has(.init(part: part, layer: layer)) else { continue }
          let (x, y) = (try a.norm(part, layer: layer), try b.norm(part, layer: layer))
          #expect(x.count == y.count)
        } else if let x = try? a.matrix(part, layer: layer) {
          let y = try b.matrix(part, layer: layer)
          #expect(values(x) == values(y), "\(part)")
          #expect(
            (try a.bias(part, layer: layer) == nil) == (try b.bias(part, layer: layer) == nil))
        }
      }
    }
    let query = try a.matrix(.query, layer: 1)
    #expect(query.inputs == shape.width && query.outputs.count == shape.queryWidth)
    #expect(try b.matrix(.value, layer: 1).outputs.count == shape.keyValueWidth)
    #expect(try b.matrix(.embeddings, rows: 3).outputs == 0..<3)
  }

  /// [outputs, inputs] of 32-bit values.
  private func values(_ weight: StoredWeight) -> [[Float]] {
    let all = weight.bytes.array(of: Float.self)
    return weight.outputs.map { output in
      (0..<weight.inputs).map { input in
        weight.layout == .byInput
          ? all[input * weight.storedOutputs + output] : all[output * weight.inputs + input]
      }
    }
  }

  /// What we write of a shape is what llama.cpp's converter writes of it.
  @Test(arguments: models) func metadataAreThoseOfTheConverter(_ name: String) throws {
    let checkpoint = try Checkpoint.open("\(folder(name))/model.gguf")
    let metadata = try #require(checkpoint.gguf)
    let configuration = try TransformerConfiguration(checkpoint)
    let prefix = configuration.family + "."
    let theirs = ModelFields(metadata, prefix: prefix, place: "")
    let ours = ModelFields(configuration.architecture.gguf(configuration.shape), place: "")
    for key in theirs.names {
      let (a, b) = (theirs[key], ours[key])
      if let x = a?.number, let y = b?.number {
        #expect(Float(x) == Float(y), "\(key)")
      } else {
        #expect(a == b, "\(key)")
      }
    }
  }

  /// The tensors that we write of a folder are those that llama.cpp's converter writes of it, byte for byte.
  @Test(arguments: models) func tensorsAreThoseOfTheConverter(_ name: String) throws {
    let (weights, _) = try open(name)
    let theirs = try Checkpoint.open("\(folder(name))/model.gguf")
    let ours = try weights.ggufTensors()
    for tensor in ours {
      let (made, other) = (try tensor.make(), try theirs.tensor(tensor.name))
      #expect(made.name == tensor.name && made.shape == tensor.shape)
      #expect(made.shape == other.shape && made.typeName == other.typeName, "\(tensor.name)")
      #expect(try made.bytes().holdsSame(as: other.bytes()), "\(tensor.name)")
    }
    let known = Set(theirs.tensors.map { $0.name }).subtracting(["rope_freqs.weight"])
    #expect(known == Set(ours.map { $0.name }))
  }

  /// Matrices of 16 bits are moved as they are.
  @Test(arguments: ["gpt2", "llama"]) func halvesAreMoved(_ name: String) throws {
    let (plain, folder) = (try open(name).folder, try TemporaryFolder())
    try SafetensorsWriter.write(
      plain.newTensors(.bf16), to: folder.file("model.safetensors"), sync: false)
    let halves = try TransformerWeights(
      folder: folder.path, .read(folder: self.folder(name)))
    for (a, b) in zip(try plain.ggufTensors(), try halves.ggufTensors()) {
      let isMatrix = a.shape.count == 2 && a.name != "position_embd.weight"
      #expect(b.type == .scalar(isMatrix ? .bf16 : .f32), "\(a.name)")
      let expected = try a.make().floats().map { float(brain: brainBits($0)) }
      // 1 is added to what was rounded.
      guard !a.name.hasSuffix("norm.weight") else { continue }
      #expect(try b.make().floats() == expected, "\(a.name)")
    }
  }

  /// A projection that equals the embeddings which it is tied to is no other one, and buffers are no weights.
  @Test func publishedVariantsAreRead() throws {
    let source = try Checkpoint.open("\(folder("llama"))/model.safetensors")
    let configuration = try TransformerConfiguration.read(folder: folder("llama"))
    func read(_ tensors: [NewTensor]) throws -> TransformerWeights {
      let folder = try TemporaryFolder()
      try SafetensorsWriter.write(tensors, to: folder.file("model.safetensors"), sync: false)
      return try TransformerWeights(folder: folder.path, configuration)
    }
    let all = source.tensors.map { NewTensor($0) }
    let bare = source.tensors.map { NewTensor($0, name: String($0.name.dropFirst("model.".count))) }
    let table = try source.tensor("model.embed_tokens.weight")
    let buffer = NewTensor(
      name: "model.layers.1.self_attn.rotary_emb.inv_freq", shape: [3], floats: [1, 2, 3])
    let head = NewTensor(table, name: "lm_head.weight")
    for tensors in [all, bare, all + [head, buffer], bare + [head]] {
      let weights = try read(tensors)
      #expect(try weights.tensor(.init(part: .embeddings)).floats() == table.floats())
    }
    let other = NewTensor(
      name: "lm_head.weight", shape: table.shape, floats: try table.floats().map { $0 + 1 })
    let line = refuses([.mismatch]) { _ = try read(Array(all.dropLast()) + [other]) }
    #expect(line.contains("another one") && line.contains("is missing"), "\(line)")
  }

  @Test func rowsOfHeadsAreInterleaved() {
    let order = RowOrder.interleaved(headSize: 6)
    #expect((0..<12).map { order.source(of: $0) } == [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11])
  }
}
