import Checkpoints
import Files
import Glibc
import Kernels
import Training
import Weights

/// A trained agent: it says what to do in its environment.
public final class Agent {
  /// The name of the weights' file in the model folder.
  static let weightsFile = "model.safetensors"

  /// What it was built of.
  public let configuration: AgentConfiguration
  /// Where it acts.
  public let environment: NamedEnvironment
  /// nil: it acts by chance.
  let policy: Policy?
  /// The model folder; nil for an agent in training.
  private let path: String?

  /// Reads a model folder.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when they do not fit.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try AgentConfiguration.read(folder: folder)
    var values: [Float]?
    if configuration.algorithm != .random {
      let environment = try NamedEnvironment.named(configuration.environment)
      let layout = AgentLayout(configuration, environment.specification)
      values = try layout.values(try Checkpoint.open("\(folder)/\(Self.weightsFile)"))
    }
    try self.init(configuration, values, path: folder)
  }

  init(
    _ configuration: AgentConfiguration, _ values: [Float]?, path: String? = nil
  ) throws(AIGCError) {
    (self.configuration, self.path) = (configuration, path)
    environment = try NamedEnvironment.named(configuration.environment)
    let specification = environment.specification
    policy = try values.map { (values) throws(AIGCError) in
      let policy = try Policy(
        AgentLayout(configuration, specification), specification.actions,
        scales: configuration.observationScales)
      policy.set(values)
      return policy
    }
  }

  /// Plays episodes, all side by side, always the action that it takes for the best.
  /// - Parameters:
  ///   - episodes: how many.
  ///   - seed: episode i begins from stream i of it.
  ///   - isGreedy: false: actions are drawn from the policy's distribution.
  /// - Throws: ``/Files/AIGCError``: failed without memory, interrupted.
  public func play(
    episodes: Int, seed: UInt64, isGreedy: Bool = true
  ) throws(AIGCError) -> EpisodeReturns {
    let batch = try environment.batch(episodes, seed: seed)
    var random: RandomSource? =
      isGreedy && policy != nil ? nil : RandomSource(seed: seed, stream: -1)
    return try EpisodeReturns(batch) { (batch, actions) throws(AIGCError) in
      try act(in: batch, actions, drawing: &random)
    }
  }

  /// What it does now in each environment.
  /// - Parameters:
  ///   - batch: the environments.
  ///   - actions: gets the actions.
  ///   - random: draws them; nil: the best ones are taken.
  /// - Throws: ``/Files/AIGCError``: badInput where the weights give no numbers, diverged in training.
  func act(
    in batch: any VectorEnvironment, _ actions: MutableTable<Float>,
    drawing random: inout RandomSource?
  ) throws(AIGCError) {
    if let policy {
      let isSound = policy.act(
        batch.observations, rows: batch.count, to: actions, drawing: &random)
      guard isSound else { throw DamagedWeights.error("actions", of: path, []) }
      return
    }
    var source = random ?? RandomSource(seed: 0)
    for index in 0..<batch.count {
      actions[index] = batch.specification.actions.draw(using: &source)
    }
    random = source
  }
}

/// Actions by a network, in blocks of observations.
final class Policy {
  let layout: AgentLayout
  let actions: ActionSpace
  let parameters: MutableTable<Float>
  private let network: Perceptron
  private let inputs: MutableTable<Float>
  private let scaling: ObservationScaling
  private static let rows = 256

  init(_ layout: AgentLayout, _ actions: ActionSpace, scales: [Float]?) throws(AIGCError) {
    (self.layout, self.actions) = (layout, actions)
    let width = layout.policy.sizes[0]
    scaling = ObservationScaling(scales, width: width)
    parameters = try MutableTable(count: layout.count)
    network = try Perceptron(layout.policy, rows: Self.rows)
    inputs = try MutableTable(count: Self.rows * width)
  }

  func set(_ values: [Float]) { parameters.copy(values, at: 0) }

  /// - Parameters:
  ///   - observations: [rows, observations].
  ///   - rows: how many.
  ///   - chosen: gets the actions.
  ///   - random: draws them; nil: the best ones are taken.
  /// - Returns: whether all outputs of the network are numbers.
  func act(
    _ observations: MutableTable<Float>, rows: Int, to chosen: MutableTable<Float>,
    drawing random: inout RandomSource?
  ) -> Bool {
    var (first, isSound) = (0, true)
    while first < rows {
      let count = min(Self.rows, rows - first)
      for row in 0..<count {
        scaling.copy(observations, row: first + row, to: inputs, row: row)
      }
      network.forward(parameters, at: 0, inputs, rows: count)
      for row in 0..<count { chosen[first + row] = action(row, drawing: &random) }
      for index in 0..<count * actions.outputs {
        isSound = isSound && network.outputs[index].isFinite
      }
      first += count
    }
    return isSound
  }

  private func action(_ row: Int, drawing random: inout RandomSource?) -> Float {
    guard var source = random else { return Distribution.best(network.outputs, row, actions) }
    defer { random = source }
    return Distribution.draw(
      network.outputs, row, actions, logDeviation: logDeviation, using: &source
    ).action
  }

  private var logDeviation: Float {
    layout.hasDeviation ? parameters[layout.deviationOffset] : 0
  }
}

/// The distribution of actions that a policy's outputs stand for.
enum Distribution {
  /// The action of the highest score, or the mean.
  static func best(_ outputs: MutableTable<Float>, _ row: Int, _ actions: ActionSpace) -> Float {
    switch actions {
    case .continuous(let limit): return min(max(outputs[row], -limit), limit)
    case .discrete(let count):
      var best = 0
      for action in 1..<max(count, 1)
      where outputs[row * count + action] > outputs[row * count + best] { best = action }
      return Float(best)
    }
  }

  /// An action by chance, with the logarithm of its probability (density).
  static func draw(
    _ outputs: MutableTable<Float>, _ row: Int, _ actions: ActionSpace, logDeviation: Float,
    using random: inout RandomSource
  ) -> (action: Float, logProbability: Float) {
    switch actions {
    case .continuous:
      let noise = Float(random.normal())
      let action = outputs[row] + noise * exp(logDeviation)
      return (action, -0.5 * noise * noise - logDeviation - halfLogTwoPi)
    case .discrete(let count):
      let first = row * count
      var largest = outputs[first]
      for action in 1..<max(count, 1) { largest = max(largest, outputs[first + action]) }
      var sum: Float = 0
      for action in 0..<count { sum += exp(outputs[first + action] - largest) }
      var rest = Float(random.uniform()) * sum
      var chosen = count - 1
      for action in 0..<count {
        rest -= exp(outputs[first + action] - largest)
        if rest < 0 {
          chosen = action
          break
        }
      }
      return (Float(chosen), outputs[first + chosen] - largest - log(sum))
    }
  }

  /// Half of ln 2π.
  static let halfLogTwoPi: Float = 0.918_938_5
}
