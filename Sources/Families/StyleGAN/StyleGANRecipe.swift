import Datasets
import Files
import Kernels
import NN
import Training

/// What a StyleGAN is to be.
public struct StyleGANModelOptions: Codable, Equatable, Sendable {
  /// Whose networks; of those that are trained here.
  public var network = StyleGANConfiguration.Network.stylegan2
  /// Numbers of a latent; nil: 128, of the article's 100.
  public var latent: Int?
  /// Numbers of a style; nil: 128, of the article's 512.
  public var style: Int?
  /// Layers between latents and styles.
  public var depth = 8
  /// Maps of a size are this over its side.
  public var baseMaps = 2048
  /// The most maps of a size.
  public var mostMaps = 128
  /// Whether the networks know the classes of the data.
  public var isConditional = false

  /// Creates the options of a StyleGAN2 of a size for a processor.
  public init() {}
}

/// What the training of a StyleGAN can be told.
public struct StyleGANSettings: Codable, Equatable, Sendable {
  /// The images to learn from.
  public var images = ImageSource()
  /// The networks.
  public var model = StyleGANModelOptions()
  /// Losses, regularisations and augmentation.
  public var training = StyleGANTrainingOptions()
  /// Thousands of images to learn from, in place of ``/Training/TrainerConfiguration/steps``.
  public var thousands: Double?
  /// Thousands of images from one evaluation and save to the next; nil: as the run says.
  public var snapshotThousands: Double?
  /// Whether a plan tries some steps, to say what a run would take.
  public var plansTime = false

  /// Creates the default settings, still without images.
  public init() {}
}

/// Trains StyleGANs: images in, a model folder out.
public struct StyleGANRecipe: TrainingRecipe {
  /// The images, the networks and how they learn from each other.
  public var settings = StyleGANSettings()
  /// The run; by default 100,000 images in batches of 32, Adam with a constant learning rate of 2.5e-3, β₁ of 0
  /// and β₂ of 0.99.
  public var run: RunOptions

  /// - Parameter path: a file, a folder or an archive of images.
  public init(images path: String = "") {
    settings.images.path = path
    run = RunOptions(Self.defaults)
  }

  /// The name in `config.json`, "stylegan".
  public var family: String { StyleGANFamily.name }
  /// The images, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", [settings.images.path])] }

  /// Images that an evaluation makes for its metrics.
  private static let scoredCount = 5000

  static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(
      steps: 3125, schedule: Schedule(.constant, peak: 2.5e-3))
    result.batchSize = 32
    result.optimizer.kind = .adam
    (result.optimizer.beta1, result.optimizer.beta2) = (0, 0.99)
    result.logEvery = 25
    result.evalEvery = 160
    return result
  }

  /// The settings of the article's networks: those of its DCGAN.
  public mutating func useArticle() {
    settings.model.network = .article
    settings.training.gamma = 0
    settings.training.pathWeight = 0
    settings.training.styleMixing = 0
    run.trainer.schedule = Schedule(.constant, peak: 2e-4)
    run.trainer.batchSize = 64
    (run.trainer.optimizer.beta1, run.trainer.optimizer.beta2) = (0.5, 0.999)
  }

  /// Opens the images, and says which networks would learn from how many; with
  /// ``StyleGANSettings/plansTime`` also what that takes.
  /// - Throws: ``/Files/AIGCError``: badInput for images that cannot be read, usage for a size that makes
  ///   no model, a conditional model of images without classes and a start from
  ///   ``/Training/TrainingStart/model(_:)``, mismatch where a resumed run had other classes.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let (configuration, set) = try open(start, report)
    let trainer = trainer(set)
    var found = set.foundMembers
    if settings.plansTime {
      found += try StyleGANTrial(configuration, settings.training, trainer).members()
    }
    let batch = min(trainer.batchSize, set.count)
    return TrainingPlan(
      configuration.planMembers + settings.training.planMembers(configuration, batch: batch)
        + settings.images.planMembers, trainer, found: found)
  }

  /// Opens the images and draws both networks' weights from the seed; where
  /// ``StyleGANTrainingOptions/features`` asks for it, also opens the classifier.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``, and badInput or mismatch for the classifier.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    var (configuration, set) = try open(start, report)
    configuration.training = settings.training
    let trainer = trainer(set)
    var random = RandomSource(seed: trainer.seed)
    let networks = StyleGANStep(
      configuration, random.drawn { StyleGenerator(configuration, using: &$0) },
      random.drawn { StyleGANDiscriminator(configuration, using: &$0) }, settings.training,
      trainer.optimizer)
    let score = try score(set)
    let few = SampleSize.ofMonitor(set.count)
    for warning in [few].compactMap({ $0 }) + (score?.warnings ?? []) { report(.warning(warning)) }
    let task = StyleGANTask(
      configuration, networks, set, settings.training, trainer, score: score)
    task.run.warn = { report(.warning($0)) }
    return PreparedTraining(task, trainer, convolution: settings.training.convolution)
  }

  // MARK: Model and data

  /// The model and its images.
  private func open(
    _ start: TrainingStart, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> (StyleGANConfiguration, ImageSet) {
    var images = settings.images
    switch start {
    case .new:
      if images.options.size == nil {
        let side = settings.model.network == .article ? 16 : try naturalSide()
        images.options.size = ImageSize(width: side, height: side)
      }
      let set = try images.open(report)
      return (try configuration(of: set), set)
    case .resumed(let folder):
      let saved = try StyleGANConfiguration.read(folder: folder)
      try images.keep(
        size: ImageSize(width: saved.side, height: saved.side), channels: saved.channels,
        ignoresOrientation: saved.ignoresOrientation, of: folder)
      let set = try images.open(report)
      guard saved.classes.isEmpty || saved.classes == set.classes else {
        throw .mismatch("\(images.path): its classes are not those of the model in \(folder)")
      }
      return (saved, set)
    case .model(let path): throw .notTrainedFurther(path, family)
    }
  }

  /// The power of 2 at or below the data's longer side, from 8 to 64.
  private func naturalSide() throws(AIGCError) -> Int {
    let size = try settings.images.open { _ in }.size
    var side = 64
    while side > 8, side > max(size.width, size.height) { side /= 2 }
    return side
  }

  /// The model for these images.
  private func configuration(of set: ImageSet) throws(AIGCError) -> StyleGANConfiguration {
    let model = settings.model
    guard set.size.width == set.size.height else {
      throw .usage("`images.size`: \(set.size) pixels: images of a StyleGAN are square")
    }
    var result =
      model.network == .article
      ? StyleGANConfiguration.article(channels: set.channels)
      : StyleGANConfiguration(side: set.size.width, channels: set.channels)
    result.side = set.size.width
    if let latent = model.latent { result.latent = latent }
    if let style = model.style { result.style = style }
    if model.network == .stylegan2 {
      (result.depth, result.baseMaps, result.mostMaps) = (
        model.depth, model.baseMaps, model.mostMaps
      )
    }
    if model.isConditional {
      guard set.labels != nil, !set.classes.isEmpty else {
        throw .usage(
          "`isConditional`: \(settings.images.path) has no classes; use sub-folders or `images.labels`"
        )
      }
      result.classes = set.classes
    }
    result.ignoresOrientation = settings.images.options.ignoresOrientation ? true : nil
    if let problem = result.problem { throw .usage("`images.size`: \(problem)") }
    return result
  }

  /// What measures, and chooses the best weights.
  private func score(_ set: ImageSet) throws(AIGCError) -> FeatureScore? {
    guard let features = settings.training.features else { return nil }
    var images = set
    if let path = settings.training.metricsImages {
      var options = ImageOptions(size: set.size, channels: set.channels)
      options.badImages = settings.images.options.badImages
      options.ignoresOrientation = settings.images.options.ignoresOrientation
      images = try ImageSet.open(path, options)
    }
    return try FeatureScore(by: features, of: images, count: Self.scoredCount)
  }

  private func trainer(_ set: ImageSet) -> TrainerConfiguration {
    var run = run
    if let thousands = settings.snapshotThousands {
      let perStep = Double(min(run.trainer.batchSize, set.count))
      run.trainer.evalEvery = max(1, Int((thousands * 1000 / perStep).rounded()))
    }
    return run.resolved(of: set, thousands: settings.thousands)
  }
}

extension StyleGANConfiguration {
  fileprivate var planMembers: [JSONValue.Member] {
    let generator = ParameterPlan.shapes { StyleGenerator(self, using: &$0) }
    let discriminator = ParameterPlan.shapes { StyleGANDiscriminator(self, using: &$0) }
    return networkMembers + [
      .init("classes", .int(classes.count)),
      .init("generator_parameters", .int(generator.parameterCount)),
      .init("discriminator_parameters", .int(discriminator.parameterCount)),
    ]
  }
}

extension StyleGANTrainingOptions {
  fileprivate func planMembers(
    _ model: StyleGANConfiguration, batch: Int
  ) -> [JSONValue.Member] {
    let usesAda = adaptation.mode == .ada
    return [
      .init("loss", .string(loss.rawValue)),
      .init("gamma", .float(gamma(side: model.side, batch: batch))), .init("r2", .float(r2)),
      .init("pl_weight", .float(pathWeight)), .init("style_mixing", .float(styleMixing)),
      .init("noise_mode", .string((noise ?? .random).rawValue)),
      .init("ema_kimg", .float(averageThousands ?? Float(batch) * 10 / 32)),
      .init("aug", .string(adaptation.mode.rawValue)),
      .init("augpipe", adaptation.mode == .noaug ? .null : .string(adaptation.pipe.rawValue)),
      .init("p", adaptation.mode == .fixed ? .float(adaptation.probability) : .null),
      .init("target", usesAda ? .float(adaptation.target) : .null),
      .init("ada_kimg", usesAda ? .float(adaptation.thousands) : .null),
      .init("augment", .array((augmentation?.kinds ?? []).map { .string($0.rawValue) })),
      .init("mirror", .bool(isMirrored)), .init("animate", .bool(isAnimated)),
      .init("metrics", .array(metrics.map { .string($0.rawValue) })),
      .init("features", JSONValue(features)), .init("metrics_data", JSONValue(metricsImages)),
      .init("convolution", .string(convolution.rawValue)),
    ]
  }
}
