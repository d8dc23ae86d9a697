import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of a convolutional network or an LSTM on labelled texts.
final class TextNetworkTask: ScorerTask {
  var configuration: TextClassifierConfiguration
  private let network: TextNetwork
  private let vocabulary: TextVocabulary
  let data: TextClassifierData
  private let numbers: [[Int32]]
  private let optimizer: any Optimizer
  private let gradientStep: GradientStep
  private let trainable: [Parameter]
  private var loader: TextLoader
  private var notes: [JSONValue.Member] = []
  /// Is told the accuracy of each evaluation.
  var report: (TrainerEvent) -> Void = { _ in }

  var scorer: any TextScorer { TextNetworkScorer(configuration, network, vocabulary) }
  let itemsBefore: Int
  var parameters: NamedParameters { network.namedParameters }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }

  init(
    _ configuration: TextClassifierConfiguration, _ network: TextNetwork,
    _ vocabulary: TextVocabulary, _ data: TextClassifierData, _ trainer: TrainerConfiguration
  ) {
    (self.configuration, self.network) = (configuration, network)
    (self.vocabulary, self.data) = (vocabulary, data)
    itemsBefore = configuration.trainingTexts
    let texts = data.learned.texts
    numbers = (0..<texts.count).map {
      vocabulary.numbers(texts[$0], limit: TextNetworkScorer.mostWords)
    }
    let named = network.learned
    trainable = named.map { $0.parameter }
    optimizer = trainer.optimizer.make(trainable, decays: trainable.map { $0.shape.rank >= 2 })
    gradientStep = GradientStep(named, optimizer, clip: trainer.optimizer.gradClip)
    loader = TextLoader(
      lengths: numbers.map { $0.count }, batch: trainer.batchSize, seed: trainer.seed)
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let indices = loader.next(step)
    let batch = TextBatch(
      indices.map { numbers[$0] }, margin: TextNetworkScorer.margin(configuration))
    let labels = indices.map { data.learned.labels[$0] }
    let weights = labels.map { Float(data.classWeights[Int($0)]) }
    let (loss, gradients) = valueAndGradients(for: trainable) {
      let logits = network(batch, context)
      guard weights.contains(where: { $0 != 1 }) else { return crossEntropy(logits, labels) }
      let chosen =
        oneHot(labels, configuration.classes.count)
        * Tensor(weights, [labels.count, 1])
      return -(logSoftmax(logits) * chosen).sum() / max(weights.reduce(0, +), 1e-6)
    }
    let value = Double(loss.item)
    let norm = try gradientStep.apply(loss: value, gradients, step: step, rate: rate)
    return StepResult(
      metrics: [("loss", value), ("gradient_norm", norm)], items: indices.count)
  }

  func validate() throws(AIGCError) -> Double? {
    guard let heldOut = data.heldOut else { return nil }
    let found = try measured(heldOut)
    let confusion = found.confusion(configuration.classes)
    notes = [.init("accuracy", .double(confusion.accuracy))]
    let percent = (confusion.accuracy * 10000).rounded() / 100
    report(.note("accuracy \(percent)% of \(confusion.total)"))
    return found.loss(temperature: 1)
  }

  func takeNotes() -> [JSONValue.Member] {
    defer { notes = [] }
    return notes
  }
}

/// Batches of texts of like lengths, in an order that is drawn anew each epoch and follows from the number of the
/// step alone.
struct TextLoader {
  private let lengths: [Int]
  private let batch: Int
  private let seed: UInt64
  private var epoch = -1
  private var batches: [[Int]] = []
  /// Batches whose texts are sorted together: their lengths become alike, their texts stay mixed.
  private static let pool = 16

  init(lengths: [Int], batch: Int, seed: UInt64) {
    self.lengths = lengths
    self.batch = max(1, min(batch, lengths.count))
    self.seed = seed
  }

  /// Steps of an epoch.
  var stepsPerEpoch: Int { (lengths.count + batch - 1) / batch }

  /// The texts of step `step`.
  mutating func next(_ step: Int) -> [Int] {
    let now = step / stepsPerEpoch
    if now != epoch {
      epoch = now
      batches = batches(of: now)
    }
    return batches[step % stepsPerEpoch]
  }

  private func batches(of epoch: Int) -> [[Int]] {
    var random = RandomSource(seed: seed, stream: 1000 + epoch)
    var order = Array(lengths.indices)
    random.shuffle(&order)
    var result: [[Int]] = []
    for first in stride(from: 0, to: order.count, by: batch * Self.pool) {
      let pool = order[first..<min(first + batch * Self.pool, order.count)]
        .sorted { (lengths[$0], $0) < (lengths[$1], $1) }
      for start in stride(from: 0, to: pool.count, by: batch) {
        result.append(Array(pool[start..<min(start + batch, pool.count)]))
      }
    }
    random.shuffle(&result)
    return result
  }
}
