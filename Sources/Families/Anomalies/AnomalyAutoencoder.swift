import Autograd
import Datasets
import Files
import Inference

/// An autoencoder by which anomalies are told: what ``AnomalyScorer`` asks of it.
protocol AnomalyAutoencoder: ImageModel {
  associatedtype Losses: AnomalyLosses

  /// The measures that it can give, the usual one first.
  var anomalyMeasures: [AnomalyMeasure] { get }
  /// Whether latents can be drawn for an example.
  var drawsLatents: Bool { get }
  /// How many values an example has.
  var exampleLength: Int { get }
  /// The distribution of an example's values, given its reconstruction.
  var likelihood: VAELikelihood { get }
  /// The threshold that its configuration has.
  var threshold: AnomalyThreshold? { get }
  /// Whether the images were learned as they are stored, whatever EXIF says about turning them.
  var ignoresOrientation: Bool { get }

  /// Examples as the networks see them.
  func input(_ values: [Float]) -> Tensor

  /// How examples are taken through the networks.
  /// - Parameters:
  ///   - draws: latents for each example; 0: their mean.
  ///   - seed: draws them.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a model that lacks what the measure needs.
  func losses(
    _ measure: AnomalyMeasure, draws: Int, seed: UInt64
  ) throws(AIGCError) -> Losses

  /// The classes of a set's images among those of the model; nil for a model without classes.
  /// - Throws: ``/Files/AIGCError`` (mismatch) where the set has others, or none.
  func labels(of set: ImageSet) throws(AIGCError) -> [Int32]?

  /// The guard of scores: one that is not finite is damage where weights are not, else an overflow of
  /// what is far from all that was learned.
  /// - Throws: ``/Files/AIGCError`` (badInput) that names the tensor.
  func check(scores: [Double]) throws(AIGCError)
}

/// The losses of batches of examples by one measure.
protocol AnomalyLosses {
  /// How many examples are computed at once. Always as many, so that a score depends on its example alone.
  var batch: Int { get }

  /// - Parameter x: a whole batch, as the networks see it.
  /// - Returns: in nats for each example, the bound for ``AnomalyMeasure/elbo`` and ``AnomalyMeasure/iw``,
  ///   the reconstruction's for the other measures.
  func losses(of x: Tensor, labels: [Int32]) throws(AIGCError) -> [Double]
}

extension AnomalyAutoencoder {
  /// The measure that is taken where none is asked for.
  var usualMeasure: AnomalyMeasure { anomalyMeasures.first ?? .reconstruction }

  /// The form of the images that the model learned.
  var imageOptions: ImageOptions {
    var options = ImageOptions(size: ImageSize(width: width, height: height), channels: channels)
    options.ignoresOrientation = ignoresOrientation
    return options
  }

  /// Refuses what the model cannot be asked.
  /// - Throws: ``/Files/AIGCError`` (usage).
  func check(_ options: AnomalyOptions) throws(AIGCError) {
    if let measure = options.measure, !anomalyMeasures.contains(measure) {
      let known = anomalyMeasures.map { $0.rawValue }.joined(separator: ", ")
      throw .usage("`measure` \(measure.rawValue): this model has \(known)")
    }
    if options.draws != nil, !drawsLatents {
      throw .usage("`draws`: the latents of this model are codes, which are not drawn")
    }
  }
}
