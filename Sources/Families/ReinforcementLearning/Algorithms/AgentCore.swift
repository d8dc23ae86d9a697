import Autograd
import Files
import Kernels
import NN
import Training

/// What all ways of learning share: the environments, the networks' parameters and how gradients change them.
final class AgentCore {
  let environment: any VectorEnvironment
  let layout: AgentLayout
  /// Where parameters lie while networks read them.
  let table: MutableTable<Float>
  /// The gradient of all parameters.
  let gradient: MutableTable<Float>
  /// The same parameters, as optimizers and checkpoints have them.
  let parameter: Parameter
  let optimizer: any Optimizer
  let actions: MutableTable<Float>
  private let scaling: ObservationScaling
  private let step: GradientStep

  /// Values of an observation.
  var width: Int { layout.policy.sizes[0] }
  /// Steps of environments that one step of all of them takes.
  var count: Int { environment.count }

  init(
    _ environment: any VectorEnvironment, _ layout: AgentLayout, scales: [Float]?,
    start: [Float], _ optimizer: OptimizerConfiguration
  ) throws(AIGCError) {
    (self.environment, self.layout) = (environment, layout)
    scaling = ObservationScaling(scales, width: layout.policy.sizes[0])
    table = try MutableTable(count: layout.count)
    gradient = try MutableTable(count: layout.count)
    actions = try MutableTable(count: environment.count)
    parameter = Parameter(Tensor(start, [layout.count]))
    self.optimizer = optimizer.make([parameter])
    step = GradientStep(
      [(name: "agent", parameter: parameter)], self.optimizer, clip: optimizer.gradClip)
    load()
  }

  /// Takes the parameters over, after they were changed.
  func load() { table.copy(parameter.value.values, at: 0) }

  /// Changes the parameters by ``gradient``.
  /// - Throws: ``/Files/AIGCError`` (diverged).
  func update(loss: Double, step number: Int, rate: Float) throws(AIGCError) {
    let values = [Tensor(gradient.values, [layout.count])]
    _ = try step.apply(loss: loss, values, step: number, rate: rate)
    load()
  }

  /// Copies observations, divided by their scales.
  func copy(
    _ source: MutableTable<Float>, row: Int, to target: MutableTable<Float>, row place: Int
  ) {
    scaling.copy(source, row: row, to: target, row: place)
  }
}

/// The returns of the last hundred episodes of a run, whose mean the log has.
struct RecentEpisodes {
  private(set) var returns: [Double] = []
  private var lengths: [Double] = []
  static let most = 100

  /// Takes in what has ended in the last step.
  mutating func add(_ environment: any VectorEnvironment) {
    for index in 0..<environment.count where !environment.ends[index].isEmpty {
      if returns.count == Self.most {
        returns.removeFirst()
        lengths.removeFirst()
      }
      returns.append(environment.lastReturns[index])
      lengths.append(Double(environment.lastLengths[index]))
    }
  }

  /// What the log says of them; nothing before the first one has ended.
  var metrics: [(name: String, value: Double)] {
    guard !returns.isEmpty else { return [] }
    let count = Double(returns.count)
    return [
      ("episode_reward", returns.reduce(0, +) / count),
      ("episode_length", lengths.reduce(0, +) / count),
    ]
  }

  /// All numbers, for checkpoints.
  var words: [Int64] {
    get { (returns + lengths).map { Int64(bitPattern: $0.bitPattern) } }
    set {
      let values = newValue.map { Double(bitPattern: UInt64(bitPattern: $0)) }
      let half = min(values.count / 2, Self.most)
      (returns, lengths) = (Array(values.prefix(half)), Array(values.dropFirst(half).prefix(half)))
    }
  }
}
