import ArgumentParser
import Console
import Families
import Files
import Kernels
import Training

/// `aigc train rl`.
struct ReinforcementArguments: RecipeArguments {
  static var command: String { "rl" }
  static var abstract: String {
    "Train an agent that acts in an environment (reinforcement learning)."
  }
  static var discussion: String {
    """
    ENV is \(environments.map { $0.name }.joined(separator: ", ")), or a name without its version: cartpole.
    Algorithms: ppo (the default; of MountainCar it is dqn), a2c, reinforce, dqn (of environments with a choice of actions), and random, \
    which learns nothing. Sizes, rates and steps have defaults for each environment and algorithm: see \
    --dry-run. A step of the run is an iteration: all environments take --n-steps steps, and what they \
    saw is learned from. The agent that does best in --eval-episodes episodes is kept.
    The folder of the run shows how it goes: reward.png, loss.png, log.jsonl.
    """
  }

  @Argument(help: "The environment (default cartpole).")
  var environment: String?
  @Option(help: "The same as ENV (default: cartpole).")
  var env: String?
  @Option(
    name: [.customLong("algorithm"), .customLong("algo")],
    help: "ppo, a2c, reinforce, dqn or random (default: ppo, of MountainCar dqn).")
  var algorithm: AgentAlgorithm?
  @OptionGroup(title: "Model") var model: AgentModelArguments
  @OptionGroup(title: "Learning") var learning: AgentLearningArguments
  @OptionGroup(title: "Replay (dqn)") var replay: AgentReplayArguments

  private var given: String? { environment ?? env }
  private var name: String { given ?? "cartpole" }
  var source: (family: String, path: String) { ("rl", name) }
  func usage(_ folder: String) -> String { "play \(folder) --render ascii" }

  func validate(with training: TrainingFlags) throws {
    if environment != nil, env != nil { throw ValidationError("ENV or --env, not both") }
    if training.val != nil || training.valSplit != nil {
      throw ValidationError(
        "--val and --val-split are not of agents: they are measured by episodes")
    }
    if training.epochs != nil {
      throw ValidationError("--epochs is of data; an agent has --timesteps and --n-epochs")
    }
    if training.steps != nil, learning.timesteps != nil {
      throw ValidationError("--steps or --timesteps, not both")
    }
  }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    let named = try NamedEnvironment.named(given ?? saved?["--env"] ?? name)
    let kept = saved?["--algorithm"].flatMap { AgentAlgorithm(rawValue: $0) }
    let usual = try ReinforcementRecipe(named.name).settings.algorithm
    let chosen = algorithm ?? kept ?? usual
    try check(chosen, training, named.specification.actions)
    var recipe = try ReinforcementRecipe(named.name, chosen)
    let usualSteps = recipe.settings.timesteps
    try model.fill(&recipe.settings, saved)
    try learning.fill(&recipe.settings.options, saved)
    try replay.fill(&recipe.settings.options, saved)
    // A run that goes on has as many steps as it had, where nothing else is said.
    recipe.settings.timesteps =
      learning.timesteps ?? (training.steps == nil && saved == nil ? usualSteps : nil)
    let settings =
      [
        RunSetting("--algorithm", algorithm?.rawValue, else: chosen.rawValue),
        RunSetting("--env", given.map { _ in named.name }, else: named.name),
      ]
      + model.settings(recipe.settings, saved) + learning.settings(recipe.settings.options)
      + replay.settings(recipe.settings.options)
    return FilledRecipe(
      recipe: recipe, settings: settings, measure: ("nothing: episodes measure it", true))
  }

  /// Refuses flags that the algorithm does not read.
  private func check(
    _ algorithm: AgentAlgorithm, _ training: TrainingFlags, _ actions: ActionSpace
  ) throws(AIGCError) {
    if case .discrete = actions, learning.logStdInit != nil {
      throw .usage("--log-std-init is of environments with a continuous action")
    }
    var flags: [(String, Bool, [AgentAlgorithm])] = learning.uses + replay.uses
    let learns: [AgentAlgorithm] = [.reinforce, .a2c, .ppo, .dqn]
    flags += [
      ("--batch-size", training.batchSize != nil, [.ppo, .dqn]),
      ("--hidden", model.hidden != nil, learns), ("--activation", model.activation != nil, learns),
      ("--no-observation-scales", model.noObservationScales, learns),
    ]
    flags += training.uses.map { ($0.0, $0.1, learns) }
    for (flag, isGiven, algorithms) in flags where isGiven && !algorithms.contains(algorithm) {
      let names = algorithms.map { $0.rawValue }.joined(separator: ", ")
      throw .usage("\(flag) is of --algorithm \(names), not of \(algorithm.rawValue)")
    }
  }
}

extension TrainingFlags {
  /// Flags of gradients, and whether they are given.
  fileprivate var uses: [(String, Bool)] {
    [
      ("--lr", lr != nil), ("--schedule", schedule != nil), ("--warmup", warmup != nil),
      ("--min-lr", minLR != nil), ("--optimizer", optimizer != nil),
      ("--weight-decay", weightDecay != nil), ("--grad-clip", gradClip != nil),
      ("--momentum", momentum != nil), ("--beta1", beta1 != nil), ("--beta2", beta2 != nil),
    ]
  }
}

/// The sizes of an agent's networks.
struct AgentModelArguments: ParsableArguments {
  @Option(
    name: [.customLong("hidden"), .customLong("net-arch")],
    help: "Units of the hidden layers: 64,64 (default: the algorithm's).")
  var hidden: String?
  @Option(help: "f of hidden layers: tanh or relu (default: relu of dqn, else tanh).")
  var activation: Perceptron.Activation?
  @Flag(help: "Observations come to the network as they are, not divided by usual values.")
  var noObservationScales = false

  func fill(_ settings: inout ReinforcementSettings, _ saved: SavedRun?) throws(AIGCError) {
    if let text = hidden ?? saved?["--hidden"] {
      let sizes = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      let known = sizes.compactMap { $0 }
      guard known.count == sizes.count else {
        throw .usage("--hidden \(text): numbers are needed, 64,64")
      }
      settings.hidden = known
    }
    let kept = saved?["--activation"].flatMap { Perceptron.Activation(rawValue: $0) }
    if let value = activation ?? kept { settings.activation = value }
    settings.scalesObservations = !(noObservationScales || saved?["--no-observation-scales"] != nil)
  }

  /// What a run keeps.
  func settings(_ filled: ReinforcementSettings, _ saved: SavedRun?) -> [RunSetting] {
    let sizes = filled.hidden.map { String($0) }.joined(separator: ",")
    return [
      RunSetting("--hidden", hidden, else: sizes.isEmpty ? nil : sizes),
      RunSetting("--activation", activation?.rawValue, else: filled.activation.rawValue),
      RunSetting(
        "--no-observation-scales", isOn: noObservationScales,
        else: saved?["--no-observation-scales"] != nil),
    ]
  }
}

/// How an agent learns, under the names of stable-baselines3.
struct AgentLearningArguments: ParsableArguments {
  @Option(
    name: [
      .customLong("timesteps"), .customLong("n-timesteps"), .customLong("total-timesteps"),
      .customShort("n"),
    ], help: "Steps of environments in all (default: the environment's).")
  var timesteps: Int?
  @Option(help: "Environments side by side (default: the algorithm's).")
  var nEnvs: Int?
  @Option(
    name: [.customLong("n-steps"), .customLong("train-freq")],
    help: "Steps of each environment between two updates (default: the algorithm's).")
  var nSteps: Int?
  @Option(help: "ppo: passes over what an iteration has seen (default: the environment's).")
  var nEpochs: Int?
  @Option(
    parsing: .unconditional, help: "What a reward a step later counts (default: the environment's)."
  )
  var gamma: Float?
  @Option(
    parsing: .unconditional,
    help: "a2c, ppo: λ of generalised advantage estimation (default: the environment's).")
  var gaeLambda: Float?
  @Option(
    parsing: .unconditional, help: "ppo: how far probabilities move, as a share (default: 0.2).")
  var clipRange: Float?
  @Option(parsing: .unconditional, help: "Weight of the entropy (default: the environment's).")
  var entCoef: Float?
  @Option(parsing: .unconditional, help: "Weight of the value's error (default: 0.5).")
  var vfCoef: Float?
  @Option(
    parsing: .unconditional,
    help: "Multiply rewards by this before learning from them (default: the environment's).")
  var rewardScale: Float?
  @Option(
    parsing: .unconditional,
    help: "Logarithm of the deviation that continuous actions start with (default: 0).")
  var logStdInit: Float?
  @Option(help: "Episodes of an evaluation (default: 100).")
  var evalEpisodes: Int?

  /// Flags, whether they are given, and the algorithms that read them.
  var uses: [(String, Bool, [AgentAlgorithm])] {
    let learns: [AgentAlgorithm] = [.reinforce, .a2c, .ppo, .dqn]
    let policies: [AgentAlgorithm] = [.reinforce, .a2c, .ppo]
    return [
      ("--n-epochs", nEpochs != nil, [.ppo]), ("--gamma", gamma != nil, learns),
      ("--gae-lambda", gaeLambda != nil, [.a2c, .ppo]), ("--clip-range", clipRange != nil, [.ppo]),
      ("--ent-coef", entCoef != nil, policies), ("--vf-coef", vfCoef != nil, policies),
      ("--reward-scale", rewardScale != nil, learns),
      ("--log-std-init", logStdInit != nil, policies),
    ]
  }

  func validate() throws {
    if let timesteps, !(1...1 << 50).contains(timesteps) {
      throw ValidationError("--timesteps \(timesteps): a number from 1 up")
    }
  }

  func fill(_ options: inout AgentTrainingOptions, _ saved: SavedRun?) throws(AIGCError) {
    try keep(&options.environments, "--n-envs", nEnvs, saved)
    try keep(&options.rollout, "--n-steps", nSteps, saved)
    try keep(&options.epochs, "--n-epochs", nEpochs, saved)
    try keep(&options.gamma, "--gamma", gamma, saved)
    try keep(&options.lambda, "--gae-lambda", gaeLambda, saved)
    try keep(&options.clip, "--clip-range", clipRange, saved)
    try keep(&options.entropy, "--ent-coef", entCoef, saved)
    try keep(&options.valueWeight, "--vf-coef", vfCoef, saved)
    try keep(&options.rewardScale, "--reward-scale", rewardScale, saved)
    try keep(&options.logDeviation, "--log-std-init", logStdInit, saved)
    try keep(&options.evaluationEpisodes, "--eval-episodes", evalEpisodes, saved)
  }

  /// What a run keeps.
  func settings(_ filled: AgentTrainingOptions) -> [RunSetting] {
    [
      RunSetting("--n-envs", nEnvs, else: "\(filled.environments)"),
      RunSetting("--n-steps", nSteps, else: "\(filled.rollout)"),
      RunSetting("--n-epochs", nEpochs, else: "\(filled.epochs)"),
      RunSetting("--gamma", gamma, else: "\(filled.gamma)"),
      RunSetting("--gae-lambda", gaeLambda, else: "\(filled.lambda)"),
      RunSetting("--clip-range", clipRange, else: "\(filled.clip)"),
      RunSetting("--ent-coef", entCoef, else: "\(filled.entropy)"),
      RunSetting("--vf-coef", vfCoef, else: "\(filled.valueWeight)"),
      RunSetting("--reward-scale", rewardScale, else: "\(filled.rewardScale)"),
      RunSetting("--log-std-init", logStdInit, else: "\(filled.logDeviation)"),
      RunSetting("--eval-episodes", evalEpisodes, else: "\(filled.evaluationEpisodes)"),
    ]
  }
}

/// How DQN remembers and tries.
struct AgentReplayArguments: ParsableArguments {
  @Option(help: "Transitions that are remembered (default: the environment's).")
  var bufferSize: Int?
  @Option(
    parsing: .unconditional, help: "Steps before anything is learned (default: 1000).")
  var learningStarts: Int?
  @Option(help: "Batches learned from after --n-steps steps (default: the environment's).")
  var gradientSteps: Int?
  @Option(help: "Steps between two copies to the target network (default: the environment's).")
  var targetUpdateInterval: Int?
  @Option(
    parsing: .unconditional,
    help: "Share of the run in which chance falls to its end (default: the environment's).")
  var explorationFraction: Float?
  @Option(
    parsing: .unconditional,
    help: "Share of choices by chance after that (default: the environment's).")
  var explorationFinalEps: Float?
  @Option(
    help: "The most steps for which an action by chance is repeated (default: the environment's).")
  var explorationRepeat: Int?

  /// Flags, whether they are given, and the algorithms that read them.
  var uses: [(String, Bool, [AgentAlgorithm])] {
    [
      ("--buffer-size", bufferSize != nil, [.dqn]),
      ("--learning-starts", learningStarts != nil, [.dqn]),
      ("--gradient-steps", gradientSteps != nil, [.dqn]),
      ("--target-update-interval", targetUpdateInterval != nil, [.dqn]),
      ("--exploration-fraction", explorationFraction != nil, [.dqn]),
      ("--exploration-final-eps", explorationFinalEps != nil, [.dqn]),
      ("--exploration-repeat", explorationRepeat != nil, [.dqn]),
    ]
  }

  func fill(_ options: inout AgentTrainingOptions, _ saved: SavedRun?) throws(AIGCError) {
    try keep(&options.memory, "--buffer-size", bufferSize, saved)
    try keep(&options.learningStarts, "--learning-starts", learningStarts, saved)
    try keep(&options.gradientSteps, "--gradient-steps", gradientSteps, saved)
    try keep(
      &options.targetEvery, "--target-update-interval", targetUpdateInterval, saved)
    try keep(
      &options.explorationShare, "--exploration-fraction", explorationFraction, saved)
    try keep(
      &options.explorationEnd, "--exploration-final-eps", explorationFinalEps, saved)
    try keep(&options.explorationRepeat, "--exploration-repeat", explorationRepeat, saved)
  }

  /// What a run keeps.
  func settings(_ filled: AgentTrainingOptions) -> [RunSetting] {
    [
      RunSetting("--buffer-size", bufferSize, else: "\(filled.memory)"),
      RunSetting("--learning-starts", learningStarts, else: "\(filled.learningStarts)"),
      RunSetting("--gradient-steps", gradientSteps, else: "\(filled.gradientSteps)"),
      RunSetting("--target-update-interval", targetUpdateInterval, else: "\(filled.targetEvery)"),
      RunSetting("--exploration-fraction", explorationFraction, else: "\(filled.explorationShare)"),
      RunSetting("--exploration-final-eps", explorationFinalEps, else: "\(filled.explorationEnd)"),
      RunSetting("--exploration-repeat", explorationRepeat, else: "\(filled.explorationRepeat)"),
    ]
  }
}

/// Sets a value to what a flag says, or else to what a run that goes on was started with.
/// - Throws: ``/Files/AIGCError`` (badInput) where the run's value is none.
private func keep<Value: LosslessStringConvertible>(
  _ value: inout Value, _ flag: String, _ given: Value?, _ saved: SavedRun?
) throws(AIGCError) {
  if let given {
    value = given
  } else if let saved, let text = saved[flag] {
    guard let kept = Value(text) else {
      throw .badInput("\(saved.folder): the run's \(flag) \(printable(text)) is none; damaged")
    }
    value = kept
  }
}

extension AgentAlgorithm: ExpressibleByArgument {}
extension Perceptron.Activation: ExpressibleByArgument {}
