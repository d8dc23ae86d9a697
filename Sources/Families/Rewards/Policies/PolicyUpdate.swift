import Autograd
import Files
import Kernels
import NN
import Training

/// What an expected reward is read off a token's state by: one linear layer, 0 at first.
struct ValueHead: Module {
  let value: Linear

  init(_ width: Int) {
    value = ParameterPlan.shapes { Linear(width, 1, using: &$0) }
    for parameter in value.trainableParameters { parameter.value = .zeros(parameter.shape) }
  }
}

/// A policy with its optimizer: what episodes say of its tokens, and steps towards better ones.
final class PolicyUpdate {
  let policy: any TextPolicy
  /// Of PPO.
  let valueHead: ValueHead?
  let optimizer: any Optimizer
  private let gradientStep: GradientStep
  private let trainable: [Parameter]
  private let settings: RewardSettings

  /// Places that go through the network at once with history, and without: what is kept for gradients is some
  /// twenty times a state, for each block.
  private static let placesAtOnce = 4096

  init(_ policy: any TextPolicy, _ settings: RewardSettings, _ trainer: TrainerConfiguration) {
    (self.policy, self.settings) = (policy, settings)
    valueHead = settings.algorithm == .ppo ? ValueHead(policy.width) : nil
    let named = policy.trainable + Self.named(valueHead)
    trainable = named.map { $0.parameter }
    // Matrices decay, biases and norms do not.
    optimizer = trainer.optimizer.make(trainable, decays: trainable.map { $0.shape.rank >= 2 })
    gradientStep = GradientStep(named, optimizer, clip: trainer.optimizer.gradClip)
  }

  /// All that is saved of a run.
  var parameters: NamedParameters { policy.parameters + Self.named(valueHead) }

  private static func named(_ head: ValueHead?) -> NamedParameters {
    head?.namedParameters(below: "value_head") ?? []
  }

  // MARK: Without history

  /// The log-probability of each token of the completions.
  /// - Throws: ``/Files/AIGCError``: interrupted after Ctrl-C.
  static func logProbabilities(
    _ episodes: [Episode], _ policy: any TextPolicy, temperature: Float
  ) throws(AIGCError) -> [[Float]] {
    var result = [[Float]](repeating: [], count: episodes.count)
    let head = policy.head
    for batch in EpisodeBatch.cut(episodes, tokens: placesAtOnce) {
      let found = head.logProbabilities(
        batch.states(policy, .inference), batch.targets, temperature: temperature)
      for (place, range) in zip(batch.places, batch.ranges) { result[place] = Array(found[range]) }
      try Interruption.check()
    }
    return result
  }

  /// What the value head expects before each token of the completions.
  private func values(_ episodes: [Episode], _ head: ValueHead) throws(AIGCError) -> [[Float]] {
    var result = [[Float]](repeating: [], count: episodes.count)
    for batch in EpisodeBatch.cut(episodes, tokens: Self.placesAtOnce) {
      let values = head.value(batch.states(policy, .inference)).values
      for (place, range) in zip(batch.places, batch.ranges) {
        result[place] = Array(values[range])
      }
      try Interruption.check()
    }
    return result
  }

  // MARK: Advantages

  /// Fills in what each token is worth.
  /// - Parameters:
  ///   - rewards: of the episodes, those of a prompt behind each other.
  ///   - beta: the weight of the divergence, which PPO takes off each token's reward.
  /// - Throws: ``/Files/AIGCError``: interrupted after Ctrl-C.
  func judge(
    _ episodes: inout [Episode], _ rewards: [Double], beta: Double
  ) throws(AIGCError) {
    guard let valueHead else {
      for first in stride(from: 0, to: rewards.count, by: settings.generations) {
        let group = first..<min(first + settings.generations, rewards.count)
        let advantages = PolicyObjective.groupAdvantages(Array(rewards[group]))
        for (place, advantage) in zip(group, advantages) {
          episodes[place].advantages = episodes[place].tokens.map { _ in advantage }
        }
      }
      return
    }
    let old = try Self.logProbabilities(episodes, policy, temperature: settings.temperature)
    let values = try values(episodes, valueHead)
    var advantages: [[Float]] = []
    for place in episodes.indices {
      let reference = episodes[place].reference
      var each = zip(old[place], reference).map { -Float(beta) * ($0 - $1) }
      each[each.count - 1] += Float(rewards[place])
      let found = PolicyObjective.generalisedAdvantages(
        each, values: values[place], discount: RewardSettings.value.discount,
        decay: RewardSettings.value.decay)
      (episodes[place].old, episodes[place].values) = (old[place], values[place])
      episodes[place].returns = found.returns
      advantages.append(found.advantages)
    }
    for (place, row) in PolicyObjective.whitened(advantages).enumerated() {
      episodes[place].advantages = row
    }
  }

  // MARK: Steps

  /// What a step of the optimizer was like.
  struct Result {
    var loss = 0.0
    var valueLoss = 0.0
    var gradientNorm = 0.0
    /// Tokens whose ratio was held back.
    var clipped = 0
    /// Before the step: the log-probability of each token.
    var logProbabilities: [[Float]]
  }

  /// One step of the optimizer on all episodes.
  /// - Parameters:
  ///   - episodes: judged; where ``Episode/old`` is empty, the present policy drew them.
  ///   - beta: the weight of the divergence in the loss of GRPO.
  /// - Throws: ``/Files/AIGCError`` (diverged) when a value is not finite.
  func step(
    _ episodes: [Episode], beta: Double, step: Int, rate: Float, _ context: Context
  ) throws(AIGCError) -> Result {
    var result = Result(logProbabilities: [[Float]](repeating: [], count: episodes.count))
    var sums: [Tensor] = []
    let tokens = episodes.reduce(0) { $0 + $1.tokens.count }
    for batch in EpisodeBatch.cut(episodes, tokens: Self.placesAtOnce) {
      let count = batch.targets.count
      let found = try MutableTable<Float>(count: count)
      let terms = TokenTerms(batch, episodes, settings, beta: Float(beta), tokens: tokens, found)
      var valueLoss = Tensor(0)
      let (loss, gradients) = valueAndGradients(for: trainable) {
        let states = batch.states(policy, context)
        let loss = policy.head.tokenLoss(
          states, batch.targets, temperature: settings.temperature
        ) { terms.term($0, $1) }
        guard let valueHead else { return loss }
        valueLoss = Self.valueLoss(
          valueHead.value(states).reshaped([count]), batch, episodes, tokens: tokens)
        return loss + valueLoss * RewardSettings.value.weight
      }
      result.loss += Double(loss.item)
      result.valueLoss += Double(valueLoss.item)
      result.clipped += terms.clipped()
      for (place, range) in zip(batch.places, batch.ranges) {
        result.logProbabilities[place] = range.map { found[$0] }
      }
      sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
    }
    result.gradientNorm = try gradientStep.apply(
      loss: result.loss, sums, step: step, rate: rate)
    return result
  }

  /// Half the squared error of the values, the larger one of them as they are and held near what they were.
  private static func valueLoss(
    _ values: Tensor, _ batch: EpisodeBatch, _ episodes: [Episode], tokens: Int
  ) -> Tensor {
    let count = batch.targets.count
    let old = Tensor(batch.gathered(episodes) { $0.values }, [count])
    let returns = Tensor(batch.gathered(episodes) { $0.returns }, [count])
    return valueObjective(values, old: old, returns: returns, clip: RewardSettings.value.clip)
      * (1 / Float(tokens))
  }
}

/// The loss of values as PPO's implementations clip it: half the sum of max((v - R)², (v_old + clip(v - v_old, ±ε)
/// - R)²).
func valueObjective(_ values: Tensor, old: Tensor, returns: Tensor, clip: Float) -> Tensor {
  let moved = values - old
  let held = old + (relu(moved + clip) - relu(moved - clip) - clip)
  let (free, bounded) = (square(values - returns), square(held - returns))
  return (free + relu(bounded - free)).sum() * 0.5
}

/// What each token of a batch adds to the loss.
struct TokenTerms: Sendable {
  private let old: [Float]
  private let reference: [Float]
  private let advantages: [Float]
  /// Of each token in the mean.
  private let weights: [Float]
  /// Of the divergence; PPO has it in its rewards.
  private let beta: Float
  private let clip: Float
  private let found: MutableTable<Float>

  /// - Parameters:
  ///   - tokens: of all batches.
  ///   - found: gets the log-probability of each token.
  init(
    _ batch: EpisodeBatch, _ episodes: [Episode], _ settings: RewardSettings, beta: Float,
    tokens: Int, _ found: MutableTable<Float>
  ) {
    old = batch.gathered(episodes) { $0.old }
    reference = batch.gathered(episodes) { $0.reference }
    advantages = batch.gathered(episodes) { $0.advantages }
    // GRPO's mean is over each completion first, PPO's over all tokens.
    let isGroup = settings.algorithm == .grpo
    weights = batch.gathered(episodes) { episode in
      let share = isGroup ? 1 / Float(episodes.count * episode.tokens.count) : 1 / Float(tokens)
      return [Float](repeating: share, count: episode.tokens.count)
    }
    self.beta = isGroup ? beta : 0
    clip = settings.clip
    self.found = found
  }

  func term(_ row: Int, _ logProbability: Float) -> (value: Float, slope: Float) {
    found[row] = logProbability
    let gain = PolicyObjective.surrogate(
      logProbability, old: old.isEmpty ? logProbability : old[row], advantage: advantages[row],
      clip: clip)
    let distance = PolicyObjective.divergence(logProbability, reference: reference[row])
    return (
      weights[row] * (beta * distance.value - gain.value),
      weights[row] * (beta * distance.slope - gain.slope)
    )
  }

  /// Tokens whose ratio the clip held back.
  func clipped() -> Int {
    guard !old.isEmpty else { return 0 }
    return old.indices.reduce(0) { sum, row in
      let gain = PolicyObjective.surrogate(
        found[row], old: old[row], advantage: advantages[row], clip: clip)
      return sum + (gain.isClipped ? 1 : 0)
    }
  }
}
