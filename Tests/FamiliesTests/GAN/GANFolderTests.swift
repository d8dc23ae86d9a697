import Checkpoints
import Datasets
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// Model folders of GANs: damaged ones, those of PyTorch, and what comes of them.
@Suite struct GANFolderTests {
  private func model(_ kind: GANKind = .gan) throws -> (TemporaryFolder, String) {
    let folder = try TemporaryFolder()
    let trainer = try smallGAN(kind, folder, steps: 1)
    _ = try trainer.train(to: folder.file("model"))
    return (folder, folder.file("model"))
  }

  private static let damage = [
    Damage("\"latent\" : 6", "\"latent\" : 7", "does not fit"),
    Damage("\"latent\" : 6", "\"latent\" : -6", "sizes"),
    Damage("\"latent\" : 6", "\"latent\" : 4e99", "JSON"),
    Damage("\"width\" : 8", "\"width\" : 4096", "does not fit"),
    Damage("\"width\" : 8", "\"width\" : \"x\"", "width"),
    Damage("\"channels\" : 1", "\"channels\" : 2", "sizes"),
    Damage("\"family\" : \"gan\"", "\"family\" : \"gpt\"", "not a GAN"),
  ]

  @Test(arguments: damage) func damagedConfigurations(_ damage: Damage) throws {
    let (folder, path) = try model()
    try folder.expectRefusal(of: damage) { _ = try GANModel(folder: path) }
  }

  @Test func otherWeightsAreRefused() throws {
    let (folder, path) = try model()
    let (other, deep) = try model(.dcgan)
    _ = try folder.write(
      "model/\(GANFolder.generator)", try bytes("\(deep)/\(GANFolder.generator)"))
    refuses([.mismatch]) { _ = try GANModel(folder: path) }
    _ = try folder.write("model/\(GANFolder.generator)", [1, 2, 3])
    refuses { _ = try GANModel(folder: path) }
    removeTree("\(path)/\(GANFolder.generator)")
    refuses { _ = try GANModel(folder: path) }
    withExtendedLifetime(other) {}
  }

  @Test func halfPrecisionAndOnePart() throws {
    let (folder, path) = try model(.dcgan)
    var options = ConversionOptions()
    options.type = .f16
    options.part = .generator
    try GANFamily(.dcgan).convert(path, to: folder.file("half"), options: options)
    #expect(!fileExists(folder.file("half/\(GANFolder.discriminator)")))
    let (whole, half) = (try GANModel(folder: path), try GANModel(folder: folder.file("half")))
    let latent = whole.draw(seed: 1).latent
    let (a, b) = (
      try whole.images(latents: latent, labels: []),
      try half.images(latents: latent, labels: [])
    )
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 0.02 } && a != b)
    #expect(
      try bytes(folder.file("half/\(GANFolder.generator)")).count
        < bytes("\(path)/\(GANFolder.generator)").count)
    try GANFamily(.dcgan).convert(
      folder.file("half"), to: folder.file("again"), options: ConversionOptions())
    #expect(
      try Checkpoint.open(folder.file("again/\(GANFolder.generator)"))["model.0.weight"]?.type
        == .f16)
  }

  @Test func stateDictionariesOfPyTorch() throws {
    let folder = try TemporaryFolder()
    let family = GANFamily(.dcgan)
    let file = try Checkpoint.open(fixture("dcgan_generator.pth"))
    try family.importCheckpoint(file, options: ImportOptions(), to: folder.file("model"))
    let model = try GANModel(folder: folder.file("model"))
    #expect(model.configuration.layers == [12, 8] && model.latentCount == 5)
    #expect((model.width, model.height) == (16, 16))
    // Its images are PyTorch's.
    let expected = try Checkpoint.open(fixture("gan.safetensors"))
    let latents = Array(try expected.tensor("dcgan.latents").floats().prefix(30))
    let found = try model.images(latents: latents, labels: [])
    let images = try expected.tensor("dcgan.eval_pictures").floats()
    #expect(found.count == images.count)
    #expect(zip(found, images).allSatisfy { abs($0 - $1) < 1e-4 })
    refuses([.mismatch]) {
      try GANFamily(.gan).importCheckpoint(
        file, options: ImportOptions(), to: folder.file("wrong"))
    }
    // A discriminator joins its generator; this one is none.
    var options = ImportOptions()
    options.part = .discriminator
    refuses([.mismatch]) {
      try family.importCheckpoint(file, options: options, to: folder.file("model"))
    }
    refuses([.usage]) {
      try family.importCheckpoint(file, options: options, to: folder.file("nothing"))
    }
  }

  @Test func aImageIsTheSameInAnyCompany() throws {
    let (folder, path) = try model(.dcgan)
    let model = try GANModel(folder: path)
    let drawn = (0..<21).map { model.draw(seed: UInt64($0)).latent }
    let all = try model.images(latents: drawn.flatMap { $0 }, labels: [])
    let size = all.count / 21
    for index in [0, 7, 20] {
      #expect(
        try model.images(latents: drawn[index], labels: [])
          == Array(all[index * size..<(index + 1) * size]))
    }
    withExtendedLifetime(folder) {}
  }

  @Test func walksLieOnGreatCircles() {
    let walk = LatentWalk([[3, 0], [0, 3]])
    #expect(walk[0] == [3, 0] && walk[1] == [0, 3] && walk[2] == [3, 0])
    let middle = walk[0.5]
    #expect(abs(middle[0] - middle[1]) < 1e-5)
    #expect(abs((middle[0] * middle[0] + middle[1] * middle[1]).squareRoot() - 3) < 1e-5)
    // Where there is no arc.
    #expect(LatentWalk([[1, 2]])[0.3] == [1, 2])
    #expect(LatentWalk([[0, 0], [1, 0]])[0.5] == [0.5, 0])
  }
}
