import Autograd
import Checkpoints
import Datasets
import FamilySupport
import Files
import Inference
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// StyleGANs: their runs, folders, styles and published weights.
@Suite struct StyleGANTests {
  /// A run on small images of two colours that ends in a moment.
  private func smallRecipe(_ folder: TemporaryFolder, steps: Int = 8) throws -> StyleGANRecipe {
    let path = folder.file("images")
    try makeFolder(path)
    var random = RandomSource(seed: 5)
    for index in 0..<24 {
      let edge = Int(random.integer(below: 8))
      let pixels = (0..<8 * 8 * 3).map { UInt8($0 / 3 % 8 > edge && $0 % 3 != 1 ? 230 : 20) }
      try Image(width: 8, height: 8, channels: 3, pixels: pixels).write(
        to: "\(path)/\(index).png")
    }
    var recipe = StyleGANRecipe(images: path)
    (recipe.settings.model.latent, recipe.settings.model.style) = (6, 6)
    recipe.settings.model.depth = 2
    (recipe.settings.model.baseMaps, recipe.settings.model.mostMaps) = (64, 8)
    recipe.settings.training.adaptation.mode = .ada
    recipe.settings.training.adaptation.thousands = 0.05
    recipe.settings.training.isMirrored = true
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 8
    recipe.run.trainer.evalEvery = 4
    recipe.run.trainer.seed = 3
    return recipe
  }

  @Test func resumedIsNeverStopped() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallRecipe(folder, steps: 9)
    for stop in [4, 5] {
      try expectResumes(
        recipe, at: stop,
        files: [
          "generator.safetensors", "discriminator.safetensors", "config.json", "samples.png",
        ],
        in: folder)
      removeTree(folder.file("whole"))
      removeTree(folder.file("parts"))
    }
  }

  @Test func aRunLearns() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallRecipe(folder, steps: 80)
    recipe.settings.training.adaptation.mode = .noaug
    recipe.run.trainer.evalEvery = 40
    let result = try recipe.train(to: folder.file("model"))
    #expect(result.summary.items == 80 * 8)
    let model = try StyleGANModel(folder: folder.file("model"))
    var random = RandomSource(seed: 1)
    let values = try model.images(model.request(64, using: &random))
    // The second channel is dark in all images.
    let dark = values.indices.filter { $0 % 3 == 1 }.map { values[$0] }
    #expect(dark.reduce(0, +) / Float(dark.count) < -0.5)
  }

  /// The relativistic loss with both penalties, the article's networks and classes.
  @Test func otherRuns() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallRecipe(folder, steps: 3)
    recipe.settings.training.loss = .relativistic
    recipe.settings.training.r2 = 1
    recipe.settings.training.penaltyInterval = 2
    _ = try recipe.train(to: folder.file("relativistic"))
    recipe = try smallRecipe(folder, steps: 2)
    recipe.useArticle()
    (recipe.settings.model.latent, recipe.settings.model.style) = (4, 16)
    _ = try recipe.train(to: folder.file("article"))
    let model = try StyleGANModel(folder: folder.file("article"))
    #expect(model.width == 16 && model.configuration.network == .article)
    var settings = StyleSettings()
    settings.truncation = 0.5
    #expect(refuses([.usage]) { _ = try model.with(settings) }.contains("no mean style"))
    recipe = try smallRecipe(folder, steps: 2)
    recipe.settings.model.isConditional = true
    #expect(refuses([.usage]) { _ = try recipe.plan(.new) { _ in } }.contains("no classes"))
  }

  // MARK: Styles

  private func model(side: Int = 16, noise: Float = 1) throws -> StyleGANModel {
    var random = RandomSource(seed: 8)
    var sizes = StyleGANConfiguration(side: side, channels: 3)
    (sizes.latent, sizes.style, sizes.depth) = (8, 8, 2)
    (sizes.baseMaps, sizes.mostMaps) = (64, 8)
    let model = StyleGANModel(sizes, random.drawn { StyleGenerator(sizes, using: &$0) })
    for (name, parameter) in model.generator.namedParameters where name.hasSuffix("strength") {
      parameter.value = .ones([]) * noise
    }
    return model
  }

  @Test func truncationLeadsToOneImage() throws {
    let plain = try model()
    func images(_ psi: Float, _ noise: StyleNoise = .const) throws -> [[Float]] {
      var settings = StyleSettings()
      (settings.truncation, settings.noise) = (psi, noise)
      let model = try plain.with(settings)
      return try (1...3).map { try model.images(ImageRequest(seeds: [$0])) }
    }
    let (none, half, all) = (try images(0), try images(0.5), try images(1))
    #expect(none[0] == none[1] && none[1] == none[2])
    #expect(half[0] != half[1] && half[0] != all[0])
    #expect(try images(1) == all && images(1, .none)[0] != all[0])
    // Noise that is drawn is that of the image, whatever stands beside it.
    let drawn = try images(1, .random)
    #expect(drawn[0] != all[0])
    var settings = StyleSettings()
    settings.noise = .random
    let together = try plain.with(settings).images(ImageRequest(seeds: [2, 1]))
    #expect(Array(together[together.count / 2..<together.count]) == drawn[0])
  }

  @Test func mixedStyles() throws {
    let model = try model()
    let sampler = StyleSampler(model, labels: [], scale: 1)
    func styles(_ seed: UInt64) throws -> [Float] {
      let drawn = model.draw(seed: seed)
      return model.truncated(try model.styles(latents: drawn.latent, labels: []))
    }
    let (a, b) = (try styles(1), try styles(2))
    let all = Set(0..<model.styleCount)
    #expect(sampler.mixed(a, b, all) == b && sampler.mixed(a, b, []) == a)
    // To the byte, though each image is made in another batch: a blank corner, the columns' images, and in each row
    // its own image and the mixed ones, with gaps between.
    let (rows, columns): ([UInt64], [UInt64]) = ([1, 2, 3], Array(4...14))
    let left = try rows.map { try sampler.images(try styles($0))[0] }
    let top = try columns.map { try sampler.images(try styles($0))[0] }
    let ofColumns: (Int) -> [Image] = { _ in top }
    let ofRow: (Int) -> [Image] = { row in top.map { _ in left[row] } }
    for (layers, mixed) in [(all, ofColumns), (Set(), ofRow)] {
      var expected = [blank(top[0])] + top
      for row in left.indices { expected += [left[row]] + mixed(row) }
      let sheet = try sampler.mixed(rows: rows, columns: columns, layers: layers)[0]
      #expect(sheet == Image.grid(expected, columns: columns.count + 1))
    }
    #expect(
      refuses([.usage]) { _ = try sampler.mixed(rows: [1], columns: [2], layers: [99]) }
        .contains("0: 4 px"))
  }

  private func blank(_ image: Image) -> Image {
    Image(width: image.width, height: image.height, color: [255, 255, 255])
  }

  @Test func directionsAreOrthonormal() throws {
    let model = try model()
    let found = try LatentDirections(of: model)
    #expect(found.directions.count == 8 && found.deviations == found.deviations.sorted(by: >))
    for (i, a) in found.directions.enumerated() {
      for (j, b) in found.directions.enumerated() {
        let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(product - (i == j ? 1 : 0)) < 1e-4)
      }
    }
    #expect(refuses([.usage]) { _ = try found.shift(8, strength: 1) }.contains("0 to 7"))
  }

  @Test func projection() throws {
    let folder = try TemporaryFolder()
    let model = try model(side: 8, noise: 0)
    var random = RandomSource(seed: 2)
    let judge = random.drawn { StyleGANDiscriminator(model.configuration, using: &$0) }
    try GANFolder.write(
      model.configuration, generator: model.generator.namedParameters,
      discriminator: judge.namedParameters, to: folder.file)
    var projector = try StyleProjector(model, folder: folder.path)
    #expect(projector.comparesFeatures)
    projector.steps = 150
    let target = try model.images(ImageRequest(seeds: [7]))
    let found = try projector(target, seed: 0)
    #expect(found.psnr > found.firstPSNR + 3, "\(found.psnr), \(found.firstPSNR)")
    let path = folder.file("w.safetensors")
    try StyleFile.write(found.styles, of: model, to: path)
    let image = try model.images(styles: StyleFile.read(path, for: model))
    #expect(abs(StyleProjector.psnr(image, target) - found.psnr) < 1e-3)
    let other = try self.model(side: 16)
    #expect(
      refuses([.mismatch]) { _ = try StyleFile.read(path, for: other) }.contains("[images, 6, 8]"))
  }

  // MARK: Published weights

  private func imported(
    _ name: String, _ folder: TemporaryFolder, part: ImportOptions.Part? = nil
  ) throws -> String {
    let path = folder.file("model")
    try StyleGANFamily().importCheckpoint(
      Checkpoint.open(fixture(name)), options: ImportOptions(part: part), to: path)
    return path
  }

  /// NVlabs' snapshot: averaged weights are taken, and the discriminator joins them.
  @Test func networkPickle() throws {
    let folder = try TemporaryFolder()
    let file = try TensorFixture("stylegan.safetensors")
    let path = try imported("stylegan_network.pkl", folder)
    let model = try StyleGANModel(folder: path)
    #expect(model.width == 8 && model.latentCount == 8)
    try file.expectSameClipped(
      model.images(latents: file.tensor("pkl.z").values, labels: []), "pkl.image", channels: 3)
    #expect(!fileExists("\(path)/discriminator.safetensors"))
    _ = try imported("stylegan_network.pkl", folder, part: .discriminator)
    _ = try StyleProjector(model, folder: path)
    #expect(fileExists("\(path)/discriminator.safetensors"))
  }

  @Test func lucidrains() throws {
    let folder = try TemporaryFolder()
    let file = try TensorFixture("stylegan.safetensors")
    let model = try StyleGANModel(folder: imported("stylegan_lucidrains.pt", folder))
    let z = try file.tensor("lucidrains.z").values
    try file.expectSame(model.styles(latents: z, labels: []), "lucidrains.w", 1e-4)
    var settings = StyleSettings()
    settings.noise = .none
    try file.expectSameClipped(
      model.with(settings).images(latents: z, labels: []), "lucidrains.zero", channels: 3)
    let network = try #require(model.generator.network as? LucidrainsNetwork)
    let style = try file.tensor("lucidrains.w")
    let image = network.image(
      [Tensor](repeating: style, count: model.styleCount),
      noise: try file.tensor("lucidrains.noise"),
      .inference)
    try file.expectSameImage(image, "lucidrains.image", 1e-3)
  }

  @Test func article() throws {
    let folder = try TemporaryFolder()
    let file = try TensorFixture("stylegan.safetensors")
    let model = try StyleGANModel(folder: imported("stylegan_article.pth", folder))
    try file.expectSameClipped(
      model.images(latents: file.tensor("article.z").values, labels: []), "article.images",
      channels: 3)
    // Its own names, so that PyTorch reads what is written.
    let names = Set(
      try Checkpoint.open(folder.file("model/generator.safetensors")).tensors.map { $0.name })
    #expect(
      names == Set(try Checkpoint.open(fixture("stylegan_article.pth")).tensors.map { $0.name }))
  }

  @Test func badWeights() throws {
    let folder = try TemporaryFolder()
    func refusal(_ bytes: [UInt8]) throws -> String {
      try folder.write("bad.pkl", bytes)
      return refuses([.badInput, .mismatch]) {
        try StyleGANFamily().importCheckpoint(
          Checkpoint.open(folder.file("bad.pkl")), options: ImportOptions(),
          to: folder.file("model"))
      }
    }
    let whole = try bytes(fixture("stylegan_network.pkl"))
    #expect(!(try refusal(Array(whole[..<(whole.count / 2)])).isEmpty))
    // A block under another name.
    var text = whole
    let name = Array("synthesis".utf8)
    for place in text.indices.dropLast(name.count)
    where Array(text[place..<place + name.count]) == name {
      text[place] = UInt8(ascii: "x")
    }
    #expect(try refusal(text).contains("no stylegan in it"))
    // Calls of a pickle are names only.
    #expect(
      try refusal(
        Array(
          "\u{80}\u{2}cos\nsystem\nX\u{4}\0\0\0true\u{85}R.".unicodeScalars.map { UInt8($0.value) })
      ).contains("pickle"))
    #expect(!fileExists(folder.file("model")))
  }
}
