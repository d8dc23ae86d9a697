import Autograd
import Checkpoints
import Files
import Kernels

/// Where an agent's networks lie among its parameters, and the names that stable-baselines3 gives them.
struct AgentLayout {
  /// Scores of actions, their mean, or values of actions (DQN).
  let policy: Perceptron.Shape
  /// What a state is worth; nil: DQN has none.
  let value: Perceptron.Shape?
  /// Whether the logarithm of a deviation, the same in all states, stands behind the networks.
  let hasDeviation: Bool
  private let isQNetwork: Bool

  init(_ configuration: AgentConfiguration, _ environment: EnvironmentSpecification) {
    let before = [environment.observations.count] + configuration.hidden
    policy = Perceptron.Shape(before + [environment.actions.outputs], configuration.activation)
    isQNetwork = configuration.algorithm == .dqn
    value = isQNetwork ? nil : Perceptron.Shape(before + [1], configuration.activation)
    if case .continuous = environment.actions { hasDeviation = true } else { hasDeviation = false }
  }

  /// Where the value network begins.
  var valueOffset: Int { policy.parameters }
  /// Where the deviation's logarithm stands.
  var deviationOffset: Int { policy.parameters + (value?.parameters ?? 0) }
  /// All parameters.
  var count: Int { deviationOffset + (hasDeviation ? 1 : 0) }

  /// One tensor among the parameters.
  struct Part {
    let name: String
    let shape: [Int]
    let start: Int
    /// Of a first layer, whose inputs are observations.
    let isFirst: Bool
    var count: Int { shape.reduce(1, *) }
  }

  /// All tensors, in the order in which they lie.
  var parts: [Part] {
    var parts: [Part] = []
    func add(_ shape: Perceptron.Shape, _ offset: Int, _ name: (Int) -> String) {
      for layer in 0..<shape.layers {
        let (inputs, outputs) = (shape.sizes[layer], shape.sizes[layer + 1])
        parts.append(
          Part(
            name: "\(name(layer)).weight", shape: [outputs, inputs],
            start: offset + shape.weights(layer), isFirst: layer == 0))
        parts.append(
          Part(
            name: "\(name(layer)).bias", shape: [outputs], start: offset + shape.biases(layer),
            isFirst: false))
      }
    }
    let last = policy.layers - 1
    add(policy, 0) { layer in
      if isQNetwork { return "q_net.q_net.\(2 * layer)" }
      return layer == last ? "action_net" : "mlp_extractor.policy_net.\(2 * layer)"
    }
    if let value {
      add(value, valueOffset) {
        $0 == last ? "value_net" : "mlp_extractor.value_net.\(2 * $0)"
      }
    }
    if hasDeviation {
      parts.append(Part(name: "log_std", shape: [1], start: deviationOffset, isFirst: false))
    }
    return parts
  }

  /// The parameters as tensors of a file.
  /// - Parameters:
  ///   - values: all parameters.
  ///   - scales: by what observations are divided, which is then taken into the first layers' weights; nil: by
  ///     nothing.
  func tensors(_ values: [Float], dividing scales: [Float]? = nil) -> [NewTensor] {
    parts.map { part in
      var floats = Array(values[part.start..<part.start + part.count])
      if part.isFirst, let scales {
        for index in floats.indices { floats[index] /= scales[index % scales.count] }
      }
      return NewTensor(name: part.name, shape: part.shape, floats: floats)
    }
  }

  /// The parameters of a file.
  /// - Throws: ``/Files/AIGCError``: mismatch for other names or shapes, badInput for damage.
  func values(_ checkpoint: Checkpoint) throws(AIGCError) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    for part in parts {
      let tensor = try checkpoint.tensor(part.name)
      guard tensor.shape == part.shape else {
        throw .mismatch(
          "\(checkpoint.path): \(part.name) has the shape \(tensor.shape), not \(part.shape)")
      }
      let floats = try tensor.floats()
      guard floats.allSatisfy({ $0.isFinite }) else {
        throw .badInput("\(checkpoint.path): \(part.name) holds a value that is not finite")
      }
      values.replaceSubrange(part.start..<part.start + part.count, with: floats)
    }
    return values
  }

  /// Values to start from: orthogonal weights (Saxe et al. 2014), √2 of hidden layers, 0.01 of a policy's and 1 of a
  /// value's last one, as stable-baselines3 draws them; of DQN PyTorch's own of `Linear`.
  func start(using random: inout RandomSource, logDeviation: Float) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    for part in parts where part.shape.count == 2 || isQNetwork {
      let (outputs, inputs) = (part.shape[0], part.shape.count == 2 ? part.shape[1] : 0)
      var drawn: [Float]
      if isQNetwork {
        let fan = part.shape.count == 2 ? inputs : self.inputs(of: part)
        drawn = ParameterStart.fanIn(fan).values(Shape(part.shape), using: &random).values
      } else {
        let gain =
          part.name == "action_net.weight"
          ? 0.01 : part.name == "value_net.weight" ? 1 : Float(2).squareRoot()
        drawn = Self.orthogonal(outputs, inputs, using: &random).map { $0 * gain }
      }
      values.replaceSubrange(part.start..<part.start + part.count, with: drawn)
    }
    if hasDeviation { values[deviationOffset] = logDeviation }
    return values
  }

  /// Inputs of the layer that a bias is of.
  private func inputs(of bias: Part) -> Int {
    (0..<policy.layers).first { policy.biases($0) == bias.start }.map { policy.sizes[$0] } ?? 1
  }

  /// A matrix [rows, columns] whose rows or columns, of which there are fewer, are orthonormal.
  private static func orthogonal(
    _ rows: Int, _ columns: Int, using random: inout RandomSource
  ) -> [Float] {
    let (long, short) = (max(rows, columns), min(rows, columns))
    let tall = Tensor.normal([long, short], using: &random).orthonormalColumns().values
    guard rows < columns else { return tall }
    return (0..<rows * columns).map { tall[$0 % columns * short + $0 / columns] }
  }
}
