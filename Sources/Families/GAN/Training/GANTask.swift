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
  /// The place in the data, the watch, and what is told.
  let run: AdversarialRun
  private let rollback: TrainingRollback?
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
    if let decay = options.average {
      // A third network of the generator's shape, for the average of its weights.
      shown = ParameterPlan.shapes { GANGenerator(configuration, using: &$0) }
      let source = networks.generator.namedParameters.map { $0.parameter }
      let averages = shown.namedParameters.map { $0.parameter }
      average = WeightAverage(of: source, in: averages, decay: decay)
    } else {
      (shown, average) = (networks.generator, nil)
    }
    run = AdversarialRun(
      GANModel(configuration, shown), images, trainer, isMirrored: options.isMirrored,
      isAnimated: options.isAnimated)
    rollback = options.rollsBack ? TrainingRollback() : nil
  }

  var parameters: NamedParameters {
    networks.generator.namedParameters(below: "generator")
      + networks.discriminator.namedParameters(below: "discriminator")
      + (average == nil ? [] : shown.namedParameters(below: "average"))
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
      let batch = try run.next()
      count += batch.count
      let shape: Shape = [
        batch.count, configuration.height, configuration.width, configuration.channels,
      ]
      let latents = Tensor.normal([batch.count, configuration.latent], using: &context.random)
      return GANBatch(
        images: Tensor(batch.values, shape), latents: latents, labels: batch.labels)
    }
    average?.update(step: step)
    try run.observe(step: step + 1, result.outcome)
    return StepResult(metrics: result.metrics, items: count)
  }

  func validate() throws(AIGCError) -> Double? {
    try run.evaluate()
    if let rollback {
      if !run.isCollapsed {
        rollback.keep(self)
      } else if rollback.restore(to: self) {
        // The place in the data and the chance stay where they are: the same steps are not taken
        // again.
        run.say("went back to the weights of the last healthy evaluation")
        run.recover()
      }
    }
    return try score?.distance(of: GANModel(configuration, shown))
  }

  func takeNotes() -> [JSONValue.Member] { run.takeNotes() }

  func progress() throws(AIGCError) -> [NewTensor] {
    try run.progress() + (rollback?.progress() ?? [])
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    try run.restore(progress, prefix: prefix)
    try rollback?.restore(progress, prefix: prefix, of: self)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    if run.isCollapsed, score == nil { return }
    configuration.trainingImages = items
    try GANFolder.write(
      configuration, generator: shown.namedParameters,
      discriminator: networks.discriminator.namedParameters, to: path)
  }

  func show(in folder: String) throws(AIGCError) { try run.show(in: folder) }
}
