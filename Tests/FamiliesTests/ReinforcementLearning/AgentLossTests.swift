import Checkpoints
import FamilySupport
import Files
import Kernels
import TestSupport
import Testing

@testable import Families

/// Values that PyTorch and stable-baselines3 computed: `Scripts/fixtures/torch_agents.py`.
@Suite struct AgentLossTests {
  private let fixture: TensorFixture
  init() throws { fixture = try TensorFixture("ReinforcementLearning/losses.safetensors") }

  private func table(_ name: String) throws -> MutableTable<Float> {
    let values = try fixture.file.tensor(name).floats()
    let table = try MutableTable<Float>(count: values.count)
    table.copy(values, at: 0)
    return table
  }

  private func array(_ table: MutableTable<Float>, _ count: Int? = nil) -> [Float] {
    (0..<(count ?? table.count)).map { table[$0] }
  }

  @Test(arguments: [("tanh", [4, 8, 6, 2]), ("relu", [3, 5, 1])])
  func perceptronsAreThoseOfPyTorch(_ name: String, _ sizes: [Int]) throws {
    let shape = Perceptron.Shape(sizes, name == "tanh" ? .tanh : .relu)
    let network = try Perceptron(shape, rows: 12)
    let (parameters, inputs) = (try table("\(name).parameters"), try table("\(name).inputs"))
    #expect(shape.parameters == parameters.count)
    network.forward(parameters, at: 0, inputs, rows: 12)
    try fixture.expectSame(array(network.outputs), "\(name).outputs", 1e-6)
    let pull = try table("\(name).pull")
    for index in 0..<pull.count { network.outputGradients[index] = pull[index] }
    let gradient = try MutableTable<Float>(count: shape.parameters)
    network.backward(parameters, at: 0, inputs, rows: 12, to: gradient)
    try fixture.expectSame(array(gradient), "\(name).gradient", 1e-5)
    // A part of the rows, from any one on.
    network.forward(parameters, at: 0, inputs, from: 3, rows: 2)
    let outputs = sizes.last ?? 0
    let wanted = try fixture.file.tensor("\(name).outputs").floats()[3 * outputs..<5 * outputs]
    for (found, value) in zip(array(network.outputs, 2 * outputs), wanted) {
      #expect((found - value).magnitude < 1e-5)
    }
  }

  @Test(
    arguments: [
      ("ppo.discrete", true, 0.2, 0.01), ("ppo.continuous", false, 0.2, 0.01),
      ("a2c.discrete", true, nil, 0.02), ("a2c.continuous", false, nil, 0.02),
    ] as [(String, Bool, Float?, Float)])
  func policyLossesAreThoseOfPyTorch(
    _ name: String, _ isDiscrete: Bool, _ clip: Float?, _ entropy: Float
  ) throws {
    let loss = PolicyGradient(
      actions: isDiscrete ? .discrete(3) : .continuous(limit: 2), clip: clip, entropy: entropy)
    let outputs = try table("\(name).outputs")
    let (actions, advantages) = (try table("\(name).actions"), try table("\(name).advantages"))
    let old = try table("\(name).old")
    let gradient = try MutableTable<Float>(count: outputs.count)
    var sums = PolicyGradient.Sums()
    let deviation = isDiscrete ? 0 : try fixture.file.tensor("\(name).log_std").floats()[0]
    for row in 0..<12 {
      let example = PolicyGradient.Example(
        action: actions[row], advantage: advantages[row], logProbability: old[row])
      loss.add(
        example, row: row, outputs, to: gradient, logDeviation: deviation, share: 1 / 12, &sums)
    }
    try fixture.expectSame(array(gradient), "\(name).gradient", 1e-5)
    try fixture.expectSame([sums.policy / 12], "\(name).loss", 1e-5)
    try fixture.expectSame([sums.entropy / 12], "\(name).entropy", 1e-5)
    if !isDiscrete {
      try fixture.expectSame([sums.deviationGradient], "\(name).log_std_gradient", 1e-5)
    }
  }

  @Test func advantagesAreThoseOfStableBaselines() throws {
    let (rewards, values) = (try table("gae.rewards"), try table("gae.values"))
    let ended = try fixture.file.tensor("gae.ends").floats()
    let ends = try MutableTable<EpisodeEnd>(count: ended.count)
    for (index, end) in ended.enumerated() { ends[index] = end > 0 ? .terminated : [] }
    let advantages = try MutableTable<Float>(count: ended.count)
    estimateAdvantages(
      rewards: rewards, values: values, ends: ends, environments: 2, gamma: 0.97, lambda: 0.9,
      to: advantages)
    try fixture.expectSame(array(advantages), "gae.advantages", 1e-5)
  }
}
