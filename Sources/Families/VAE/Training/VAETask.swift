import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of an autoencoder on images.
final class VAETask: TrainingTask {
  private var configuration: VAEConfiguration
  private let networks: VAENetworks
  private let discriminator: GANDiscriminator?
  private let takeStep: any VAETrainingStep
  private let images: any ExampleSet
  /// To measure on; nil: none.
  private let heldOut: (any ExampleSet)?
  /// What shows how it goes: held out, or else the first images learned from.
  private let probe: any ExampleSet
  private var loader: ImageLoader
  private let samples: TrainingSamples
  /// Watches generator and discriminator; nil without one.
  private let monitor: AdversarialMonitor?
  private var seen = 0
  private var notes: [JSONValue.Member] = []
  private var isCollapsed = false
  /// Is told what the user should know.
  var warn: (String) -> Void = { _ in }

  var itemName: String { configuration.table == nil ? "images" : "rows" }
  let validationTitle = "-ELBO on what was held out"
  private static let probeCount = 1000

  /// - Parameters:
  ///   - configuration: of the model, with the options of its training.
  ///   - networks: are changed, as is the discriminator.
  ///   - images: to learn from.
  ///   - heldOut: to measure on.
  ///   - trainer: batch size, seed and optimizer.
  init(
    _ configuration: VAEConfiguration, _ networks: VAENetworks, _ discriminator: GANDiscriminator?,
    _ images: any ExampleSet, heldOut: (any ExampleSet)?, _ trainer: TrainerConfiguration
  ) {
    self.configuration = configuration
    self.networks = networks
    self.discriminator = discriminator
    self.images = images
    self.heldOut = heldOut
    let shown = heldOut ?? images
    probe = shown.subset(Array(0..<min(Self.probeCount, shown.count)))
    let options = configuration.training ?? VAETrainingOptions()
    if let discriminator {
      takeStep = VAEGANStep(
        networks, discriminator, options, trainer.optimizer, peak: trainer.schedule.peak)
    } else {
      takeStep = VAEStep(networks, options, trainer.optimizer)
    }
    // Streams of the seed: 0 draws the weights, 1 the latents of the steps.
    loader = ImageLoader(
      images, batch: trainer.batchSize, random: RandomSource(seed: trainer.seed, stream: 2),
      isMirrored: options.isMirrored)
    let model = VAEModel(configuration, networks)
    samples = TrainingSamples(model, steps: trainer.steps, isAnimated: false)
    let judged = discriminator == nil ? nil : images as? ImageSet
    monitor = judged.map { AdversarialMonitor(model, $0) }
  }

  var parameters: NamedParameters {
    VAEFolder.named(configuration.vaeKind, networks, discriminator)
  }

  var optimizers: [(name: String, optimizer: any Optimizer)] { takeStep.optimizers }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let batch = try loader.next()
    let latents: Shape = [batch.count, configuration.latent]
    var next = VAEBatch(
      images: configuration.input(batch.values),
      noise: .normal(latents, using: &context.random),
      labels: configuration.classes.isEmpty ? [] : batch.labels)
    if discriminator != nil, configuration.training?.drawsLatents == true {
      next.drawn = .normal(latents, using: &context.random)
    }
    let metrics = try takeStep(next, step, rate: rate, context)
    seen += batch.count
    if let outcome = takeStep.outcome, let problem = monitor?.observe(outcome) {
      say("step \(step + 1): \(problem)")
    }
    return StepResult(metrics: metrics, items: batch.count)
  }

  func validate() throws(AIGCError) -> Double? {
    var random = RandomSource(seed: 0)
    let shown = try LowerBound(of: probe, configuration, networks, using: &random)
    notes.append(.init("active_units", .int(shown.activeUnits)))
    if let problem = shown.problem, !isCollapsed { say(problem) }
    isCollapsed = shown.problem != nil
    if let health = try monitor?.evaluate(), let problem = health.problem { say(problem) }
    guard let heldOut else { return nil }
    var draws = RandomSource(seed: 1)
    let bound = try LowerBound(of: heldOut, configuration, networks, using: &draws)
    notes += [
      .init("val_reconstruction", .double(bound.reconstruction)),
      .init("val_kl", .double(bound.divergence)),
    ]
    // A VAE-GAN learns from more than its bound, which therefore does not choose its weights.
    guard discriminator == nil else {
      notes.append(.init("val_loss", .double(bound.negative)))
      return nil
    }
    return bound.negative
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
    loader.progress(seen: seen, isCollapsed: isCollapsed) + (monitor?.progress() ?? [])
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    (loader, seen, isCollapsed) = try loader.restored(progress, prefix: prefix)
    try monitor?.restore(progress, prefix: prefix)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingImages = items
    try VAEFolder.write(configuration, networks, discriminator: discriminator, to: path)
  }

  func show(in folder: String) throws(AIGCError) {
    if configuration.table != nil { return }
    try samples.write(to: folder)
    let few = Array(0..<min(Reconstructions.count, probe.count))
    let labels = configuration.classes.isEmpty ? [] : few.map { probe.labels?[$0] ?? 0 }
    try Reconstructions(VAEModel(configuration, networks), try probe.values(few), labels: labels)
      .sheet.write(to: "\(folder)/\(Reconstructions.fileName)")
  }
}
