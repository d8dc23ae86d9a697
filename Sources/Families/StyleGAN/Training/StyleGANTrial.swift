import Autograd
import Files
import Kernels
import NN
import Training

/// What a run would take, by some steps on random images: `--dry-run`.
struct StyleGANTrial {
  private let configuration: StyleGANConfiguration
  private let options: StyleGANTrainingOptions
  private let trainer: TrainerConfiguration
  /// Images of a step that is tried: as many as a run's, or fewer where they are large.
  private var batch: Int {
    max(1, min(trainer.batchSize, 32 * 64 * 64 / (configuration.side * configuration.side)))
  }

  init(
    _ configuration: StyleGANConfiguration, _ options: StyleGANTrainingOptions,
    _ trainer: TrainerConfiguration
  ) {
    (self.configuration, self.options, self.trainer) = (configuration, options, trainer)
  }

  /// Hours of the run and its memory, under the names of a plan.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  func members() throws(AIGCError) -> [JSONValue.Member] {
    var random = RandomSource(seed: 0)
    let step = StyleGANStep(
      configuration, random.drawn { StyleGenerator(configuration, using: &$0) },
      random.drawn { StyleGANDiscriminator(configuration, using: &$0) }, options,
      trainer.optimizer)
    let side = configuration.side
    let images = Tensor.uniform([batch, side, side, configuration.channels], -1, 1, using: &random)
    let labels = configuration.classes.isEmpty ? [] : [Int32](repeating: 0, count: batch)
    let context = Context(isTraining: true, random: random, convolution: options.convolution)
    func seconds(_ number: Int) throws(AIGCError) -> Double {
      try Interruption.check()
      let start = ContinuousClock.now
      _ = try step(
        StyleGANBatch(images: images, labels: labels), number, rate: 0, context)
      return (ContinuousClock.now - start) / .seconds(1)
    }
    // Step 0 has all regularisations, the path's next one has only that, step 1 has none.
    _ = try seconds(1)
    let (plain, all) = (try seconds(1), try seconds(0))
    let paths = options.pathWeight > 0 ? try seconds(options.pathInterval) - plain : 0
    let penalty = max(0, all - plain - paths)
    let mean =
      plain + paths / Double(options.pathInterval) + penalty / Double(options.penaltyInterval)
    let scale = Double(trainer.batchSize) / Double(batch)
    let memory = Double(SystemMemory.resident) * max(1, scale)
    return [
      .init("seconds_per_step", .double(mean * scale)),
      .init("hours", .double(mean * scale * Double(trainer.steps) / 3600)),
      .init("memory_mb", .int(Int(memory / 1e6))),
    ]
  }
}
