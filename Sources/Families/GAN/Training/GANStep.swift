import Autograd
import Files
import Kernels
import NN
import Training

/// Real images of one step, and the latents of as many to be generated.
struct GANBatch {
  /// [batch, height, width, channels].
  let images: Tensor
  /// [batch, latent].
  let latents: Tensor
  /// The class of each, where the networks know classes.
  let labels: [Int32]
}

/// What a step of both networks came to.
struct GANStepResult {
  var generatorLoss = 0.0
  var discriminatorLoss = 0.0
  /// Lengths of the gradients.
  var generatorNorm = 0.0
  var discriminatorNorm = 0.0
  /// Share of the real and of the generated images that the discriminator knew for what they are;
  /// nil where its logits have no zero.
  var realAccuracy: Double?
  var fakeAccuracy: Double?
  /// Difference of the mean logits.
  var margin = 0.0

  var outcome: AdversarialOutcome {
    AdversarialOutcome(realAccuracy: realAccuracy, fakeAccuracy: fakeAccuracy, margin: margin)
  }

  /// Takes in the logits of a step.
  mutating func measure(real: [Float], fake: [Float], _ loss: AdversarialLoss) {
    let count = Double(max(real.count, 1))
    margin = Double(real.reduce(0, +) - fake.reduce(0, +)) / count
    guard let threshold = loss.threshold else { return }
    realAccuracy = real.reduce(0) { $0 + ($1 > threshold ? 1 : 0) } / count
    fakeAccuracy = fake.reduce(0) { $0 + ($1 > threshold ? 0 : 1) } / count
  }

  /// As the log has them.
  var metrics: [(name: String, value: Double)] {
    var result = [
      (name: "generator_loss", value: generatorLoss), ("discriminator_loss", discriminatorLoss),
    ]
    if let realAccuracy, let fakeAccuracy {
      result += [("real_accuracy", realAccuracy), ("fake_accuracy", fakeAccuracy)]
    }
    return result + [
      ("generator_gradient_norm", generatorNorm),
      ("discriminator_gradient_norm", discriminatorNorm),
    ]
  }
}

/// The step of a GAN: first the discriminator on real and generated images, then the generator
/// through the discriminator. Images are generated once and serve both; the generator's step
/// computes no gradients of the discriminator's weights.
final class GANStep {
  let generator: GANGenerator
  let discriminator: GANDiscriminator
  let generatorOptimizer: any Optimizer
  let discriminatorOptimizer: any Optimizer
  private let options: GANTrainingOptions
  private let generatorParameters: [Parameter]
  private let discriminatorParameters: [Parameter]
  private let updateGenerator: GradientStep
  private let updateDiscriminator: GradientStep

  /// - Parameters:
  ///   - generator: is changed.
  ///   - discriminator: is changed.
  ///   - options: losses and penalties.
  ///   - optimizer: of both.
  init(
    _ generator: GANGenerator, _ discriminator: GANDiscriminator, _ options: GANTrainingOptions,
    _ optimizer: OptimizerConfiguration
  ) {
    self.generator = generator
    self.discriminator = discriminator
    self.options = options
    generatorParameters = generator.trainableParameters
    discriminatorParameters = discriminator.trainableParameters
    generatorOptimizer = optimizer.make(generatorParameters)
    discriminatorOptimizer = optimizer.make(discriminatorParameters)
    updateGenerator = GradientStep(
      generator.trainableNamedParameters.map { ("generator.\($0.name)", $0.parameter) },
      generatorOptimizer, clip: optimizer.gradClip)
    updateDiscriminator = GradientStep(
      discriminator.trainableNamedParameters.map { ("discriminator.\($0.name)", $0.parameter) },
      discriminatorOptimizer, clip: optimizer.gradClip)
  }

  /// Takes one step.
  /// - Parameters:
  ///   - step: for messages.
  ///   - rate: the learning rate of both.
  ///   - context: its random source draws what augmentation and penalties need.
  ///   - next: gives images and latents, once for each step of the discriminator.
  /// - Throws: ``/Files/AIGCError``: diverged when a gradient is not finite, and what `next` throws.
  func callAsFunction(
    _ step: Int, rate: Float, _ context: Context, _ next: () throws(AIGCError) -> GANBatch
  ) throws(AIGCError) -> GANStepResult {
    for _ in 1..<max(options.discriminatorSteps, 1) {
      let batch = try next()
      let fake = generate(batch, context)
      _ = try learn(batch, fake, step, rate, context)
    }
    let batch = try next()
    var result = GANStepResult()
    let gradients = try watching(generatorParameters) { () throws(AIGCError) in
      let fake = generate(batch, context)
      result = try learn(batch, fake.detached, step, rate, context)
      let logits = discriminator(augmented(fake, context), labels: batch.labels, context)
      let real =
        options.loss.comparesImages
        ? discriminator(augmented(batch.images, context), labels: batch.labels, context) : nil
      let loss = options.loss.generator(fake: logits, real: real)
      result.generatorLoss = Double(loss.item)
      return Autograd.gradients(of: loss, at: generatorParameters)
    }
    result.generatorNorm = try updateGenerator.apply(
      loss: result.generatorLoss, gradients, step: step, rate: rate)
    return result
  }

  /// As many images as the batch has, of its classes.
  private func generate(_ batch: GANBatch, _ context: Context) -> Tensor {
    generator(generator.input(batch.latents, labels: batch.labels), context)
  }

  private func augmented(_ x: Tensor, _ context: Context) -> Tensor {
    options.augmentation?(x, using: &context.random) ?? x
  }

  /// The discriminator's step.
  private func learn(
    _ batch: GANBatch, _ fake: Tensor, _ step: Int, _ rate: Float, _ context: Context
  ) throws(AIGCError) -> GANStepResult {
    var result = GANStepResult()
    let (loss, gradients) = valueAndGradients(for: discriminatorParameters) {
      let real = augmented(batch.images, context)
      let fake = augmented(fake, context)
      let (loss, realLogits, fakeLogits) = discriminatorLoss(real, fake, batch.labels, context)
      result.measure(real: realLogits.values, fake: fakeLogits.values, options.loss)
      return loss
    }
    result.discriminatorLoss = Double(loss.item)
    result.discriminatorNorm = try updateDiscriminator.apply(
      loss: result.discriminatorLoss, gradients, step: step, rate: rate)
    return result
  }

  private func discriminatorLoss(
    _ real: Tensor, _ fake: Tensor, _ labels: [Int32], _ context: Context
  ) -> (loss: Tensor, real: Tensor, fake: Tensor) {
    let count = real.shape[0]
    let r2 = options.r2 ?? 0
    let (usesR1, usesR2) = (options.r1 > 0, r2 > 0)
    let watched = usesR1 ? real.watchedCopy() : real
    let watchedFake = usesR2 ? fake.watchedCopy() : fake
    let (realLogits, fakeLogits): (Tensor, Tensor)
    if discriminator.seesEachAlone, !usesR1, !usesR2 {
      // One pass over both: half as many products, each of twice the rows.
      let logits = discriminator(concatenated([real, fake]), labels: labels + labels, context)
      (realLogits, fakeLogits) = (logits.sliced(0..<count), logits.sliced(count..<2 * count))
    } else {
      realLogits = discriminator(watched, labels: labels, context)
      fakeLogits = discriminator(watchedFake, labels: labels, context)
    }
    var loss = options.loss.discriminator(
      real: realLogits, fake: fakeLogits, smoothing: options.labelSmoothing)
    if usesR1 {
      loss = loss + GradientPenalty.zeroCentered(watched, logits: realLogits, gamma: options.r1)
    }
    if usesR2 {
      loss =
        loss + GradientPenalty.zeroCentered(watchedFake, logits: fakeLogits, gamma: r2)
    }
    if options.loss == .wganGP {
      let shares = Tensor.uniform([count, 1, 1, 1], using: &context.random)
      loss =
        loss
        + GradientPenalty.wasserstein(
          real: real, fake: fake, shares: shares, weight: options.gradientPenalty
        ) { discriminator($0, labels: labels, context) }
    }
    return (loss, realLogits, fakeLogits)
  }
}
