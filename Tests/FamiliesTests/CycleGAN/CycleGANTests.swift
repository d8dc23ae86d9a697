import Checkpoints
import Datasets
import FamilySupport
import Files
import Glibc
import Inference
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// Translators: their runs, folders and published weights.
@Suite struct CycleGANTests {
  /// A run between small squares and large ones that ends in a moment.
  private func smallCycleGAN(
    _ folder: TemporaryFolder, steps: Int = 6, counts: (a: Int, b: Int) = (20, 12)
  ) throws -> CycleGANRecipe {
    let a = try writeImages(folder, "a", count: counts.a, size: ImageSize(width: 12, height: 16))
    let b = try writeImages(folder, "b", count: counts.b, size: ImageSize(width: 20, height: 16))
    var recipe = CycleGANRecipe(a: a, b: b)
    recipe.settings.a.options.size = ImageSize(width: 16, height: 16)
    recipe.settings.model.generator = .article
    recipe.settings.model.blocks = 1
    recipe.settings.model.generatorWidth = 4
    recipe.settings.model.discriminatorWidth = 4
    recipe.settings.training.poolSize = 3
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 2
    recipe.run.trainer.evalEvery = 4
    recipe.run.trainer.seed = 3
    // A rate that does not depend on where a part of a run ends.
    recipe.run.trainer.schedule = Schedule(.constant, peak: 2e-3)
    return recipe
  }

  /// A folder of PNGs with a bright rectangle each, the first of them grey.
  private func writeImages(
    _ folder: TemporaryFolder, _ name: String, count: Int, size: ImageSize
  ) throws -> String {
    let path = folder.file(name)
    try makeFolder(path)
    var random = RandomSource(seed: UInt64(name.utf8.first ?? 0))
    for index in 0..<count {
      let channels = index == 0 ? 1 : 3
      let edge = Int(random.integer(below: 8))
      let pixels = (0..<size.width * size.height * channels).map { place -> UInt8 in
        let column = place / channels % size.width
        return column > edge && place % channels != 1 ? 230 : 20
      }
      try Image(
        width: size.width, height: size.height, channels: channels, pixels: pixels
      ).write(to: "\(path)/\(index).png")
    }
    return path
  }

  private static let files = [
    "generator_a.safetensors", "generator_b.safetensors", "discriminator_a.safetensors",
    "discriminator_b.safetensors", "config.json", "samples.png",
  ]

  @Test func resumedIsNeverStopped() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallCycleGAN(folder, steps: 9)
    for stop in [4, 5] {
      try expectResumes(recipe, at: stop, files: Self.files, in: folder)
      removeTree(folder.file("whole"))
      removeTree(folder.file("parts"))
    }
  }

  /// Parts are cut out at places that a resumed run draws too.
  @Test func cutPartsAreResumed() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallCycleGAN(folder, steps: 7)
    (recipe.settings.training.loadWidth, recipe.settings.training.loadHeight) = (20, 18)
    recipe.settings.training.average = 0.9
    recipe.settings.training.augmentation = Augmentation([.translation, .cutout])
    try expectResumes(recipe, at: 3, files: Self.files, in: folder)
  }

  private static let preprocessed:
    [(
      mode: CycleGANTrainingOptions.Preprocess, load: Int?, crop: Int?, loaded: String, size: String
    )] = [
      (.resizeAndCrop, 18, 16, "18x18", "16x16"), (.crop, nil, 10, "12x16", "10x10"),
      (.scaleWidth, 24, nil, "24x32", "24x32"), (.scaleWidthAndCrop, 18, 16, "18x24", "16x16"),
      (.none, nil, nil, "12x16", "12x16"),
    ]

  /// Sizes at which images are loaded, and of what is learned from.
  @Test(arguments: 0..<5) func imagesArePreprocessed(_ index: Int) throws {
    let (preprocess, load, crop, loaded, size) = Self.preprocessed[index]
    let folder = try TemporaryFolder()
    var recipe = try smallCycleGAN(folder, steps: 1)
    recipe.settings.model.discriminator = .pixel
    recipe.settings.training.preprocess = preprocess
    (recipe.settings.training.loadWidth, recipe.settings.training.loadHeight) = (load, load)
    recipe.settings.a.options.size = crop.map { ImageSize(width: $0, height: $0) }
    let members = try recipe.plan(.new) { _ in }.members
    #expect(members.first { $0.name == "image_size" }?.value == .string(size))
    let found = members.first { $0.name == "load_size" }?.value
    #expect(found == (loaded == size ? .null : .string(loaded)))
    _ = try recipe.train(to: folder.file("model"))
  }

  @Test func aRunLearnsToTranslate() throws {
    let folder = try TemporaryFolder()
    let recipe = try smallCycleGAN(folder, steps: 70)
    _ = try recipe.train(to: folder.file("model"))
    let model = try CycleGANModel(folder: folder.file("model"))
    #expect(model.directions == [.forward, .back])
    let set = try ImageList(recipe.settings.a.path)
    let image = try set.image(3)
    let values = image.pixels.map { Float($0) / 127.5 - 1 }
    let there = try model.translator(.forward)
      .translated(values, width: image.width, height: image.height)
    let back = try model.translator(.back)
      .translated(there, width: image.width, height: image.height)
    let error = zip(values, back).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(values.count)
    #expect(error < 0.4, "what comes back is not what went there: \(error)")
  }

  /// Pairs are found by their names; what has no other half is left out.
  @Test func pairsOfNamesAreLearned() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallCycleGAN(folder)
    recipe.settings.model.isPaired = true
    let plan = try recipe.plan(.new) { _ in }
    #expect(plan.found.first { $0.name == "images_a" }?.value == .int(12))
    try expectResumes(
      recipe, at: 4, files: ["generator_a.safetensors", "discriminator_b.safetensors"], in: folder)
    let model = try CycleGANModel(folder: folder.file("whole"))
    #expect(model.directions == [.forward])
    #expect(refusal { _ = try model.translator(.back) }?.code == .mismatch)
    for file in folderContents(recipe.settings.b.path) {
      rename("\(recipe.settings.b.path)/\(file)", "\(recipe.settings.b.path)/x\(file)")
    }
    #expect(refuses { _ = try recipe.plan(.new) { _ in } }.contains("same name"))
  }

  @Test func badDomainsAreRefused() throws {
    let folder = try TemporaryFolder()
    var recipe = try smallCycleGAN(folder)
    try makeFolder(folder.file("none"))
    recipe.settings.b.path = folder.file("none")
    #expect(refusal { _ = try recipe.plan(.new) { _ in } }?.code == .badInput)
    recipe.settings.b.path = folder.file("missing")
    #expect(refusal { _ = try recipe.plan(.new) { _ in } }?.code == .badInput)
    recipe = try smallCycleGAN(folder)
    recipe.settings.model.generator = .unet128
    #expect(refuses([.usage]) { _ = try recipe.plan(.new) { _ in } }.contains("128"))
    recipe.settings.model.generator = .resnet6
    recipe.settings.model.discriminator = .basic
    #expect(refuses([.usage]) { _ = try recipe.plan(.new) { _ in } }.contains("too few"))
  }

  // MARK: Published weights

  private func imported(
    _ names: [String], to folder: String, _ direction: TranslationDirection? = nil
  ) throws -> CycleGANModel {
    for name in names {
      var options = ImportOptions()
      options.direction = direction
      try CycleGANFamily().importCheckpoint(
        Checkpoint.open(fixture(name)), options: options, to: folder)
    }
    return try CycleGANModel(folder: folder)
  }

  /// Both translators come into one folder, each under its direction, the one of 2017 too.
  @Test func publishedWeightsAreRead() throws {
    let folder = try TemporaryFolder()
    let model = try imported(
      ["latest_net_G_A.pth", "latest_net_G_B.pth"], to: folder.file("model"))
    #expect(model.directions == [.forward, .back])
    #expect(model.configuration.generator == .resnet9)
    #expect(model.configuration.generatorWidth == 2 && model.configuration.width == 256)
    let weights = try Checkpoint.open(folder.file("model/generator_b.safetensors"))
    let original = try Checkpoint.open(fixture("latest_net_G_B.pth"))
    #expect(
      try weights.tensor("model.10.conv_block.1.weight").floats()
        == original.tensor("model.10.conv_block.1.weight").floats())
    #expect(weights["model.10.conv_block.2.running_mean"] == nil)
    let pix2pix = try imported(["latest_net_G.pth"], to: folder.file("unet"), .back)
    #expect(pix2pix.directions == [.back] && pix2pix.configuration.generator == .unet256)
    #expect(pix2pix.configuration.normalization == .batch)
    let other = refusal {
      _ = try imported(["latest_net_G.pth"], to: folder.file("unet"), .forward)
    }
    #expect(other == nil, "the same network, the other way")
    removeTree(folder.file("model/generator_b.safetensors"))
    #expect(
      refuses([.mismatch]) {
        _ = try imported(["latest_net_G.pth"], to: folder.file("model"), .back)
      }
      .contains("name another folder"))
  }

  @Test func otherTensorsAreRefused() throws {
    let folder = try TemporaryFolder()
    let found = refuses([.mismatch]) {
      try CycleGANFamily().importCheckpoint(
        Checkpoint.open(fixture("dcgan_generator.pth")), options: ImportOptions(),
        to: folder.file("model"))
    }
    #expect(found.contains("no cyclegan in it"))
    #expect(!fileExists(folder.file("model")))
  }

  /// Half the size, with the same directions, without what only training needs.
  @Test func conversionKeepsTheTranslators() throws {
    let folder = try TemporaryFolder()
    _ = try smallCycleGAN(folder).train(to: folder.file("model"))
    var options = ConversionOptions()
    (options.type, options.part) = (.f16, .generator)
    try CycleGANFamily().convert(folder.file("model"), to: folder.file("half"), options: options)
    #expect(
      folderContents(folder.file("half")).sorted()
        == ["config.json", "generator_a.safetensors", "generator_b.safetensors"])
    let (whole, half) = (
      try CycleGANModel(folder: folder.file("model")),
      try CycleGANModel(folder: folder.file("half"))
    )
    let image = (0..<7 * 5 * 3).map { Float($0 % 11) / 6 - 0.9 }
    for direction in whole.directions {
      let a = try whole.translator(direction).translated(image, width: 7, height: 5)
      let b = try half.translator(direction).translated(image, width: 7, height: 5)
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 0.01 })
    }
  }
}
