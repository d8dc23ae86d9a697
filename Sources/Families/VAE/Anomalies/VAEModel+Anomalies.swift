import Autograd
import Files
import Kernels

extension VAEModel: AnomalyAutoencoder {
  /// The relative deviance tells left-out classes of MNIST and Fashion-MNIST apart best; rows of tables have
  /// no contours, and are told by the bound.
  var anomalyMeasures: [AnomalyMeasure] {
    configuration.table == nil
      ? [.relative, .elbo, .reconstruction, .iw, .deviance]
      : [.elbo, .reconstruction, .iw, .deviance]
  }
  var drawsLatents: Bool { true }
  var exampleLength: Int { imageCount }
  var threshold: AnomalyThreshold? { configuration.threshold }

  func input(_ values: [Float]) -> Tensor { configuration.input(values) }

  func losses(_ measure: AnomalyMeasure, draws: Int, seed: UInt64) -> VAEAnomalyLosses {
    VAEAnomalyLosses(self, measure, draws: draws, seed: seed)
  }
}

/// The losses of examples with latents that are the same distances from each posterior's mean.
struct VAEAnomalyLosses: AnomalyLosses {
  let batch: Int
  private let measure: AnomalyMeasure
  private let networks: VAENetworks
  /// [1, draws, latent].
  private let noise: Tensor

  fileprivate init(_ model: VAEModel, _ measure: AnomalyMeasure, draws: Int, seed: UInt64) {
    (self.measure, networks) = (measure, model.networks)
    var random = RandomSource(seed: seed)
    // Without noise the one draw is the mean.
    noise =
      draws > 0
      ? Tensor.normal([1, draws, model.latentCount], using: &random)
      : Tensor.zeros([1, 1, model.latentCount])
    // The importance-weighted bound cuts its draws itself.
    let rows = measure == .iw ? 1 : max(draws, 1)
    batch = max(1, networks.batch(upTo: 64 * rows) / rows)
  }

  func losses(of x: Tensor, labels: [Int32]) throws(AIGCError) -> [Double] {
    if measure == .iw {
      return try ImportanceBound(draws: noise.shape[1], networks)
        .negativeLogLikelihoods(of: x, labels: labels) { _, draws in
          noise.sliced(draws, axis: 1)
        }
    }
    let posterior = networks.encode(x, labels: labels, .inference)
    let drawn = LatentDraws(x, posterior, labels: labels, noise: noise, networks)
      .reconstructions.mean(axis: 1)
    guard measure == .elbo else { return drawn.values.map { Double($0) } }
    let divergence = divergences(posterior.mean, posterior.logVariance).sum(axis: 1)
    return zip(drawn.values, divergence.values).map { Double($0) + Double($1) }
  }
}
