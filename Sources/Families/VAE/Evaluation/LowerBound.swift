import Autograd
import Datasets
import Files
import Kernels
import NN
import Training

/// The evidence lower bound of images and its parts, in nats an image (Kingma and Welling 2014).
struct LowerBound {
  /// -log p(x | z), mean over images, one draw of z for each.
  var reconstruction = 0.0
  /// Divergence of the latents from the prior.
  var divergence = 0.0
  /// Variance over the images of each number of a latent's mean.
  var variances: [Double] = []
  var count = 0

  /// Of what is learned from: the smaller the better.
  var negative: Double { reconstruction + divergence }

  /// Numbers of a latent that say something about an image (Burda et al. 2016).
  var activeUnits: Int { variances.reduce(0) { $0 + ($1 > Self.leastVariance ? 1 : 0) } }
  static let leastVariance = 0.01

  private static let batch = 256

  /// Measures on all images of a set.
  /// - Parameters:
  ///   - images: in the model's form; with labels for a model with classes.
  ///   - random: draws the latents.
  /// - Throws: ``/Files/AIGCError``: badInput when an image cannot be read, interrupted.
  init(
    of images: any ExampleSet, _ configuration: VAEConfiguration, _ networks: VAENetworks,
    using random: inout RandomSource
  ) throws(AIGCError) {
    let latent = configuration.latent
    var sums = [Double](repeating: 0, count: latent)
    var squares = sums
    let batch = configuration.batch(upTo: Self.batch)
    for first in stride(from: 0, to: images.count, by: batch) {
      try Interruption.check()
      let rows = Array(first..<min(first + batch, images.count))
      let x = configuration.input(try images.values(rows))
      let labels = configuration.classes.isEmpty ? [] : rows.map { images.labels?[$0] ?? 0 }
      let (mean, logVariance) = networks.encode(x, labels: labels, .inference)
      let noise = Tensor.normal(mean.shape, using: &random)
      let z = VAENetworks.reparameterized(mean, logVariance, noise: noise)
      let logits = networks.decode(z, labels: labels, .inference)
      reconstruction += networks.likelihood.losses(x, logits: logits).values.reduce(0.0) {
        $0 + Double($1)
      }
      divergence += Double(divergences(mean, logVariance).sum().item)
      for (index, value) in mean.values.enumerated() {
        sums[index % latent] += Double(value)
        squares[index % latent] += Double(value) * Double(value)
      }
    }
    count = images.count
    let share = 1 / Double(max(count, 1))
    reconstruction *= share
    divergence *= share
    variances = zip(sums, squares).map { $1 * share - ($0 * share) * ($0 * share) }
  }

  /// One line where the latents have stopped to say anything about images; nil where enough of their
  /// numbers are in use.
  var problem: String? {
    let (active, count) = (activeUnits, variances.count)
    guard self.count > 1, active * 4 < count else { return nil }
    return
      "posterior collapse: \(active) of \(count) numbers of the latent say anything about an image; "
      + "try `annealingSteps`, `freeBits` 0.1 or a smaller `beta`"
  }
}
