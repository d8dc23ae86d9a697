import Autograd
import Files
import Kernels
import NN
import Training

/// The step of a VAE-GAN: first the discriminator on images and their reconstructions, then encoder
/// and decoder through it.
///
/// In the article's simple form encoder and decoder learn from the bound and the discriminator
/// together. With ``VAETrainingOptions/Reconstruction/features`` it is algorithm 1 of Larsen et al. 2016:
/// reconstructions are compared by a hidden layer of the discriminator, which is also shown images of
/// drawn latents; the encoder learns from the divergence and that comparison, the decoder from the
/// comparison and the discriminator.
final class VAEGANStep: VAETrainingStep {
  private let networks: VAENetworks
  private let discriminator: GANDiscriminator
  private let options: VAETrainingOptions
  private let (encoderParameters, decoderParameters): ([Parameter], [Parameter])
  private let discriminatorParameters: [Parameter]
  private let optimizer: any Optimizer
  private let discriminatorOptimizer: any Optimizer
  private let update: GradientStep
  private let updateDiscriminator: GradientStep
  /// The discriminator's rate to that of encoder and decoder.
  private let rateShare: Float
  private(set) var outcome: AdversarialOutcome?

  /// - Parameters:
  ///   - optimizer: of encoder and decoder; the discriminator has its own, with Adam's first decay of
  ///     GANs, ½.
  ///   - peak: the schedule's highest rate.
  init(
    _ networks: VAENetworks, _ discriminator: GANDiscriminator, _ options: VAETrainingOptions,
    _ optimizer: OptimizerConfiguration, peak: Float
  ) {
    self.networks = networks
    self.discriminator = discriminator
    self.options = options
    encoderParameters = networks.encoder.trainableParameters
    let encoderCount = encoderParameters.count
    let named = networks.trainableNamedParameters
    decoderParameters = named.dropFirst(encoderCount).map { $0.parameter }
    discriminatorParameters = discriminator.trainableParameters
    self.optimizer = optimizer.make(encoderParameters + decoderParameters)
    update = GradientStep(named, self.optimizer, clip: optimizer.gradClip)
    var ofDiscriminator = optimizer
    ofDiscriminator.beta1 = 0.5
    discriminatorOptimizer = ofDiscriminator.make(discriminatorParameters)
    updateDiscriminator = GradientStep(
      discriminator.trainableNamedParameters.map { ("discriminator.\($0.name)", $0.parameter) },
      discriminatorOptimizer, clip: optimizer.gradClip)
    rateShare = options.discriminatorRate / peak
  }

  var optimizers: [(name: String, optimizer: any Optimizer)] {
    [("optimizer", optimizer), ("discriminator", discriminatorOptimizer)]
  }

  func callAsFunction(
    _ batch: VAEBatch, _ step: Int, rate: Float, _ context: Context
  ) throws(AIGCError) -> [(name: String, value: Double)] {
    let (beta, x, labels) = (options.beta(at: step), batch.images, batch.labels)
    var metrics: [(name: String, value: Double)] = []
    var loss = 0.0
    let all = encoderParameters + decoderParameters
    let gradients = try watching(all) { () throws(AIGCError) in
      let (mean, logVariance) = networks.encode(x, labels: labels, context)
      let z = VAENetworks.reparameterized(mean, logVariance, noise: batch.noise)
      let logits = networks.decode(z, labels: labels, context)
      let losses = VAELosses(
        x, logits: logits, mean, logVariance, networks.likelihood, freeBits: options.freeBits)
      let image = sigmoid(logits)
      let drawn = batch.drawn.map { sigmoid(networks.decode($0, labels: labels, context)) }
      let learned = try learn(
        x, [image.detached] + (drawn.map { [$0.detached] } ?? []), batch, step, rate, context)
      let parts = vaeParts(losses, x, image, drawn, labels, context)
      loss = Double(losses.charged.item) * Double(beta) + Double(parts.decoder.item)
      metrics = losses.metrics(loss: loss, beta: beta, options) + parts.metrics + learned
      guard options.reconstruction == .features else {
        return Autograd.gradients(of: losses.charged * beta + parts.decoder, at: all)
      }
      return Autograd.gradients(
        of: losses.charged * beta + parts.encoder, at: encoderParameters)
        + Autograd.gradients(of: parts.decoder, at: decoderParameters)
    }
    let norm = try update.apply(loss: loss, gradients, step: step, rate: rate)
    return metrics + [("gradient_norm", norm)]
  }

  /// What the encoder learns from beside the divergence, and what the decoder learns from.
  private func vaeParts(
    _ losses: VAELosses, _ x: Tensor, _ image: Tensor, _ drawn: Tensor?, _ labels: [Int32],
    _ context: Context
  ) -> (encoder: Tensor, decoder: Tensor, metrics: [(name: String, value: Double)]) {
    let (hidden, logits) = discriminator.hiddenAndLogits(image, labels: labels, context)
    var adversarial = AdversarialLoss.original.generator(fake: logits)
    if let drawn {
      let logits = discriminator(drawn, labels: labels, context)
      adversarial = adversarial + AdversarialLoss.original.generator(fake: logits)
    }
    let metric = (name: "generator_loss", value: Double(adversarial.item))
    let judged = adversarial * options.adversarialWeight
    guard options.reconstruction == .features else {
      return (losses.reconstruction, losses.reconstruction + judged, [metric])
    }
    let target = discriminator.hiddenAndLogits(x, labels: labels, context).hidden
    let features = square(hidden - target).sum() * (0.5 / Float(max(x.shape[0], 1)))
    return (
      features, features * options.featureWeight + judged,
      [("feature_loss", Double(features.item)), metric]
    )
  }

  /// The discriminator's step.
  private func learn(
    _ real: Tensor, _ fakes: [Tensor], _ batch: VAEBatch, _ step: Int, _ rate: Float,
    _ context: Context
  ) throws(AIGCError) -> [(name: String, value: Double)] {
    var (realAccuracy, fakeAccuracy, margin) = (0.0, 0.0, 0.0)
    let (loss, gradients) = valueAndGradients(for: discriminatorParameters) {
      let watched = options.r1 == nil ? real : real.watchedCopy()
      let logits = self.logits([watched] + fakes, batch.labels, context)
      let fake = concatenated(Array(logits.dropFirst()))
      let (onReal, onFake) = (logits[0].values, fake.values)
      realAccuracy = share(onReal) { $0 > 0 }
      fakeAccuracy = share(onFake) { $0 <= 0 }
      margin = mean(onReal) - mean(onFake)
      // Each kind of generated images counts as much as the real ones.
      let loss =
        softplus(-logits[0]).mean() + softplus(fake).mean() * Float(fakes.count)
      guard let r1 = options.r1 else { return loss }
      return loss + GradientPenalty.zeroCentered(watched, logits: logits[0], gamma: r1)
    }
    let value = Double(loss.item)
    _ = try updateDiscriminator.apply(
      loss: value, gradients, step: step, rate: rate * rateShare)
    outcome = AdversarialOutcome(
      realAccuracy: realAccuracy, fakeAccuracy: fakeAccuracy, margin: margin)
    return [
      ("discriminator_loss", value), ("real_accuracy", realAccuracy),
      ("fake_accuracy", fakeAccuracy),
    ]
  }

  /// Logits of several batches, in one pass where an image's do not depend on the others.
  private func logits(_ images: [Tensor], _ labels: [Int32], _ context: Context) -> [Tensor] {
    guard discriminator.seesEachAlone, options.r1 == nil else {
      return images.map { discriminator($0, labels: labels, context) }
    }
    let repeated = (0..<images.count).flatMap { _ in labels }
    let all = discriminator(concatenated(images), labels: repeated, context)
    let batch = images[0].shape[0]
    return images.indices.map { all.sliced($0 * batch..<($0 + 1) * batch) }
  }
}

private func share(_ values: [Float], _ holds: (Float) -> Bool) -> Double {
  values.reduce(0.0) { $0 + (holds($1) ? 1 : 0) } / Double(max(values.count, 1))
}

private func mean(_ values: [Float]) -> Double {
  values.reduce(0.0) { $0 + Double($1) } / Double(max(values.count, 1))
}
