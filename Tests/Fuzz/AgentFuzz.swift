import Files
import TestSupport
import Training

@testable import Families

/// The targets `agent`, an agent's files, and `agentRun`, the state of a run of DQN that goes on.
struct AgentFuzz: FuzzSubject {
  private let target: FuzzTests.Target
  private let folder: String
  private var recipe: ReinforcementRecipe
  private(set) var seeds: [[UInt8]] = []

  private static let state = "training.safetensors"
  private var files: [String] {
    ["config.json", "model.safetensors"] + (target == .agentRun ? [Self.state] : [])
  }

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.target = target
    self.folder = folder
    recipe = try ReinforcementRecipe("acrobot", .dqn)
    recipe.settings.timesteps = nil
    recipe.settings.hidden = [4]
    recipe.settings.options.rollout = 30
    recipe.settings.options.memory = 40
    recipe.settings.options.learningStarts = 0
    recipe.settings.options.gradientSteps = 2
    recipe.settings.options.evaluationEpisodes = 1
    recipe.run.trainer.batchSize = 4
    recipe.run.trainer.steps = 1
    _ = try recipe.train(to: "\(folder)/model")
    recipe.run.trainer.steps = 2
    // The first byte says which file is changed.
    for (index, name) in files.enumerated() where target == .agent || name == Self.state {
      seeds.append([UInt8(index)] + (try bytes("\(folder)/model/\(name)")))
    }
  }

  var dictionary: [String] {
    [
      "\"hidden\"", "99999", "-1", "null", "CartPole-v1", "ppo", "F32", "[2]", "\u{7F}\u{80}",
      "1e-45",
    ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch, .diverged] }

  func write(_ input: [UInt8]) throws {
    removeTree("\(folder)/damaged")
    try makeFolder("\(folder)/damaged")
    let changed = Int(input.first ?? 0) % files.count
    for (index, name) in files.enumerated() {
      let content =
        index == changed ? Array(input.dropFirst()) : try bytes("\(folder)/model/\(name)")
      try TestSupport.write(content, to: "\(folder)/damaged/\(name)")
    }
  }

  func keep(_ execution: Int) throws {
    let name = target == .agent ? "config.json" : Self.state
    try TestSupport.write(
      bytes("\(folder)/damaged/\(name)"), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    if target == .agentRun {
      _ = try recipe.resume(in: "\(folder)/damaged")
      return
    }
    let agent = try Agent(folder: "\(folder)/damaged")
    let played = try agent.play(episodes: 1, seed: 1)
    precondition(played.returns.count == 1)
    _ = try? PolicySource(agent).text
  }
}
