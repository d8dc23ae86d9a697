import Files

/// How a policy learns from rewards.
public enum RewardAlgorithm: String, Codable, CaseIterable, Sendable {
  /// Group-relative policy optimisation (Shao et al. 2024, "DeepSeekMath"): completions of one prompt are compared with
  /// each other.
  case grpo
  /// Proximal policy optimisation (Schulman et al. 2017) as Ziegler et al. 2019 tune language models by it: a
  /// value head says what to expect, and each token pays for its distance from the reference.
  case ppo
}

/// What the tuning of a language model by rewards can be told; names and defaults are TRL's where both have them.
public struct RewardSettings: Codable, Equatable, Sendable {
  /// The model that is tuned.
  public var model = ""
  /// A file of prompts: see ``PromptSet``.
  public var prompts = ""
  /// What is rewarded: see ``RewardKind``.
  public var rewards: [String] = []
  /// One for each reward; empty: 1 each.
  public var rewardWeights: [Double] = []
  /// How the policy learns.
  public var algorithm = RewardAlgorithm.grpo
  /// Completions of a prompt that are compared with each other.
  public var generations = 8
  /// The most tokens of a completion.
  public var maxTokens = 64
  /// Divides the scores before each draw.
  public var temperature: Float = 1
  /// The weight of the divergence from the reference.
  public var beta = 0.04
  /// The most nats that completions may diverge from the reference in the mean: near it `beta` grows, beyond it
  /// no model is kept.
  public var maxDivergence = 10.0
  /// How far a token's ratio may go from 1.
  public var clip: Float = 0.2
  /// Steps of the optimizer on one batch of completions; nil: 1 of GRPO, 4 of PPO.
  public var iterations: Int?
  /// Whether blocks are computed again in the backward pass.
  public var recomputesBlocks = false
  /// What learns on a transformer that stays as it is; nil: the model's own weights learn.
  public var adapters: AdapterSettings?

  /// Creates the settings without a model, prompts and rewards.
  public init() {}

  /// ``iterations`` where none is asked for.
  public var usedIterations: Int { iterations ?? (algorithm == .ppo ? 4 : 1) }

  /// - Throws: ``/Files/AIGCError`` (usage) that names the first value out of range.
  func validate() throws(AIGCError) {
    let counts = [
      ("`generations`", generations, algorithm == .grpo ? 2 : 1, 1 << 10),
      ("`maxTokens`", maxTokens, 1, 1 << 16), ("`iterations`", usedIterations, 1, 1 << 10),
    ]
    for (name, value, least, most) in counts where !(least...most).contains(value) {
      throw .usage("\(name) \(value): \(least) to \(most)")
    }
    guard temperature > 0, temperature.isFinite else {
      throw .usage("`temperature` \(temperature): a number above 0 is needed to draw by")
    }
    guard beta >= 0, beta.isFinite else { throw .usage("`beta` \(beta): a number from 0 up") }
    guard maxDivergence > 0, maxDivergence.isFinite else {
      throw .usage("`maxDivergence` \(maxDivergence): a number above 0 is needed")
    }
    guard clip > 0, clip < 1 else { throw .usage("`clip` \(clip): above 0 and below 1") }
  }

  /// Of the value head: the discount γ, λ of the advantages, how far values may move, and the weight of their
  /// loss.
  static let value = (discount: Float(1), decay: Float(0.95), clip: Float(0.2), weight: Float(0.1))
}
