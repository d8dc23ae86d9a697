import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of a transformer: each step takes windows at random places of the text, in one batch or
/// in several whose gradients are added.
final class TransformerTask: TrainingTask {
  private var configuration: TransformerConfiguration
  let network: Transformer
  private let tokenizer: any Tokenizer
  private let optimizer: any Optimizer
  private let gradientStep: GradientStep
  private let trainable: [Parameter]
  private var stream: WindowStream
  private let heldOut: [Int32]
  private let accumulation: Int
  private let storage: ScalarType
  private let templates: [TransformerFolder.Companion]

  let itemName = "tokens"
  var itemsBefore: Int { configuration.trainingTokens ?? 0 }
  var parameters: NamedParameters { network.namedParameters }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }

  /// - Parameters:
  ///   - configuration: of the model.
  ///   - network: is changed.
  ///   - stream: the training text.
  ///   - heldOut: the text for validation; empty: none.
  ///   - trainer: the optimizer, and how many batches make a step.
  ///   - storage: how weights are saved.
  ///   - templates: of the model's chats, which stay as they are.
  init(
    _ configuration: TransformerConfiguration, _ network: Transformer, _ tokenizer: any Tokenizer,
    _ stream: WindowStream, heldOut: [Int32], _ trainer: TrainerConfiguration, storage: ScalarType,
    templates: [TransformerFolder.Companion]
  ) {
    self.configuration = configuration
    self.network = network
    self.tokenizer = tokenizer
    self.stream = stream
    self.heldOut = heldOut
    (self.storage, self.templates) = (storage, templates)
    accumulation = trainer.gradAccumulation ?? 1
    let named = network.trainableNamedParameters
    trainable = named.map { $0.parameter }
    // Matrices decay, biases and norms do not: nanoGPT's groups.
    optimizer = trainer.optimizer.make(trainable, decays: trainable.map { $0.shape.rank >= 2 })
    gradientStep = GradientStep(named, optimizer, clip: trainer.optimizer.gradClip)
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    var (total, sums): (Double, [Tensor]) = (0, [])
    for _ in 0..<accumulation {
      let (inputs, targets) = stream.next()
      let (loss, gradients) = valueAndGradients(for: trainable) {
        let loss = network.loss(inputs, targets: targets, context)
        return accumulation == 1 ? loss : loss / Float(accumulation)
      }
      total += Double(loss.item)
      sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
    }
    let norm = try gradientStep.apply(loss: total, sums, step: step, rate: rate)
    return StepResult(
      metrics: [("loss", total), ("gradient_norm", norm)],
      items: accumulation * stream.batch * stream.context)
  }

  /// At most so many held-out tokens are looked at, and so many at once.
  private static let validationTokens = 1 << 17
  private static let tokensAtOnce = 4096

  /// The mean over windows that lie side by side; of a long text some, evenly spread.
  func validate() throws(AIGCError) -> Double? {
    guard heldOut.count > 1 else { return nil }
    let length = min(stream.context, heldOut.count - 1)
    let all = (heldOut.count - 1) / length
    let count = min(all, max(1, Self.validationTokens / length))
    let starts = (0..<count).map { $0 * all / count * length }
    let rows = max(1, Self.tokensAtOnce / length)
    var total = 0.0
    for first in stride(from: 0, to: count, by: rows) {
      let part = Array(starts[first..<min(first + rows, count)])
      let (inputs, targets) = windows(of: heldOut, at: part, length: length)
      total = network.losses(inputs, targets: targets).reduce(total) { $0 + Double($1) }
      try Interruption.check()
    }
    return total / Double(count * length)
  }

  func progress() -> [NewTensor] {
    [TextPlace.tensor(position: stream.position, tokens: stream.tokenCount)]
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    stream.position = try TextPlace.position(
      progress, prefix: prefix, tokens: stream.tokenCount)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingTokens = items
    try tokenizer.write(to: path)
    try TransformerFolder.write(
      StateDictionary.tensors(parameters, type: storage), to: path(TransformerWeights.file))
    try configuration.write(to: path(ModelConfiguration.fileName))
    try TransformerFolder.write(templates, to: path)
  }
}
