import Autograd
import Checkpoints
import Datasets
import Files
import Glibc
import Kernels
import NN
import Training

/// Training of a StyleGAN on images.
final class StyleGANTask: TrainingTask {
  private var configuration: StyleGANConfiguration
  private let options: StyleGANTrainingOptions
  private let networks: StyleGANStep
  private let average: WeightAverage
  /// The generator of averaged weights, whose images are shown, scored and saved.
  private let shown: StyleGenerator
  private let batch: Int
  /// The place in the data, the watch, and what is told.
  let run: AdversarialRun
  /// Measures, and chooses the best weights.
  private let score: FeatureScore?

  let itemName = "images"
  let validationName = "frechet_distance"
  let validationTitle = "Fréchet distance on `features`"

  /// - Parameters:
  ///   - configuration: of the model.
  ///   - networks: are changed.
  ///   - images: the data.
  ///   - options: losses, regularisations and augmentation.
  ///   - trainer: batch size and seed.
  ///   - score: by which the best weights are kept; nil: the latest ones are.
  init(
    _ configuration: StyleGANConfiguration, _ networks: StyleGANStep, _ images: ImageSet,
    _ options: StyleGANTrainingOptions, _ trainer: TrainerConfiguration, score: FeatureScore?
  ) {
    self.score = score
    self.configuration = configuration
    self.options = options
    self.networks = networks
    batch = min(trainer.batchSize, images.count)
    shown = ParameterPlan.shapes { StyleGenerator(configuration, using: &$0) }
    average = WeightAverage(
      of: networks.generator.namedParameters.map { $0.parameter },
      in: shown.namedParameters.map { $0.parameter }, decay: 1)
    run = AdversarialRun(
      StyleGANModel(configuration, shown), images, trainer, isMirrored: options.isMirrored,
      isAnimated: options.isAnimated)
  }

  var parameters: NamedParameters {
    networks.generator.namedParameters(below: "generator")
      + networks.discriminator.namedParameters(below: "discriminator")
      + shown.namedParameters(below: "average")
  }

  var optimizers: [(name: String, optimizer: any Optimizer)] {
    [
      ("generator", networks.generatorOptimizer),
      ("discriminator", networks.discriminatorOptimizer),
    ]
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let batch = try run.next()
    let shape: Shape = [
      batch.count, configuration.side, configuration.side, configuration.channels,
    ]
    let result = try networks(
      StyleGANBatch(images: Tensor(batch.values, shape), labels: batch.labels), step, rate: rate,
      context)
    average.update(kept: kept(batch.count))
    try run.observe(step: step + 1, result.networks.outcome)
    return StepResult(metrics: result.metrics, items: batch.count)
  }

  /// What the average keeps of itself: half of it for so many images, at the start for a twentieth of those
  /// that were seen.
  private func kept(_ count: Int) -> Float {
    let thousands = Double(options.averageThousands ?? Float(batch) * 10 / 32)
    let images = min(thousands * 1000, Double(run.seen) * 0.05)
    return images > 0 ? Float(pow(0.5, Double(count) / images)) : 0
  }

  func validate() throws(AIGCError) -> Double? {
    try run.evaluate()
    let measures = try score?.measures(
      options.metrics, of: StyleGANModel(configuration, shown))
    run.note(measures?.members ?? [])
    return measures?.distance
  }

  func takeNotes() -> [JSONValue.Member] { run.takeNotes() }

  func progress() throws(AIGCError) -> [NewTensor] {
    let numbers = networks.adaptation.state + [networks.pathMean]
    return try run.progress()
      + [NewTensor(name: "stylegan", shape: [numbers.count], floats: numbers, type: .f32)]
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    try run.restore(progress, prefix: prefix)
    let numbers = try progress.tensor("\(prefix)stylegan").floats()
    guard let mean = numbers.last, mean.isFinite,
      networks.adaptation.restore(Array(numbers.dropLast()))
    else { throw .badInput("\(progress.path): the state of augmentation is damaged") }
    networks.pathMean = mean
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
