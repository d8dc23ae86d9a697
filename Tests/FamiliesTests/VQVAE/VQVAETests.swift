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

/// A small run of a VQ-VAE: images of 8 x 8 as grids of 2 x 2 codes.
/// - Parameter family: the name in `config.json`; "vae" as `train vae --vq` has it.
func smallVQVAE(
  _ folder: TemporaryFolder, steps: Int = 6, family: String = VQVAEFamily.name
) throws -> VQVAERecipe {
  let plain = try smallVAE(.vae, folder, steps: steps)
  var recipe = VQVAERecipe(family: family)
  recipe.settings.images = plain.settings.images
  recipe.settings.layers = [6, 8]
  (recipe.settings.codebook.entries, recipe.settings.codebook.dimension) = (12, 4)
  recipe.run = plain.run
  return recipe
}

/// VQ-VAEs from images to images.
@Suite(.serialized) struct VQVAETests {
  @Test func aRunShowsItself() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallVQVAE(folder)
    let summary = try recipe.train(to: folder.file("model")).summary
    #expect(summary.steps == 6 && summary.items == 48 && summary.bestValidationLoss != nil)
    for name in ["samples.png", "reconstructions.png", "loss.png"] {
      _ = try Image.read(folder.file("model/\(name)"))
    }
    let log = try text(folder.file("model/log.jsonl"))
    for name in ["reconstruction", "commitment", "perplexity", "val_loss", "val_code_perplexity"] {
      #expect(log.contains("\"\(name)\":"), "\(name)")
    }
    let model = try VQVAEModel(folder: folder.file("model"))
    #expect(
      model.latentCount == 4 && model.configuration.codebook == recipe.settings.codebook)
    #expect(model.description.contains { $0.name == "prior" })
    // The same seed is the same image, in any company.
    let draws = (0..<20).map { model.draw(seed: $0).latent }
    let all = try model.images(latents: draws.flatMap { $0 }, labels: [])
    let one = try model.images(latents: draws[18], labels: [])
    #expect(Array(all[18 * 64..<19 * 64]) == one && one.allSatisfy { (-1...1).contains($0) })
    // Codes and back, by one image and by many.
    let values = try ImageSet.open(recipe.settings.images.path).values(Array(0..<20))
    let codes = try model.codes(values)
    #expect(codes.count == 80 && codes.allSatisfy { (0..<12).contains($0) })
    #expect(try model.codes(Array(values[64..<128])) == Array(codes[4..<8]))
    #expect(try model.images(codes: codes).count == values.count)
  }

  @Test func itLearns() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallVQVAE(folder, steps: 500)
    recipe.settings.layers = [16, 32]
    recipe.settings.codebook.entries = 64
    recipe.run.trainer.evalEvery = 250
    recipe.run.trainer.schedule.peak = 3e-3
    let summary = try recipe.train(to: folder.file("model")).summary
    // An image of 4 or 16 white pixels of 64: 15 and 36 nats with one rate for all.
    let best = try #require(summary.bestValidationLoss)
    #expect(best < 6, "\(best)")
    // The prior knows the grids: fewer bits than codes that are all alike, 4 · 6.
    let model = try VQVAEModel(folder: folder.file("model"))
    let codes = try model.codes(ImageSet.open(recipe.settings.images.path).values(Array(0..<48)))
    let prior = try #require(model.prior)
    #expect(prior.bits(of: codes) / 48 < 18, "\(prior.bits(of: codes) / 48)")
  }

  /// A run that stopped and went on has the weights, the averages and the prior of one that did not.
  @Test(arguments: VectorQuantizer.Update.allCases) func resumingChangesNothing(
    _ update: VectorQuantizer.Update
  ) throws {
    let folder = try TemporaryFolder()
    var whole = try smallVQVAE(folder)
    whole.settings.codebook.update = update
    whole.run.trainer.schedule.shape = .constant
    try expectResumes(
      whole, at: 2, files: [VAEFolder.weights, VQVAEModel.priorName], in: folder
    ) { rest, parts in
      rest.settings.training = try #require(VAEConfiguration.read(folder: parts).training)
    }
  }

  @Test func theBoundHasItsParts() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallVQVAE(folder, steps: 30)
    _ = try recipe.train(to: folder.file("model"))
    let model = try VQVAEModel(folder: folder.file("model"))
    var options = LikelihoodOptions(count: 40, draws: 0)
    options.seed = 1
    let members = try model.likelihood(of: recipe.settings.images.path, options) { _ in }
    func value(_ name: String) throws -> Double {
      guard case .double(let value) = try #require(members.first { $0.name == name }).value else {
        throw AIGCError.failed(name)
      }
      return value
    }
    let (bound, reconstruction) = (try value("elbo"), try value("reconstruction"))
    #expect(abs(bound + reconstruction + (try value("kl"))) < 1e-9)
    #expect(abs(try value("kl") / value("code_bits") - 0.693147) < 1e-5)
    #expect(reconstruction > 0 && reconstruction < 64)
  }

  /// The scores are the bound and its part image by image; the rest follows from the reconstruction.
  @Test func anomaliesAreScored() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallVQVAE(folder, steps: 150)
    _ = try recipe.train(to: folder.file("model"))
    let model = try VQVAEModel(folder: folder.file("model"))
    let images = try ImageSet.open(recipe.settings.images.path)
    func scores(_ measure: AnomalyMeasure) throws -> [Double] {
      try AnomalyScorer(model, measure).scores(of: images, labels: nil)
    }
    let count = Double(images.count)
    let found = try VQVAEMeasures(of: images, model.configuration, model.networks)
    let reconstructions = try scores(.reconstruction)
    #expect(abs(reconstructions.reduce(0, +) / count - found.reconstruction) < 1e-3)
    let prior = try #require(model.prior)
    let mean = try zip(scores(.elbo), reconstructions).reduce(0) { $0 + $1.0 - $1.1 } / count
    #expect(abs(mean - prior.bits(of: found.codes) / count * 0.6931471805599453) < 1e-6)
    // Black and white noise is no image of squares; held-out images gave the threshold.
    let threshold = try #require(model.threshold)
    #expect(threshold.measure == .relative && threshold.examples > 0)
    var random = RandomSource(seed: 4)
    let noise = (0..<20 * 64).map { _ in Float(random.integer(below: 2)) * 2 - 1 }
    let (own, others) = (
      try scores(.deviance), try AnomalyScorer(model, .deviance).scores(noise, labels: [])
    )
    #expect(others.reduce(0, +) / 20 > own.reduce(0, +) / count)
    removeTree(folder.file("model/\(VQVAEModel.priorName)"))
    let unfinished = try VQVAEModel(folder: folder.file("model"))
    #expect(refuses { _ = try AnomalyScorer(unfinished, .elbo) }.contains("no prior"))
  }

  private static let damage = [
    Damage("\"entries\" : 12", "\"entries\" : 13", "does not fit"),
    Damage("\"entries\" : 12", "\"entries\" : 1000000", "no VQ-VAE"),
    Damage("\"dimension\" : 4", "\"dimension\" : -1", "no VQ-VAE"),
    Damage("\"latent\" : 4", "\"latent\" : 5", "no VQ-VAE"),
    Damage("\"width\" : 8", "\"width\" : 16", "no VQ-VAE"),
    Damage("\"update\" : \"average\"", "\"update\" : \"gradient\"", "unknown"),
  ]

  @Test(arguments: damage) func damagedConfigurations(_ damage: Damage) throws {
    let folder = try TemporaryFolder()
    let recipe = try smallVQVAE(folder, steps: 1)
    let path = folder.file("model")
    _ = try recipe.train(to: path)
    try folder.expectRefusal(of: damage) { _ = try VQVAEModel(folder: path) }
  }

  @Test func otherModelsAndMissingPriors() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallVQVAE(folder, steps: 1)
    _ = try recipe.train(to: folder.file("vq"))
    let plain = try smallVAE(.vae, folder, steps: 1)
    _ = try plain.train(to: folder.file("vae"))
    #expect(throws: AIGCError.self) { try VAEModel(folder: folder.file("vq")) }
    #expect(throws: AIGCError.self) { try VQVAEModel(folder: folder.file("vae")) }
    // As 'train vae --vq' calls it: it opens under both names.
    _ = try smallVQVAE(folder, steps: 1, family: "vae").train(to: folder.file("old"))
    for name in ["vq", "old"] {
      let family = try #require(try family(of: folder.file(name)) as? VQVAEFamily)
      #expect(family.names == ["vqvae", "vae"])
      #expect(try family.load(folder.file(name)) is VQVAEModel)
      // Half as large, with the prior.
      var options = ConversionOptions()
      options.type = .f16
      try family.convert(folder.file(name), to: folder.file("half-\(name)"), options: options)
      #expect(try VQVAEModel(folder: folder.file("half-\(name)")).prior != nil)
    }
    let plainFamily = try family(of: folder.file("vae"))
    #expect((plainFamily as? VAEFamily)?.name == "vae")
    removeTree(folder.file("vq/\(VQVAEModel.priorName)"))
    let model = try VQVAEModel(folder: folder.file("vq"))
    let error = #expect(throws: AIGCError.self) {
      try model.images(latents: [0, 0, 0, 0], labels: [])
    }
    #expect(error?.description.contains("`resume(in:)`") == true)
  }

  @Test func collapseIsNamed() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallVQVAE(folder, steps: 4)
    recipe.settings.codebook.entries = 500
    recipe.settings.codebook.update = .gradient
    recipe.run.trainer.evalEvery = 2
    var warnings: [String] = []
    _ = try recipe.train(to: folder.file("model")) {
      if case .warning(let text) = $0 { warnings.append(text) }
    }
    let collapses = warnings.filter { $0.hasPrefix("codebook collapse") }
    #expect(collapses.count == 1, "\(warnings)")
  }
}
