import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of a transformer, or of adapters on one: each step takes a batch of the data, or several whose gradients
/// are added.
final class TransformerTask: TrainingTask {
  /// What a save writes: the paths of files by their names, and tokens learned from.
  typealias Writer = (_ path: (String) -> String, _ items: Int) throws(AIGCError) -> Void

  let network: Transformer
  let parameters: NamedParameters
  private let optimizer: any Optimizer
  private let gradientStep: GradientStep
  private let trainable: [Parameter]
  private var stream: any TokenBatches
  private let heldOut: TokenSet
  private let accumulation: Int
  private let writer: Writer

  let itemName = "tokens"
  let itemsBefore: Int
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }

  /// - Parameters:
  ///   - network: computes the loss.
  ///   - parameters: what is saved; those of them that can be trained are changed.
  ///   - stream: the data.
  ///   - heldOut: those for validation; empty: none.
  ///   - trainer: the optimizer, and how many batches make a step.
  ///   - itemsBefore: tokens that the model has learned from before.
  ///   - writer: writes the model's files.
  init(
    _ network: Transformer, _ parameters: NamedParameters, _ stream: any TokenBatches,
    heldOut: TokenSet, _ trainer: TrainerConfiguration, itemsBefore: Int,
    writer: @escaping Writer
  ) {
    (self.network, self.parameters, self.stream) = (network, parameters, stream)
    (self.heldOut, self.itemsBefore, self.writer) = (heldOut, itemsBefore, writer)
    accumulation = trainer.gradAccumulation ?? 1
    var seen: Set<ObjectIdentifier> = []
    let named = parameters.filter {
      $0.parameter.isTrainable && seen.insert(ObjectIdentifier($0.parameter)).inserted
    }
    trainable = named.map { $0.parameter }
    // Matrices decay, biases and norms do not: nanoGPT's groups.
    optimizer = trainer.optimizer.make(trainable, decays: trainable.map { $0.shape.rank >= 2 })
    gradientStep = GradientStep(named, optimizer, clip: trainer.optimizer.gradClip)
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    var (total, items, sums): (Double, Int, [Tensor]) = (0, 0, [])
    for _ in 0..<accumulation {
      let batch = stream.next()
      items += batch.inputs.values.count
      let (loss, gradients) = valueAndGradients(for: trainable) {
        let loss = network.loss(batch, context)
        return accumulation == 1 ? loss : loss / Float(accumulation)
      }
      total += Double(loss.item)
      sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
    }
    let norm = try gradientStep.apply(loss: total, sums, step: step, rate: rate)
    return StepResult(
      metrics: [("loss", total), ("gradient_norm", norm)],
      items: items)
  }

  /// The mean over all tokens that are learned.
  func validate() throws(AIGCError) -> Double? {
    guard !heldOut.isEmpty else { return nil }
    var (total, count) = (0.0, 0)
    for batch in heldOut.batches() {
      total = network.losses(batch.inputs, targets: batch.targets).reduce(total) { $0 + Double($1) }
      count += batch.targets.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) }
      try Interruption.check()
    }
    return total / Double(max(count, 1))
  }

  func progress() -> [NewTensor] {
    [TextPlace.tensor(position: stream.position, tokens: stream.tokenCount)]
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    stream.position = try TextPlace.position(
      progress, prefix: prefix, tokens: stream.tokenCount)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    try writer(path, items)
  }
}

extension TransformerTask {
  /// Training of a whole model, whose folder is written.
  /// - Parameters:
  ///   - storage: how weights are saved.
  ///   - templates: of the model's chats, which stay as they are.
  convenience init(
    _ configuration: TransformerConfiguration, _ network: Transformer, _ tokenizer: any Tokenizer,
    _ stream: any TokenBatches, heldOut: TokenSet, _ trainer: TrainerConfiguration,
    storage: ScalarType, templates: [TransformerFolder.Companion]
  ) {
    let parameters = network.namedParameters
    self.init(
      network, parameters, stream, heldOut: heldOut, trainer,
      itemsBefore: configuration.trainingTokens ?? 0
    ) { (path, items) throws(AIGCError) in
      var configuration = configuration
      configuration.trainingTokens = items
      try tokenizer.write(to: path)
      try TransformerFolder.write(
        StateDictionary.tensors(parameters, type: storage), to: path(TransformerWeights.file))
      try configuration.write(to: path(ModelConfiguration.fileName))
      try TransformerFolder.write(templates, to: path)
    }
  }
}
