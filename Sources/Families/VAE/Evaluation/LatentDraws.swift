import Autograd

/// What latents drawn for images say of them, in nats. Its means are the parts of the bounds on
/// log p(x).
struct LatentDraws {
  /// -log p(x | z), [images, draws].
  let reconstructions: Tensor
  /// log q(z | x) - log p(z), [images, draws].
  let divergences: Tensor

  /// - Parameters:
  ///   - x: [images, height, width, channels], as the networks see them.
  ///   - posterior: mean and logarithm of the variance of their latents, [images, latent] each.
  ///   - labels: the class of each image; empty for a model without classes.
  ///   - noise: draws of the standard normal distribution, [images or 1, draws, latent].
  init(
    _ x: Tensor, _ posterior: (mean: Tensor, logVariance: Tensor), labels: [Int32],
    noise: Tensor, _ networks: VAENetworks
  ) {
    let (count, latent) = (posterior.mean.shape[0], posterior.mean.shape[1])
    let draws = noise.shape[1]
    let mean = posterior.mean.reshaped([count, 1, latent])
    let logVariance = posterior.logVariance.reshaped([count, 1, latent])
    let z = mean + exp(logVariance * 0.5) * noise
    divergences = ((square(z) - square(noise) - logVariance) * 0.5).sum(axis: 2)
    let repeated = labels.flatMap { [Int32](repeating: $0, count: draws) }
    let logits = networks.decode(
      z.reshaped([count * draws, latent]), labels: repeated, .inference)
    reconstructions = networks.likelihood.losses(x, logits: logits).reshaped([count, draws])
  }
}
