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
  private var loader: ImageLoader
  private var seen = 0
  private let monitor: AdversarialMonitor
  private let samples: TrainingSamples
  private var notes: [JSONValue.Member] = []
  /// Is told what the user should know.
  var warn: (String) -> Void = { _ in }
  /// Whether the last evaluation found a collapse: then the model's files stay as they are.
  private var isCollapsed = false
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
    // Streams of the seed: 0 draws the weights, 1 the latents of the steps.
    loader = ImageLoader(
      images, batch: trainer.batchSize, random: RandomSource(seed: trainer.seed, stream: 2),
      isMirrored: options.isMirrored)
    let model = StyleGANModel(configuration, shown)
    monitor = AdversarialMonitor(model, images)
    samples = TrainingSamples(model, steps: trainer.steps, isAnimated: options.isAnimated)
  }

  var parameters: NamedParameters {
    func named(_ prefix: String, _ module: some Module) -> NamedParameters {
      module.namedParameters.map { ("\(prefix).\($0.name)", $0.parameter) }
    }
    return named("generator", networks.generator) + named("discriminator", networks.discriminator)
      + named("average", shown)
  }

  var optimizers: [(name: String, optimizer: any Optimizer)] {
    [
      ("generator", networks.generatorOptimizer),
      ("discriminator", networks.discriminatorOptimizer),
    ]
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let batch = try loader.next()
    let shape: Shape = [
      batch.count, configuration.side, configuration.side, configuration.channels,
    ]
    let result = try networks(
      StyleGANBatch(images: Tensor(batch.values, shape), labels: batch.labels), step, rate: rate,
      context)
    seen += batch.count
    average.update(kept: kept(batch.count))
    if let problem = monitor.observe(result.networks.outcome) {
      say("step \(step + 1): \(problem)")
    }
    try samples.addFrame(step: step + 1)
    return StepResult(metrics: result.metrics, items: batch.count)
  }

  /// What the average keeps of itself: half of it for so many images, at the start for a twentieth of those
  /// that were seen.
  private func kept(_ count: Int) -> Float {
    let thousands = Double(options.averageThousands ?? Float(batch) * 10 / 32)
    let images = min(thousands * 1000, Double(seen) * 0.05)
    return images > 0 ? Float(pow(0.5, Double(count) / images)) : 0
  }

  func validate() throws(AIGCError) -> Double? {
    let health = try monitor.evaluate()
    notes += [
      .init("sliced_wasserstein", .double(health.distance)),
      .init("diversity", .double(health.diversity)), .init("spread", .double(health.spread)),
    ]
    if let problem = health.problem { say(problem) }
    isCollapsed = health.isCollapsed
    let measures = try score?.measures(
      options.metrics, of: StyleGANModel(configuration, shown))
    notes += measures?.members ?? []
    return measures?.distance
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
    let numbers = networks.adaptation.state + [networks.pathMean]
    return loader.progress(seen: seen, isCollapsed: isCollapsed) + monitor.progress()
      + (try samples.progress())
      + [NewTensor(name: "stylegan", shape: [numbers.count], floats: numbers, type: .f32)]
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    (loader, seen, isCollapsed) = try loader.restored(progress, prefix: prefix)
    try monitor.restore(progress, prefix: prefix)
    try samples.restore(progress, prefix: prefix)
    let numbers = try progress.tensor("\(prefix)stylegan").floats()
    guard let mean = numbers.last, mean.isFinite,
      networks.adaptation.restore(Array(numbers.dropLast()))
    else { throw .badInput("\(progress.path): the state of augmentation is damaged") }
    networks.pathMean = mean
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
