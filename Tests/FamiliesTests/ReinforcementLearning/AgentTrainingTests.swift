import Checkpoints
import FamilySupport
import Files
import Glibc
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

@Suite struct AgentTrainingTests {
  /// A run that ends in a moment.
  private func small(
    _ algorithm: AgentAlgorithm, _ environment: String = "cartpole", steps: Int = 6
  ) throws -> ReinforcementRecipe {
    var recipe = try ReinforcementRecipe(environment, algorithm)
    recipe.settings.timesteps = nil
    recipe.settings.options.environments = 3
    recipe.settings.options.rollout = 40
    recipe.settings.options.learningStarts = 100
    recipe.settings.options.gradientSteps = 4
    recipe.settings.options.explorationShare = 0
    recipe.settings.options.explorationRepeat = 5
    recipe.settings.options.memory = 300
    recipe.settings.options.evaluationEpisodes = 5
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 32
    recipe.run.trainer.evalEvery = 2
    recipe.run.trainer.logEvery = 1
    recipe.run.trainer.schedule.shape = .constant
    recipe.run.trainer.seed = 3
    return recipe
  }

  /// Every algorithm, and continuous actions.
  static let kinds: [(AgentAlgorithm, String)] =
    AgentAlgorithm.allCases.map { ($0, "cartpole") } + [
      (.ppo, "pendulum"), (.reinforce, "pendulum"),
    ]

  @Test(arguments: kinds) func aRunGoesOnAsIfItHadNotStopped(
    _ algorithm: AgentAlgorithm, _ environment: String
  ) throws {
    let folder = try TemporaryFolder()
    let recipe = try small(algorithm, environment)
    let weights = algorithm == .random ? [] : ["model.safetensors"]
    try expectResumes(
      recipe, at: 4, files: weights + ["config.json", "training.safetensors"], in: folder)
  }

  @Test func anyNumberOfThreadsTrainsAlike() throws {
    let folder = try TemporaryFolder()
    var recipe = try small(.ppo)
    recipe.settings.hidden = [256, 256]
    recipe.run.trainer.batchSize = 120
    let before = Threads.count
    defer { Threads.count = before }
    for threads in [1, 3] {
      Threads.count = threads
      _ = try recipe.train(to: folder.file("\(threads)"))
    }
    try expectSameFiles(
      ["model.safetensors", "training.safetensors"], in: folder.file("1"), and: folder.file("3"))
  }

  /// Where random actions reach 22, PPO comes far beyond in 15,000 steps.
  @Test func ppoLearnsToBalance() throws {
    let folder = try TemporaryFolder()
    var recipe = try ReinforcementRecipe("cartpole", .ppo)
    recipe.settings.timesteps = 15_000
    recipe.run.trainer.seed = 1
    let result = try recipe.train(to: folder.file("agent"))
    #expect(result.summary.bestValidationLoss ?? 0 > 100)
    #expect(result.measures?.mean ?? 0 > 100)
    #expect(fileExists(folder.file("agent/reward.png")))
    let chance = try small(.random).train(to: folder.file("chance"))
    #expect((10...40).contains(chance.measures?.mean ?? 0))
  }

  /// The weights of the best evaluation are kept: a reward, of which more is better.
  @Test func theBestAgentIsKept() throws {
    let folder = try TemporaryFolder()
    let result = try small(.ppo, steps: 10).train(to: folder.file("agent"))
    let rows = try MetricsLog.read(folder.file("agent/log.jsonl"))
    let found = rows.compactMap { row in row["eval_reward"].map { (row.step, $0) } }
    let best = found.max { $0.1 < $1.1 }
    #expect(result.summary.bestValidationLoss == best?.1)
    let saved = try AgentConfiguration.read(folder: folder.file("agent"))
    #expect(saved.meanReturn == best?.1)
    #expect(saved.timesteps == (best?.0 ?? 0) * 120)
  }

  @Test func settingsThatMakeNoAgentAreRefused() throws {
    let folder = try TemporaryFolder()
    func refused(
      _ algorithm: AgentAlgorithm, _ environment: String = "cartpole",
      _ change: (inout ReinforcementRecipe) -> Void
    ) throws -> String? {
      var recipe = try small(algorithm, environment)
      change(&recipe)
      return refusal { _ = try recipe.train(to: folder.file("refused")) }?.description
    }
    #expect(try refused(.dqn, "pendulum") { _ in }?.contains("continuous") == true)
    #expect(try refused(.ppo) { $0.settings.hidden = [0] }?.contains("hidden") == true)
    #expect(try refused(.ppo) { $0.settings.options.gamma = 2 }?.contains("gamma") == true)
    #expect(try refused(.ppo) { $0.settings.options.clip = .nan }?.contains("clip") == true)
    #expect(try refused(.a2c) { $0.settings.options.environments = 0 } != nil)
    #expect(!fileExists(folder.file("refused")))
  }

  /// The tensors of an agent are those that stable-baselines3 asks for, for observations as they are.
  @Test func weightsAreConvertedForOthers() throws {
    let folder = try TemporaryFolder()
    _ = try small(.dqn, "mountaincar").train(to: folder.file("agent"))
    let family = ReinforcementFamily()
    try family.convert(folder.file("agent"), to: folder.file("policy.safetensors"))
    let (own, other) = (
      try Checkpoint.open(folder.file("agent/model.safetensors")),
      try Checkpoint.open(folder.file("policy.safetensors"))
    )
    #expect(
      other.tensors.map { $0.name }.sorted() == [
        "q_net.q_net.0.bias", "q_net.q_net.0.weight", "q_net.q_net.2.bias",
        "q_net.q_net.2.weight", "q_net.q_net.4.bias", "q_net.q_net.4.weight",
        "q_net_target.q_net.0.bias", "q_net_target.q_net.0.weight", "q_net_target.q_net.2.bias",
        "q_net_target.q_net.2.weight", "q_net_target.q_net.4.bias", "q_net_target.q_net.4.weight",
      ])
    let (before, after) = (
      try own.tensor("q_net.q_net.0.weight").floats(),
      try other.tensor("q_net.q_net.0.weight").floats()
    )
    #expect(after[0] == before[0] && after[1] == before[1] / 0.07)
    #expect(
      refusal { try family.convert(folder.file("agent"), to: folder.file("a.onnx")) }?.code
        == .usage)
  }

  @Test func damagedAgentsAreRefused() throws {
    let folder = try TemporaryFolder()
    _ = try small(.ppo, "pendulum", steps: 1).train(to: folder.file("agent"))
    func config(_ old: String, _ new: String) throws -> AIGCError? {
      let path = folder.file("agent/config.json")
      let before = try text(path)
      try write(before.replacing(old, with: new), to: path)
      defer { try? write(before, to: path) }
      return refusal { _ = try Agent(folder: folder.file("agent")) }
    }
    #expect(try config("Pendulum-v1", "Pendulum-v9")?.code == .badInput)
    #expect(try config("Pendulum-v1", "CartPole-v1") != nil)
    #expect(try config("\"ppo\"", "\"dqn\"")?.code == .badInput)
    #expect(try config("64", "70")?.code == .mismatch)
    #expect(try config("64", "1000000000")?.code == .badInput)
  }

  /// The state of a run that holds what no run comes to is refused, and never walked into.
  @Test(arguments: [
    (AgentAlgorithm.dqn, "progress.memory.actions"), (.reinforce, "progress.episodes.actions"),
    (.reinforce, "progress.episodes.lengths"), (.ppo, "progress.environments"), (.ppo, "random"),
    (.dqn, "progress.q.repeated"), (.dqn, "progress.memory.next"),
  ])
  func damagedRunsAreRefused(_ algorithm: AgentAlgorithm, _ tensor: String) throws {
    let folder = try TemporaryFolder()
    let recipe = try small(algorithm, algorithm == .ppo ? "acrobot" : "cartpole")
    _ = try recipe.train(to: folder.file("agent"))
    let path = folder.file("agent/training.safetensors")
    let file = try Checkpoint.open(path)
    let tensors = try file.tensors.map { stored -> NewTensor in
      guard stored.name == tensor else { return NewTensor(stored) }
      if stored.type == .i64 {
        // All bits but the sign, which as a number of 64 bits is none; zeros for chance.
        let value: Int64 = tensor == "random" ? 0 : .max
        return NewTensor(
          name: stored.name, shape: stored.shape,
          integers: [Int64](repeating: value, count: stored.count))
      }
      return NewTensor(
        name: stored.name, shape: stored.shape,
        floats: try stored.floats().map { _ in Float(1e30) })
    }
    #expect(file.tensors.contains { $0.name == tensor })
    let copy = folder.file("copy.safetensors")
    try SafetensorsWriter.write(tensors, metadata: file.metadata, to: copy, sync: false)
    #expect(rename(copy, path) == 0)
    var longer = recipe
    longer.run.trainer.steps = 8
    let code = refusal { _ = try longer.resume(in: folder.file("agent")) }?.code
    #expect(code == .badInput || code == .mismatch)
  }

  @Test func countsThatOverflowAreRefused() throws {
    let folder = try TemporaryFolder()
    var recipe = try small(.ppo, steps: 1 << 53)
    #expect(refusal { _ = try recipe.plan(.new) { _ in } }?.description.contains("2^53") == true)
    recipe.settings.timesteps = .max
    #expect(refusal { _ = try recipe.plan(.new) { _ in } } != nil)
    recipe = try small(.dqn)
    recipe.run.trainer.batchSize = 1 << 50
    #expect(
      refusal { _ = try recipe.train(to: folder.file("a")) }?.description.contains("GB") == true)
  }

  /// Weights that give no numbers are a damaged model, not an action.
  @Test func weightsThatOverflowAreSaid() throws {
    var configuration = AgentConfiguration(
      environment: "Pendulum-v1", algorithm: .ppo, hidden: [4], activation: .relu,
      observationScales: nil)
    let layout = AgentLayout(configuration, Pendulum.specification)
    let agent = try Agent(configuration, [Float](repeating: 3e38, count: layout.count), path: "m")
    #expect(refusal { _ = try agent.play(episodes: 2, seed: 1) }?.code == .badInput)
    configuration.observationScales = [1, 1, .leastNonzeroMagnitude]
    #expect(configuration.problem != nil)
  }
}
