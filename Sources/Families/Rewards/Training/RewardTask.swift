import Autograd
import Checkpoints
import Files
import Glibc
import Inference
import Kernels
import NN
import Training

/// Tuning of a language model by rewards: each step draws completions of some prompts, has them rewarded, and makes
/// the better ones likelier, near the model that it began with.
final class RewardTask: TrainingTask {
  private let update: PolicyUpdate
  private let reference: any TextPolicy
  private let rewards: RewardSum
  private let data: RewardData
  private let settings: RewardSettings
  private let trainer: TrainerConfiguration
  /// The weight of the divergence, which grows near the bound.
  private var beta: Double
  private var lastEvaluation: RewardEvaluation?

  let itemName = "tokens"
  let validationName = "val_reward"
  let validationTitle = "held-out reward"
  let isValidationReward = true
  let evaluatesAtStart = true
  var itemsBefore: Int { policy.trainingTokens }
  var parameters: NamedParameters { update.parameters }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [("optimizer", update.optimizer)] }
  private var policy: any TextPolicy { update.policy }

  /// - Parameters:
  ///   - policy: is tuned.
  ///   - reference: stays as it is; of a run that goes on it is restored.
  init(
    _ policy: any TextPolicy, reference: any TextPolicy, _ rewards: RewardSum, _ data: RewardData,
    _ settings: RewardSettings, _ trainer: TrainerConfiguration
  ) {
    update = PolicyUpdate(policy, settings, trainer)
    (self.reference, self.rewards, self.data) = (reference, rewards, data)
    (self.settings, self.trainer) = (settings, trainer)
    beta = settings.beta
  }

  /// A seed of its own for the chance of step `index`, or of all evaluations.
  private func seed(_ index: Int?) -> UInt64 {
    var random = RandomSource(
      seed: trainer.seed ^ (index == nil ? 0x4556_414C : 0x524F_4C4C), stream: index ?? 0)
    return random.next()
  }

  // MARK: Steps

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let prompts = data.batch(step, size: trainer.batchSize, seed: trainer.seed)
    let drawn = try draw(policy, prompts, settings.generations, seed: seed(step))
    var episodes = drawn.episodes
    let found = try rewards.scores(drawn.completions)
    let distant = try PolicyUpdate.logProbabilities(
      episodes, reference, temperature: settings.temperature)
    for place in episodes.indices { episodes[place].reference = distant[place] }
    try update.judge(&episodes, found.total, beta: beta)
    // Nothing was changed before. What follows is taken to its end.
    var results: [PolicyUpdate.Result] = []
    for iteration in 0..<settings.usedIterations {
      let result = try update.step(
        episodes, beta: beta, step: step, rate: rate, context)
      if iteration == 0 {
        for place in episodes.indices { episodes[place].old = result.logProbabilities[place] }
      }
      results.append(result)
    }
    let measured = metrics(episodes, found, results)
    adapt(to: measured.divergence)
    return StepResult(metrics: measured.metrics, items: measured.tokens)
  }

  /// What a policy writes.
  private func draw(
    _ policy: any TextPolicy, _ prompts: [RewardData.Prompt], _ count: Int, seed: UInt64
  ) throws(AIGCError) -> (episodes: [Episode], completions: [Completion]) {
    let rollouts = Rollouts(
      model: try policy.languageModel(), temperature: settings.temperature,
      maxTokens: settings.maxTokens, endTokens: policy.endTokens)
    let texts: [[Int32]]
    do throws(AIGCError) {
      texts = try rollouts.draw(prompts.map { $0.tokens }, count, seed: seed)
    } catch  where error.code == .badInput {
      // The weights were sound when the run began.
      throw AIGCError(
        .diverged, "the scores of tokens are not finite; lower `schedule.peak`")
    }
    try Interruption.check()
    var (episodes, completions): ([Episode], [Completion]) = ([], [])
    for (index, tokens) in texts.enumerated() {
      let prompt = prompts[index / count]
      episodes.append(Episode(inputs: policy.inputs(prompt.tokens), tokens: tokens))
      completions.append(
        Completion(prompt: prompt.text, text: rollouts.text(tokens, after: prompt.tokens)))
    }
    return (episodes, completions)
  }

  private func metrics(
    _ episodes: [Episode], _ rewards: (total: [Double], parts: [[Double]]),
    _ results: [PolicyUpdate.Result]
  ) -> (metrics: [(name: String, value: Double)], divergence: Double, tokens: Int) {
    let count = Double(episodes.count)
    let tokens = episodes.reduce(0) { $0 + $1.tokens.count }
    let divergence = episodes.reduce(0) { $0 + $1.divergence($1.old) } / count
    // A draw's surprise is the entropy in the mean.
    let surprise = episodes.reduce(0.0) { sum, episode in
      episode.old.reduce(sum) { $0 - Double($1) }
    }
    let steps = Double(results.count)
    var metrics: [(name: String, value: Double)] = [
      ("loss", results.reduce(0) { $0 + $1.loss } / steps),
      ("reward", rewards.total.reduce(0, +) / count),
    ]
    if rewards.parts.count > 1 {
      for (name, part) in zip(self.rewards.names, rewards.parts) {
        metrics.append(("reward_\(name)", part.reduce(0, +) / count))
      }
    }
    metrics += [
      ("kl", divergence), ("beta", beta),
      ("clip_share", Double(results.reduce(0) { $0 + $1.clipped }) / Double(tokens) / steps),
      ("entropy", surprise / Double(tokens)), ("length", Double(tokens) / count),
    ]
    if update.valueHead != nil {
      metrics.append(("value_loss", results.reduce(0) { $0 + $1.valueLoss } / steps))
    }
    metrics.append(("gradient_norm", results.reduce(0) { $0 + $1.gradientNorm } / steps))
    return (metrics, divergence, tokens)
  }

  /// Holds the policy back where it comes near the bound. The coefficient follows from the divergence alone: one
  /// that is multiplied step by step (Ziegler et al. 2019) answers late, and policies swing between the bound and
  /// where they began.
  private func adapt(to divergence: Double) {
    let excess = divergence / settings.maxDivergence - 0.5
    beta = excess > 0 ? max(settings.beta, 0.01) * exp(min(8 * excess, 8)) : settings.beta
  }

  // MARK: Evaluation

  /// The held-out reward; nil beyond the bound of the divergence, so that such a model is never kept.
  func validate() throws(AIGCError) -> Double? {
    let result = try evaluate(policy)
    lastEvaluation = result
    return result.divergence <= settings.maxDivergence ? result.reward : nil
  }

  /// What a policy writes behind the held-out prompts, with the same chance each time.
  func evaluate(_ policy: any TextPolicy) throws(AIGCError) -> RewardEvaluation {
    let drawn = try draw(policy, data.measured, RewardData.samples, seed: seed(nil))
    var episodes = drawn.episodes
    let found = try rewards.scores(drawn.completions)
    let distant = try PolicyUpdate.logProbabilities(
      episodes, reference, temperature: settings.temperature)
    let own = try PolicyUpdate.logProbabilities(
      episodes, policy, temperature: settings.temperature)
    var divergence = 0.0
    for place in episodes.indices {
      episodes[place].reference = distant[place]
      divergence += episodes[place].divergence(own[place])
    }
    let count = Double(max(episodes.count, 1))
    return RewardEvaluation(
      reward: found.total.reduce(0, +) / count,
      parts: zip(rewards.names, found.parts).map { ($0, $1.reduce(0, +) / count) },
      divergence: divergence / count, completions: drawn.completions, rewards: found.total)
  }

  /// The finished model beside the one that it began with, and what both write.
  func measure(_ kept: any TextPolicy, in folder: String) throws(AIGCError) -> RewardMeasures {
    let measures = RewardMeasures(
      before: try evaluate(reference), after: try evaluate(kept), bound: settings.maxDivergence)
    try measures.write(to: "\(folder)/\(RewardMeasures.fileName)")
    return measures
  }

  func takeNotes() -> [JSONValue.Member] {
    guard let lastEvaluation else { return [] }
    self.lastEvaluation = nil
    return [.init("val_kl", .double(lastEvaluation.divergence))]
  }

  // MARK: Saving

  func progress() -> [NewTensor] {
    let place = NewTensor(name: "prompts", shape: [1], integers: [data.fingerprint])
    let weight = NewTensor(name: "beta", shape: [1], integers: [Int64(bitPattern: beta.bitPattern)])
    return [place, weight]
      + reference.parameters.map { name, parameter in
        NewTensor(
          name: "reference.\(name)", shape: parameter.shape.dimensions,
          floats: parameter.value.values)
      }
  }

  func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    guard try progress.tensor("\(prefix)prompts").integers() == [data.fingerprint] else {
      throw .mismatch(
        "\(progress.path): the run had other prompts; go on with the same data, `heldOut.path` and "
          + "`heldOut.share`")
    }
    let bits = try progress.tensor("\(prefix)beta").integers().first ?? 0
    let weight = Double(bitPattern: UInt64(bitPattern: bits))
    guard weight >= 0, weight.isFinite else {
      throw .badInput("\(progress.path): 'beta' is damaged")
    }
    beta = weight
    try StateDictionary.load(
      reference.parameters, from: progress, prefix: "\(prefix)reference.")
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    try policy.write(to: path, items: items)
  }

  func show(in folder: String) throws(AIGCError) {
    try DivergenceCurve.write(
      log: "\(folder)/\(MetricsLog.fileName)", to: "\(folder)/\(DivergenceCurve.fileName)",
      title: lastComponent(of: folder))
  }
}
