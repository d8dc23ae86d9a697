import Autograd
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

/// GANs from images to images.
@Suite(.serialized) struct GANTrainingTests {
  private static let files = [GANFolder.generator, GANFolder.discriminator]

  private func weights(_ path: String) throws -> [[UInt8]] {
    try Self.files.map { try bytes("\(path)/\($0)") }
  }

  @Test(arguments: GANKind.allCases) func aRunShowsItself(_ kind: GANKind) throws {
    let folder = try TemporaryFolder()
    var recipe = try smallGAN(kind, folder)
    recipe.settings.training.isAnimated = true
    recipe.settings.training.average = 0.9
    let summary = try recipe.train(to: folder.file("model")).summary
    #expect(summary.steps == 6 && summary.items == 48)
    for name in ["samples.png", "animation.png", "loss.png", "log.jsonl"] {
      #expect(fileExists(folder.file("model/\(name)")), "\(name)")
    }
    let model = try GANModel(folder: folder.file("model"))
    #expect(model.configuration.training == recipe.settings.training)
    let side = kind == .gan ? 8 : 16
    #expect((model.width, model.height, model.channels) == (side, side, 1))
    let values = try model.images(latents: model.draw(seed: 4).latent, labels: [])
    #expect(values.count == side * side && values.allSatisfy { (-1...1).contains($0) })
    let sheet = try Image.read(folder.file("model/samples.png"))
    #expect(sheet.width == 8 * (side + 2) + 2)
  }

  @Test func itLearns() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallGAN(.gan, folder, steps: 1500)
    recipe.settings.model.width = 32
    recipe.run.trainer.evalEvery = 500
    recipe.run.trainer.schedule.peak = 1e-3
    let set = try ImageSet.open(recipe.settings.images.path)
    var random = RandomSource(seed: 1)
    var configuration = GANConfiguration(.gan, width: 8, height: 8, channels: 1, layers: [32, 64])
    configuration.latent = 6
    let untrained = GANModel(
      configuration, random.drawn { GANGenerator(configuration, using: &$0) })
    let before = try AdversarialMonitor(untrained, set).evaluate()
    #expect(before.isCollapsed)
    _ = try recipe.train(to: folder.file("model"))
    let model = try GANModel(folder: folder.file("model"))
    let after = try AdversarialMonitor(model, set).evaluate()
    // All of the seeds 1 to 12 reach that.
    #expect(after.distance < before.distance * 0.75, "\(after) \(before)")
    #expect(!after.isCollapsed && after.diversity > 0.3, "\(after)")
    // The numbers of the log are written so that they read back the same.
    let log = try text(folder.file("model/log.jsonl")).split(separator: "\n")
    #expect(
      log.last?.contains("\"sliced_wasserstein\":\(after.distance)") == true,
      "the latest weights are the model's")
  }

  private static let variants: [(String, GANKind, @Sendable (inout GANRecipe) -> Void)] = [
    ("plain gan", .gan, { _ in }), ("plain dcgan", .dcgan, { _ in }),
    (
      "everything", .dcgan,
      {
        $0.settings.training.average = 0.9
        $0.settings.training.isAnimated = true
        $0.settings.training.rollsBack = true
        $0.settings.training.isMirrored = true
        $0.settings.training.augmentation = Augmentation([.color, .translation, .cutout])
        $0.settings.model.isConditional = true
      }
    ),
    (
      "penalties", .dcgan,
      {
        $0.settings.training.loss = .wganGP
        $0.settings.training.r1 = 1
        $0.settings.training.discriminatorSteps = 2
      }
    ),
    (
      "spectral", .gan,
      {
        $0.settings.training.loss = .hinge
        $0.settings.model.isSpectral = true
      }
    ),
  ]

  /// The file of the run is compared too: optimizers, chance, frames.
  @Test(arguments: variants.indices) func resumedIsNeverStopped(_ variant: Int) throws {
    let (_, kind, change) = Self.variants[variant]
    let folder = try TemporaryFolder()
    var recipe = try smallGAN(kind, folder)
    change(&recipe)
    try expectResumes(
      recipe, at: 3, files: Self.files + [Trainer.stateFileName], in: folder
    ) { rest, parts in
      rest.settings.training =
        try GANConfiguration.read(folder: parts).training ?? GANTrainingOptions()
    }
  }

  @Test(arguments: GANKind.allCases) func threadsDoNotMatter(_ kind: GANKind) throws {
    let before = Threads.count
    defer { Threads.count = before }
    var expected: [[UInt8]]?
    for threads in [1, 3] {
      Threads.count = threads
      let folder = try TemporaryFolder()
      let recipe = try smallGAN(kind, folder, steps: 3)
      _ = try recipe.train(to: folder.file("model"))
      let found = try weights(folder.file("model"))
      #expect(expected == nil || expected == found)
      expected = found
    }
  }

  @Test func classesAreLearnedAndAskedFor() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallGAN(.gan, folder)
    recipe.settings.model.isConditional = true
    _ = try recipe.train(to: folder.file("model"))
    let model = try GANModel(folder: folder.file("model"))
    #expect(model.classes == ["0", "1"])
    let latent = model.draw(seed: 1).latent
    let (zero, one) = (
      try model.images(latents: latent, labels: [0]),
      try model.images(latents: latent, labels: [1])
    )
    #expect(zero != one)
    refuses([.usage]) { _ = try model.images(latents: latent, labels: [2]) }
    refuses([.usage]) { _ = try model.images(latents: latent, labels: []) }
    var unlabelled = try smallGAN(.gan, folder)
    unlabelled.settings.model.isConditional = true
    unlabelled.settings.images.path = try folder.write(
      "one.pgm", "P5 8 8 255 " + String(repeating: "x", count: 64))
    unlabelled.settings.images.labels = nil
    #expect(
      refuses([.usage]) { _ = try unlabelled.train(to: folder.file("other")) }
        .contains("`isConditional`"))
  }

  @Test func otherImagesAreRefused() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallGAN(.gan, folder)
    _ = try recipe.train(to: folder.file("model"))
    var other = try smallGAN(.gan, folder)
    let few = try writeSquares(try TemporaryFolder(), count: 20)
    (other.settings.images.path, other.settings.images.labels) = (few.images, few.labels)
    #expect(
      refuses([.mismatch, .badInput]) { _ = try other.resume(in: folder.file("model")) } != "")
    var odd = try smallGAN(.dcgan, folder)
    odd.settings.images.options.size = ImageSize(width: 17, height: 16)
    #expect(
      refuses([.usage]) { _ = try odd.train(to: folder.file("odd")) }.contains("`images.size`"))
  }
}
