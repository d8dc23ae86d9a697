import Datasets
import Files
import Kernels
import NN
import Training

/// What a GAN is to be; what is nil is the article's, or follows from the data.
public struct GANModelOptions: Sendable {
  public var latent: Int?
  /// Of the generator's first layer: 128 (gan, the second has twice as many) or 512 channels
  /// (dcgan, halved from layer to layer).
  public var width: Int?
  /// Whether the networks know the classes of the data.
  public var isConditional = false
  /// nil: batch normalisation, or none where a penalty or spectral normalisation does not go with
  /// it.
  public var discriminatorNorm: GANConfiguration.Normalization?
  public var isSpectral = false

  public init() {}
}

/// Trains GANs: pictures in, a model folder out.
public struct GANTrainer {
  public var kind = GANKind.gan
  /// A file, a folder or an archive of pictures.
  public var data = ""
  /// A file of labels of MNIST's kind.
  public var labels: String?
  public var pictures = PictureOptions()
  public var model = GANModelOptions()
  public var options = GANTrainingOptions()
  public var trainer = GANTrainer.defaults(.gan)
  /// Passes over the data, or thousands of pictures, in place of ``TrainerConfiguration/steps``.
  public var epochs: Double?
  public var thousands: Double?
  public var report: (TrainerEvent) -> Void = { _ in }
  /// What there is to learn from, once it was read.
  public private(set) var found: FoundPictures?

  public init() {}

  /// Adam with the settings of Radford et al. 2016.
  public static func defaults(_ kind: GANKind) -> TrainerConfiguration {
    var result = TrainerConfiguration(
      steps: kind == .gan ? 20_000 : 5000, schedule: Schedule(.constant, peak: 2e-4))
    result.batchSize = 64
    result.optimizer.kind = .adam
    result.optimizer.beta1 = 0.5
    result.logEvery = kind == .gan ? 100 : 25
    result.evalEvery = kind == .gan ? 1000 : 500
    return result
  }

  /// The model that would be trained, and the number of steps.
  /// - Parameter folder: of the run that would go on; nil: a new one.
  public mutating func plan(resuming folder: String? = nil) throws(AIGCError) -> GANConfiguration {
    if let folder {
      let (configuration, set) = try saved(in: folder)
      setSteps(set)
      return configuration
    }
    let set = try open(size: pictures.size)
    setSteps(set)
    return try configuration(of: set)
  }

  /// Trains a new model in `folder`.
  /// - Throws: ``AIGCError``: see ``Trainer/run(resuming:)``; badInput for pictures that cannot be
  ///   read; usage for sizes that make no model.
  public mutating func train(to folder: String) throws(AIGCError) -> TrainingSummary {
    let set = try open(size: pictures.size)
    var configuration = try configuration(of: set)
    configuration.training = options
    return try run(configuration, set, folder, resuming: false)
  }

  /// Goes on with the run in `folder`, with the same pictures.
  /// - Throws: as ``train(to:)``, and mismatch when the pictures are not those of the run.
  public mutating func resume(in folder: String) throws(AIGCError) -> TrainingSummary {
    var (configuration, set) = try saved(in: folder)
    configuration.training = options
    return try run(configuration, set, folder, resuming: true)
  }

  /// The model of the run in `folder`, and its pictures.
  private mutating func saved(in folder: String) throws(AIGCError) -> (GANConfiguration, PictureSet)
  {
    let configuration = try GANConfiguration.read(folder: folder)
    let size = PictureSize(width: configuration.width, height: configuration.height)
    pictures.channels = configuration.channels
    try pictures.keepOrientation(configuration.ignoresOrientation, of: folder)
    let set = try open(size: size)
    guard configuration.classes.isEmpty || configuration.classes == set.classes else {
      throw .mismatch("\(data): its classes are not those of the model in \(folder)")
    }
    return (configuration, set)
  }

  /// The settings that the run in `folder` was saved with.
  /// - Throws: ``AIGCError`` (badInput) when there is none.
  public static func savedOptions(in folder: String) throws(AIGCError) -> GANTrainingOptions {
    try GANConfiguration.read(folder: folder).training ?? GANTrainingOptions()
  }

  private mutating func open(size: PictureSize?) throws(AIGCError) -> PictureSet {
    var form = pictures
    form.size = size ?? (kind == .dcgan ? PictureSize(width: 32, height: 32) : nil)
    let set = try openTrainingPictures(data, labels: labels, form, report)
    guard set.count > 0 else { throw .badInput("\(data): no pictures") }
    found = FoundPictures(set)
    return set
  }

  /// The model for these pictures.
  private func configuration(of set: PictureSet) throws(AIGCError) -> GANConfiguration {
    let size = set.size
    let width = model.width ?? (kind == .gan ? 128 : 512)
    let doublings = GANConfiguration.doublings(width: size.width, height: size.height)
    let layers = kind == .gan ? [width, 2 * width] : (0..<doublings).map { max(1, width >> $0) }
    var result = GANConfiguration(
      kind, width: size.width, height: size.height, channels: set.channels, layers: layers)
    if let latent = model.latent { result.latent = latent }
    if model.isConditional {
      guard set.labels != nil, !set.classes.isEmpty else {
        throw .usage("--conditional: \(data) has no classes; use sub-folders or --labels")
      }
      result.classes = set.classes
    }
    result.isSpectral = model.isSpectral
    result.ignoresOrientation = pictures.ignoresOrientation ? true : nil
    let isPenalized = options.loss == .wganGP || options.r1 > 0 || model.isSpectral
    result.discriminatorNorm = model.discriminatorNorm ?? (isPenalized ? .none : .batch)
    if let problem = result.problem { throw .usage("--image-size: \(problem)") }
    return result
  }

  private mutating func run(
    _ configuration: GANConfiguration, _ set: PictureSet, _ folder: String, resuming: Bool
  ) throws(AIGCError) -> TrainingSummary {
    setSteps(set)
    var random = RandomSource(seed: trainer.seed)
    let networks = GANStep(
      random.drawn { GANGenerator(configuration, using: &$0) },
      random.drawn { GANDiscriminator(configuration, using: &$0) }, options, trainer.optimizer)
    let score = try score()
    let few = SampleSize.ofMonitor(set.count)
    let report = report
    for warning in [few].compactMap({ $0 }) + (score?.warnings ?? []) { report(.warning(warning)) }
    let task = GANTask(configuration, networks, set, options, trainer, score: score)
    task.warn = { report(.warning($0)) }
    let trainer = Trainer(task, trainer, folder: folder)
    trainer.convolution = options.convolution
    trainer.report = report
    return try trainer.run(resuming: resuming)
  }

  /// What chooses the best weights.
  private func score() throws(AIGCError) -> FeatureScore? {
    guard let features = options.features else { return nil }
    let extractor = try openClassifier(features)
    var form = pictures
    (form.size, form.channels) = (extractor.size, extractor.channels)
    return try FeatureScore(extractor, try PictureSet.open(data, labels: labels, form))
  }

  private mutating func setSteps(_ set: PictureSet) {
    guard let pictures = epochs.map({ $0 * Double(set.count) }) ?? thousands.map({ $0 * 1000 })
    else { return }
    let perStep = min(trainer.batchSize, set.count) * max(options.discriminatorSteps, 1)
    let steps = (pictures / Double(perStep)).rounded(.up)
    trainer.steps = max(1, Int(min(steps, 1e12)))
  }
}
