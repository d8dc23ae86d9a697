import Datasets
import Files
import Kernels
import NN
import Training

/// What two translators are to be; what is nil is as published.
public struct CycleGANModelOptions: Codable, Equatable, Sendable {
  /// The network that translates.
  public var generator = CycleGANConfiguration.Generator.resnet9
  /// Residual blocks of the article's generator; nil: 6.
  public var blocks: Int?
  /// Channels of the generator's first layer; nil: 64.
  public var generatorWidth: Int?
  /// The network that judges; nil: that of the generator's authors.
  public var discriminator: CycleGANConfiguration.Discriminator?
  /// Convolutions that halve the sides, of the discriminator `n_layers`; nil: 3.
  public var discriminatorLayers: Int?
  /// Channels of the discriminator's first layer; nil: 64.
  public var discriminatorWidth: Int?
  /// What stands behind convolutions; nil: instance normalisation, with pairs batch normalisation.
  public var normalization: CycleGANConfiguration.Normalization?
  /// Whether values are dropped; nil: with pairs.
  public var usesDropout: Bool?
  /// Whether images of the same file name belong together (pix2pix).
  public var isPaired = false

  /// Creates the options of the published networks.
  public init() {}
}

/// What the training of two translators can be told.
public struct CycleGANSettings: Codable, Equatable, Sendable {
  /// Images of domain A.
  public var a = ImageSource()
  /// Images of domain B.
  public var b = ImageSource()
  /// The networks.
  public var model = CycleGANModelOptions()
  /// Losses, their weights and the pool.
  public var training = CycleGANTrainingOptions()

  /// Creates the default settings, still without images.
  public init() {}
}

/// Trains CycleGANs (Zhu et al. 2017): two sets of images in, a model folder with both translators out. With
/// pairs it trains one translator as pix2pix does (Isola et al. 2017).
public struct CycleGANRecipe: TrainingRecipe {
  /// Both sets of images, the networks and how they learn from each other.
  public var settings = CycleGANSettings()
  /// The run; by default 200 epochs of single images, Adam with β₁ of 0.5 and a learning rate of 2e-4,
  /// which falls to 0 in the second half.
  public var run: RunOptions

  /// - Parameters:
  ///   - a: a file, a folder or an archive of images of domain A.
  ///   - b: the same of domain B.
  public init(a: String = "", b: String = "") {
    (settings.a.path, settings.b.path) = (a, b)
    run = RunOptions(Self.defaults, epochs: 200)
  }

  /// The name in `config.json`.
  public var family: String { CycleGANFamily.name }
  /// The images of both domains, under the names "a" and "b".
  public var sources: [TrainingSource] {
    [TrainingSource("a", [settings.a.path]), TrainingSource("b", [settings.b.path])]
  }

  static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(
      steps: 100_000, schedule: Schedule(.linearAfterHalf, peak: 2e-4))
    result.batchSize = 1
    result.optimizer.kind = .adam
    result.optimizer.beta1 = 0.5
    result.logEvery = 50
    result.evalEvery = 1000
    return result
  }

  /// Opens both sets of images, and says which networks would learn from how many.
  /// - Throws: ``/Files/AIGCError``: badInput for images that cannot be read and pairs that are none,
  ///   usage for a size that makes no model and a start from ``/Training/TrainingStart/model(_:)``.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let (configuration, a, b) = try open(start, report)
    let sets: [JSONValue.Member] = [
      .init("images_a", .int(a.count)), .init("images_b", .int(b.count)),
    ]
    let training = configuration.training ?? settings.training
    return TrainingPlan(
      configuration.planMembers + training.planMembers + settings.a.planMembers,
      trainer(a, b), found: sets)
  }

  /// Opens both sets of images and draws the networks' weights from the seed.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    let (configuration, a, b) = try open(start, report)
    let trainer = trainer(a, b)
    var random = RandomSource(seed: trainer.seed)
    let networks = TranslationNetworks(configuration, using: &random)
    let images = TranslationImages(
      a, b, isPaired: configuration.isPaired,
      size: ImageSize(width: configuration.width, height: configuration.height),
      isMirrored: settings.training.isMirrored, trainer)
    let task = try CycleGANTask(
      configuration,
      CycleGANStep(configuration, networks, settings.training, trainer.optimizer), images)
    task.warn = { report(.warning($0)) }
    return PreparedTraining(task, trainer, convolution: settings.training.convolution)
  }

  // MARK: Model and data

  /// The model and its images.
  private func open(
    _ start: TrainingStart, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> (CycleGANConfiguration, ImageSet, ImageSet) {
    if let problem = settings.training.problem { throw .usage("`training`: \(problem)") }
    var saved: CycleGANConfiguration?
    switch start {
    case .new: break
    case .resumed(let folder): saved = try CycleGANConfiguration.read(folder: folder)
    case .model(let path): throw .notTrainedFurther(path, family)
    }
    let (a, b) = try openSets(saved, report)
    if let saved { return (saved, a, b) }
    return (try configuration(a), a, b)
  }

  /// Both sets at the size at which they are loaded.
  private func openSets(
    _ saved: CycleGANConfiguration?, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> (ImageSet, ImageSet) {
    var (sourceA, sourceB) = (settings.a, settings.b)
    if let saved {
      let training = saved.training
      sourceA.options.size = ImageSize(
        width: training?.loadWidth ?? saved.width, height: training?.loadHeight ?? saved.height)
      sourceA.options.channels = saved.channels
    } else {
      sourceA.options.size = try loadSize(report)
    }
    if sourceA.options.fit == nil {
      sourceA.options.fit = settings.training.preprocess == .resizeAndCrop ? .stretch : .crop
    }
    var a = try sourceA.open(report)
    sourceB.options = sourceA.options
    sourceB.options.size = a.size
    var b = try sourceB.open(report)
    if a.channels != b.channels {
      // Grey among colour: all are taken as colour.
      (sourceA.options.channels, sourceB.options.channels) = (3, 3)
      if a.channels != 3 { a = try sourceA.open { _ in } }
      if b.channels != 3 { b = try sourceB.open { _ in } }
    }
    if saved?.isPaired ?? settings.model.isPaired {
      let pairs = try ImageSet.pairs(a, b)
      report(.note("\(counted(pairs.a.count, "pair")) of images of the same name"))
      return pairs
    }
    return (a, b)
  }

  /// The size at which images are loaded; nil: the data's.
  private func loadSize(_ report: (TrainerEvent) -> Void) throws(AIGCError) -> ImageSize? {
    let training = settings.training
    let asked = training.loadWidth.flatMap { width in
      training.loadHeight.map { ImageSize(width: width, height: $0) }
    }
    switch training.preprocess {
    case .resizeAndCrop: return asked ?? settings.a.options.size
    case .none, .crop: return nil
    case .scaleWidth, .scaleWidthAndCrop:
      guard let width = asked?.width else {
        throw .usage("`training.loadWidth`: \(training.preprocess.rawValue) needs it")
      }
      var source = settings.a
      source.options.size = nil
      let natural = try source.open { _ in }.size
      let height = (Double(natural.height * width) / Double(natural.width)).rounded()
      return ImageSize(width: width, height: max(1, Int(height)))
    }
  }

  /// Whether a part is cut out of what is loaded.
  private var isCut: Bool {
    [.resizeAndCrop, .crop, .scaleWidthAndCrop].contains(settings.training.preprocess)
  }

  /// The model for these images.
  private func configuration(_ a: ImageSet) throws(AIGCError) -> CycleGANConfiguration {
    let (model, size) = (settings.model, isCut ? settings.a.options.size ?? a.size : a.size)
    var result = CycleGANConfiguration(
      width: size.width, height: size.height, channels: a.channels)
    result.generator = model.generator
    result.discriminator = model.discriminator ?? (model.generator == .article ? .article : .basic)
    result.blocks = model.blocks ?? result.blocks
    result.generatorWidth = model.generatorWidth ?? result.generatorWidth
    result.discriminatorLayers = model.discriminatorLayers ?? result.discriminatorLayers
    result.discriminatorWidth = model.discriminatorWidth ?? result.discriminatorWidth
    result.isPaired = model.isPaired
    result.normalization = model.normalization ?? (model.isPaired ? .batch : .instance)
    result.usesDropout = model.usesDropout ?? (model.isPaired && model.generator != .article)
    result.ignoresOrientation = settings.a.options.ignoresOrientation ? true : nil
    guard a.size.width >= size.width, a.size.height >= size.height else {
      throw .usage("`training.loadWidth`: \(a.size) is smaller than the \(size) that are cut out")
    }
    if let problem = result.problem { throw .usage("`images.size`: \(problem)") }
    var training = settings.training
    let isLarger = a.size != size
    (training.loadWidth, training.loadHeight) =
      isLarger ? (a.size.width, a.size.height) : (nil, nil)
    result.training = training
    return result
  }

  private func trainer(_ a: ImageSet, _ b: ImageSet) -> TrainerConfiguration {
    let batch = max(1, min(run.trainer.batchSize, a.count, b.count))
    return run.resolved { $0 * Double(max(a.count, b.count)) / Double(batch) }
  }
}

extension CycleGANConfiguration {
  fileprivate var planMembers: [JSONValue.Member] {
    let generator = ParameterPlan.shapes { TranslationGenerator(self, using: &$0) }
    let discriminator = ParameterPlan.shapes { PatchDiscriminator(self, using: &$0) }
    return [
      .init("image_size", .string("\(width)x\(height)")), .init("channels", .int(channels)),
    ] + networkMembers + [
      .init("generator_parameters", .int(generator.parameterCount)),
      .init("discriminator_parameters", .int(discriminator.parameterCount)),
    ]
  }

  /// The networks, as plans and `inspect` name them.
  var networkMembers: [JSONValue.Member] {
    [
      .init("netG", .string(self.generator.rawValue)),
      .init("blocks", self.generator == .article ? .int(blocks) : .null),
      .init("ngf", .int(generatorWidth)), .init("netD", .string(self.discriminator.rawValue)),
      .init("n_layers", self.discriminator == .layers ? .int(discriminatorLayers) : .null),
      .init("ndf", .int(discriminatorWidth)), .init("norm", .string(normalization.rawValue)),
      .init("dropout", .bool(usesDropout)), .init("paired", .bool(isPaired)),
    ]
  }
}

extension CycleGANTrainingOptions {
  fileprivate var planMembers: [JSONValue.Member] {
    [
      .init("gan_mode", .string(objective.rawValue)), .init("lambda_a", .float(lambdaA)),
      .init("lambda_b", .float(lambdaB)), .init("lambda_identity", .float(lambdaIdentity)),
      .init("lambda_l1", .float(lambdaL1)), .init("pool_size", .int(poolSize)),
      .init("ema", average.map { .float($0) } ?? .null),
      .init("augment", .array((augmentation?.kinds ?? []).map { .string($0.rawValue) })),
      .init("flip", .bool(isMirrored)), .init("preprocess", .string(preprocess.rawValue)),
      .init(
        "load_size",
        JSONValue(loadWidth.flatMap { width in loadHeight.map { "\(width)x\($0)" } })),
      .init("convolution", .string(convolution.rawValue)),
    ]
  }
}
