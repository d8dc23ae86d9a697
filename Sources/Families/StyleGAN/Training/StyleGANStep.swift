import Autograd
import Files
import Glibc
import Kernels
import NN
import Training

/// What a step learns from.
struct StyleGANBatch {
  /// [batch, side, side, channels], from -1 to 1.
  let images: Tensor
  /// The class of each image; empty for a model without classes.
  let labels: [Int32]
}

/// The step of a StyleGAN2: the discriminator's, then the generator's through it, and now and then their
/// regularisations as steps of their own (Karras et al. 2020, "lazy regularisation"). Images are generated once
/// and serve both networks.
final class StyleGANStep {
  let generator: StyleGenerator
  let discriminator: StyleGANDiscriminator
  let generatorOptimizer: any Optimizer
  let discriminatorOptimizer: any Optimizer
  /// How images are changed for the discriminator.
  var adaptation: AdaptiveAugmentation
  /// The running mean of path lengths.
  var pathMean: Float = 0
  private let options: StyleGANTrainingOptions
  private let latent: Int
  private let generatorParameters: [Parameter]
  private let discriminatorParameters: [Parameter]
  private let updateGenerator: GradientStep
  private let updateDiscriminator: GradientStep

  /// What a step of an optimizer is worth where every so manieth one is of a regularisation: rates and moments
  /// are those of as many steps altogether.
  private struct Laziness {
    let share: Float

    init(_ interval: Int, isUsed: Bool) {
      share = isUsed ? Float(interval) / Float(interval + 1) : 1
    }

    func optimizer(_ configuration: OptimizerConfiguration, _ parameters: [Parameter])
      -> any Optimizer
    {
      var result = configuration
      result.beta1 = power(result.beta1)
      result.beta2 = power(result.beta2)
      return result.make(parameters)
    }

    private func power(_ beta: Float) -> Float {
      share == 1 ? beta : Float(pow(Double(beta), Double(share)))
    }
  }
  private let generatorLaziness: Laziness
  private let discriminatorLaziness: Laziness

  /// - Parameters:
  ///   - configuration: of the model.
  ///   - generator: is changed.
  ///   - discriminator: is changed.
  ///   - options: losses and regularisations.
  ///   - optimizer: of both.
  init(
    _ configuration: StyleGANConfiguration, _ generator: StyleGenerator,
    _ discriminator: StyleGANDiscriminator, _ options: StyleGANTrainingOptions,
    _ optimizer: OptimizerConfiguration
  ) {
    self.generator = generator
    self.discriminator = discriminator
    self.options = options
    latent = configuration.latent
    adaptation = AdaptiveAugmentation(options.adaptation)
    generatorParameters = generator.trainableParameters
    discriminatorParameters = discriminator.trainableParameters
    generatorLaziness = Laziness(options.pathInterval, isUsed: options.pathWeight > 0)
    discriminatorLaziness = Laziness(options.penaltyInterval, isUsed: options.isPenalized)
    generatorOptimizer = generatorLaziness.optimizer(optimizer, generatorParameters)
    discriminatorOptimizer = discriminatorLaziness.optimizer(optimizer, discriminatorParameters)
    updateGenerator = GradientStep(
      generator.trainableNamedParameters.map { ("generator.\($0.name)", $0.parameter) },
      generatorOptimizer, clip: optimizer.gradClip)
    updateDiscriminator = GradientStep(
      discriminator.trainableNamedParameters.map { ("discriminator.\($0.name)", $0.parameter) },
      discriminatorOptimizer, clip: optimizer.gradClip)
  }

  /// Takes one step.
  /// - Parameters:
  ///   - batch: images of the data.
  ///   - step: its number, which says when regularisations are due.
  ///   - rate: the learning rate of both.
  ///   - context: its random source draws latents, noise and augmentation.
  /// - Throws: ``/Files/AIGCError``: diverged when a gradient is not finite.
  func callAsFunction(
    _ batch: StyleGANBatch, _ step: Int, rate: Float, _ context: Context
  ) throws(AIGCError) -> StyleGANStepResult {
    let z = Tensor.normal([batch.images.shape[0], latent], using: &context.random)
    return try self(
      batch, z, step, rate: rate, context, mixing: StyleMixing(options.styleMixing, latent),
      noise: drawnNoise(context), pathNoise: nil)
  }

  /// The same with given chance, as tests need it.
  func callAsFunction(
    _ batch: StyleGANBatch, _ z: Tensor, _ step: Int, rate: Float, _ context: Context,
    mixing: StyleMixing?, noise: StyleNoiseSource, pathNoise: Tensor?
  ) throws(AIGCError) -> StyleGANStepResult {
    var result = StyleGANStepResult()
    let gradients = try watching(generatorParameters) { () throws(AIGCError) in
      let fake = generate(z, batch.labels, mixing, noise, context)
      try learn(batch, fake.detached, step, rate, context, &result)
      let logits = judge(fake, batch.labels, context)
      let real =
        options.loss.comparesImages ? judge(batch.images, batch.labels, context) : nil
      let loss = options.loss.generator(fake: logits, real: real)
      result.networks.generatorLoss = Double(loss.item)
      return Autograd.gradients(of: loss, at: generatorParameters)
    }
    result.networks.generatorNorm = try updateGenerator.apply(
      loss: result.networks.generatorLoss, gradients, step: step,
      rate: rate * generatorLaziness.share)
    if options.pathWeight > 0, step % options.pathInterval == 0 {
      result.pathPenalty = try regularizePaths(
        z, batch.labels, step, rate, context, mixing, noise, pathNoise)
    }
    return result
  }

  private func drawnNoise(_ context: Context) -> StyleNoiseSource {
    switch options.noise ?? .random {
    case .random: .random(StyleNoiseDraws([RandomSource(seed: context.random.next())]))
    case .const: .const
    case .none: .none
    }
  }

  /// Images of latents. The mean style follows.
  private func generate(
    _ z: Tensor, _ labels: [Int32], _ mixing: StyleMixing?, _ noise: StyleNoiseSource,
    _ context: Context
  ) -> Tensor {
    let style = generator.style(z, labels: labels, context)
    if let average = generator.average {
      let mean = style.detached.mean(axis: 0)
      average.value = mean + (average.value.detached - mean) * 0.995
    }
    let styles = mixed(style, labels, mixing, context)
    return generator.image(styles, noise, context)
  }

  /// The style for each layer, of the last ones now and then another.
  private func mixed(
    _ style: Tensor, _ labels: [Int32], _ mixing: StyleMixing?, _ context: Context
  ) -> [Tensor] {
    let styles = [Tensor](repeating: style, count: generator.styleCount)
    guard let crossing = mixing?.draw(styles.count, &context.random) else { return styles }
    let z = Tensor.normal([style.shape[0], latent], using: &context.random)
    let other = generator.style(z, labels: labels, context)
    return styles.indices.map { $0 < crossing ? style : other }
  }

  /// What the discriminator says of images that are changed for it.
  private func judge(_ images: Tensor, _ labels: [Int32], _ context: Context) -> Tensor {
    discriminator(changed(images, context), labels: labels, context)
  }

  private func changed(_ images: Tensor, _ context: Context) -> Tensor {
    let images = adaptation(images, using: &context.random)
    return options.augmentation?(images, using: &context.random) ?? images
  }

  // MARK: The discriminator

  private func learn(
    _ batch: StyleGANBatch, _ fake: Tensor, _ step: Int, _ rate: Float, _ context: Context,
    _ result: inout StyleGANStepResult
  ) throws(AIGCError) {
    var outcome = ([Float](), [Float]())
    let (loss, gradients) = valueAndGradients(for: discriminatorParameters) {
      // One pass over both batches: twice the rows for the small maps, and half as many transforms of weights.
      let count = fake.shape[0]
      let both = concatenated([changed(fake, context), changed(batch.images, context)])
      let logits = discriminator(both, labels: batch.labels + batch.labels, batches: 2, context)
      let (fakeLogits, realLogits) = (logits.sliced(0..<count), logits.sliced(count..<2 * count))
      outcome = (realLogits.values, fakeLogits.values)
      return options.loss.discriminator(real: realLogits, fake: fakeLogits, smoothing: 0)
    }
    result.networks.discriminatorLoss = Double(loss.item)
    result.networks.measure(real: outcome.0, fake: outcome.1, options.loss)
    let rate = rate * discriminatorLaziness.share
    result.networks.discriminatorNorm = try updateDiscriminator.apply(
      loss: result.networks.discriminatorLoss, gradients, step: step, rate: rate)
    if options.isPenalized, step % options.penaltyInterval == 0 {
      result.penalty = try penalize(batch, fake, step, rate, context)
    }
    adaptation.observe(realLogits: outcome.0)
    result.probability = adaptation.probability
  }

  /// The step of R1 and R2, which weighs as much as those that it stands for.
  private func penalize(
    _ batch: StyleGANBatch, _ fake: Tensor, _ step: Int, _ rate: Float, _ context: Context
  ) throws(AIGCError) -> Double {
    let gamma = options.gamma(side: fake.shape[1], batch: fake.shape[0])
    let (loss, gradients) = valueAndGradients(for: discriminatorParameters) {
      var loss = Tensor.zeros([])
      for (images, gamma) in [(batch.images, gamma), (fake, options.r2)] where gamma > 0 {
        let watched = images.watchedCopy()
        let logits = judge(watched, batch.labels, context)
        loss = loss + GradientPenalty.zeroCentered(watched, logits: logits, gamma: gamma)
      }
      return loss * Float(options.penaltyInterval)
    }
    _ = try updateDiscriminator.apply(
      loss: Double(loss.item), gradients, step: step, rate: rate)
    return Double(loss.item) / Double(options.penaltyInterval)
  }

  // MARK: Path lengths

  /// The step of path length regularisation on half of the batch: a change of a style should move the image by
  /// always as much.
  private func regularizePaths(
    _ z: Tensor, _ labels: [Int32], _ step: Int, _ rate: Float, _ context: Context,
    _ mixing: StyleMixing?, _ noise: StyleNoiseSource, _ pathNoise: Tensor?
  ) throws(AIGCError) -> Double {
    let count = max(1, z.shape[0] / 2)
    let labels = labels.isEmpty ? [] : Array(labels[..<count])
    var mean: Float = 0
    let (loss, gradients) = valueAndGradients(for: generatorParameters) {
      let style = generator.style(z.sliced(0..<count), labels: labels, context)
      let styles = mixed(style, labels, mixing, context)
      let penalty = PathLength.penalty(
        generator, styles, mean: pathMean, noise, pathNoise, context)
      mean = penalty.mean
      return penalty.loss * (options.pathWeight * Float(options.pathInterval))
    }
    _ = try updateGenerator.apply(
      loss: Double(loss.item), gradients, step: step, rate: rate * generatorLaziness.share)
    pathMean = mean
    return Double(loss.item) / Double(options.pathInterval)
  }
}

/// How often images have two styles.
struct StyleMixing {
  private let share: Float
  private let latent: Int

  init(_ share: Float, _ latent: Int) { (self.share, self.latent) = (share, latent) }

  /// The first layer of the second style; nil: there is none.
  func draw(_ layers: Int, _ random: inout RandomSource) -> Int? {
    guard share > 0, layers > 1, Float(random.uniform()) < share else { return nil }
    return 1 + Int(random.integer(below: UInt64(layers - 1)))
  }
}
