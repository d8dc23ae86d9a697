import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of a classifier on images with labels.
final class ClassifierTask: TrainingTask {
  private var configuration: ClassifierConfiguration
  private let network: ClassifierNetwork
  private let optimizer: any Optimizer
  private let gradientStep: GradientStep
  private let trainable: [Parameter]
  private let images: ImageSet
  private let heldOut: ImageSet?
  private var loader: ImageLoader
  private let augmentation: AffineAugmentation
  private var seen = 0
  /// What the next line of the log says of the last evaluation.
  private var notes: [JSONValue.Member] = []
  /// Is told the accuracy of each evaluation.
  var report: (TrainerEvent) -> Void = { _ in }

  let itemName = "images"
  var itemsBefore: Int { configuration.trainingImages }
  var parameters: NamedParameters { network.namedParameters }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }

  /// - Parameters:
  ///   - configuration: of the model.
  ///   - network: is changed.
  ///   - images: to learn from, with labels.
  ///   - heldOut: to measure on; nil: none.
  ///   - trainer: batch size, seed and optimizer.
  init(
    _ configuration: ClassifierConfiguration, _ network: ClassifierNetwork,
    _ images: ImageSet, heldOut: ImageSet?, _ trainer: TrainerConfiguration
  ) {
    self.configuration = configuration
    self.network = network
    self.images = images
    self.heldOut = heldOut
    augmentation = AffineAugmentation(strength: configuration.augmentation)
    let named = network.trainableNamedParameters
    trainable = named.map { $0.parameter }
    // Weights decay, biases and normalisations do not.
    optimizer = trainer.optimizer.make(trainable, decays: trainable.map { $0.shape.rank >= 2 })
    gradientStep = GradientStep(named, optimizer, clip: trainer.optimizer.gradClip)
    loader = ImageLoader(
      images, batch: trainer.batchSize, random: RandomSource(seed: trainer.seed, stream: 2),
      isMirrored: configuration.isMirrored)
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let batch = try loader.next()
    let (height, width, channels) = (
      configuration.height, configuration.width, configuration.channels
    )
    let values = augmentation(
      batch.values, height: height, width: width, channels: channels, using: &context.random)
    let x = Tensor(values, [batch.count, height, width, channels])
    let (loss, gradients) = valueAndGradients(for: trainable) {
      crossEntropy(
        network.logits(hidden: network.hidden(x, context), context), batch.labels)
    }
    let value = Double(loss.item)
    let norm = try gradientStep.apply(loss: value, gradients, step: step, rate: rate)
    seen += batch.count
    return StepResult(metrics: [("loss", value), ("gradient_norm", norm)], items: batch.count)
  }

  func validate() throws(AIGCError) -> Double? {
    guard let heldOut else { return nil }
    let (loss, confusion, _) = try Classifier(configuration, network, path: "").measure(heldOut)
    notes = [.init("accuracy", .double(confusion.accuracy))]
    let percent = (confusion.accuracy * 10000).rounded() / 100
    report(.note("accuracy \(percent)% of \(confusion.total)"))
    return loss
  }

  func takeNotes() -> [JSONValue.Member] {
    defer { notes = [] }
    return notes
  }

  func progress() -> [NewTensor] {
    loader.progress(seen: seen)
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    (loader, seen, _) = try loader.restored(progress, prefix: prefix)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingImages = items
    try StateDictionary.write(parameters, to: path(Classifier.weightsFile))
    try ModelConfiguration.write(configuration, to: path(ModelConfiguration.fileName))
  }
}
