/// How an agent learns; what an algorithm does not know is not read. The names in the comments are those of
/// stable-baselines3.
public struct AgentTrainingOptions: Codable, Equatable, Sendable {
  /// Environments side by side, `n_envs`.
  public var environments = 8
  /// Steps of each environment in an iteration: `n_steps`, of DQN `train_freq`.
  public var rollout = 32
  /// Passes over what an iteration has seen (PPO), `n_epochs`.
  public var epochs = 10
  /// γ, how much a reward one step later counts, `gamma`.
  public var gamma: Float = 0.99
  /// λ of generalised advantage estimation (Schulman et al. 2016), `gae_lambda`.
  public var lambda: Float = 0.95
  /// How far probabilities may move, as a share (PPO), `clip_range`.
  public var clip: Float = 0.2
  /// Weight of the entropy, `ent_coef`.
  public var entropy: Float = 0
  /// Weight of the value's squared error, `vf_coef`.
  public var valueWeight: Float = 0.5
  /// Whether advantages of a batch get mean 0 and deviation 1, `normalize_advantage`.
  public var normalizesAdvantages = true
  /// By what rewards are multiplied before anything is learned from them.
  public var rewardScale: Float = 1
  /// The logarithm of the deviation that continuous actions start with, `log_std_init`.
  public var logDeviation: Float = 0
  /// Transitions that are remembered (DQN), `buffer_size`.
  public var memory = 100_000
  /// Steps before anything is learned (DQN), `learning_starts`.
  public var learningStarts = 1000
  /// Batches learned from in an iteration (DQN), `gradient_steps`.
  public var gradientSteps = 128
  /// Steps between two copies to the target network (DQN), `target_update_interval`.
  public var targetEvery = 10
  /// The share of the run in which chance falls to its end (DQN), `exploration_fraction`.
  public var explorationShare: Float = 0.16
  /// The share of choices by chance after that (DQN), each repeated as ``explorationRepeat`` says, `exploration_final_eps`.
  public var explorationEnd: Float = 0.04
  /// The most steps for which an action by chance is repeated (DQN); how many is drawn. Above 1 chance leads farther
  /// away (Dabney, Ostrovski and Barreto 2021, temporally extended ε-greedy exploration).
  public var explorationRepeat = 1
  /// Episodes of an evaluation.
  public var evaluationEpisodes = 100

  /// The options with the defaults of the declarations.
  public init() {}

  /// Why nothing can be learned so; nil: something can.
  var problem: String? {
    let counts: [(String, Int, ClosedRange<Int>)] = [
      ("`options.environments`", environments, 1...1 << 16),
      ("`options.rollout`", rollout, 1...1 << 20),
      ("`options.epochs`", epochs, 1...1000), ("`options.memory`", memory, 1...1 << 24),
      ("`options.learningStarts`", learningStarts, 0...1 << 40),
      ("`options.gradientSteps`", gradientSteps, 1...1 << 20),
      ("`options.targetEvery`", targetEvery, 1...1 << 40),
      ("`options.explorationRepeat`", explorationRepeat, 1...1 << 20),
      ("`options.evaluationEpisodes`", evaluationEpisodes, 1...100_000),
    ]
    for (name, value, range) in counts where !range.contains(value) {
      return "\(name) \(value): \(range.lowerBound) to \(range.upperBound)"
    }
    guard environments * rollout <= 1 << 24 else {
      return
        "`options.rollout` \(rollout) of \(environments) environments: more than 16777216 steps an iteration"
    }
    let shares: [(String, Float)] = [
      ("`options.gamma`", gamma), ("`options.lambda`", lambda),
      ("`options.explorationShare`", explorationShare),
      ("`options.explorationEnd`", explorationEnd),
    ]
    for (name, value) in shares where !(0...1).contains(value) { return "\(name) \(value): 0 to 1" }
    for (name, value) in [("`options.entropy`", entropy), ("`options.valueWeight`", valueWeight)]
    where !(value >= 0 && value.isFinite) { return "\(name) \(value): a number from 0 up" }
    guard clip > 0, clip.isFinite else { return "`options.clip` \(clip): a number above 0" }
    guard rewardScale > 0, rewardScale.isFinite, logDeviation.magnitude <= 10 else {
      return "`options.rewardScale` above 0, `options.logDeviation` from -10 to 10"
    }
    return nil
  }
}
