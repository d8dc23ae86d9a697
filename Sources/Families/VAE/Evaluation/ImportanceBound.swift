import Autograd
import Files
import Glibc
import Kernels

/// The importance-weighted bound on -log p(x), in nats (Burda et al. 2016): of k latents z drawn from
/// q(z | x), -log of the mean of p(x, z) / q(z | x). With k = 1 it is the evidence lower bound; the more,
/// the nearer to the truth.
struct ImportanceBound {
  /// k.
  let draws: Int
  private let networks: VAENetworks
  /// Latents that are decoded at once: enough for products of full speed, and few enough for the
  /// processor's caches.
  private static let rows = 2048

  init(draws: Int, _ networks: VAENetworks) {
    require(draws > 0, "ImportanceBound: \(draws) draws")
    self.draws = draws
    self.networks = networks
  }

  /// The bound of each image.
  /// - Parameters:
  ///   - x: [images, height, width, channels], as the networks see them.
  ///   - labels: the class of each; empty for a model without classes.
  ///   - noise: gives some of each image's draws of the standard normal distribution, [images or
  ///     1, draws, latent].
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  func negativeLogLikelihoods(
    of x: Tensor, labels: [Int32], noise: (_ images: Int, _ draws: Range<Int>) -> Tensor
  ) throws(AIGCError) -> [Double] {
    let (mean, logVariance) = networks.encode(x, labels: labels, .inference)
    let largest = networks.batch(upTo: Self.rows)
    let (count, atOnce) = (x.shape[0], max(1, largest / draws))
    var result: [Double] = []
    for first in stride(from: 0, to: count, by: atOnce) {
      let rows = first..<min(first + atOnce, count)
      let posterior = (mean: mean.sliced(rows), logVariance: logVariance.sliced(rows))
      let classes = labels.isEmpty ? [] : Array(labels[rows])
      var weights = [[Double]](repeating: [], count: rows.count)
      for start in stride(from: 0, to: draws, by: largest) {
        try Interruption.check()
        let part = start..<min(start + largest, draws)
        let drawn = LatentDraws(
          x.sliced(rows), posterior, labels: classes, noise: noise(rows.count, part), networks)
        let pairs = zip(drawn.reconstructions.values, drawn.divergences.values)
        for (index, (reconstruction, divergence)) in pairs.enumerated() {
          weights[index / part.count].append(-Double(reconstruction) - Double(divergence))
        }
      }
      result += weights.map { -Self.logMeanExp($0) }
    }
    return result
  }

  /// log of the mean of e^x.
  static func logMeanExp(_ values: [Double]) -> Double {
    let largest = values.reduce(-.infinity) { max($0, $1) }
    guard largest.isFinite else { return largest }
    let sum = values.reduce(0.0) { $0 + exp($1 - largest) }
    return largest + log(sum / Double(max(values.count, 1)))
  }
}
