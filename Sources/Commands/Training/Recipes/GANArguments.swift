import ArgumentParser
import Console
import Datasets
import Families
import Files
import Kernels
import NN
import Training

/// `aigc train gan|dcgan`.
struct GANArguments<Name: GANFamilyName>: RecipeArguments {
  static var command: String { Name.family }
  static var abstract: String {
    Name.kind == .gan
      ? "Train a GAN of fully connected layers on images."
      : "Train a GAN of convolutions on images."
  }
  static var discussion: String {
    """
    DATA is a file of images of MNIST's kind (.gz too), a folder of PNG and JPEG files, \
    whose sub-folders are classes, or an archive of them (.tar, .zip). Without flags the \
    networks are \
    \(Name.kind == .gan ? "100-128-256-pixels and back" : "512-256-128 channels, from 4x4 to 32x32").
    The folder of the run shows how it goes: samples.png, loss.png, log.jsonl.
    \(GANRecipe(Name.kind).run.defaultsText())
    """
  }

  @Argument(help: "Images: a file, a folder or an archive.", completion: .file())
  var data: String
  @OptionGroup(title: "Images") var images: ImageArguments
  @OptionGroup(title: "Model") var model: GANModelArguments
  @OptionGroup(title: "Losses") var losses: GANLossArguments
  @OptionGroup var length: GANLengthArguments

  var source: (family: String, path: String) { (Name.family, data) }
  func usage(_ folder: String) -> String {
    "sample \(Name.family) --out img.png --model \(folder)"
  }

  func validate(with training: TrainingFlags) throws {
    try length.check(with: training)
    if Name.kind == .gan, model.discriminatorNorm != nil {
      throw ValidationError("--d-norm is of train dcgan")
    }
  }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = GANRecipe(Name.kind)
    let model = try saved.map { (run) throws(AIGCError) in
      try GANConfiguration.read(folder: run.folder)
    }
    recipe.settings.images = images.source(data, resuming: saved)
    recipe.settings.model = self.model.options
    recipe.settings.training = model?.training ?? GANTrainingOptions()
    try losses.apply(to: &recipe.settings.training)
    try images.check(hasConvolutions: Name.kind == .dcgan)
    if let convolution = images.convolution { recipe.settings.training.convolution = convolution }
    recipe.settings.thousands = length.kimg
    return FilledRecipe(
      recipe: recipe, settings: settings(model),
      measure: ("--features", recipe.settings.training.features != nil))
  }

  /// What a run keeps.
  /// - Parameter saved: the model of a run that goes on.
  private func settings(_ saved: GANConfiguration?) -> [RunSetting] {
    let size = saved.map { ImageSize(width: $0.width, height: $0.height) }
    return images.settings(size: size, channels: saved?.channels) + [
      RunSetting("--latent", model.latent, else: saved?.latent.description),
      RunSetting("--width", model.width, else: saved?.layers.first?.description),
      RunSetting("--conditional", isOn: model.conditional, else: saved?.classes.isEmpty == false),
      RunSetting(
        "--d-norm", model.discriminatorNorm?.rawValue, else: saved?.discriminatorNorm.rawValue),
      RunSetting("--spectral-norm", isOn: model.spectralNorm, else: saved?.isSpectral == true),
    ]
  }
}

/// The flags of a GAN's networks.
struct GANModelArguments: ParsableArguments {
  @Option(
    name: [.customLong("latent"), .customLong("z-dim"), .customLong("nz")],
    help: "Numbers of a latent (default 100).")
  var latent: Int?
  @Option(
    help: "Size of the generator's first layer (default 128; dcgan: 512 channels).")
  var width: Int?
  @Flag(help: "Learn the classes of the data, to be asked for with --class.")
  var conditional = false
  @Option(
    name: [.customLong("d-norm"), .customLong("discriminator-norm")],
    help: "dcgan: norm in the discriminator: batch, instance or none (default batch).")
  var discriminatorNorm: GANConfiguration.Normalization?
  @Flag(
    name: [.customLong("spectral-norm")],
    help: "Divide the discriminator's weights by their largest singular value.")
  var spectralNorm = false

  func validate() throws {
    if let latent, !(1...4096).contains(latent) {
      throw ValidationError("--latent \(latent): 1 to 4096")
    }
    if let width, !(1...1 << 14).contains(width) {
      throw ValidationError("--width \(width): 1 to 16384")
    }
  }

  var options: GANModelOptions {
    var result = GANModelOptions()
    result.latent = latent
    result.width = width
    result.isConditional = conditional
    result.discriminatorNorm = discriminatorNorm
    result.isSpectral = spectralNorm
    return result
  }
}

/// How long a GAN is trained, as NVlabs' users count it.
struct GANLengthArguments: ParsableArguments {
  @Option(help: "Thousands of images to learn from, in place of --steps.")
  var kimg: Double?

  func validate() throws {
    if let kimg, !(kimg > 0 && kimg <= 1e9) {
      throw ValidationError("--kimg \(kimg): a number above 0 is needed")
    }
  }

  /// Refuses what does not go with flags of all trainings.
  func check(with training: TrainingFlags) throws {
    if kimg != nil, training.steps != nil || training.epochs != nil {
      throw ValidationError("one of --steps, --epochs and --kimg")
    }
    if training.val != nil || training.valSplit != nil {
      throw ValidationError("--val and --val-split are not of GANs: all images are learned from")
    }
  }
}

/// The flags of how two networks train against each other.
struct GANLossArguments: ParsableArguments {
  @Option(help: "original (the default), lsgan, hinge, wgan-gp or relativistic (R3GAN).")
  var loss: AdversarialLoss?
  @Option(
    name: [.customLong("r1"), .customLong("gamma")], parsing: .unconditional,
    help: "Factor of the R1 penalty on the discriminator's gradient (default 0).")
  var r1: Float?
  @Option(
    parsing: .unconditional, help: "Factor of the same penalty at generated images (default 0).")
  var r2: Float?
  @Option(
    parsing: .unconditional, help: "Factor of the gradient penalty of wgan-gp (default 10).")
  var gradientPenalty: Float?
  @Option(
    parsing: .unconditional,
    help: "What targets of real images fall short of 1: 0.1 (default 0; original and lsgan).")
  var labelSmoothing: Float?
  @Option(
    parsing: .unconditional,
    help: "Keep an average of the generator's weights, 0.999 of it at each step; 0: none (default)."
  )
  var ema: Float?
  @Option(
    name: [.customLong("d-steps"), .customLong("n-critic")],
    help: "Steps of the discriminator to one of the generator (default 1).")
  var discriminatorSteps: Int?
  @Option(
    help: "Change what the discriminator sees: some of color,translation,cutout (default: nothing)."
  )
  var augment: String?
  @Flag(help: "Turn half of the images left to right.")
  var mirror = false
  @Flag(help: "Also write an animation of the same latents over the training.")
  var animate = false
  @Flag(help: "When the generator collapses, go back to the last healthy weights.")
  var rollback = false
  @Option(
    help: "Keep the weights nearest to the data on this classifier's features, not the latest.",
    completion: .model)
  var features: String?

  func validate() throws {
    try requireFromZero([("--r1", r1), ("--r2", r2), ("--gradient-penalty", gradientPenalty)])
    if let labelSmoothing, !(labelSmoothing >= 0 && labelSmoothing < 1) {
      throw ValidationError("--label-smoothing \(labelSmoothing): 0 to below 1")
    }
    if let ema, !(ema >= 0 && ema < 1) { throw ValidationError("--ema \(ema): 0 to below 1") }
    if let discriminatorSteps, !(1...1000).contains(discriminatorSteps) {
      throw ValidationError("--d-steps \(discriminatorSteps): 1 to 1000")
    }
  }

  /// Puts in what was given.
  func apply(to options: inout GANTrainingOptions) throws(AIGCError) {
    if let loss { options.loss = loss }
    if let r1 { options.r1 = r1 }
    if let r2 { options.r2 = r2 }
    if let gradientPenalty { options.gradientPenalty = gradientPenalty }
    if let labelSmoothing { options.labelSmoothing = labelSmoothing }
    if let ema { options.average = ema > 0 ? ema : nil }
    if let discriminatorSteps { options.discriminatorSteps = discriminatorSteps }
    if let augment { options.augmentation = try Augmentation(parsing: augment) }
    if mirror { options.isMirrored = true }
    if animate { options.isAnimated = true }
    if rollback { options.rollsBack = true }
    if let features { options.features = features }
    if options.labelSmoothing > 0, ![.original, .lsgan].contains(options.loss) {
      throw .usage("--label-smoothing is of the losses original and lsgan")
    }
    if gradientPenalty != nil, options.loss != .wganGP {
      throw .usage("--gradient-penalty is of --loss wgan-gp; --r1 is a penalty for every loss")
    }
  }
}

extension AdversarialLoss: ExpressibleByArgument {}
extension GANConfiguration.Normalization: ExpressibleByArgument {}
