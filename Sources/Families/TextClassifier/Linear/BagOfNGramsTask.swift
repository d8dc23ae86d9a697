import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of the means of n-grams' vectors and a linear layer.
///
/// A run that goes on does its earlier steps again, which takes as long as they did, and seconds in all: its table of
/// vectors would take a hundred times the room of the model.
final class BagOfNGramsTask: ScorerTask {
  var configuration: TextClassifierConfiguration
  let data: TextClassifierData
  private let trainer: TrainerConfiguration
  private let bag: BagOfNGrams
  private let vectors: EmbeddingBag
  private var done = 0
  private var order: (epoch: Int, texts: [Int]) = (-1, [])

  init(
    _ configuration: TextClassifierConfiguration, _ data: TextClassifierData,
    _ settings: TextClassifierSettings, _ trainer: TrainerConfiguration
  ) throws(AIGCError) {
    (self.configuration, self.data, self.trainer) = (configuration, data, trainer)
    bag = try BagOfNGrams(
      data.learned.texts, configuration.features ?? TextFeatures(), minCount: settings.minCount)
    vectors = try EmbeddingBag(
      rows: bag.index.count, dimension: settings.dimension, classes: configuration.classes.count,
      seed: trainer.seed)
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    while done < step { _ = try take(done, rate: trainer.schedule.rate(done, of: trainer.steps)) }
    return try take(step, rate: rate)
  }

  private func take(_ step: Int, rate: Float) throws(AIGCError) -> StepResult {
    try Interruption.check()
    let size = min(trainer.batchSize, bag.count)
    let perEpoch = (bag.count + size - 1) / size
    if order.epoch != step / perEpoch {
      order = (step / perEpoch, Array(0..<bag.count))
      var random = RandomSource(seed: trainer.seed, stream: 1000 + order.epoch)
      random.shuffle(&order.texts)
    }
    let first = step % perEpoch * size
    let texts = order.texts[first..<min(first + size, bag.count)]
    let labels = texts.map { data.learned.labels[$0] }
    let loss = try vectors.learn(
      EmbeddingBag.Batch(
        rows: bag.rows, ranges: texts.map { bag.starts[$0]..<bag.starts[$0 + 1] }, labels: labels,
        weights: labels.map { Float(data.classWeights[Int($0)]) }),
      rate: rate, negation: configuration.features?.negation ?? 0)
    done = step + 1
    return StepResult(metrics: [("loss", loss)], items: texts.count)
  }

  /// The vectors multiplied out: a score of each n-gram.
  var scorer: any TextScorer {
    let classes = configuration.classes.count
    let directions: [[Float]] =
      configuration.scoreCount == 1
      ? [[-1, 1]]
      : (0..<classes).map { score in (0..<classes).map { $0 == score ? 1 : 0 } }
    return NGramScorer(
      configuration, bag.index, weights: vectors.products(directions),
      bias: [Float](repeating: 0, count: configuration.scoreCount))
  }
}
