import Autograd
import Datasets
import Files

/// Scores of images, or rows of a table: how little they are like what a model learned.
///
/// A score depends on the image alone: the same latents' noise serves all, and all are computed in
/// batches of one size.
struct AnomalyScorer<Model: AnomalyAutoencoder> {
  let measure: AnomalyMeasure
  let model: Model
  private let losses: Model.Losses

  /// Examples that are read at once.
  private static var block: Int { 512 }

  /// - Parameters:
  ///   - measure: one of the model's.
  ///   - draws: latents for each image; 0: their mean, which is no choice of ``AnomalyMeasure/iw``;
  ///     nil: what is usual.
  ///   - seed: draws them.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a model that lacks what the measure needs.
  init(
    _ model: Model, _ measure: AnomalyMeasure, draws: Int? = nil, seed: UInt64 = 0
  ) throws(AIGCError) {
    let draws = draws ?? (measure == .iw ? 64 : 0)
    require(draws > 0 || measure != .iw, "AnomalyScorer: iw without draws")
    (self.model, self.measure) = (model, measure)
    losses = try model.losses(measure, draws: draws, seed: seed)
  }

  /// - Parameters:
  ///   - values: [images, height, width, channels], from -1 to 1, or rows.
  ///   - labels: the class of each; empty for a model without classes.
  /// - Returns: nats, one for each.
  /// - Throws: ``/Files/AIGCError``: usage for a label that is no class, interrupted after Ctrl-C.
  func scores(_ values: [Float], labels: [Int32]) throws(AIGCError) -> [Double] {
    let (length, batch) = (model.exampleLength, losses.batch)
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
      let x = model.input(part + [Float](repeating: -1, count: missing * length))
      let classes =
        model.classes.isEmpty ? [] : labels[rows] + [Int32](repeating: 0, count: missing)
      result += try scores(of: x, classes).prefix(rows.count)
    }
    try model.check(scores: result)
    return result
  }

  /// The scores of all examples of a set.
  /// - Parameter labels: the class of each, of the model's; nil for a model without classes.
  /// - Throws: ``/Files/AIGCError``: badInput when an image cannot be read, interrupted.
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
    let found = try losses.losses(of: x, labels: labels)
    guard measure == .deviance || measure == .relative else { return found }
    let (values, length) = (x.values, model.exampleLength)
    return found.enumerated().map { index, loss in
      deviance(loss, values[index * length..<(index + 1) * length])
    }
  }

  /// A reconstruction's loss less that of a perfect one, as ``measure`` has it.
  private func deviance(_ loss: Double, _ x: ArraySlice<Float>) -> Double {
    let deviance = loss - model.likelihood.leastLoss(x)
    if measure == .deviance { return deviance }
    // Of a blank image one step from black to white.
    return deviance / max(totalVariation(x, width: model.width, channels: model.channels), 1)
  }
}
