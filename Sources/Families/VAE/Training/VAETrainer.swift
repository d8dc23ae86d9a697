import Datasets
import Files
import Kernels
import NN
import Training

/// What an autoencoder is to be; what is nil is the article's, or follows from the data.
public struct VAEModelOptions: Sendable {
  public var latent: Int?
  public var network = VAEConfiguration.Network.linear
  public var layers: [Int]?
  public var hidden: Int?
  public var likelihood: VAEConfiguration.Likelihood?
  /// Makes it a VQ-VAE.
  public var codebook: VAECodebook?
  /// Whether the networks know the classes of the data.
  public var isConditional = false

  public init() {}
}

/// Trains autoencoders: pictures or a table in, a model folder out.
public struct VAETrainer {
  public var kind = VAEKind.vae
  /// A file, a folder or an archive of pictures; or a table.
  public var data = ""
  /// Of a table; nil: the data are pictures.
  public var table: VAETableOptions?
  /// A file of labels of MNIST's kind.
  public var labels: String?
  public var pictures = PictureOptions()
  public var model = VAEModelOptions()
  public var options = VAETrainingOptions()
  public var trainer = VAETrainer.defaults
  /// Held-out pictures, or a table of them.
  public var heldOut: String?
  /// Without them, so much of the data.
  public var heldOutShare = 0.0
  /// Passes over the data, in place of ``TrainerConfiguration/steps``.
  public var epochs: Double?
  public var report: (TrainerEvent) -> Void = { _ in }
  /// What pictures there are to learn from, once they were read.
  public private(set) var found: FoundPictures?

  public init() {}

  /// Adam with PyTorch's settings.
  public static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 1, schedule: Schedule(.cosine, peak: 1e-3))
    result.batchSize = 128
    result.optimizer.kind = .adam
    result.logEvery = 100
    return result
  }
  public static let defaultEpochs = 20.0

  /// The model that would be trained, and the number of steps.
  /// - Parameter folder: of the run that would go on; nil: a new one.
  public mutating func plan(resuming folder: String? = nil) throws(AIGCError) -> VAEConfiguration {
    if let folder {
      let (configuration, learned, _) = try saved(in: folder)
      setSteps(learned)
      return configuration
    }
    if let table {
      let (configuration, learned, _) = try readTable(table)
      setSteps(learned)
      return configuration
    }
    let (learned, _) = try read()
    setSteps(learned)
    return try configuration(of: learned)
  }

  /// Trains a new model in `folder`.
  /// - Throws: ``AIGCError``: see ``Trainer/run(resuming:)``; badInput for pictures that cannot be
  ///   read; usage for sizes that make no model.
  public mutating func train(to folder: String) throws(AIGCError) -> TrainingSummary {
    if let table {
      var (configuration, learned, measured) = try readTable(table)
      configuration.training = options
      return try run(configuration, learned, measured, folder, resuming: false)
    }
    let (learned, measured) = try read()
    var configuration = try configuration(of: learned)
    configuration.training = options
    return try run(configuration, learned, measured, folder, resuming: false)
  }

  /// Goes on with the run in `folder`, with the same pictures.
  /// - Throws: as ``train(to:)``, and mismatch when the pictures are not those of the run.
  public mutating func resume(in folder: String) throws(AIGCError) -> TrainingSummary {
    var (configuration, learned, measured) = try saved(in: folder)
    configuration.training = options
    // Measured anew; the trainer's state says how many pictures were seen.
    (configuration.latents, configuration.threshold) = (nil, nil)
    configuration.trainingPictures = nil
    return try run(configuration, learned, measured, folder, resuming: true)
  }

  /// The model of the run in `folder`, what it learns from and what it is measured on.
  private mutating func saved(
    in folder: String
  ) throws(AIGCError) -> (VAEConfiguration, any ExampleSet, (any ExampleSet)?) {
    let configuration = try VAEConfiguration.read(folder: folder)
    if let saved = configuration.table {
      let (planned, learned, measured) = try readTable(VAETableOptions(of: saved))
      guard planned.table.map({ saved.isSame(as: $0) }) == true else {
        throw .mismatch("\(data): its rows are not those of the run in \(folder)")
      }
      return (configuration, learned, measured)
    }
    pictures.size = PictureSize(width: configuration.width, height: configuration.height)
    pictures.channels = configuration.channels
    try pictures.keepOrientation(configuration.ignoresOrientation, of: folder)
    // What is held out needs the model's classes, whatever the flags of this call say.
    model.isConditional = !configuration.classes.isEmpty
    let (learned, measured) = try read()
    guard configuration.classes.isEmpty || configuration.classes == learned.classes else {
      throw .mismatch("\(data): its classes are not those of the model in \(folder)")
    }
    return (configuration, learned, measured)
  }

  /// The pictures to learn from and those to measure on.
  private mutating func read() throws(AIGCError) -> (PictureSet, PictureSet?) {
    try refuseTable(data)
    let all = try openTrainingPictures(data, labels: labels, pictures, report)
    guard all.count > 0 else { throw .badInput("\(data): no pictures") }
    found = FoundPictures(all)
    guard let heldOut else { return all.split(share: heldOutShare, seed: trainer.seed) }
    var options = pictures
    (options.size, options.channels) = (all.size, all.channels)
    let measured = try openTrainingPictures(heldOut, options, report)
    guard measured.count > 0 else { throw .badInput("\(heldOut): no pictures") }
    if model.isConditional, measured.classes != all.classes {
      throw .mismatch("\(heldOut): other classes than in \(data), or none")
    }
    return (all, measured)
  }

  /// The model for these pictures.
  private func configuration(of set: PictureSet) throws(AIGCError) -> VAEConfiguration {
    var result = VAEConfiguration(
      kind, width: set.size.width, height: set.size.height, channels: set.channels)
    result.ignoresOrientation = pictures.ignoresOrientation ? true : nil
    result.network = model.network
    result.layers = model.layers ?? (model.network == .linear ? [256, 128] : [32, 64])
    if let latent = model.latent { result.latent = latent }
    if let hidden = model.hidden { result.hidden = hidden }
    // Colours are no probabilities of white.
    result.likelihood = model.likelihood ?? (set.channels == 1 ? .bernoulli : .gaussian)
    if model.isConditional {
      guard set.labels != nil, !set.classes.isEmpty else {
        throw .usage("--conditional: \(data) has no classes; use sub-folders or --labels")
      }
      result.classes = set.classes
    }
    if let codebook = model.codebook {
      guard !model.isConditional else {
        throw .usage("--vq: a VQ-VAE learns no classes; leave --conditional out")
      }
      result.layers = model.layers ?? [32, 64]
      result = result.quantized(codebook)
    }
    if let problem = result.problem ?? VAEFolder.discriminatorSizes(result)?.problem {
      throw .usage("no model: \(problem)")
    }
    return result
  }

  private mutating func run(
    _ configuration: VAEConfiguration, _ learned: any ExampleSet,
    _ measured: (any ExampleSet)?,
    _ folder: String, resuming: Bool
  ) throws(AIGCError) -> TrainingSummary {
    setSteps(learned)
    if trainer.evalEvery == 0 { trainer.evalEvery = stepsPerEpoch(learned) }
    var random = RandomSource(seed: trainer.seed)
    let report = report
    let items = configuration.table == nil ? "images" : "rows"
    measured.flatMap { SampleSize.ofMeans("val_loss", $0.count, items) }.map {
      report(.warning($0))
    }
    let task: any TrainingTask
    if let codebook = configuration.codebook {
      let networks = random.drawn {
        QuantizedNetworks(configuration, codebook, using: &$0)
      }
      let quantized = QuantizedTask(
        configuration, codebook, networks, learned, heldOut: measured, trainer)
      quantized.warn = { report(.warning($0)) }
      task = quantized
    } else {
      let networks = random.drawn { VAENetworks(configuration, using: &$0) }
      let discriminator = VAEFolder.discriminatorSizes(configuration).map { sizes in
        random.drawn { GANDiscriminator(sizes, using: &$0) }
      }
      let plain = VAETask(
        configuration, networks, discriminator, learned, heldOut: measured, trainer)
      plain.warn = { report(.warning($0)) }
      task = plain
    }
    let loop = Trainer(task, trainer, folder: folder)
    loop.convolution = options.convolution
    loop.report = report
    // What compression and sampling need of the data, with the weights that were kept.
    return try loop.run(resuming: resuming) { () throws(AIGCError) in
      if configuration.codebook == nil {
        try LatentStatistics.measure(learned, in: folder)
      } else {
        try CodePrior.learn(of: learned, in: folder)
      }
      if let measured, configuration.codebook == nil {
        try AnomalyThreshold.save(in: folder, of: measured)
        if let few = SampleSize.ofQuantile(AnomalyThreshold.usualQuantile, of: measured.count) {
          report(.warning(few))
        }
      }
    }
  }

  private func stepsPerEpoch(_ set: any ExampleSet) -> Int {
    max(1, set.count / min(trainer.batchSize, set.count))
  }

  private mutating func setSteps(_ set: any ExampleSet) {
    guard let epochs else { return }
    let steps = (epochs * Double(stepsPerEpoch(set))).rounded(.up)
    trainer.steps = max(1, Int(min(steps, 1e12)))
  }
}
