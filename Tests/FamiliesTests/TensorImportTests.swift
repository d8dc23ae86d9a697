import Checkpoints
import Files
import TestSupport
import Testing

@testable import Families

/// What people save of their models of PyTorch: Scripts/fixtures/everyday.py.
@Suite struct TensorImportTests {
  private func open(_ name: String) throws -> Checkpoint {
    try Checkpoint.open(fixture("everyday/\(name).pth"))
  }

  @Test(arguments: [
    "plain", "nested", "parallel", "compiled", "sequential", "main", "training", "lightning",
    "module",
  ])
  func generators(_ name: String) throws {
    let folder = try TemporaryFolder()
    let family = GANFamily(.gan)
    for options in [ImportOptions(), ImportOptions(part: .generator)] {
      let path = folder.file("model")
      try family.importCheckpoint(try open(name), options: options, to: path)
      let sizes = try GANModel(folder: path).configuration
      #expect(sizes.latent == 3 && sizes.layers == [5] && sizes.width == 4)
      let (found, plain) = (
        try Checkpoint.open("\(path)/\(GANFolder.generator)"), try open("plain")
      )
      #expect(Set(found.tensors.map { $0.name }) == Set(plain.tensors.map { $0.name }))
      for tensor in plain.tensors {
        #expect(try found.tensor(tensor.name).floats() == tensor.floats())
      }
    }
  }

  @Test func discriminatorsAreNoGenerators() throws {
    let folder = try TemporaryFolder()
    let family = GANFamily(.gan)
    let path = folder.file("model")
    let message = refuses([.mismatch]) {
      try family.importCheckpoint(try open("discriminator"), options: ImportOptions(), to: path)
    }
    #expect(message.contains("16 → 5 → 1 is a discriminator"))
    #expect(message.contains("`part` discriminator") && !fileExists(path))
    // The same file, and the part of another, join their generator.
    try family.importCheckpoint(try open("plain"), options: ImportOptions(), to: path)
    for name in ["discriminator", "nested", "lightning"] {
      try family.importCheckpoint(
        try open(name), options: ImportOptions(part: .discriminator), to: path)
      let found = try Checkpoint.open("\(path)/\(GANFolder.discriminator)")
      let expected = try open("discriminator")
      #expect(found.tensors.count == 4)
      #expect(
        try found.tensor("model.2.weight").floats() == expected.tensor("model.2.weight").floats())
    }
  }

  @Test func refusalsSayWhatIsThere() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model")
    func message(_ name: String, _ family: any Family = GANFamily(.gan)) -> String {
      refuses([.mismatch]) {
        try family.importCheckpoint(try open(name), options: ImportOptions(), to: path)
      }
    }
    #expect(message("twice").contains("2 models of it fit: 'g.…', 'g_ema.…'"))
    #expect(message("numbers").contains("numbers.pth: no tensors in it"))
    let arrays = message("numpy")
    #expect(arrays.contains("1 arrays of NumPy (weights)") && arrays.contains("torch.from_numpy"))
    for family in [
      RecurrentFamily(.lstm), VAEFamily(.vae), ClassifierFamily(),
    ] as [any Family] {
      let text = message("nested", family)
      #expect(text.contains("no \(family.name) in it"))
      // The file's own names with their shapes, and what was looked for.
      #expect(text.contains("generator.model.0.weight [5, 3]"))
      #expect(text.contains("discriminator.model.2.weight [1, 5]"))
      #expect(
        ["embedding.weight", "encoder.0.weight", "features.0.weight"].contains { text.contains($0) }
      )
    }
    #expect(message("nested", GANFamily(.dcgan)).contains("[5, 3]"))
    #expect(!fileExists(path))
    #expect(try open("numpy").arrays == ["weights"])
    #expect(try open("numbers").metadata["epoch"] == "3")
  }

  /// Under a key, with a prefix, beside other tensors: every family.
  @Test func everyFamilyFindsItsOwn() throws {
    let folder = try TemporaryFolder()
    let cases: [(any Family, String)] = [
      (GANFamily(.dcgan), "dcgan_generator.pth"), (VAEFamily(.vae), "vae.pth"),
      (RecurrentFamily(.lstm), "recurrent/article.pth"),
      (ClassifierFamily(), "classifier/model.safetensors"),
    ]
    for (family, name) in cases {
      let state = try Checkpoint.open(fixture("\(name)"))
      let plain = folder.file("\(family.name)-plain")
      try family.importCheckpoint(state, options: ImportOptions(), to: plain)
      for prefix in ["module.", "model_state_dict.", "state_dict.net._orig_mod."] {
        let tensors =
          state.tensors.map {
            NewTensor($0, name: prefix + $0.name)
          } + [
            NewTensor(name: "optimizer.state.0.exp_avg", shape: [2], floats: [1, 2], type: .f32)
          ]
        let file = folder.file("\(family.name).safetensors")
        try SafetensorsWriter.write(tensors, to: file, sync: false)
        let path = folder.file("\(family.name)-\(prefix)")
        try family.importCheckpoint(
          try Checkpoint.open(file), options: ImportOptions(), to: path)
        let weights = ["model", "generator"].map { "\($0).safetensors" }.filter {
          fileExists("\(plain)/\($0)")
        }
        #expect(weights.count == 1)
        for weights in weights {
          let (a, b) = (
            try Checkpoint.open("\(plain)/\(weights)"), try Checkpoint.open("\(path)/\(weights)")
          )
          #expect(a.tensors.map { $0.name } == b.tensors.map { $0.name })
          for tensor in a.tensors {
            #expect(try b.tensor(tensor.name).floats() == tensor.floats(), "\(tensor.name)")
          }
        }
      }
    }
  }

  /// A decoder with a generator's layers is none.
  @Test func halvesOfAutoencodersAreNoGenerators() throws {
    let folder = try TemporaryFolder()
    let vae = try Checkpoint.open(fixture("vae.pth"))
    refuses([.mismatch]) {
      try GANFamily(.gan).importCheckpoint(
        vae, options: ImportOptions(), to: folder.file("model"))
    }
  }
}
