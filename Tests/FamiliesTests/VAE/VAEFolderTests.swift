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

/// Model folders of autoencoders: damaged ones and those of PyTorch.
@Suite struct VAEFolderTests {
  private func model(
    _ kind: VAEKind = .vae, _ change: (inout VAERecipe) -> Void = { _ in }
  ) throws -> (TemporaryFolder, String) {
    let folder = try TemporaryFolder()
    var recipe = try smallVAE(kind, folder, steps: 1)
    change(&recipe)
    _ = try recipe.train(to: folder.file("model"))
    return (folder, folder.file("model"))
  }

  private static let damage = [
    Damage("\"latent\" : 6", "\"latent\" : 7", "does not fit"),
    Damage("\"latent\" : 6", "\"latent\" : -6", "sizes"),
    Damage("\"latent\" : 6", "\"latent\" : 4e99", "JSON"),
    Damage("\"width\" : 8", "\"width\" : 4096", "does not fit"),
    Damage("\"network\" : \"linear\"", "\"network\" : \"convolutional\"", "does not fit"),
    Damage("\"likelihood\" : \"bernoulli\"", "\"likelihood\" : \"gaussian\"", "log_sigma"),
    Damage("\"channels\" : 1", "\"channels\" : 2", "sizes"),
    Damage("\"family\" : \"vae\"", "\"family\" : \"gpt\"", "not an autoencoder"),
  ]

  @Test(arguments: damage) func damagedConfigurations(_ damage: Damage) throws {
    let (folder, path) = try model()
    try folder.expectRefusal(of: damage) { _ = try VAEModel(folder: path) }
  }

  /// The article's names: bare ones of `VAE`, with prefixes of `VAEGAN`.
  @Test(arguments: VAEKind.allCases) func names(_ kind: VAEKind) throws {
    let (folder, path) = try model(kind)
    let names = try Checkpoint.open("\(path)/\(VAEFolder.weights)").tensors.map { $0.name }
    let wanted = ["encoder", "decoder"].flatMap { part in
      [0, 2, 4].flatMap { ["\(part).\($0).weight", "\(part).\($0).bias"] }
    }
    let judge = [0, 2, 4].flatMap {
      ["discriminator.model.\($0).weight", "discriminator.model.\($0).bias"]
    }
    #expect(Set(names) == Set(kind == .vae ? wanted : wanted.map { "vae.\($0)" } + judge))
    var options = ConversionOptions()
    options.type = .f16
    options.part = .generator
    switch kind {
    case .vae: try VAEFamily(.vae).convert(path, to: folder.file("half"), options: options)
    case .vaegan:
      try VAEFamily(.vaegan).convert(path, to: folder.file("half"), options: options)
    }
    let half = try Checkpoint.open(folder.file("half/\(VAEFolder.weights)"))
    #expect(half.tensors.count == 12 && half.tensors.allSatisfy { $0.type == .f16 })
    _ = try VAEModel(folder: folder.file("half"))
  }

  @Test func aStateDictionaryOfPyTorch() throws {
    let folder = try TemporaryFolder()
    let family = VAEFamily(.vae)
    try family.importCheckpoint(
      try Checkpoint.open(fixture("vae.pth")), options: ImportOptions(),
      to: folder.file("model"))
    let sizes = try VAEModel(folder: folder.file("model")).configuration
    #expect((sizes.width, sizes.height, sizes.latent) == (6, 6, 3) && sizes.layers == [12, 8])
    // There and back: what is read of a folder's own file.
    for (network, layers) in [(VAEConfiguration.Network.linear, [9, 7, 5]), (.convolutional, [4])] {
      let (kept, path) = try model {
        $0.settings.model.network = network
        $0.settings.model.layers = layers
        $0.settings.model.likelihood = .gaussian
      }
      let weights = "\(path)/\(VAEFolder.weights)"
      try family.importCheckpoint(
        try Checkpoint.open(weights), options: ImportOptions(), to: folder.file("again"))
      var expected = try VAEConfiguration.read(folder: path)
      (expected.training, expected.trainingImages) = (nil, nil)
      (expected.latents, expected.threshold) = (nil, nil)
      #expect(try VAEConfiguration.read(folder: folder.file("again")) == expected)
      #expect(try bytes(folder.file("again/\(VAEFolder.weights)")) == bytes(weights))
      withExtendedLifetime(kept) {}
    }
    let gan = try Checkpoint.open(fixture("dcgan_generator.pth"))
    let found = refuses([.mismatch]) {
      try family.importCheckpoint(gan, options: ImportOptions(), to: folder.file("other"))
    }
    #expect(found.contains("encoder.0.weight") && !fileExists(folder.file("other")))
  }

  @Test func classesAreNeededWhereTheModelHasThem() throws {
    let (folder, path) = try model { $0.settings.model.isConditional = true }
    let model = try VAEModel(folder: path)
    _ = try model.images(latents: [Float](repeating: 0, count: 6), labels: [1])
    for labels: [Int32] in [[], [2], [-1], [0, 0]] {
      let found = refuses([.usage]) {
        _ = try model.posterior([Float](repeating: 0, count: 64), labels: labels)
      }
      #expect(found.contains("a class for each"), "\(labels)")
    }
    withExtendedLifetime(folder) {}
  }
}
