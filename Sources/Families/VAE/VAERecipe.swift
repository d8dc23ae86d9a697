import Datasets
import Files
import Kernels
import NN
import Training

/// What an autoencoder is to be; what is nil is the article's, or follows from the data.
public struct VAEModelOptions: Codable, Equatable, Sendable {
  /// The latent dimension, 1 to 4096; nil: 20, or of a table half of its numbers, from 2 to 8.
  public var latent: Int?
  /// Whether encoder and decoder are fully connected or convolutional.
  public var network = VAEConfiguration.Network.linear
  /// Units or channels of the encoder's layers; nil: [256, 128] fully connected, [32, 64]
  /// convolutional, [64, 32] for a table.
  public var layers: [Int]?
  /// Units between the last map and the latent of a convolutional network; nil: 256.
  public var hidden: Int?
  /// The distribution of pixels; nil: Bernoulli for grey images, Gaussian for others and for
  /// tables.
  public var likelihood: VAEConfiguration.Likelihood?
  /// Whether the networks know the classes of the data.
  public var isConditional = false

  /// Creates the options of the article's networks.
  public init() {}
}

/// What the training of an autoencoder can be told.
public struct VAESettings: Codable, Equatable, Sendable {
  /// The images to learn from; for a table only its path counts.
  public var images = ImageSource()
  /// Of a table, which stands where the images would; nil: the data are images.
  public var table: VAETableOptions?
  /// The networks.
  public var model = VAEModelOptions()
  /// The loss, and what a VAE-GAN's discriminator adds to it.
  public var training = VAETrainingOptions()

  /// Creates the default settings, still without data.
  public init() {}
}

/// Trains autoencoders: images or a table in, a model folder out.
public struct VAERecipe: TrainingRecipe {
  /// Whether the autoencoder is a plain one or learns from a discriminator too.
  public let kind: VAEKind
  /// The data, the networks and what they learn from.
  public var settings = VAESettings()
  /// The run; by default 20 epochs in batches of 128 images, Adam with a cosine learning rate from
  /// 1e-3, and nothing held out.
  public var run = RunOptions(
    Self.defaults, epochs: Self.defaultEpochs, heldOut: HeldOutData(share: 0))

  /// - Parameters:
  ///   - kind: plain, or with a discriminator.
  ///   - path: a file, a folder or an archive of images, or a table.
  public init(_ kind: VAEKind, data path: String = "") {
    self.kind = kind
    settings.images.path = path
  }

  /// The name in `config.json`: "vae" or "vaegan".
  public var family: String { kind.rawValue }
  /// The images or the table, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", [data])] }

  /// A file, a folder or an archive of images; or a table.
  var data: String { settings.images.path }

  /// Adam with PyTorch's settings.
  static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 1, schedule: Schedule(.cosine, peak: 1e-3))
    result.batchSize = 128
    result.optimizer.kind = .adam
    result.logEvery = 100
    return result
  }

  /// Passes over the data without another number.
  static let defaultEpochs = 20.0

  /// Opens the data, and says which networks would learn from how much of it.
  /// - Throws: ``/Files/AIGCError``: badInput for data that cannot be read, usage for settings that make
  ///   no model, for a conditional model of images without classes, for a table without normal rows
  ///   and for a start from ``/Training/TrainingStart/model(_:)``, mismatch where held-out data, or
  ///   those of a resumed run, have other classes or rows.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let data = try open(start, report)
    let configuration = data.configuration
    var members = configuration.planMembers + settings.training.planMembers
    if configuration.vaeKind == .vaegan { members += settings.training.adversarialPlanMembers }
    if configuration.table == nil { members += settings.images.planMembers }
    return TrainingPlan(members, trainer(data.learned), found: data.found)
  }

  /// Opens the data and draws the networks' weights from the seed. The finished model gets the
  /// statistics of its latents, which compression needs, and where something is held out a
  /// threshold for anomalies.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    let data = try open(start, report)
    let (learned, measured) = (data.learned, data.measured)
    var configuration = data.configuration
    configuration.training = settings.training
    var trainer = trainer(learned)
    if trainer.evalEvery == 0 { trainer.evalEvery = stepsPerEpoch(learned) }
    let items = configuration.table == nil ? "images" : "rows"
    measured.flatMap { SampleSize.ofMeans("val_loss", $0.count, items) }.map {
      report(.warning($0))
    }
    let task = task(configuration, data, trainer, report)
    return PreparedTraining(task, trainer, convolution: settings.training.convolution) {
      (folder) throws(AIGCError) in
      try Self.finish(learned, measured, folder, report)
      return nil
    }
  }

  private func task(
    _ configuration: VAEConfiguration, _ data: Data, _ trainer: TrainerConfiguration,
    _ report: @escaping (TrainerEvent) -> Void
  ) -> any TrainingTask {
    var random = RandomSource(seed: trainer.seed)
    let networks = random.drawn { VAENetworks(configuration, using: &$0) }
    let discriminator = VAEFolder.discriminatorSizes(configuration).map { sizes in
      random.drawn { GANDiscriminator(sizes, using: &$0) }
    }
    let task = VAETask(
      configuration, networks, discriminator, data.learned, heldOut: data.measured, trainer)
    task.warn = { report(.warning($0)) }
    return task
  }

  /// Adds to the model what compression and sampling need of the data, with the weights that were kept.
  private static func finish(
    _ learned: any ExampleSet, _ measured: (any ExampleSet)?, _ folder: String,
    _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) {
    try LatentStatistics.measure(learned, in: folder)
    guard let measured else { return }
    let model = try VAEModel(folder: folder)
    let scorer = try AnomalyScorer(model, model.usualMeasure)
    let scores =
      if let rows = measured as? TableRows {
        try scorer.scores(of: rows)
      } else {
        try scorer.scores(of: measured, labels: model.classes.isEmpty ? nil : measured.labels)
      }
    try model.configuration.save(thresholdOf: scores, scorer, in: folder, report)
  }

  private func stepsPerEpoch(_ set: any ExampleSet) -> Int {
    max(1, set.count / max(1, min(run.trainer.batchSize, set.count)))
  }

  private func trainer(_ set: any ExampleSet) -> TrainerConfiguration {
    run.resolved { $0 * Double(stepsPerEpoch(set)) }
  }
}

// MARK: Data

extension VAERecipe {
  /// The model, what it learns from and what it is measured on.
  struct Data {
    var configuration: VAEConfiguration
    var learned: any ExampleSet
    var measured: (any ExampleSet)?
    /// What a plan says of the images that were found.
    var found: [JSONValue.Member] = []

    init(_ configuration: VAEConfiguration, _ images: SplitImages) {
      self.init(configuration, images.learned, images.measured)
      found = images.found
    }

    init(
      _ configuration: VAEConfiguration, _ learned: any ExampleSet, _ measured: (any ExampleSet)?
    ) {
      (self.configuration, self.learned, self.measured) = (configuration, learned, measured)
    }
  }

  private func open(
    _ start: TrainingStart, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> Data {
    switch start {
    case .new:
      if let table = settings.table { return try readTable(table, report) }
      try refuseTable(data)
      let images = try settings.images.split(
        run, sameClasses: settings.model.isConditional, report)
      return Data(try configuration(of: images.learned), images)
    case .resumed(let folder): return try saved(in: folder, report)
    case .model(let path): throw .notTrainedFurther(path, family)
    }
  }

  /// The model of the run in `folder`, what it learns from and what it is measured on.
  private func saved(
    in folder: String, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> Data {
    var configuration = try VAEConfiguration.read(folder: folder)
    let table = configuration.table
    // Measured anew; the trainer's state says how many images were seen.
    (configuration.latents, configuration.threshold) = (nil, nil)
    configuration.trainingImages = nil
    if let table {
      var data = try readTable(VAETableOptions(of: table), report)
      guard data.configuration.table.map({ table.isSame(as: $0) }) == true else {
        throw .mismatch("\(self.data): its rows are not those of the run in \(folder)")
      }
      data.configuration = configuration
      return data
    }
    var images = settings.images
    try images.keep(
      size: ImageSize(width: configuration.width, height: configuration.height),
      channels: configuration.channels, ignoresOrientation: configuration.ignoresOrientation,
      of: folder)
    // What is held out needs the model's classes, whatever the settings say.
    let split = try images.split(run, sameClasses: !configuration.classes.isEmpty, report)
    guard configuration.classes.isEmpty || configuration.classes == split.learned.classes else {
      throw .mismatch("\(images.path): its classes are not those of the model in \(folder)")
    }
    return Data(configuration, split)
  }

  /// The model for these images.
  private func configuration(of set: ImageSet) throws(AIGCError) -> VAEConfiguration {
    let model = settings.model
    var result = VAEConfiguration(
      kind, width: set.size.width, height: set.size.height, channels: set.channels)
    result.ignoresOrientation = settings.images.options.ignoresOrientation ? true : nil
    result.network = model.network
    result.layers = model.layers ?? (model.network == .linear ? [256, 128] : [32, 64])
    if let latent = model.latent { result.latent = latent }
    if let hidden = model.hidden { result.hidden = hidden }
    // Colours are no probabilities of white.
    result.likelihood = model.likelihood ?? (set.channels == 1 ? .bernoulli : .gaussian)
    if model.isConditional {
      guard set.labels != nil, !set.classes.isEmpty else {
        throw .usage("`isConditional`: \(data) has no classes; use sub-folders or `images.labels`")
      }
      result.classes = set.classes
    }
    if let problem = result.problem ?? VAEFolder.discriminatorSizes(result)?.problem {
      throw .usage("no model: \(problem)")
    }
    return result
  }
}
