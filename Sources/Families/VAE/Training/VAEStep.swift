import Autograd
import Files
import Kernels
import NN
import Training

/// What one step learns from.
struct VAEBatch {
  /// [batch, height, width, channels], values from 0 to 1.
  let images: Tensor
  /// Draws of the standard normal distribution, [batch, latent].
  let noise: Tensor
  /// The class of each, where the networks know classes.
  var labels: [Int32] = []
  /// Latents of the prior, [batch, latent], where a discriminator is shown images of them.
  var drawn: Tensor?
}

/// One step of an autoencoder's training.
protocol VAETrainingStep: AnyObject {
  var optimizers: [(name: String, optimizer: any Optimizer)] { get }
  /// How the discriminator did; nil without one.
  var outcome: AdversarialOutcome? { get }

  /// - Returns: what is logged, the loss first.
  /// - Throws: ``/Files/AIGCError``: diverged when a gradient is not finite.
  func callAsFunction(
    _ batch: VAEBatch, _ step: Int, rate: Float, _ context: Context
  ) throws(AIGCError) -> [(name: String, value: Double)]
}

/// The negative evidence lower bound of a batch, as it is learned from.
struct VAELosses {
  /// -log p(x | z), the sum over an image's pixels, mean over the batch.
  let reconstruction: Tensor
  /// The divergence of the latents from the prior, the same.
  let divergence: Tensor
  /// What of it costs something: see ``VAETrainingOptions/freeBits``.
  let charged: Tensor

  /// - Parameters:
  ///   - x: [batch, height, width, channels], values from 0 to 1.
  ///   - logits: of the decoder.
  init(
    _ x: Tensor, logits: Tensor, _ mean: Tensor, _ logVariance: Tensor,
    _ likelihood: VAELikelihood, freeBits: Float
  ) {
    let share = 1 / Float(max(x.shape[0], 1))
    reconstruction = likelihood.losses(x, logits: logits).sum() * share
    let each = divergences(mean, logVariance)
    if freeBits > 0 {
      let ofNumber = each.sum(axis: 0) * share
      divergence = ofNumber.sum()
      charged = relu(ofNumber - freeBits).sum() + freeBits * Float(mean.shape[1])
    } else {
      divergence = each.sum() * share
      charged = divergence
    }
  }

  /// As the log has them.
  func metrics(loss: Double, beta: Float, _ options: VAETrainingOptions) -> [(
    name: String, value: Double
  )] {
    let result = [
      (name: "loss", value: loss), ("reconstruction", Double(reconstruction.item)),
      ("kl", Double(divergence.item)),
    ]
    return options.annealingSteps > 0 ? result + [("beta", Double(beta))] : result
  }
}

/// The step of a plain autoencoder: one optimizer for encoder and decoder (Kingma and Welling 2014).
final class VAEStep: VAETrainingStep {
  private let networks: VAENetworks
  private let options: VAETrainingOptions
  private let parameters: [Parameter]
  private let optimizer: any Optimizer
  private let update: GradientStep

  init(
    _ networks: VAENetworks, _ options: VAETrainingOptions, _ optimizer: OptimizerConfiguration
  ) {
    self.networks = networks
    self.options = options
    parameters = networks.trainableParameters
    self.optimizer = optimizer.make(parameters)
    update = GradientStep(
      networks.trainableNamedParameters, self.optimizer, clip: optimizer.gradClip)
  }

  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }
  var outcome: AdversarialOutcome? { nil }

  func callAsFunction(
    _ batch: VAEBatch, _ step: Int, rate: Float, _ context: Context
  ) throws(AIGCError) -> [(name: String, value: Double)] {
    let beta = options.beta(at: step)
    var metrics: [(name: String, value: Double)] = []
    let (loss, gradients) = valueAndGradients(for: parameters) {
      let (mean, logVariance) = networks.encode(batch.images, labels: batch.labels, context)
      let z = VAENetworks.reparameterized(mean, logVariance, noise: batch.noise)
      let logits = networks.decode(z, labels: batch.labels, context)
      let losses = VAELosses(
        batch.images, logits: logits, mean, logVariance, networks.likelihood,
        freeBits: options.freeBits)
      let loss = losses.reconstruction + losses.charged * beta
      metrics = losses.metrics(loss: Double(loss.item), beta: beta, options)
      return loss
    }
    let norm = try update.apply(loss: Double(loss.item), gradients, step: step, rate: rate)
    return metrics + [("gradient_norm", norm)]
  }
}
