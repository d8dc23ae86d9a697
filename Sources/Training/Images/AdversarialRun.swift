import Checkpoints
import Datasets
import Files
import Inference
import Kernels

/// What the training of any GAN on images has beside its step: the place in the data, the watch for a collapse, the
/// sheet of samples, and what the user and the log are told of them.
public final class AdversarialRun {
  private var loader: ImageLoader
  private let monitor: AdversarialMonitor
  private let samples: TrainingSamples
  private var notes: [JSONValue.Member] = []
  /// Images that were learned from.
  public private(set) var seen = 0
  /// Whether the last evaluation found a collapse: then the model's files stay as they are.
  public private(set) var isCollapsed = false
  /// Is told what the user should know.
  public var warn: (String) -> Void = { _ in }

  /// - Parameters:
  ///   - model: the generator whose images are watched and shown.
  ///   - images: the data.
  ///   - trainer: batch size, steps and seed.
  ///   - isMirrored: whether images are mirrored by chance.
  ///   - isAnimated: whether the samples over time are kept.
  public init(
    _ model: any ImageModel, _ images: ImageSet, _ trainer: TrainerConfiguration,
    isMirrored: Bool, isAnimated: Bool
  ) {
    // Streams of the seed: 0 draws the weights, 1 the latents of the steps.
    loader = ImageLoader(
      images, batch: trainer.batchSize, random: RandomSource(seed: trainer.seed, stream: 2),
      isMirrored: isMirrored)
    monitor = AdversarialMonitor(model, images)
    samples = TrainingSamples(model, steps: trainer.steps, isAnimated: isAnimated)
  }

  /// The next batch of the data.
  /// - Throws: ``/Files/AIGCError``: badInput when an image cannot be read.
  public func next() throws(AIGCError) -> ImageBatch {
    let batch = try loader.next()
    seen += batch.count
    return batch
  }

  /// Watches what a step found, and keeps a frame where one is due.
  /// - Parameters:
  ///   - step: counted from 1.
  ///   - outcome: how the discriminator did.
  public func observe(step: Int, _ outcome: AdversarialOutcome) throws(AIGCError) {
    if let problem = monitor.observe(outcome) { say("step \(step): \(problem)") }
    try samples.addFrame(step: step)
  }

  /// Looks at images of the generator; what it finds goes into the log.
  public func evaluate() throws(AIGCError) {
    let health = try monitor.evaluate()
    note([
      .init("sliced_wasserstein", .double(health.distance)),
      .init("diversity", .double(health.diversity)), .init("spread", .double(health.spread)),
    ])
    if let problem = health.problem { say(problem) }
    isCollapsed = health.isCollapsed
  }

  /// Forgets a collapse whose weights were left.
  public func recover() { isCollapsed = false }

  /// Tells the user, and the log.
  public func say(_ text: String) {
    warn(text)
    note([.init("warning", .string(text))])
  }

  /// Tells the log.
  public func note(_ members: [JSONValue.Member]) { notes += members }

  /// What is to be told since the last time.
  public func takeNotes() -> [JSONValue.Member] {
    defer { notes = [] }
    return notes
  }

  /// Writes the sheet of samples.
  public func show(in folder: String) throws(AIGCError) { try samples.write(to: folder) }

  /// Where the training stands, for a checkpoint.
  public func progress() throws(AIGCError) -> [NewTensor] {
    loader.progress(seen: seen, isCollapsed: isCollapsed) + monitor.progress()
      + (try samples.progress())
  }

  /// Goes back to where ``progress()`` was.
  /// - Throws: ``/Files/AIGCError``: mismatch for other data, badInput for a damaged file.
  public func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    (loader, seen, isCollapsed) = try loader.restored(progress, prefix: prefix)
    try monitor.restore(progress, prefix: prefix)
    try samples.restore(progress, prefix: prefix)
  }
}
