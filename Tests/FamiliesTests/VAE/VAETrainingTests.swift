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

/// Autoencoders from images to images.
@Suite(.serialized) struct VAETrainingTests {
  @Test(arguments: VAEKind.allCases) func aRunShowsItself(_ kind: VAEKind) throws {
    let folder = try TemporaryFolder()
    let recipe = try smallVAE(kind, folder)
    let summary = try recipe.train(to: folder.file("model")).summary
    #expect(summary.steps == 6 && summary.items == 48)
    #expect((summary.bestValidationLoss != nil) == (kind == .vae))
    for name in ["samples.png", "reconstructions.png", "loss.png"] {
      _ = try Image.read(folder.file("model/\(name)"))
    }
    let log = try text(folder.file("model/log.jsonl"))
    for name in ["reconstruction", "kl", "val_loss", "val_kl", "active_units"] {
      #expect(log.contains("\"\(name)\":"), "\(name)")
    }
    let model = try VAEModel(folder: folder.file("model"))
    #expect(model.configuration.training == recipe.settings.training)
    let values = try model.images(latents: model.draw(seed: 4).latent, labels: [])
    #expect(values.count == 64 && values.allSatisfy { (-1...1).contains($0) })
  }

  @Test func itLearns() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallVAE(.vae, folder, steps: 600)
    recipe.settings.model.layers = [64, 32]
    recipe.run.trainer.evalEvery = 200
    recipe.run.trainer.schedule.peak = 3e-3
    let summary = try recipe.train(to: folder.file("model")).summary
    // An image of 4 or 16 white pixels of 64: 15 and 36 nats with one rate for all.
    let best = try #require(summary.bestValidationLoss)
    #expect(best < 22, "\(best)")
    let model = try VAEModel(folder: folder.file("model"))
    let set = try ImageSet.open(recipe.settings.images.path)
    let values = try set.values([0, 1, 2, 3])
    let means = try model.posterior(values, labels: []).means
    let again = try model.images(latents: means, labels: [])
    let wrong = zip(values, again).reduce(0) { $0 + (($1.0 > 0) == ($1.1 > 0) ? 0 : 1) }
    #expect(wrong < 16, "\(wrong) of 256 pixels")
    let likelihoods = try model.logLikelihoods(values, latents: means, labels: [])
    let other = try model.logLikelihoods(
      values, latents: Array(means.reversed()), labels: [])
    #expect(likelihoods.reduce(0, +) > other.reduce(0, +))
  }

  private static let variants: [(String, VAEKind, @Sendable (inout VAERecipe) -> Void)] = [
    ("plain", .vae, { _ in }), ("vaegan", .vaegan, { _ in }),
    (
      "features", .vaegan,
      {
        $0.settings.training.reconstruction = .features
        $0.settings.training.r1 = 1
        $0.settings.model.isConditional = true
      }
    ),
    (
      "everything", .vae,
      {
        $0.settings.model.network = .convolutional
        $0.settings.model.layers = [4, 6]
        $0.settings.model.hidden = 10
        $0.settings.model.isConditional = true
        $0.settings.model.likelihood = .gaussian
        $0.settings.training.annealingSteps = 4
        $0.settings.training.freeBits = 0.02
        $0.settings.training.isMirrored = true
        $0.run.heldOut = HeldOutData(share: 0)
      }
    ),
    (
      "convolutional vaegan", .vaegan,
      {
        $0.settings.model.network = .convolutional
        $0.settings.model.layers = [4, 6]
        $0.settings.training.reconstruction = .features
      }
    ),
  ]

  /// A run that stopped and went on has the weights of one that did not.
  @Test(arguments: variants) func resumingChangesNothing(
    _ name: String, _ kind: VAEKind, _ change: @Sendable (inout VAERecipe) -> Void
  ) throws {
    let folder = try TemporaryFolder()
    var whole = try smallVAE(kind, folder)
    change(&whole)
    // The schedule does not follow the number of steps.
    whole.run.trainer.schedule.shape = .constant
    let resumed = try expectResumes(whole, at: 2, files: [VAEFolder.weights], in: folder) {
      rest, parts in
      rest.settings.training = try #require(VAEConfiguration.read(folder: parts).training)
    }
    let configuration = try VAEConfiguration.read(folder: resumed.path)
    #expect(configuration.trainingImages == 48)
  }

  /// Without --conditional too, which a run that goes on does not need to be told again.
  @Test func heldOutImagesHaveTheClassesOfTheRun() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallVAE(.vae, folder)
    recipe.settings.model.isConditional = true
    _ = try recipe.train(to: folder.file("model"))
    recipe.settings.model.isConditional = false
    recipe.run.trainer.steps = 9
    recipe.run.heldOut?.path = try folder.write(
      "one.pgm", "P5 8 8 255 " + String(repeating: "x", count: 64))
    let found = refuses([.mismatch]) { _ = try recipe.resume(in: folder.file("model")) }
    #expect(found.contains("other classes"), "\(found)")
  }

  @Test func collapseIsNamed() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallVAE(.vae, folder, steps: 60)
    recipe.settings.training.beta = 100
    recipe.run.trainer.evalEvery = 30
    var warnings: [String] = []
    _ = try recipe.train(to: folder.file("model")) {
      if case .warning(let text) = $0 { warnings.append(text) }
    }
    let collapses = warnings.filter { $0.hasPrefix("posterior collapse: 0 of 6") }
    #expect(collapses.count == 1, "\(warnings)")
  }

  @Test func annealing() {
    var options = VAETrainingOptions()
    (options.beta, options.annealingSteps) = (2, 4)
    #expect((0..<6).map { options.beta(at: $0) } == [0, 0.5, 1, 1.5, 2, 2])
    options.annealingSteps = 0
    #expect(options.beta(at: 0) == 2)
  }
}
