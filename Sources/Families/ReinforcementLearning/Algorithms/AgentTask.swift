import Autograd
import Checkpoints
import Files
import Kernels
import NN
import Training

/// The training of an agent: a step is an iteration of its learner.
final class AgentTask: TrainingTask {
  private var configuration: AgentConfiguration
  private let environment: any VectorEnvironment
  private let named: NamedEnvironment
  /// nil: nothing is learned.
  private let core: AgentCore?
  private let learner: any AgentLearner
  private let options: AgentTrainingOptions
  private let seed: UInt64
  private var recent = RecentEpisodes()

  init(
    _ configuration: AgentConfiguration, _ environment: any VectorEnvironment,
    _ core: AgentCore?, _ learner: any AgentLearner, _ options: AgentTrainingOptions, seed: UInt64
  ) throws(AIGCError) {
    (self.configuration, self.environment, self.core) = (configuration, environment, core)
    (self.learner, self.options, self.seed) = (learner, options, seed)
    named = try NamedEnvironment.named(configuration.environment)
  }

  var parameters: NamedParameters { core.map { [(name: "agent", parameter: $0.parameter)] } ?? [] }
  var optimizers: [(name: String, optimizer: any Optimizer)] {
    core.map { [("optimizer", $0.optimizer)] } ?? []
  }
  var itemName: String { "timesteps" }
  var validationName: String { "eval_reward" }
  var validationTitle: String { "mean reward" }
  var isValidationReward: Bool { true }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let metrics = try learner.iterate(step, rate: rate, context, &recent)
    return StepResult(
      metrics: metrics + recent.metrics, items: learner.stepsPerIteration * environment.count)
  }

  /// The mean return of episodes that are the same at each evaluation, of other seeds than those of training.
  func validate() throws(AIGCError) -> Double? {
    let mean = try agent().play(
      episodes: options.evaluationEpisodes, seed: seed ^ 0x6576_616C_7561_7465
    ).mean
    configuration.meanReturn = mean
    return mean
  }

  /// The agent as it is now.
  private func agent() throws(AIGCError) -> Agent {
    try Agent(configuration, core?.parameter.value.values)
  }

  func progress() -> [NewTensor] {
    let words = environment.snapshot
    return [
      NewTensor(name: "environments", shape: [words.count], integers: words),
      NewTensor(name: "recent", shape: [recent.words.count], integers: recent.words),
    ] + learner.progress
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    guard environment.restore(try progress.tensor("\(prefix)environments").integers()) else {
      throw .mismatch("\(progress.path): the state of other environments")
    }
    recent.words = try progress.tensor("\(prefix)recent").integers()
    core?.load()
    try learner.restore(progress, prefix: prefix)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.timesteps = items
    if let core {
      try SafetensorsWriter.write(
        core.layout.tensors(core.parameter.value.values), metadata: ["format": "pt"],
        to: path(Agent.weightsFile), sync: true)
    }
    try ModelConfiguration.write(configuration, to: path(ModelConfiguration.fileName))
  }

  func show(in folder: String) throws(AIGCError) {
    try ReturnCurve.write(
      log: "\(folder)/\(MetricsLog.fileName)", to: "\(folder)/\(ReturnCurve.fileName)",
      title: configuration.environment, solved: named.specification.solvedReturn)
  }
}
