import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc train cyclegan`.
struct CycleGANArguments: RecipeArguments {
  static var command: String { CycleGANFamily.name }
  static var abstract: String { "Train translators between two sets of images." }
  static var discussion: String {
    """
    The images of both domains are --a and --b, each a folder of PNG and JPEG files, an archive of them \
    or a file of MNIST's kind; or DATA, a folder with trainA and trainB in it. Nothing has to belong \
    together; with --paired images of the same file name do, and one translator learns from them \
    (pix2pix).
    The folder of the run shows how it goes: samples.png (image, translation, and back), loss.png, \
    log.jsonl.
    \(CycleGANRecipe().run.defaultsText())
    """
  }

  @Argument(help: "A folder with trainA and trainB.", completion: .file())
  var data: String?
  @Option(help: "Images of domain A (default: trainA in DATA).", completion: .file())
  var a: String?
  @Option(help: "Images of domain B (default: trainB in DATA).", completion: .file())
  var b: String?
  @Option(help: "AtoB (the default), or BtoA: the domains change their places.")
  var direction: TranslationDirection?
  @OptionGroup(title: "Images") var images: TranslationImageArguments
  @OptionGroup(title: "Model") var model: CycleGANModelArguments
  @OptionGroup(title: "Losses") var losses: CycleGANLossArguments

  var source: (family: String, path: String) { (CycleGANFamily.name, data ?? a ?? "") }
  func usage(_ folder: String) -> String { "translate \(folder) in.png --out out.png" }

  func validate(with training: TrainingFlags) throws {
    guard (data != nil) != (a != nil && b != nil), (a == nil) == (b == nil) else {
      throw ValidationError("--a DIR and --b DIR, or one folder with trainA and trainB in it")
    }
    if training.val != nil || training.valSplit != nil {
      throw ValidationError(
        "--val and --val-split are not of CycleGANs: all images are learned from")
    }
    if losses.lambdaL1 != nil, !model.paired {
      throw ValidationError("--lambda-l1 goes with --paired")
    }
    let unpaired: [(String, Bool)] = [
      ("--lambda-a", losses.lambdaA != nil), ("--lambda-b", losses.lambdaB != nil),
      ("--lambda-identity", losses.lambdaIdentity != nil), ("--pool-size", losses.poolSize != nil),
    ]
    if model.paired, let flag = unpaired.first(where: { $0.1 }) {
      throw ValidationError("\(flag.0) is not of --paired: there is no way back, and no pool")
    }
  }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = CycleGANRecipe()
    let known = try saved.map { (run) throws(AIGCError) in
      try CycleGANConfiguration.read(folder: run.folder)
    }
    var (pathA, pathB) = (a ?? data.map { "\($0)/trainA" }, b ?? data.map { "\($0)/trainB" })
    let isTurned = direction == .back || direction == nil && saved?["--direction"] == "BtoA"
    if isTurned { swap(&pathA, &pathB) }
    recipe.settings.a = images.source(pathA ?? "", resuming: saved)
    recipe.settings.b = images.source(pathB ?? "", resuming: saved)
    recipe.settings.model = model.options
    recipe.settings.training = known?.training ?? CycleGANTrainingOptions()
    if known == nil, model.paired { recipe.settings.training.objective = .vanilla }
    try losses.apply(to: &recipe.settings.training)
    images.apply(to: &recipe.settings.training)
    return FilledRecipe(
      recipe: recipe,
      settings: images.settings(known) + model.settings(known)
        + [RunSetting("--direction", direction?.rawValue)],
      measure: ("nothing: no measure stops such a run", false))
  }
}

/// The flags of images to translate between.
struct TranslationImageArguments: ParsableArguments {
  @Option(
    name: [.customLong("crop-size"), .customLong("image-size"), .customLong("resolution")],
    help: "Size of what is learned from: 64, 48x32 (wide x high; default: the data's).")
  var cropSize: ImageSize?
  @Option(
    help:
      "Bring images to this size first, and cut a part of --crop-size out by chance: 72 (default: nothing is cut)."
  )
  var loadSize: ImageSize?
  @Option(
    help: """
      resize_and_crop (the default), crop, scale_width, scale_width_and_crop or none: see --load-size and \
      --crop-size.
      """)
  var preprocess: CycleGANTrainingOptions.Preprocess?
  @Option(help: "1 (grey) or 3 (colour); default: grey where all images of both are.")
  var channels: Int?
  @Option(help: "How images come to the size: pad, crop or stretch (default stretch).")
  var fit: ImageOptions.Fit?
  @OptionGroup(title: "Images") var reading: ImageReadingFlags
  @Option(parsing: .unconditional, help: "At most so many images of each domain (default: all).")
  var limit: Int?
  @Flag(help: "Do not turn half of the images left to right.")
  var noFlip = false
  @Option(help: "Convolutions: fast, or exact sums of products (default fast).")
  var convolution: ConvolutionMode?

  func validate() throws {
    if let channels, ![1, 3].contains(channels) {
      throw ValidationError("--channels \(channels): 1 or 3")
    }
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): a number from 1 up") }
    if let problem = sizesProblem { throw ValidationError(problem) }
  }

  /// Sizes that the way of --preprocess needs, or does not know.
  private var sizesProblem: String? {
    let mode = preprocess ?? .resizeAndCrop
    let takesCrop = mode != .scaleWidth && mode != .none
    let takesLoad = mode != .crop && mode != .none
    if cropSize != nil, !takesCrop {
      return "--crop-size: --preprocess \(mode.rawValue) cuts nothing"
    }
    if loadSize != nil, !takesLoad {
      return "--load-size: --preprocess \(mode.rawValue) resizes nothing"
    }
    if mode == .crop || mode == .scaleWidthAndCrop, cropSize == nil {
      return "--preprocess \(mode.rawValue) needs a --crop-size"
    }
    if mode == .scaleWidth || mode == .scaleWidthAndCrop, loadSize == nil {
      return "--preprocess \(mode.rawValue) needs a --load-size"
    }
    if mode == .resizeAndCrop, let loadSize {
      guard let cropSize, cropSize.width <= loadSize.width, cropSize.height <= loadSize.height
      else {
        return "--load-size \(loadSize) goes with a --crop-size that is no larger"
      }
    }
    return nil
  }

  func source(_ path: String, resuming saved: SavedRun?) -> ImageSource {
    ImageSource(
      path,
      options: reading.options(
        size: cropSize, channels: channels, fit: fit, limit: limit, resuming: saved))
  }

  func apply(to options: inout CycleGANTrainingOptions) {
    if let loadSize { (options.loadWidth, options.loadHeight) = (loadSize.width, loadSize.height) }
    if let preprocess { options.preprocess = preprocess }
    if noFlip { options.isMirrored = false }
    if let convolution { options.convolution = convolution }
  }

  /// What a run keeps.
  func settings(_ saved: CycleGANConfiguration?) -> [RunSetting] {
    let size = saved.map { ImageSize(width: $0.width, height: $0.height) }
    let loaded = saved?.training.flatMap { training in
      training.loadWidth.flatMap { width in
        training.loadHeight.map { ImageSize(width: width, height: $0) }
      }
    }
    return [
      RunSetting("--crop-size", cropSize, else: size?.description),
      RunSetting("--load-size", loadSize, else: loaded?.description),
      RunSetting("--preprocess", preprocess?.rawValue, else: saved?.training?.preprocess.rawValue),
      RunSetting("--channels", channels, else: saved?.channels.description),
      RunSetting("--fit", fit?.rawValue), RunSetting("--limit", limit),
      reading.badImagesSetting,
      RunSetting("--ignore-orientation", isOn: reading.ignoreOrientation),
      RunSetting("--no-flip", isOn: noFlip, else: saved?.training?.isMirrored == false),
    ]
  }
}

/// The flags of the networks, under pytorch-CycleGAN's names.
struct CycleGANModelArguments: ParsableArguments {
  @Option(help: "article: the article's generator, with discriminators of its size.")
  var preset: TranslationPreset?
  @Option(
    name: [.customLong("netG"), .customLong("net-g")],
    help: "resnet_9blocks (the default), resnet_6blocks, unet_128 or unet_256.")
  var netG: CycleGANConfiguration.Generator?
  @Option(
    name: [.customLong("netD"), .customLong("net-d")],
    help: "basic (the default: patches of 70 pixels), n_layers, pixel, or article.")
  var netD: CycleGANConfiguration.Discriminator?
  @Option(help: "Residual blocks of --preset article (default 6).")
  var blocks: Int?
  @Option(help: "Channels of the generator's first layer (default 64).")
  var ngf: Int?
  @Option(help: "Channels of the discriminator's first layer (default 64).")
  var ndf: Int?
  @Option(
    name: [.customLong("n-layers-D"), .customLong("n-layers-d")],
    help: "Layers of --netD n_layers that halve the sides (default 3).")
  var layers: Int?
  @Option(help: "instance, batch or none (default instance; with --paired batch).")
  var norm: CycleGANConfiguration.Normalization?
  @Flag(help: "Drop values in the generator's inner layers (with --paired: no flag needed).")
  var dropout = false
  @Flag(help: "With --paired: drop no values.")
  var noDropout = false
  @Flag(help: "Images of the same file name belong together (pix2pix).")
  var paired = false

  func validate() throws {
    if preset != nil, netG != nil {
      throw ValidationError("--preset article or --netG, not both")
    }
    if blocks != nil, preset == nil { throw ValidationError("--blocks goes with --preset article") }
    if layers != nil, netD != .layers {
      throw ValidationError("--n-layers-D goes with --netD n_layers")
    }
    for (flag, value, range) in [
      ("--blocks", blocks, 0...1000), ("--ngf", ngf, 1...4096), ("--ndf", ndf, 1...4096),
      ("--n-layers-D", layers, 1...12),
    ] where value.map({ !range.contains($0) }) ?? false {
      throw ValidationError(
        "\(flag) \(value ?? 0): \(range.lowerBound) to \(range.upperBound)")
    }
    if dropout, noDropout { throw ValidationError("--dropout or --no-dropout, not both") }
    if preset != nil, norm != nil || dropout || noDropout {
      throw ValidationError("--norm and --dropout are not of --preset article, which has neither")
    }
  }

  var options: CycleGANModelOptions {
    var result = CycleGANModelOptions()
    result.generator = preset == nil ? netG ?? .resnet9 : .article
    (result.discriminator, result.blocks) = (netD, blocks)
    (result.generatorWidth, result.discriminatorWidth) = (ngf, ndf)
    (result.discriminatorLayers, result.normalization) = (layers, norm)
    result.usesDropout = dropout ? true : noDropout ? false : nil
    result.isPaired = paired
    return result
  }

  /// What a run keeps.
  func settings(_ saved: CycleGANConfiguration?) -> [RunSetting] {
    let isArticle = saved?.generator == .article
    return [
      RunSetting("--preset", preset?.rawValue, else: isArticle ? "article" : nil),
      RunSetting("--netG", netG?.rawValue, else: isArticle ? nil : saved?.generator.rawValue),
      RunSetting("--netD", netD?.rawValue, else: saved?.discriminator.rawValue),
      RunSetting("--blocks", blocks, else: isArticle ? saved?.blocks.description : nil),
      RunSetting("--ngf", ngf, else: saved?.generatorWidth.description),
      RunSetting("--ndf", ndf, else: saved?.discriminatorWidth.description),
      RunSetting("--n-layers-D", layers, else: saved?.discriminatorLayers.description),
      RunSetting("--norm", norm?.rawValue, else: saved?.normalization.rawValue),
      RunSetting("--dropout", isOn: dropout, else: saved?.usesDropout == true),
      RunSetting("--no-dropout", isOn: noDropout, else: saved?.usesDropout == false),
      RunSetting("--paired", isOn: paired, else: saved?.isPaired == true),
    ]
  }
}

/// Networks by one name.
enum TranslationPreset: String, ExpressibleByArgument, CaseIterable {
  case article
}

/// The flags of what is learned from.
struct CycleGANLossArguments: ParsableArguments {
  @Option(help: "lsgan (the default) or vanilla (the default with --paired).")
  var ganMode: CycleGANTrainingOptions.Objective?
  @Option(parsing: .unconditional, help: "Weight of the cycle A to B to A (default 10).")
  var lambdaA: Float?
  @Option(parsing: .unconditional, help: "Weight of the cycle B to A to B (default 10).")
  var lambdaB: Float?
  @Option(
    parsing: .unconditional,
    help:
      "Weight of what a translator changes in images of its target, in parts of the others (default 0.5)."
  )
  var lambdaIdentity: Float?
  @Option(
    name: [.customLong("lambda-l1"), .customLong("lambda-L1")], parsing: .unconditional,
    help: "With --paired: weight of the difference to the pair's other image (default 100).")
  var lambdaL1: Float?
  @Option(help: "Translated images kept for the discriminators (default 50).")
  var poolSize: Int?
  @Option(
    help: "Change what discriminators see: some of color,translation,cutout (default: nothing).")
  var augment: String?
  @Option(
    parsing: .unconditional,
    help:
      "Share that a step keeps of the average of the translators' weights: 0.999 (default: no average)."
  )
  var ema: Float?

  func validate() throws {
    if let ema, !(ema >= 0 && ema < 1) { throw ValidationError("--ema \(ema): 0 to below 1") }
    try requireFromZero([
      ("--lambda-a", lambdaA), ("--lambda-b", lambdaB), ("--lambda-identity", lambdaIdentity),
      ("--lambda-l1", lambdaL1),
    ])
    if let poolSize, !(0...100_000).contains(poolSize) {
      throw ValidationError("--pool-size \(poolSize): 0 to 100000")
    }
  }

  /// Puts in what was given.
  func apply(to options: inout CycleGANTrainingOptions) throws(AIGCError) {
    if let augment { options.augmentation = try Augmentation(parsing: augment) }
    if let ganMode { options.objective = ganMode }
    if let lambdaA { options.lambdaA = lambdaA }
    if let lambdaB { options.lambdaB = lambdaB }
    if let lambdaIdentity { options.lambdaIdentity = lambdaIdentity }
    if let lambdaL1 { options.lambdaL1 = lambdaL1 }
    if let poolSize { options.poolSize = poolSize }
    if let ema { options.average = ema > 0 ? ema : nil }
  }
}

extension CycleGANConfiguration.Generator: ExpressibleByArgument {}
extension CycleGANConfiguration.Discriminator: ExpressibleByArgument {}
extension CycleGANConfiguration.Normalization: ExpressibleByArgument {}
extension CycleGANTrainingOptions.Objective: ExpressibleByArgument {}
extension CycleGANTrainingOptions.Preprocess: ExpressibleByArgument {}
