import Autograd
import Datasets
import Files
import Kernels

/// Scores of images, or rows of a table: how little they are like what a model learned.
///
/// A score depends on the image alone: the same latents' noise serves all, and all are computed in
/// batches of one size.
struct AnomalyScorer {
  let measure: AnomalyMeasure
  let model: VAEModel
  /// [1, draws, latent].
  private let noise: Tensor

  /// Examples that are computed at once.
  private let batch: Int
  /// Examples that are read at once.
  private static let block = 512

  /// - Parameters:
  ///   - draws: latents for each image; 0: their mean, which is no choice of ``AnomalyMeasure/iw``;
  ///     nil: what is usual.
  ///   - seed: draws them.
  init(_ model: VAEModel, _ measure: AnomalyMeasure, draws: Int? = nil, seed: UInt64 = 0) {
    let draws = draws ?? (measure == .iw ? 64 : 0)
    require(draws > 0 || measure != .iw, "AnomalyScorer: iw without draws")
    self.model = model
    self.measure = measure
    var random = RandomSource(seed: seed)
    // Without noise the one draw is the mean.
    noise =
      draws > 0
      ? Tensor.normal([1, draws, model.latentCount], using: &random)
      : Tensor.zeros([1, 1, model.latentCount])
    // The importance-weighted bound cuts its draws itself.
    let rows = measure == .iw ? 1 : max(draws, 1)
    batch = max(1, model.networks.batch(upTo: 64 * rows) / rows)
  }

  /// - Parameters:
  ///   - values: [images, height, width, channels], from -1 to 1, or rows.
  ///   - labels: the class of each; empty for a model without classes.
  /// - Returns: nats, one for each.
  /// - Throws: ``AIGCError``: usage for a label that is no class, interrupted after Ctrl-C.
  func scores(_ values: [Float], labels: [Int32]) throws(AIGCError) -> [Double] {
    let length = model.imageCount
    let count = values.count / length
    try AIGCError.check(
      values.count == count * length, "\(values.count) values are no examples of \(length)")
    var result: [Double] = []
    result.reserveCapacity(count)
    for first in stride(from: 0, to: count, by: batch) {
      try Interruption.check()
      let rows = first..<min(first + batch, count)
      let missing = batch - rows.count
      let part = values[rows.lowerBound * length..<rows.upperBound * length]
      let x = model.configuration.input(part + [Float](repeating: -1, count: missing * length))
      let classes =
        model.classes.isEmpty ? [] : labels[rows] + [Int32](repeating: 0, count: missing)
      result += try scores(of: x, classes).prefix(rows.count)
    }
    try model.check(scores: result)
    return result
  }

  /// The scores of all examples of a set.
  /// - Parameter labels: the class of each, of the model's; nil for a model without classes.
  /// - Throws: ``AIGCError``: badInput when an image cannot be read, interrupted.
  func scores(of set: any ExampleSet, labels: [Int32]?) throws(AIGCError) -> [Double] {
    var result: [Double] = []
    for first in stride(from: 0, to: set.count, by: Self.block) {
      let rows = Array(first..<min(first + Self.block, set.count))
      result += try scores(
        set.values(rows),
        labels: labels.map { $0[rows[0]...rows[rows.count - 1]] }.map { Array($0) } ?? [])
    }
    return result
  }

  private func scores(of x: Tensor, _ labels: [Int32]) throws(AIGCError) -> [Double] {
    let networks = model.networks
    if measure == .iw {
      return try ImportanceBound(draws: noise.shape[1], networks)
        .negativeLogLikelihoods(of: x, labels: labels) { _, draws in
          noise.sliced(draws, axis: 1)
        }
    }
    let posterior = networks.encode(x, labels: labels, .inference)
    let drawn = LatentDraws(x, posterior, labels: labels, noise: noise, networks)
      .reconstructions.mean(axis: 1)
    guard measure == .elbo else {
      let values = x.values
      return drawn.values.enumerated().map { index, loss in
        adjusted(
          Double(loss), values[index * model.imageCount..<(index + 1) * model.imageCount])
      }
    }
    let divergence = divergences(posterior.mean, posterior.logVariance).sum(axis: 1)
    return zip(drawn.values, divergence.values).map { Double($0) + Double($1) }
  }

  /// A reconstruction's loss as ``measure`` has it.
  private func adjusted(_ loss: Double, _ x: ArraySlice<Float>) -> Double {
    if measure == .reconstruction { return loss }
    let deviance = loss - model.likelihood.leastLoss(x)
    if measure == .deviance { return deviance }
    // Of a blank image one step from black to white.
    return deviance / max(totalVariation(x, width: model.width, channels: model.channels), 1)
  }
}
