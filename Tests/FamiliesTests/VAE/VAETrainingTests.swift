import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Testing
import Training

@testable import Families

/// A small run that ends in a moment.
func smallVAE(_ kind: VAEKind, _ folder: TemporaryFolder, steps: Int = 6) throws -> VAETrainer {
  let files = try writeSquares(folder)
  var trainer = VAETrainer()
  trainer.kind = kind
  trainer.data = files.pictures
  trainer.labels = files.labels
  trainer.model.layers = [12, 8]
  trainer.model.latent = 6
  trainer.trainer.steps = steps
  trainer.trainer.batchSize = 8
  trainer.trainer.evalEvery = 3
  trainer.trainer.seed = 3
  trainer.heldOutShare = 0.25
  return trainer
}

/// Autoencoders from pictures to pictures.
@Suite(.serialized) struct VAETrainingTests {
  @Test(arguments: VAEKind.allCases) func aRunShowsItself(_ kind: VAEKind) throws {
    let folder = try TemporaryFolder()
    var trainer = try smallVAE(kind, folder)
    let summary = try trainer.train(to: folder.file("model"))
    #expect(summary.steps == 6 && summary.items == 48)
    #expect((summary.bestValidationLoss != nil) == (kind == .vae))
    for name in ["samples.png", "reconstructions.png", "loss.png"] {
      _ = try Picture.read(folder.file("model/\(name)"))
    }
    let log = try text(folder.file("model/log.jsonl"))
    for name in ["reconstruction", "kl", "val_loss", "val_kl", "active_units"] {
      #expect(log.contains("\"\(name)\":"), "\(name)")
    }
    let model = try VAEModel(folder: folder.file("model"))
    #expect(model.configuration.training == trainer.options)
    let values = try model.pictures(latents: model.draw(seed: 4).latent, labels: [])
    #expect(values.count == 64 && values.allSatisfy { (-1...1).contains($0) })
  }

  @Test func itLearns() throws {
    let folder = try TemporaryFolder()
    var trainer = try smallVAE(.vae, folder, steps: 600)
    trainer.model.layers = [64, 32]
    trainer.trainer.evalEvery = 200
    trainer.trainer.schedule.peak = 3e-3
    let summary = try trainer.train(to: folder.file("model"))
    // A picture of 4 or 16 white pixels of 64: 15 and 36 nats with one rate for all.
    let best = try #require(summary.bestValidationLoss)
    #expect(best < 22, "\(best)")
    let model = try VAEModel(folder: folder.file("model"))
    let set = try PictureSet.open(trainer.data)
    let values = try set.values([0, 1, 2, 3])
    let means = try model.posterior(values, labels: []).means
    let again = try model.pictures(latents: means, labels: [])
    let wrong = zip(values, again).reduce(0) { $0 + (($1.0 > 0) == ($1.1 > 0) ? 0 : 1) }
    #expect(wrong < 16, "\(wrong) of 256 pixels")
    let likelihoods = try model.logLikelihoods(values, latents: means, labels: [])
    let other = try model.logLikelihoods(
      values, latents: Array(means.reversed()), labels: [])
    #expect(likelihoods.reduce(0, +) > other.reduce(0, +))
  }

  private static let variants: [(String, VAEKind, @Sendable (inout VAETrainer) -> Void)] = [
    ("plain", .vae, { _ in }), ("vaegan", .vaegan, { _ in }),
    (
      "features", .vaegan,
      {
        $0.options.reconstruction = .features
        $0.options.r1 = 1
        $0.model.isConditional = true
      }
    ),
    (
      "everything", .vae,
      {
        $0.model.network = .convolutional
        $0.model.layers = [4, 6]
        $0.model.hidden = 10
        $0.model.isConditional = true
        $0.model.likelihood = .gaussian
        $0.options.annealingSteps = 4
        $0.options.freeBits = 0.02
        $0.options.isMirrored = true
        $0.heldOutShare = 0
      }
    ),
    (
      "convolutional vaegan", .vaegan,
      {
        $0.model.network = .convolutional
        $0.model.layers = [4, 6]
        $0.options.reconstruction = .features
      }
    ),
  ]

  /// A run that stopped and went on has the weights of one that did not.
  @Test(arguments: variants) func resumingChangesNothing(
    _ name: String, _ kind: VAEKind, _ change: @Sendable (inout VAETrainer) -> Void
  ) throws {
    let folder = try TemporaryFolder()
    var whole = try smallVAE(kind, folder)
    change(&whole)
    // The schedule does not follow the number of steps.
    whole.trainer.schedule.shape = .constant
    _ = try whole.train(to: folder.file("whole"))
    var part = try smallVAE(kind, folder)
    change(&part)
    part.trainer = whole.trainer
    part.trainer.steps = 2
    _ = try part.train(to: folder.file("part"))
    part.trainer.steps = 6
    part.options = try #require(VAEConfiguration.read(folder: folder.file("part")).training)
    _ = try part.resume(in: folder.file("part"))
    let file = VAEFolder.weights
    #expect(try bytes(folder.file("whole/\(file)")) == bytes(folder.file("part/\(file)")))
    let configuration = try VAEConfiguration.read(folder: folder.file("part"))
    #expect(configuration.trainingPictures == 48)
  }

  /// Without --conditional too, which a run that goes on does not need to be told again.
  @Test func heldOutPicturesHaveTheClassesOfTheRun() throws {
    let folder = try TemporaryFolder()
    var trainer = try smallVAE(.vae, folder)
    trainer.model.isConditional = true
    _ = try trainer.train(to: folder.file("model"))
    trainer.model.isConditional = false
    trainer.trainer.steps = 9
    trainer.heldOut = try folder.write("one.pgm", "P5 8 8 255 " + String(repeating: "x", count: 64))
    let found = refuses([.mismatch]) { _ = try trainer.resume(in: folder.file("model")) }
    #expect(found.contains("other classes"), "\(found)")
  }

  @Test func collapseIsNamed() throws {
    let folder = try TemporaryFolder()
    var trainer = try smallVAE(.vae, folder, steps: 60)
    trainer.options.beta = 100
    trainer.trainer.evalEvery = 30
    var warnings: [String] = []
    trainer.report = { if case .warning(let text) = $0 { warnings.append(text) } }
    _ = try trainer.train(to: folder.file("model"))
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
