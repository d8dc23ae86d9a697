import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc train stylegan`.
struct StyleGANArguments: RecipeArguments {
  static var command: String { StyleGANFamily.name }
  static var abstract: String { "Train a StyleGAN2 on images." }
  static var discussion: String {
    """
    DATA is a folder of PNG and JPEG files, whose sub-folders are classes, an archive of them (.tar, .zip) \
    or a file of MNIST's kind. Images are square, of 8, 16, 32, … 1024 pixels; the widths are made for a \
    processor: at 32 pixels 1.1 million weights. --dry-run tries some steps and says what the run would take.
    The folder of the run shows how it goes: samples.png, loss.png, log.jsonl.
    \(StyleGANRecipe().run.defaultsText())
    """
  }

  @Argument(help: "Images: a folder, an archive or a file.", completion: .file())
  var data: String
  @OptionGroup(title: "Images") var images: ImageArguments
  @OptionGroup(title: "Model") var model: StyleGANModelArguments
  @OptionGroup(title: "Losses") var losses: StyleGANLossArguments
  @OptionGroup(title: "Augmentation") var augmentation: StyleGANAugmentationArguments
  @OptionGroup(title: "Measures") var measures: StyleGANMeasureArguments
  @OptionGroup var length: GANLengthArguments

  var source: (family: String, path: String) { (StyleGANFamily.name, data) }
  func usage(_ folder: String) -> String { "sample stylegan --out img.png --model \(folder)" }

  func validate(with training: TrainingFlags) throws {
    try length.check(with: training)
    if measures.snap != nil, training.evalEvery != nil {
      throw ValidationError("--snap or --eval-every, not both")
    }
  }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = StyleGANRecipe()
    let known = try saved.map { (run) throws(AIGCError) in
      try StyleGANConfiguration.read(folder: run.folder)
    }
    if model.preset != nil { recipe.useArticle() }
    recipe.settings.images = images.source(data, resuming: saved)
    model.apply(to: &recipe.settings.model)
    if let options = known?.training { recipe.settings.training = options }
    try losses.apply(to: &recipe.settings.training)
    try augmentation.apply(to: &recipe.settings.training)
    try measures.apply(to: &recipe.settings.training)
    if let convolution = images.convolution { recipe.settings.training.convolution = convolution }
    recipe.settings.thousands = length.kimg
    recipe.settings.snapshotThousands = measures.snap
    recipe.settings.plansTime = training.dryRun
    return FilledRecipe(
      recipe: recipe,
      settings: images.settings(
        size: known.map { ImageSize(width: $0.side, height: $0.side) }, channels: known?.channels)
        + model.settings(known),
      measure: ("--features", recipe.settings.training.features != nil))
  }
}

/// The flags of the networks, under NVlabs' names.
struct StyleGANModelArguments: ParsableArguments {
  @Option(help: "article: the article's simplified generator, 16 x 16 pixels.")
  var preset: StyleGANPreset?
  @Option(
    name: [.customLong("z-dim"), .customLong("latent")],
    help: "Numbers of a latent (default 128; article: 100).")
  var latent: Int?
  @Option(
    name: [.customLong("w-dim"), .customLong("style-dim")],
    help: "Numbers of a style (default 128; article: 512).")
  var style: Int?
  @Option(help: "Layers between latents and styles (default 8).")
  var mapDepth: Int?
  @Option(help: "Maps of a size are this over its side (default 2048).")
  var cbase: Int?
  @Option(help: "The most maps of a size (default 128).")
  var cmax: Int?
  @Flag(
    name: [.customLong("conditional"), .customLong("cond")],
    help: "Learn the classes of the data, to be asked for with --class.")
  var conditional = false

  func validate() throws {
    for (flag, value, range) in [
      ("--z-dim", latent, 1...4096), ("--w-dim", style, 1...4096),
      ("--map-depth", mapDepth, 1...64),
      ("--cbase", cbase, 1...1 << 20), ("--cmax", cmax, 1...4096),
    ] where value.map({ !range.contains($0) }) ?? false {
      throw ValidationError("\(flag) \(value ?? 0): \(range.lowerBound) to \(range.upperBound)")
    }
    if preset != nil, mapDepth != nil || cbase != nil || cmax != nil || conditional {
      throw ValidationError(
        "--map-depth, --cbase, --cmax and --conditional are not of --preset article")
    }
  }

  func apply(to options: inout StyleGANModelOptions) {
    (options.latent, options.style) = (latent, style)
    if let mapDepth { options.depth = mapDepth }
    if let cbase { options.baseMaps = cbase }
    if let cmax { options.mostMaps = cmax }
    options.isConditional = conditional
  }

  /// What a run keeps.
  func settings(_ saved: StyleGANConfiguration?) -> [RunSetting] {
    let isArticle = saved?.network == .article
    return [
      RunSetting("--preset", preset?.rawValue, else: isArticle ? "article" : nil),
      RunSetting("--z-dim", latent, else: saved?.latent.description),
      RunSetting("--w-dim", style, else: saved?.style.description),
      RunSetting("--map-depth", mapDepth, else: saved?.depth.description),
      RunSetting("--cbase", cbase, else: saved?.baseMaps.description),
      RunSetting("--cmax", cmax, else: saved?.mostMaps.description),
      RunSetting("--conditional", isOn: conditional, else: saved?.classes.isEmpty == false),
    ]
  }
}

/// Networks by one name.
enum StyleGANPreset: String, ExpressibleByArgument, CaseIterable {
  case article
}

/// The flags of what is learned from.
struct StyleGANLossArguments: ParsableArguments {
  @Option(help: "original (the default), lsgan, hinge or relativistic (R3GAN).")
  var loss: AdversarialLoss?
  @Option(
    name: [.customLong("gamma"), .customLong("r1")], parsing: .unconditional,
    help: "Factor of the R1 penalty; 0: none (default 0.0002 side² / batch).")
  var gamma: Float?
  @Option(
    parsing: .unconditional, help: "Factor of the same penalty at generated images (default 0).")
  var r2: Float?
  @Option(
    parsing: .unconditional, help: "Weight of path length regularisation; 0: none (default 2).")
  var plWeight: Float?
  @Option(
    parsing: .unconditional, help: "Share of the steps that mix two styles, 0 to 1 (default 0.9).")
  var styleMixing: Float?
  @Option(
    help:
      "What layers add to their maps while they learn: random (the default), const or none, where grain does not belong to the images."
  )
  var noiseMode: StyleNoise?
  @Option(
    parsing: .unconditional,
    help:
      "Thousands of images after which half of the averaged weights are new (default batch / 3.2).")
  var emaKimg: Float?

  func validate() throws {
    try requireFromZero([
      ("--gamma", gamma), ("--r2", r2), ("--pl-weight", plWeight), ("--ema-kimg", emaKimg),
    ])
    if let styleMixing, !(0...1).contains(styleMixing) {
      throw ValidationError("--style-mixing \(styleMixing): 0 to 1")
    }
  }

  func apply(to options: inout StyleGANTrainingOptions) throws(AIGCError) {
    if let loss { options.loss = loss }
    if let gamma { options.gamma = gamma }
    if let r2 { options.r2 = r2 }
    if let plWeight { options.pathWeight = plWeight }
    if let styleMixing { options.styleMixing = styleMixing }
    if let noiseMode { options.noise = noiseMode }
    if let emaKimg { options.averageThousands = emaKimg }
    if options.loss == .wganGP {
      throw .usage("--loss wgan-gp: a StyleGAN has R1 in place of its penalty: --gamma")
    }
  }
}

/// The flags of what the discriminator sees.
struct StyleGANAugmentationArguments: ParsableArguments {
  @Flag(help: "Turn half of the images left to right.")
  var mirror = false
  @Option(
    help:
      "noaug (the default), ada (changes as often as the discriminator needs them) or fixed (see --p)."
  )
  var aug: AdaptiveAugmentation.Mode?
  @Option(help: "Changes of --aug: blit, geom, color, bg or bgc (the default: all three).")
  var augpipe: AdaptiveAugmentation.Pipe?
  @Option(parsing: .unconditional, help: "Probability of each change with --aug fixed, 0 to 1.")
  var p: Float?
  @Option(
    parsing: .unconditional,
    help: "How sure of real images the discriminator may be with --aug ada (default 0.6).")
  var target: Float?
  @Option(
    parsing: .unconditional,
    help: "Thousands of images in which the probability can grow by 1 (default 500).")
  var adaKimg: Float?
  @Option(
    help: "DiffAugment for the discriminator: some of color,translation,cutout (default: nothing).")
  var augment: String?

  func validate() throws {
    if let p, !(0...1).contains(p) { throw ValidationError("--p \(p): 0 to 1") }
    if let target, !(0...1).contains(target) { throw ValidationError("--target \(target): 0 to 1") }
    if let adaKimg, !(adaKimg > 0 && adaKimg.isFinite) {
      throw ValidationError("--ada-kimg \(adaKimg): a number above 0 is needed")
    }
  }

  func apply(to options: inout StyleGANTrainingOptions) throws(AIGCError) {
    if mirror { options.isMirrored = true }
    if let aug { options.adaptation.mode = aug }
    if let augpipe { options.adaptation.pipe = augpipe }
    if let p { options.adaptation.probability = p }
    if let target { options.adaptation.target = target }
    if let adaKimg { options.adaptation.thousands = adaKimg }
    if let augment { options.augmentation = try Augmentation(parsing: augment) }
    let mode = options.adaptation.mode
    if mode == .noaug, augpipe != nil {
      throw .usage("--augpipe goes with --aug ada or --aug fixed")
    }
    if (p != nil) != (mode == .fixed && aug != nil), p != nil || aug == .fixed {
      throw .usage("--aug fixed and --p go together")
    }
    if mode != .ada, target != nil || adaKimg != nil {
      throw .usage("--target and --ada-kimg go with --aug ada")
    }
  }
}

/// The flags of evaluations.
struct StyleGANMeasureArguments: ParsableArguments {
  @Option(
    help: "Thousands of images from one evaluation and save to the next, in place of --eval-every.")
  var snap: Double?
  @Option(
    help: "What is measured then, some of frechet,kid,pr: on --features (default: nothing).")
  var metrics: String?
  @Option(
    help:
      "The classifier whose features --metrics compares; the weights nearest to the data are kept (default for --metrics: emoji-features).",
    completion: .model)
  var features: String?
  @Option(
    help: "Images that --metrics compares with (default: those that are learned from).",
    completion: .file())
  var metricsData: String?
  @Flag(help: "Also write an animation of the same latents over the training.")
  var animate = false

  func validate() throws {
    if let snap, !(snap > 0 && snap <= 1e9) {
      throw ValidationError("--snap \(snap): a number above 0 is needed")
    }
    if metricsData != nil, metrics == nil, features == nil {
      throw ValidationError("--metrics-data goes with --metrics")
    }
  }

  func apply(to options: inout StyleGANTrainingOptions) throws(AIGCError) {
    if let metrics {
      options.metrics = []
      for word in commaSeparated(metrics) {
        guard let metric = ImageMetric(rawValue: word) else {
          let known = ImageMetric.allCases.map { $0.rawValue }.joined(separator: ",")
          throw .usage("--metrics \(metrics): some of \(known)")
        }
        options.metrics.append(metric)
      }
    }
    if let features { options.features = features }
    if !options.metrics.isEmpty, options.features == nil { options.features = "emoji-features" }
    if let metricsData { options.metricsImages = metricsData }
    if animate { options.isAnimated = true }
  }
}

extension AdaptiveAugmentation.Mode: ExpressibleByArgument {}
extension AdaptiveAugmentation.Pipe: ExpressibleByArgument {}
