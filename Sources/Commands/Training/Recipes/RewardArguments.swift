import ArgumentParser
import Console
import Families
import Files
import NN
import Training

/// The flags by which a language model learns from rewards.
struct RewardArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Learn from rewards of what the model writes behind the prompts in DATA, one a line or JSONL with \
      `prompt`; several add up. sentiment:CLASS or sentiment:MODEL:CLASS (a probability), words:a,b or \
      words:FILE (the share that occurs), length:40-80 (words), format:REGEX (1 or 0), command:PROGRAM \
      (JSON lines with prompt and completion in, numbers out) (default: none, DATA are texts).
      """, valueName: "kind:…"))
  var reward: [String] = []
  @Option(
    parsing: .unconditional,
    help: "The weights of the rewards, with commas between them (default: 1 each).")
  var rewardWeights: String?
  @Option(help: "How rewards are learned from: grpo or ppo (default: grpo).")
  var algorithm: RewardAlgorithm?
  @Option(
    name: [.customLong("num-generations"), .customLong("group")],
    help: "Texts that are written behind each prompt (default: 8).")
  var numGenerations: Int?
  @Option(
    name: [
      .customLong("max-tokens"), .customLong("max-completion-length"), .customShort("n"),
    ], help: "The most tokens of such a text (default: 64).")
  var maxTokens: Int?
  @Option(help: "Divides the scores before each draw (default: 1).")
  var temperature: Float?
  @Option(
    name: [.customLong("beta"), .customLong("kl")], parsing: .unconditional,
    help: "The weight of the divergence from the model at the start (default: 0.04).")
  var beta: Double?
  @Option(
    parsing: .unconditional,
    help: """
      The most nats that texts diverge from the model at the start in the mean: near it --beta grows, \
      beyond it no model is kept (default: 10).
      """)
  var maxKL: Double?
  @Option(
    name: [.customLong("epsilon"), .customLong("clip")], parsing: .unconditional,
    help: "How far a token's probability may move in a step, as a share (default: 0.2).")
  var epsilon: Float?
  @Option(help: "Steps of the optimizer on the same texts (default: 1 of grpo, 4 of ppo).")
  var numIterations: Int?

  /// The flags that are given beside `--reward`.
  private var others: [(flag: String, isGiven: Bool)] {
    [
      ("--reward-weights", rewardWeights != nil), ("--algorithm", algorithm != nil),
      ("--num-generations", numGenerations != nil), ("--max-tokens", maxTokens != nil),
      ("--temperature", temperature != nil), ("--beta", beta != nil), ("--max-kl", maxKL != nil),
      ("--epsilon", epsilon != nil), ("--num-iterations", numIterations != nil),
    ]
  }

  func validate() throws {
    _ = try rewardWeights.map { try Self.weights($0) }
  }

  /// Refuses flags that would do nothing.
  /// - Parameter saved: a run that goes on without rewards.
  func requireRewards(_ saved: SavedRun?) throws(AIGCError) {
    if let saved { try RunSetting("--reward", reward.first).check(saved) }
    if let other = others.first(where: { $0.isGiven }) {
      throw .usage("\(other.flag) is of runs with --reward")
    }
  }

  private static func weights(_ text: String) throws(AIGCError) -> [Double] {
    var weights: [Double] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let weight = Double(part), weight.isFinite else {
        throw .usage("--reward-weights \(printable(text)): numbers with commas between them")
      }
      weights.append(weight)
    }
    return weights
  }

  /// The recipe of the flags.
  /// - Parameters:
  ///   - path: of the model.
  ///   - data: the prompts.
  ///   - finetune: the flags of all fine-tuning.
  ///   - saved: the run that goes on; nil: a new one.
  func recipe(
    _ path: String, _ data: [String], _ finetune: FinetuneArguments, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    guard data.count == 1 else {
      throw .usage("one file of prompts at a time: \(counted(data.count, "file")) are given")
    }
    var recipe = try RewardRecipe(
      model: path, prompts: data[0], rewards: reward, adapters: finetune.lora.settings)
    if let saved {
      recipe.settings = try Self.record.settings(of: saved)
      recipe.settings.prompts = data[0]
    } else {
      try fill(&recipe.settings, finetune)
    }
    return FilledRecipe(
      recipe: recipe, settings: try kept(recipe.settings, path, finetune),
      measure: (flag: "--val-split", isGiven: true))
  }

  private func fill(
    _ settings: inout RewardSettings, _ finetune: FinetuneArguments
  ) throws(AIGCError) {
    if let rewardWeights { settings.rewardWeights = try Self.weights(rewardWeights) }
    if let algorithm { settings.algorithm = algorithm }
    if let numGenerations { settings.generations = numGenerations }
    if let maxTokens { settings.maxTokens = maxTokens }
    if let temperature { settings.temperature = temperature }
    if let beta { settings.beta = beta }
    if let maxKL { settings.maxDivergence = maxKL }
    if let epsilon { settings.clip = epsilon }
    if let numIterations { settings.iterations = numIterations }
    settings.recomputesBlocks = finetune.memory.checkpointActivations
  }

  private static let record = RunRecord<RewardSettings>("reward settings")

  /// Whether a run learned from rewards.
  static func isKept(by saved: SavedRun) -> Bool { record.isKept(by: saved) }

  private func kept(
    _ settings: RewardSettings, _ path: String, _ finetune: FinetuneArguments
  ) throws(AIGCError) -> [RunSetting] {
    func list(_ values: [String]) -> String? {
      values.isEmpty ? nil : values.joined(separator: " ")
    }
    return [
      try Self.record.setting(settings), RunSetting("--model", path, else: settings.model),
      RunSetting("--reward", list(reward), else: list(settings.rewards)),
      RunSetting(
        "--reward-weights",
        try rewardWeights.map { (text) throws(AIGCError) in "\(try Self.weights(text))" },
        else: "\(settings.rewardWeights)"),
      RunSetting("--algorithm", algorithm?.rawValue, else: settings.algorithm.rawValue),
      RunSetting("--num-generations", numGenerations, else: "\(settings.generations)"),
      RunSetting("--max-tokens", maxTokens, else: "\(settings.maxTokens)"),
      RunSetting("--temperature", temperature, else: "\(settings.temperature)"),
      RunSetting("--beta", beta, else: "\(settings.beta)"),
      RunSetting("--max-kl", maxKL, else: "\(settings.maxDivergence)"),
      RunSetting("--epsilon", epsilon, else: "\(settings.clip)"),
      RunSetting("--num-iterations", numIterations, else: "\(settings.usedIterations)"),
      RunSetting(
        "--checkpoint-activations", isOn: finetune.memory.checkpointActivations,
        else: settings.recomputesBlocks),
    ] + finetune.lora.settings(settings.adapters)
  }
}

extension RewardAlgorithm: ExpressibleByArgument {}
