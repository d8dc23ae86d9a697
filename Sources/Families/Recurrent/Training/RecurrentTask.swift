import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Training of a recurrent language model by truncated back-propagation through time: each step takes
/// the next tokens of every row of the batch, and the state carries over without history.
final class RecurrentTask: TrainingTask {
  private(set) var configuration: RecurrentConfiguration
  let network: RecurrentNetwork
  private let tokenizer: any Tokenizer
  private let optimizer: any Optimizer
  private let gradientStep: GradientStep
  private let trainable: [Parameter]
  private var stream: TokenStream
  private var state: RecurrentState?
  private let heldOut: [Int32]
  private let startToken: Int32?
  private let storage: ScalarType

  let itemName = "tokens"
  var itemsBefore: Int { configuration.trainingTokens }
  var parameters: NamedParameters { network.namedParameters }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }

  /// - Parameters:
  ///   - model: what is trained; its parameters are changed.
  ///   - stream: the training text.
  ///   - heldOut: the text for validation; empty: none.
  ///   - clip: the longest gradient; nil: any.
  ///   - makeOptimizer: from the trainable parameters.
  ///   - storage: how weights are saved.
  init(
    _ model: RecurrentLanguageModel, _ stream: TokenStream, heldOut: [Int32], clip: Double?,
    storage: ScalarType = .f32, _ makeOptimizer: ([Parameter]) -> any Optimizer
  ) {
    configuration = model.configuration
    network = model.network
    tokenizer = model.tokenizer
    self.stream = stream
    self.heldOut = heldOut
    self.storage = storage
    startToken = model.startToken
    let named = network.trainableNamedParameters
    trainable = named.map { $0.parameter }
    optimizer = makeOptimizer(trainable)
    gradientStep = GradientStep(named, optimizer, clip: clip)
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    if stream.isAtEpochStart { state = nil }
    let (inputs, targets) = stream.next()
    let before = state
    var next = before
    let (loss, gradients) = valueAndGradients(for: trainable) {
      let (loss, after) = network.loss(inputs, targets: targets, before, context)
      next = after
      return loss
    }
    let value = Double(loss.item)
    let norm = try gradientStep.apply(loss: value, gradients, step: step, rate: rate)
    state = next
    return StepResult(
      metrics: [("loss", value), ("gradient_norm", norm)], items: inputs.values.count)
  }

  /// Rows of the validation batch: the text is cut into as many pieces, read side by side.
  private static let validationRows = 16
  private static let validationSteps = 128

  func validate() throws(AIGCError) -> Double? {
    guard heldOut.count > 1 else { return nil }
    let rows = min(Self.validationRows, max(1, heldOut.count / 256))
    let length = (heldOut.count - 1) / rows
    var state: RecurrentState?
    var (total, count) = (0.0, 0)
    for first in stride(from: 0, to: length, by: Self.validationSteps) {
      try Interruption.check()
      let steps = min(Self.validationSteps, length - first)
      var inputs: [Int32] = []
      var targets: [Int32] = []
      for step in 0..<steps {
        for row in 0..<rows {
          inputs.append(heldOut[row * length + first + step])
          targets.append(heldOut[row * length + first + step + 1])
        }
      }
      let (output, next) = network.states(Indices(inputs, [steps, rows]), state, .inference)
      state = next
      let losses = linearCrossEntropyLosses(
        output, network.fc.weight.value, network.fc.bias?.value, targets)
      total = losses.reduce(total) { $0 + Double($1) }
      count += losses.count
    }
    return total / Double(max(count, 1))
  }

  func progress() -> [NewTensor] {
    var tensors = [TextPlace.tensor(position: stream.position, tokens: stream.tokenCount)]
    for (index, h) in (state?.hidden ?? []).enumerated() {
      tensors.append(
        NewTensor(name: "hidden.\(index)", shape: h.shape.dimensions, floats: h.values))
    }
    for (index, c) in (state?.cells ?? []).enumerated() {
      tensors.append(NewTensor(name: "cell.\(index)", shape: c.shape.dimensions, floats: c.values))
    }
    return tensors
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    stream.position = try TextPlace.position(
      progress, prefix: prefix, tokens: stream.tokenCount)
    let expected: Shape = [stream.batch, configuration.hiddenSize]
    var restored = RecurrentState(hidden: [])
    for index in 0..<configuration.layers {
      guard let h = progress["\(prefix)hidden.\(index)"] else { break }
      guard h.shape == expected.dimensions else {
        throw .mismatch(
          "\(progress.path): its states have the shape \(h.shape), this run's \(expected); "
            + "go on with the same `batchSize`")
      }
      restored.hidden.append(Tensor(try h.floats(), expected))
      if let c = progress["\(prefix)cell.\(index)"], c.shape == expected.dimensions {
        restored.cells.append(Tensor(try c.floats(), expected))
      }
    }
    let isWhole =
      restored.hidden.count == configuration.layers
      && restored.cells.count == (configuration.recurrentKind == .lstm ? configuration.layers : 0)
    state = isWhole ? restored : nil
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingTokens = items
    try tokenizer.write(to: path)
    try StateDictionary.write(parameters, to: path(RecurrentFolder.weights), type: storage)
    try configuration.write(to: path(ModelConfiguration.fileName))
  }
}
