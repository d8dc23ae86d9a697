import Files
import Kernels
import NN
import Training

/// What the training of an agent can be told.
public struct ReinforcementSettings: Codable, Equatable, Sendable {
  /// Where it acts: Gymnasium's name.
  public var environment: String
  /// How it learns.
  public var algorithm: AgentAlgorithm
  /// Units of each hidden layer, of the policy and of the value.
  public var hidden: [Int]
  /// f of hidden layers.
  public var activation: Perceptron.Activation
  /// Whether observations are divided by the environment's scales.
  public var scalesObservations = true
  /// How it learns in numbers.
  public var options: AgentTrainingOptions
  /// The most steps of environments in all, in whole iterations, in place of ``/Training/TrainerConfiguration/steps``;
  /// nil: so many steps.
  public var timesteps: Int?
}

/// Trains agents: an environment in, a model folder out.
public struct ReinforcementRecipe: TrainingRecipe {
  /// Where and how.
  public var settings: ReinforcementSettings
  /// The run. A step of it is an iteration: all environments take
  /// ``AgentTrainingOptions/rollout`` steps, and what they saw is learned from.
  public var run: RunOptions

  /// - Parameters:
  ///   - environment: where the agent acts, "cartpole".
  ///   - algorithm: how it learns; both decide the defaults. nil: DQN in MountainCar, else PPO.
  /// - Throws: ``/Files/AIGCError`` (usage) for an environment that is not known.
  public init(
    _ environment: String = "cartpole", _ algorithm: AgentAlgorithm? = nil
  ) throws(AIGCError) {
    let named = try NamedEnvironment.named(environment)
    let algorithm = algorithm ?? AgentDefaults.algorithm(named.specification)
    let defaults = AgentDefaults(named.specification, algorithm)
    settings = ReinforcementSettings(
      environment: named.name, algorithm: algorithm, hidden: defaults.hidden,
      activation: defaults.activation, options: defaults.options, timesteps: defaults.timesteps)
    var trainer = TrainerConfiguration(
      steps: 1, schedule: Schedule(defaults.schedule, peak: defaults.rate))
    trainer.schedule.endShare = 0
    trainer.batchSize = defaults.batchSize
    trainer.optimizer.kind = .adam
    trainer.optimizer.epsilon = 1e-5
    trainer.optimizer.gradClip = defaults.gradClip
    trainer.logEvery = 10
    run = RunOptions(trainer)
  }

  /// The name in `config.json`, "rl".
  public var family: String { ReinforcementFamily.familyName }
  /// Nothing: an agent makes its own data.
  public var sources: [TrainingSource] { [] }

  /// How many iterations take ``ReinforcementSettings/timesteps``, twenty evaluations among them where nothing
  /// else is said.
  var trainer: TrainerConfiguration {
    var result = run.trainer
    let size = max(1, settings.options.rollout * settings.options.environments)
    if let timesteps = settings.timesteps { result.steps = max(1, timesteps / size) }
    if result.evalEvery == 0 { result.evalEvery = max(1, result.steps / 20) }
    return result
  }

  /// Says which agent would learn from how many steps.
  /// - Throws: ``/Files/AIGCError``: usage for settings that make no agent, mismatch when a run that goes on has another
  ///   environment.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let configuration = try configuration(start)
    let (options, trainer) = (settings.options, trainer)
    let environment = try NamedEnvironment.named(settings.environment)
    let isLearning = settings.algorithm != .random
    let layout = AgentLayout(configuration, environment.specification)
    let scales =
      configuration.observationScales.map { JSONValue.array($0.map { .float($0) }) } ?? .null
    return TrainingPlan(
      [
        .init("environment", .string(configuration.environment)),
        .init("algorithm", .string(configuration.algorithm.rawValue)),
        .init("hidden", .array(configuration.hidden.map { .int($0) })),
        .init("activation", .string(configuration.activation.rawValue)),
        .init("parameters", .int(isLearning ? layout.count : 0)),
        .init("timesteps", .int(trainer.steps * options.rollout * options.environments)),
        .init("n_envs", .int(options.environments)), .init("n_steps", .int(options.rollout)),
        .init("n_epochs", .int(options.epochs)), .init("gamma", .float(options.gamma)),
        .init("gae_lambda", .float(options.lambda)), .init("clip_range", .float(options.clip)),
        .init("ent_coef", .float(options.entropy)), .init("vf_coef", .float(options.valueWeight)),
        .init("buffer_size", .int(options.memory)),
        .init("learning_starts", .int(options.learningStarts)),
        .init("gradient_steps", .int(options.gradientSteps)),
        .init("target_update_interval", .int(options.targetEvery)),
        .init("exploration_fraction", .float(options.explorationShare)),
        .init("exploration_final_eps", .float(options.explorationEnd)),
        .init("exploration_repeat", .int(options.explorationRepeat)),
        .init("log_std_init", .float(options.logDeviation)),
        .init("normalize_advantage", .bool(options.normalizesAdvantages)),
        .init("observation_scales", scales),
        .init("reward_scale", .float(options.rewardScale)),
        .init("eval_episodes", .int(options.evaluationEpisodes)),
      ], trainer)
  }

  /// Makes the environments, the networks and what learns. The finished agent plays episodes that it was not chosen
  /// by.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``, and failed without memory.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<EpisodeReturns> {
    let (configuration, trainer) = (try configuration(start), trainer)
    let named = try NamedEnvironment.named(configuration.environment)
    let options = settings.options
    // Seeds of their own: stream 0 draws the weights, stream 1 is the trainer's.
    let batch = try named.batch(options.environments, seed: trainer.seed ^ 0x656E_7673)
    let core = try core(configuration, named.specification, batch, trainer)
    let learner = try learner(core, batch, trainer)
    let task = try AgentTask(configuration, batch, core, learner, options, seed: trainer.seed)
    let seed = trainer.seed ^ 0x756E_7365_656E
    return PreparedTraining(task, trainer) { (folder) throws(AIGCError) in
      try Agent(folder: folder).play(episodes: 100, seed: seed)
    }
  }

  /// nil where nothing is learned.
  private func core(
    _ configuration: AgentConfiguration, _ specification: EnvironmentSpecification,
    _ batch: any VectorEnvironment, _ trainer: TrainerConfiguration
  ) throws(AIGCError) -> AgentCore? {
    guard settings.algorithm != .random else { return nil }
    let layout = AgentLayout(configuration, specification)
    var random = RandomSource(seed: trainer.seed)
    let start = layout.start(using: &random, logDeviation: settings.options.logDeviation)
    return try AgentCore(
      batch, layout, scales: configuration.observationScales, start: start, trainer.optimizer)
  }

  private func learner(
    _ core: AgentCore?, _ batch: any VectorEnvironment, _ trainer: TrainerConfiguration
  ) throws(AIGCError) -> any AgentLearner {
    let options = settings.options
    guard let core else { return RandomLearner(batch, steps: options.rollout) }
    switch settings.algorithm {
    case .reinforce: return try ReinforceLearner(core, options)
    case .a2c: return try OnPolicyLearner(core, options, batchSize: nil)
    case .dqn:
      return try QLearner(
        core, options, batchSize: trainer.batchSize,
        timesteps: trainer.steps * options.rollout * options.environments)
    case .ppo, .random:
      return try OnPolicyLearner(core, options, batchSize: trainer.batchSize)
    }
  }

  /// Refuses runs whose counts overflow, and steps that take more memory than agents ever need.
  private func checkSizes(_ configuration: AgentConfiguration) throws(AIGCError) {
    let (options, batch) = (settings.options, run.trainer.batchSize)
    let size = options.rollout * options.environments
    guard trainer.steps <= (1 << 53) / size else {
      throw .usage("`steps` \(trainer.steps): more than 2^53 steps of environments")
    }
    let specification = try NamedEnvironment.named(configuration.environment).specification
    let rows =
      switch settings.algorithm {
      case .random: options.environments
      case .reinforce: size + options.environments * specification.longestEpisode
      case .a2c: size
      case .ppo: max(min(batch, size), options.environments)
      case .dqn: max(batch, options.environments)
      }
    // What each layer gives, and its gradient.
    let widths = configuration.hidden.reduce(specification.observations.count, +)
    let (bytes, overflow) = (rows + options.memory).multipliedReportingOverflow(by: 16 * widths)
    guard !overflow, bytes <= 16 << 30 else {
      throw .usage(
        "\(rows) rows at a time of layers with \(widths) units take more than 16 GB: fewer "
          + "`options.environments`, a shorter `options.rollout`, or a smaller `batchSize`")
    }
  }

  private func configuration(_ start: TrainingStart) throws(AIGCError) -> AgentConfiguration {
    let named = try NamedEnvironment.named(settings.environment)
    let specification = named.specification
    let wanted = AgentConfiguration(
      environment: named.name, algorithm: settings.algorithm, hidden: settings.hidden,
      activation: settings.activation,
      observationScales: settings.scalesObservations ? specification.scales : nil)
    if let problem = settings.options.problem ?? wanted.problem { throw .usage(problem) }
    try checkSizes(wanted)
    switch start {
    case .new: return wanted
    case .model(let path): throw .notTrainedFurther(path, family)
    case .resumed(let folder):
      var saved = try AgentConfiguration.read(folder: folder)
      (saved.timesteps, saved.meanReturn) = (0, nil)
      guard saved == wanted else {
        throw .mismatch(
          "\(folder): the run is of \(saved.environment) by \(saved.algorithm.rawValue) with other sizes than "
            + "\(wanted.environment) by \(wanted.algorithm.rawValue)")
      }
      return saved
    }
  }
}
