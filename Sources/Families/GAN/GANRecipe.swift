import Datasets
import Files
import Kernels
import NN
import Training

/// What a GAN is to be; what is nil is the article's, or follows from the data.
public struct GANModelOptions: Codable, Equatable, Sendable {
  /// The latent dimension, 1 to 4096; nil: 100.
  public var latent: Int?
  /// Of the generator's first layer: 128 (gan, the second has twice as many) or 512 channels
  /// (dcgan, halved from layer to layer).
  public var width: Int?
  /// Whether the networks know the classes of the data.
  public var isConditional = false
  /// nil: batch normalisation, or none where a penalty or spectral normalisation does not go with
  /// it.
  public var discriminatorNorm: GANConfiguration.Normalization?
  /// Whether the discriminator's weights are divided by their largest singular value (spectral
  /// normalisation).
  public var isSpectral = false

  /// Creates the options of the article's networks.
  public init() {}
}

/// What the training of a GAN can be told.
public struct GANSettings: Codable, Equatable, Sendable {
  /// The images to learn from.
  public var images = ImageSource()
  /// The networks.
  public var model = GANModelOptions()
  /// Losses, penalties, averaging and augmentation.
  public var training = GANTrainingOptions()
  /// Thousands of images to learn from, in place of ``/Training/TrainerConfiguration/steps``.
  public var thousands: Double?

  /// Creates the default settings, still without images.
  public init() {}
}

/// Trains GANs: images in, a model folder out.
public struct GANRecipe: TrainingRecipe {
  /// Whether the two networks are fully connected or convolutional.
  public let kind: GANKind
  /// The images, the networks and how they learn from each other.
  public var settings = GANSettings()
  /// The run; by default 20,000 steps (gan) or 5000 steps (dcgan) in batches of 64 images, Adam
  /// with a constant learning rate of 2e-4 and β₁ of 0.5.
  public var run: RunOptions

  /// - Parameters:
  ///   - kind: of the two networks.
  ///   - path: a file, a folder or an archive of images.
  public init(_ kind: GANKind, images path: String = "") {
    self.kind = kind
    settings.images.path = path
    run = RunOptions(Self.defaults(kind))
  }

  /// The name in `config.json`: "gan" or "dcgan".
  public var family: String { kind.rawValue }
  /// The images, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", [settings.images.path])] }

  /// Adam with the settings of Radford et al. 2016.
  static func defaults(_ kind: GANKind) -> TrainerConfiguration {
    var result = TrainerConfiguration(
      steps: kind == .gan ? 20_000 : 5000, schedule: Schedule(.constant, peak: 2e-4))
    result.batchSize = 64
    result.optimizer.kind = .adam
    result.optimizer.beta1 = 0.5
    result.logEvery = kind == .gan ? 100 : 25
    result.evalEvery = kind == .gan ? 1000 : 500
    return result
  }

  /// Opens the images, and says which networks would learn from how many. A DCGAN brings them to 32
  /// x 32 pixels where no size is set.
  /// - Throws: ``/Files/AIGCError``: badInput for images that cannot be read, usage for a size that makes
  ///   no model, a conditional GAN of images without classes and a start from
  ///   ``/Training/TrainingStart/model(_:)``, mismatch where a resumed run had other classes.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let (configuration, set) = try open(start, report)
    let members = configuration.planMembers + settings.training.planMembers
    return TrainingPlan(
      members + settings.images.planMembers, trainer(set), found: set.foundMembers)
  }

  /// Opens the images and draws both networks' weights from the seed; where
  /// ``GANTrainingOptions/features`` asks for it, also opens the classifier.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``, and badInput or mismatch for the classifier.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    var (configuration, set) = try open(start, report)
    configuration.training = settings.training
    let trainer = trainer(set)
    var random = RandomSource(seed: trainer.seed)
    let networks = GANStep(
      random.drawn { GANGenerator(configuration, using: &$0) },
      random.drawn { GANDiscriminator(configuration, using: &$0) }, settings.training,
      trainer.optimizer)
    let score = try score(set)
    let few = SampleSize.ofMonitor(set.count)
    for warning in [few].compactMap({ $0 }) + (score?.warnings ?? []) { report(.warning(warning)) }
    let task = GANTask(configuration, networks, set, settings.training, trainer, score: score)
    task.run.warn = { report(.warning($0)) }
    return PreparedTraining(task, trainer, convolution: settings.training.convolution)
  }

  /// The model and its images.
  private func open(
    _ start: TrainingStart, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> (GANConfiguration, ImageSet) {
    var images = settings.images
    switch start {
    case .new:
      if images.options.size == nil, kind == .dcgan {
        images.options.size = ImageSize(width: 32, height: 32)
      }
      let set = try images.open(report)
      return (try configuration(of: set), set)
    case .resumed(let folder):
      let saved = try GANConfiguration.read(folder: folder)
      try images.keep(
        size: ImageSize(width: saved.width, height: saved.height), channels: saved.channels,
        ignoresOrientation: saved.ignoresOrientation, of: folder)
      let set = try images.open(report)
      guard saved.classes.isEmpty || saved.classes == set.classes else {
        throw .mismatch("\(images.path): its classes are not those of the model in \(folder)")
      }
      return (saved, set)
    case .model(let path): throw .notTrainedFurther(path, family)
    }
  }

  /// The model for these images.
  private func configuration(of set: ImageSet) throws(AIGCError) -> GANConfiguration {
    let (size, model, options) = (set.size, settings.model, settings.training)
    let width = model.width ?? (kind == .gan ? 128 : 512)
    let doublings = GANConfiguration.doublings(width: size.width, height: size.height)
    let layers = kind == .gan ? [width, 2 * width] : (0..<doublings).map { max(1, width >> $0) }
    var result = GANConfiguration(
      kind, width: size.width, height: size.height, channels: set.channels, layers: layers)
    if let latent = model.latent { result.latent = latent }
    if model.isConditional {
      guard set.labels != nil, !set.classes.isEmpty else {
        throw .usage(
          "`isConditional`: \(settings.images.path) has no classes; use sub-folders or `images.labels`"
        )
      }
      result.classes = set.classes
    }
    result.isSpectral = model.isSpectral
    result.ignoresOrientation = settings.images.options.ignoresOrientation ? true : nil
    let isPenalized =
      options.loss == .wganGP || options.r1 > 0 || (options.r2 ?? 0) > 0 || model.isSpectral
    result.discriminatorNorm = model.discriminatorNorm ?? (isPenalized ? .none : .batch)
    if let problem = result.problem { throw .usage("`images.size`: \(problem)") }
    return result
  }

  /// What chooses the best weights.
  private func score(_ set: ImageSet) throws(AIGCError) -> FeatureScore? {
    try settings.training.features.map { (features) throws(AIGCError) in
      try FeatureScore(by: features, of: set)
    }
  }

  private func trainer(_ set: ImageSet) -> TrainerConfiguration {
    run.resolved(
      of: set, steps: max(settings.training.discriminatorSteps, 1), thousands: settings.thousands)
  }
}

extension GANConfiguration {
  fileprivate var planMembers: [JSONValue.Member] {
    let generator = ParameterPlan.shapes { GANGenerator(self, using: &$0) }
    let discriminator = ParameterPlan.shapes { GANDiscriminator(self, using: &$0) }
    return [
      .init("image_size", .string("\(width)x\(height)")), .init("channels", .int(channels)),
      .init("latent", .int(latent)), .init("layers", .array(layers.map { .int($0) })),
      .init("classes", .int(classes.count)),
      .init("generator_parameters", .int(generator.parameterCount)),
      .init("discriminator_parameters", .int(discriminator.parameterCount)),
      .init("discriminator_norm", .string(discriminatorNorm.rawValue)),
      .init("spectral_norm", .bool(isSpectral)),
    ]
  }
}

extension GANTrainingOptions {
  fileprivate var planMembers: [JSONValue.Member] {
    [
      .init("loss", .string(loss.rawValue)), .init("r1", .float(r1)),
      .init("r2", .float(r2 ?? 0)),
      .init("gradient_penalty", loss == .wganGP ? .float(gradientPenalty) : .null),
      .init("label_smoothing", .float(labelSmoothing)),
      .init("ema", average.map { .float($0) } ?? .null), .init("d_steps", .int(discriminatorSteps)),
      .init("augment", .array((augmentation?.kinds ?? []).map { .string($0.rawValue) })),
      .init("mirror", .bool(isMirrored)), .init("animate", .bool(isAnimated)),
      .init("rollback", .bool(rollsBack)), .init("features", JSONValue(features)),
      .init("convolution", .string(convolution.rawValue)),
    ]
  }
}
