import Files
import Inference
import NN
import Training

/// Tunes a language model by rewards: prompts in, a model folder out.
///
/// ```swift
/// var recipe = try RewardRecipe(model: "Models/stories", prompts: "prompts.txt", rewards: ["sentiment:positive"])
/// recipe.run.trainer.steps = 50
/// let result = try recipe.run(.model(recipe.settings.model), in: "tuned") { _ in }
/// ```
public struct RewardRecipe: TrainingRecipe {
  /// The model, the prompts and the rewards, and how the model learns.
  public var settings = RewardSettings()
  /// The run; by default 100 steps of 8 prompts, a tenth of the prompts held out.
  public var run: RunOptions
  private let tunable: any RewardTunableFamily

  /// - Parameters:
  ///   - path: the model that is tuned.
  ///   - prompts: a file: see ``PromptSet``.
  ///   - rewards: see ``RewardKind``.
  ///   - adapters: what learns on a transformer that stays as it is, by larger steps; nil: the model's own weights.
  /// - Throws: ``/Files/AIGCError``: badInput for what is no model, usage for a model that learns from no rewards.
  public init(
    model path: String, prompts: String, rewards: [String], adapters: AdapterSettings? = nil
  ) throws(AIGCError) {
    let family = try Families.family(of: path)
    guard let tunable = family as? any RewardTunableFamily else {
      throw .usage(
        "\(path): models of the family \(family.name) do not learn from rewards: a neural language model is needed"
      )
    }
    self.tunable = tunable
    run = Self.defaults
    if adapters != nil { run.trainer.schedule.peak = Self.adapterRate }
    (settings.model, settings.prompts, settings.rewards) = (path, prompts, rewards)
    settings.adapters = adapters
  }

  /// The learning rate of adapters.
  public static let adapterRate: Float = 2e-4

  /// The usual run.
  public static var defaults: RunOptions {
    var trainer = TrainerConfiguration(steps: 100, schedule: Schedule(.constant, peak: 5e-5))
    trainer.batchSize = 8
    trainer.optimizer.gradClip = 1
    (trainer.evalEvery, trainer.logEvery) = (10, 1)
    return RunOptions(trainer, heldOut: HeldOutData(share: 0.1))
  }

  /// The name in `config.json`.
  public var family: String { tunable.name }
  /// The prompts, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", [settings.prompts])] }

  /// Reads the prompts, and says what would be learned from them.
  /// - Throws: ``/Files/AIGCError``: as ``prepare(_:_:)``.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let made = try make(start)
    let rewards = made.rewards
    let members: [JSONValue.Member] = [
      .init("start", .string(settings.model)),
      .init("algorithm", .string(settings.algorithm.rawValue)),
      .init("rewards", .array(settings.rewards.map { .string($0) })),
      .init("reward_weights", .array(rewards.parts.map { .double($0.weight) })),
      .init("num_generations", .int(settings.generations)),
      .init("max_tokens", .int(settings.maxTokens)),
      .init("temperature", .float(settings.temperature)), .init("beta", .double(settings.beta)),
      .init("max_kl", .double(settings.maxDivergence)), .init("epsilon", .float(settings.clip)),
      .init("num_iterations", .int(settings.usedIterations)),
      .init("checkpoint_activations", .bool(settings.recomputesBlocks)),
      .init("parameters", .int(made.policy.trainable.reduce(0) { $0 + $1.parameter.count })),
    ]
    let adapter: [JSONValue.Member] =
      settings.adapters.map {
        [.init("rank", .int($0.rank)), .init("alpha", .double($0.alpha))]
      } ?? []
    return TrainingPlan(
      members + adapter, made.trainer,
      found: [
        .init("prompts", .int(made.data.learned.count)),
        .init("held_out_prompts", .int(made.data.isHeldOut ? made.data.measured.count : 0)),
      ])
  }

  /// Opens the model, to be tuned and to stay near to, and reads the prompts.
  /// - Throws: ``/Files/AIGCError``: badInput for prompts and models that cannot be read, usage for settings out of
  ///   range and for what names no reward, mismatch for prompts that the model's vocabulary cannot write.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<RewardMeasures> {
    let made = try make(start)
    if !made.data.isHeldOut {
      report(.note("nothing is held out: the model is measured on prompts that it learns from"))
    }
    let policies = made.policies
    let task = RewardTask(
      made.policy, reference: try policies.reference(), made.rewards, made.data, settings,
      made.trainer)
    return PreparedTraining(task, made.trainer) { (folder) throws(AIGCError) in
      try task.measure(policies.saved(in: folder), in: folder)
    }
  }

  private func policies(_ start: TrainingStart) throws(AIGCError) -> any TextPolicies {
    if let adapters = settings.adapters {
      return try tunable.policies(on: settings.model, adapters, seed: run.trainer.seed)
    }
    switch start {
    case .new: return WholePolicies(family: tunable, path: settings.model)
    case .resumed(let folder), .model(let folder):
      return WholePolicies(family: tunable, path: folder)
    }
  }

  private func make(
    _ start: TrainingStart
  ) throws(AIGCError) -> (
    policies: any TextPolicies, policy: any TextPolicy, rewards: RewardSum, data: RewardData,
    trainer: TrainerConfiguration
  ) {
    try settings.validate()
    let rewards = try RewardSum(settings.rewards, weights: settings.rewardWeights)
    let policies = try policies(start)
    let policy = try policies.tuned()
    policy.recomputesBlocks = settings.recomputesBlocks
    func prompts(_ path: String) throws(AIGCError) -> [RewardData.Prompt] {
      let set = try PromptSet(path: path)
      let tokens = try set.encoded(policy, room: settings.maxTokens)
      return zip(set.texts, tokens).map { RewardData.Prompt(text: $0, tokens: $1) }
    }
    let data = RewardData(
      try prompts(settings.prompts),
      heldOut: try run.heldOut?.path.map { (path) throws(AIGCError) in try prompts(path) },
      share: run.heldOut?.share ?? 0, seed: run.trainer.seed)
    let trainer = run.resolved { $0 * Double(data.learned.count) / Double(run.trainer.batchSize) }
    return (policies, policy, rewards, data, trainer)
  }
}
