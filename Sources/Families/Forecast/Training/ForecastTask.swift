import Autograd
import Checkpoints
import Files
import Kernels
import NN
import Training

/// Learns the next value at each step of windows of a series (mean squared error in the unit of the
/// network).
final class ForecastTask: TrainingTask {
  let network: ForecastNetwork
  let itemName = "values"
  var parameters: NamedParameters { network.namedParameters }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", optimizer)] }

  private let configuration: ForecastConfiguration
  private let optimizer: any Optimizer
  private let gradientStep: GradientStep
  private let batchSize: Int
  /// What the network sees, column by column, of the training and validation parts.
  private let inputs: [[Float]]
  /// How many of these are of the training part.
  private let trainingCount: Int
  /// Says whether a run is resumed with the same series.
  private let checksum: Int64
  private static let validationBatch = 256

  /// - Parameters:
  ///   - configuration: of the model.
  ///   - series: all of it, column by column.
  ///   - plan: how it is cut.
  ///   - trainer: seed, batch size, optimizer.
  init(
    _ configuration: ForecastConfiguration, _ series: [[Double]], _ plan: ForecastPlan,
    _ trainer: TrainerConfiguration
  ) {
    self.configuration = configuration
    var random = RandomSource(seed: trainer.seed)
    network = random.drawn { ForecastNetwork(configuration.sizes, using: &$0) }
    optimizer = trainer.optimizer.make(network.trainableParameters)
    gradientStep = GradientStep(
      network.namedParameters, optimizer, clip: trainer.optimizer.gradClip)
    batchSize = trainer.batchSize
    inputs = series.enumerated().map { index, column in
      let known = column.prefix(plan.heldOutStart).map { plan.transform.leveled($0) }
      return plan.transform.inputs(known, column: index)
    }
    trainingCount = plan.validationStart - plan.transform.lag
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for value in series.joined() { hash = (hash ^ value.bitPattern) &* 0x0000_0100_0000_01B3 }
    checksum = Int64(bitPattern: hash)
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let length = configuration.context
    let places = (0..<batchSize).map { _ in
      Int(context.random.integer(below: UInt64(trainingCount - length)))
    }
    let (x, target) = (window(places, offset: 0), window(places, offset: 1))
    let (loss, gradients) = valueAndGradients(for: network.trainableParameters) {
      meanSquaredError(network(x, context), target)
    }
    let value = Double(loss.item)
    let norm = try gradientStep.apply(loss: value, gradients, step: step, rate: rate)
    return StepResult(
      metrics: [("loss", value), ("gradient_norm", norm)], items: batchSize * length)
  }

  /// The mean squared error of the value after each window that ends in the validation part.
  func validate() throws(AIGCError) -> Double? {
    let total = squaredErrors(of: trainingCount..<(inputs.first?.count ?? 0))
    return total.reduce(0, +) / Double(max(total.count, 1))
  }

  /// The mean squared one-step error of each column, steps `range` of the inputs.
  private func squaredErrors(of range: Range<Int>) -> [Double] {
    let length = configuration.context
    var sums = [Double](repeating: 0, count: inputs.count)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.validationBatch) {
      let places = start..<min(start + Self.validationBatch, range.upperBound)
      let outputs = network.next(window(places.map { $0 - length }, offset: 0)).values
      for (row, place) in places.enumerated() {
        for column in inputs.indices {
          let error = Double(outputs[row * inputs.count + column] - inputs[column][place])
          sums[column] += error * error
        }
      }
    }
    return sums.map { $0 / Double(max(range.count, 1)) }
  }

  /// [steps, places, columns].
  private func window(_ places: [Int], offset: Int) -> Tensor {
    let (steps, columns) = (configuration.context, inputs.count)
    var values: [Float] = []
    values.reserveCapacity(steps * places.count * columns)
    for step in 0..<steps {
      for place in places {
        for column in inputs { values.append(column[place + offset + step]) }
      }
    }
    return Tensor(values, [steps, places.count, columns])
  }

  func progress() -> [NewTensor] {
    [NewTensor(name: "series", shape: [1], integers: [checksum])]
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    guard try progress.tensor("\(prefix)series").integers() == [checksum] else {
      throw .mismatch("\(progress.path): the run learned from another series")
    }
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    var result = configuration
    let validation = trainingCount..<(inputs.first?.count ?? 0)
    result.residuals = squaredErrors(of: validation).map { $0.isFinite ? $0.squareRoot() : 0 }
    try ForecastModel.write(result, network, to: path)
  }
}
