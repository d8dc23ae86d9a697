import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of a GAN on images.
final class GANTask: TrainingTask {
  private var configuration: GANConfiguration
  private let options: GANTrainingOptions
  private let networks: GANStep
  private let average: WeightAverage?
  /// The generator whose images are shown, scored and saved: the average where there is one.
  private let shown: GANGenerator
  private let images: ImageSet
  private var loader: ImageLoader
  private var seen = 0
  /// Watches for a collapse.
  private let monitor: AdversarialMonitor
  private let samples: TrainingSamples
  private let rollback: TrainingRollback?
  private var notes: [JSONValue.Member] = []
  /// Is told what the user should know.
  var warn: (String) -> Void = { _ in }

  /// Whether the last evaluation found a collapse: then the model's files stay as they are.
  private var isCollapsed = false
  /// Chooses the best weights, where that is wanted.
  private let score: FeatureScore?

  let itemName = "images"
  let validationName = "frechet_distance"
  let validationTitle = "Fréchet distance on `features`"

  /// - Parameters:
  ///   - configuration: of the model.
  ///   - networks: are changed.
  ///   - images: the data.
  ///   - trainer: batch size and seed.
  ///   - score: by which the best weights are kept; nil: the latest ones are.
  init(
    _ configuration: GANConfiguration, _ networks: GANStep, _ images: ImageSet,
    _ options: GANTrainingOptions, _ trainer: TrainerConfiguration, score: FeatureScore? = nil
  ) {
    self.score = score
    self.configuration = configuration
    self.options = options
    self.networks = networks
    self.images = images
    if let decay = options.average {
      // A third network of the generator's shape, for the average of its weights.
      shown = ParameterPlan.shapes { GANGenerator(configuration, using: &$0) }
      let source = networks.generator.namedParameters.map { $0.parameter }
      let averages = shown.namedParameters.map { $0.parameter }
      average = WeightAverage(of: source, in: averages, decay: decay)
    } else {
      (shown, average) = (networks.generator, nil)
    }
    // Streams of the seed: 0 draws the weights, 1 the latents of the steps.
    loader = ImageLoader(
      images, batch: trainer.batchSize, random: RandomSource(seed: trainer.seed, stream: 2),
      isMirrored: options.isMirrored)
    let model = GANModel(configuration, shown)
    monitor = AdversarialMonitor(model, images)
    samples = TrainingSamples(model, steps: trainer.steps, isAnimated: options.isAnimated)
    rollback = options.rollsBack ? TrainingRollback() : nil
  }

  var parameters: NamedParameters {
    func named(_ prefix: String, _ module: some Module) -> NamedParameters {
      module.namedParameters.map { ("\(prefix).\($0.name)", $0.parameter) }
    }
    return named("generator", networks.generator) + named("discriminator", networks.discriminator)
      + (average == nil ? [] : named("average", shown))
  }

  var optimizers: [(name: String, optimizer: any Optimizer)] {
    [
      ("generator", networks.generatorOptimizer),
      ("discriminator", networks.discriminatorOptimizer),
    ]
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    var count = 0
    let result = try networks(step, rate: rate, context) { () throws(AIGCError) in
      let batch = try loader.next()
      count += batch.count
      let shape: Shape = [
        batch.count, configuration.height, configuration.width, configuration.channels,
      ]
      let latents = Tensor.normal([batch.count, configuration.latent], using: &context.random)
      return GANBatch(
        images: Tensor(batch.values, shape), latents: latents, labels: batch.labels)
    }
    seen += count
    average?.update(step: step)
    if let problem = monitor.observe(result.outcome) { say("step \(step + 1): \(problem)") }
    try samples.addFrame(step: step + 1)
    return StepResult(metrics: result.metrics, items: count)
  }

  func validate() throws(AIGCError) -> Double? {
    let health = try monitor.evaluate()
    notes += [
      .init("sliced_wasserstein", .double(health.distance)),
      .init("diversity", .double(health.diversity)), .init("spread", .double(health.spread)),
    ]
    if let problem = health.problem { say(problem) }
    isCollapsed = health.isCollapsed
    if let rollback {
      if !isCollapsed {
        rollback.keep(self)
      } else if rollback.restore(to: self) {
        // The place in the data and the chance stay where they are: the same steps are not taken
        // again.
        say("went back to the weights of the last healthy evaluation")
        isCollapsed = false
      }
    }
    return try score?.distance(of: GANModel(configuration, shown))
  }

  /// Tells the user, and the log.
  private func say(_ text: String) {
    warn(text)
    notes.append(.init("warning", .string(text)))
  }

  func takeNotes() -> [JSONValue.Member] {
    defer { notes = [] }
    return notes
  }

  func progress() throws(AIGCError) -> [NewTensor] {
    loader.progress(seen: seen, isCollapsed: isCollapsed) + monitor.progress()
      + (try samples.progress()) + (rollback?.progress() ?? [])
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    (loader, seen, isCollapsed) = try loader.restored(progress, prefix: prefix)
    try monitor.restore(progress, prefix: prefix)
    try samples.restore(progress, prefix: prefix)
    try rollback?.restore(progress, prefix: prefix, of: self)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    if isCollapsed, score == nil { return }
    configuration.trainingImages = items
    try GANFolder.write(
      configuration, generator: shown.namedParameters,
      discriminator: networks.discriminator.namedParameters, to: path)
  }

  func show(in folder: String) throws(AIGCError) { try samples.write(to: folder) }
}
