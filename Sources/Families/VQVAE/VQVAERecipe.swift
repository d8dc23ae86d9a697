import Datasets
import Files
import Kernels
import NN
import Training

/// What the training of a VQ-VAE can be told; what is nil follows from the data.
public struct VQVAESettings: Codable, Equatable, Sendable {
  /// The images to learn from.
  public var images = ImageSource()
  /// Channels of the encoder's convolutions, each of which halves the sides; the decoder has the same the
  /// other way round.
  public var layers = [32, 64]
  /// The distribution of pixels; nil: Bernoulli for grey images, Gaussian for others.
  public var likelihood: VAEConfiguration.Likelihood?
  /// The codebook: its size, and how it learns.
  public var codebook = Codebook()
  /// Of it only mirroring and the way of convolution: codes cost nothing.
  public var training = VAETrainingOptions()

  /// Creates the default settings, still without images.
  public init() {}
}

/// Trains VQ-VAEs (van den Oord et al. 2017): images in, a model folder out. At the end the prior of the
/// codes is learned by counting.
public struct VQVAERecipe: TrainingRecipe {
  /// The name in `config.json`: "vqvae", or "vae" for `train vae --vq`.
  public let family: String
  /// The images, the networks and the codebook.
  public var settings = VQVAESettings()
  /// The run; by default 20 epochs in batches of 128 images, Adam with a cosine learning rate from
  /// 1e-3, and nothing held out.
  public var run = RunOptions(
    VAERecipe.defaults, epochs: VAERecipe.defaultEpochs, heldOut: HeldOutData(share: 0))

  /// - Parameters:
  ///   - path: a file, a folder or an archive of images.
  ///   - family: the name in `config.json`; models of `train vae --vq` are called "vae".
  public init(images path: String = "", family: String = VQVAEFamily.name) {
    settings.images.path = path
    self.family = family
  }

  /// The images, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", [settings.images.path])] }

  /// Opens the images, and says which networks would learn from how many.
  /// - Throws: ``/Files/AIGCError``: badInput for images that cannot be read, usage for settings that make
  ///   no model, for a table and for a start from ``/Training/TrainingStart/model(_:)``, mismatch
  ///   where the resumed run is one of an autoencoder without a codebook.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let (configuration, _, images) = try open(start, report)
    let members = configuration.planMembers + settings.training.planMembers
    return TrainingPlan(
      members + settings.images.planMembers, trainer(images.learned), found: images.found)
  }

  /// Opens the images and draws the networks' weights from the seed. The finished model gets the
  /// prior of its codes, learned by counting.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    var (configuration, codebook, images) = try open(start, report)
    configuration.training = settings.training
    var trainer = trainer(images.learned)
    if trainer.evalEvery == 0 { trainer.evalEvery = stepsPerEpoch(images.learned) }
    images.measured.flatMap { SampleSize.ofMeans("val_loss", $0.count, "images") }.map {
      report(.warning($0))
    }
    var random = RandomSource(seed: trainer.seed)
    let networks = random.drawn { VQVAENetworks(configuration, codebook, using: &$0) }
    let task = VQVAETask(
      configuration, codebook, networks, images.learned, heldOut: images.measured, trainer)
    task.warn = { report(.warning($0)) }
    return PreparedTraining(task, trainer, convolution: settings.training.convolution) {
      [images] (folder) throws(AIGCError) in
      try CodePrior.learn(of: images.learned, in: folder)
      try Self.saveThreshold(of: images.measured, in: folder, report)
      return nil
    }
  }

  /// Finds on the images that were held out from which score on one is an anomaly.
  private static func saveThreshold(
    of measured: ImageSet?, in folder: String, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) {
    guard let measured else { return }
    let model = try VQVAEModel(folder: folder)
    let scorer = try AnomalyScorer(model, model.usualMeasure)
    let scores = try scorer.scores(of: measured, labels: nil)
    try model.configuration.save(thresholdOf: scores, scorer, in: folder, report)
  }

  /// The model, what it learns from and what it is measured on.
  private func open(
    _ start: TrainingStart, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> (VAEConfiguration, Codebook, SplitImages) {
    var images = settings.images
    switch start {
    case .new:
      try refuseTable(images.path)
      let split = try images.split(run, sameClasses: false, report)
      return (try configuration(of: split.learned), settings.codebook, split)
    case .resumed(let folder):
      var saved = try VAEConfiguration.read(folder: folder)
      guard let codebook = saved.codebook else {
        throw .mismatch("\(folder): an autoencoder without a codebook")
      }
      // The trainer's state says how many images were seen; the end finds the threshold anew.
      (saved.trainingImages, saved.threshold) = (nil, nil)
      try images.keep(
        size: ImageSize(width: saved.width, height: saved.height), channels: saved.channels,
        ignoresOrientation: saved.ignoresOrientation, of: folder)
      return (saved, codebook, try images.split(run, sameClasses: false, report))
    case .model(let path): throw .notTrainedFurther(path, family)
    }
  }

  /// The model for these images.
  private func configuration(of set: ImageSet) throws(AIGCError) -> VAEConfiguration {
    var result = VAEConfiguration(
      .vae, width: set.size.width, height: set.size.height, channels: set.channels)
    result.family = family
    result.ignoresOrientation = settings.images.options.ignoresOrientation ? true : nil
    result.layers = settings.layers
    // Colours are no probabilities of white.
    result.likelihood = settings.likelihood ?? (set.channels == 1 ? .bernoulli : .gaussian)
    result = result.quantized(settings.codebook)
    if let problem = result.problem { throw .usage("no model: \(problem)") }
    return result
  }

  private func stepsPerEpoch(_ set: ImageSet) -> Int {
    max(1, set.count / max(1, min(run.trainer.batchSize, set.count)))
  }

  private func trainer(_ set: ImageSet) -> TrainerConfiguration {
    run.resolved { $0 * Double(stepsPerEpoch(set)) }
  }
}
