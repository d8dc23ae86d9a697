import Autograd
import Checkpoints
import Files
import Kernels
import NN

@testable import Inference
@testable import Training

/// A small network with dropout that learns a function from random batches.
final class ToyTask: TrainingTask {
  private struct Network: Module {
    let hidden: Linear
    let out: Linear

    func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
      out(tanh(hidden(x)).dropout(0.2, context))
    }
  }

  private let network: Network
  let optimizer: any Optimizer
  private let update: GradientStep
  /// The place in the data.
  private var batches = RandomSource(seed: 9)
  /// Steps at which something happens.
  var crashesAt: Int?
  var breaksAt: Int?
  /// Held-out losses to report in place of real ones.
  var losses: [Double]?
  var hasValidation = true
  /// At which evaluation from now on Ctrl-C comes in its midst.
  var evaluationsToInterruption: Int?

  init(_ kind: OptimizerConfiguration.Kind = .adamw, hidden: Int = 24) {
    var random = RandomSource(seed: 3)
    network = Network(
      hidden: random.drawn { Linear(6, hidden, using: &$0) },
      out: random.drawn { Linear(hidden, 1, using: &$0) })
    var settings = OptimizerConfiguration()
    settings.kind = kind
    settings.momentum = 0.9
    settings.weightDecay = 0.01
    optimizer = settings.make(network.trainableParameters)
    update = GradientStep(network.namedParameters, optimizer, clip: 1)
  }

  var parameters: NamedParameters { network.namedParameters }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }
  var itemName: String { "points" }
  var values: [[Float]] { parameters.map { $0.parameter.value.values } }

  private func target(_ x: Tensor) -> Tensor { (x * x).sum(axis: 1, keepsAxis: true) }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    if step == crashesAt { throw .failed("crash") }
    let x = Tensor.normal([32, 6], using: &batches)
    let factor: Float = step == breaksAt ? .infinity : 1
    let (loss, gradients) = valueAndGradients(for: network.trainableParameters) {
      meanSquaredError(network(x, context) * factor, target(x))
    }
    let norm = try update.apply(
      loss: step == breaksAt ? 1 : Double(loss.item), gradients, step: step, rate: rate)
    return StepResult(metrics: [("loss", Double(loss.item)), ("gradient_norm", norm)], items: 32)
  }

  func validate() throws(AIGCError) -> Double? {
    guard hasValidation else { return nil }
    if let left = evaluationsToInterruption {
      evaluationsToInterruption = left - 1
      if left == 1 { throw .interrupted }
    }
    if losses != nil { return losses?.isEmpty == false ? losses?.removeFirst() : 9 }
    var random = RandomSource(seed: 77)
    let x = Tensor.normal([64, 6], using: &random)
    return Double(meanSquaredError(network(x, .inference), target(x)).item)
  }

  func progress() -> [NewTensor] {
    let words = [batches.state.0, batches.state.1, batches.state.2, batches.state.3]
    return [NewTensor(name: "batches", shape: [4], integers: words.map { Int64(bitPattern: $0) })]
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    let words = try progress.tensor("\(prefix)batches").integers().map { UInt64(bitPattern: $0) }
    guard words.count == 4 else { throw .mismatch("batches") }
    batches = RandomSource(state: (words[0], words[1], words[2], words[3]))
  }

  var itemsBefore = 0
  private(set) var writtenItems = -1

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    writtenItems = items
    try StateDictionary.write(parameters, to: path("model.safetensors"))
    let file = try OutputFile(path: path("config.json"))
    try file.write("{\"family\":\"toy\",\"format_version\":1,\"kind\":\"number\"}\n")
    try file.commit(sync: true)
  }
}
