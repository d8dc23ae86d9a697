import Checkpoints
import FamilySupport
import Files
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// Models that learn from rewards.
@Suite(.serialized) struct RewardTrainingTests {
  enum Kind: CaseIterable, Sendable { case gpt2, lstm, words, llama }

  /// A model that writes letters by chance, near enough.
  private func model(_ kind: Kind, _ folder: TemporaryFolder) throws -> String {
    let path = folder.file("start")
    let letters = (0..<400).map { "abcd efgh\n".dropFirst($0 % 7).prefix(5 + $0 % 4) + "." }
    let text = try folder.write("text.txt", letters.joined())
    if kind == .gpt2 || kind == .llama {
      var recipe = TransformerRecipe(kind == .gpt2 ? .gpt2 : .llama, texts: [text])
      if kind == .llama { recipe.settings.model.keyValueHeads = 1 }
      if kind == .gpt2 { recipe.settings.model.dropout = 0.1 }
      (recipe.settings.model.layers, recipe.settings.model.heads) = (2, 2)
      (recipe.settings.model.width, recipe.settings.model.context) = (16, 24)
      recipe.run.trainer.steps = 10
      recipe.run.trainer.seed = 2
      _ = try recipe.train(to: path)
    } else {
      var recipe = RecurrentRecipe(.lstm, texts: [text])
      (recipe.settings.model.hidden, recipe.settings.model.embedding) = (16, 8)
      recipe.settings.model.layers = 1
      recipe.settings.model.context = 16
      if kind == .words { recipe.settings.model.tokens = .word }
      recipe.run.trainer.steps = 10
      recipe.run.trainer.batchSize = 4
      recipe.run.trainer.seed = 2
      _ = try recipe.train(to: path)
    }
    return path
  }

  private func recipe(
    _ kind: Kind, _ folder: TemporaryFolder, _ rewards: [String], steps: Int = 6
  ) throws -> RewardRecipe {
    let prompts = try folder.write("prompts.txt", "ab\ncd\nef\nabcd e\nfgh\nd\ngh\na\nb\nc\n")
    var recipe = try RewardRecipe(model: model(kind, folder), prompts: prompts, rewards: rewards)
    recipe.settings.maxTokens = 10
    recipe.settings.generations = 6
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 3
    recipe.run.trainer.evalEvery = 3
    recipe.run.trainer.schedule.peak = 3e-3
    recipe.run.trainer.seed = 4
    recipe.run.heldOut = HeldOutData(share: 0.3)
    return recipe
  }

  private static let files = [
    "model.safetensors", "training.safetensors", "config.json", "samples.jsonl",
  ]

  @Test(arguments: Kind.allCases, RewardAlgorithm.allCases)
  func learnsWithinTheBound(_ kind: Kind, _ algorithm: RewardAlgorithm) throws {
    let folder = try TemporaryFolder()
    // Texts by chance have it often enough that learning begins, whatever is drawn.
    let reward = ["format:^[^ab]*$", "format:e.*e", "format:abcd", "format:e"][
      Kind.allCases.firstIndex(of: kind) ?? 0]
    var recipe = try recipe(kind, folder, [reward], steps: 60)
    recipe.settings.algorithm = algorithm
    recipe.run.trainer.evalEvery = 10
    recipe.run.trainer.schedule.peak = 1e-2
    let result = try recipe.train(to: folder.file("tuned"))
    let measures = try #require(result.measures)
    #expect(measures.after.reward > measures.before.reward + 0.1, "\(measures.text)")
    #expect(measures.after.divergence <= 10 && measures.after.divergence > 0)
    #expect(result.validationName == "val_reward")
    #expect(abs((result.summary.bestValidationLoss ?? 0) - measures.after.reward) < 1e-9)
    // What is tuned is a model as any other.
    let family = try textFamily(of: folder.file("tuned"))
    let loaded = try family.load(folder.file("tuned"))
    #expect(try loaded.evaluate(Table(Array("abcd e".utf8)), name: "text").perplexity.isFinite)
    let rows = try MetricsLog.read(folder.file("tuned/log.jsonl"))
    #expect(rows.first?["val_reward"] == measures.before.reward)
    for name in ["reward", "kl", "clip_share", "entropy", "length", "beta"] {
      #expect(rows.last?[name] != nil, "\(name)")
    }
  }

  /// A model beyond the bound is never kept, and the divergence weighs more near it.
  @Test func aBoundHolds() throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(.gpt2, folder, ["format:^[^a-d]*$"], steps: 20)
    recipe.settings.maxDivergence = 0.05
    recipe.run.trainer.evalEvery = 2
    recipe.run.trainer.schedule.peak = 1e-2
    let result = try recipe.train(to: folder.file("tuned"))
    #expect(try #require(result.measures).after.divergence <= 0.05)
    let rows = try MetricsLog.read(folder.file("tuned/log.jsonl"))
    #expect(rows.contains { ($0["val_kl"] ?? 0) > 0.05 })
    #expect(rows.contains { ($0["beta"] ?? 0) > 1 })
  }

  @Test(arguments: Kind.allCases, RewardAlgorithm.allCases)
  func resumes(_ kind: Kind, _ algorithm: RewardAlgorithm) throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(kind, folder, ["format:e", "length:2-3"])
    recipe.settings.algorithm = algorithm
    recipe.settings.iterations = 2
    recipe.settings.temperature = 0.9
    try expectResumes(recipe, at: 3, files: Self.files, in: folder)
  }

  @Test(arguments: Kind.allCases) func sameSeedSameBytesForAnyThreads(_ kind: Kind) throws {
    let folder = try TemporaryFolder()
    let threads = Threads.count
    defer { Threads.count = threads }
    let recipe = try recipe(kind, folder, ["format:e"])
    for count in 1...3 {
      Threads.count = count
      _ = try recipe.train(to: folder.file("\(count)"))
      if count > 1 {
        try expectSameFiles(Self.files, in: folder.file("1"), and: folder.file("\(count)"))
      }
    }
  }

  /// What a policy draws has the probabilities by which it learns.
  @Test(arguments: Kind.allCases) func drawsFromWhatItLearns(_ kind: Kind) throws {
    let folder = try TemporaryFolder()
    let path = try model(kind, folder)
    let family = try #require(try family(of: path) as? any RewardTunableFamily)
    let policy = try family.policy(at: path)
    guard case .trained(let weight, let bias) = policy.head else {
      Issue.record("weights that do not learn")
      return
    }
    for text in ["abcd e", "a", ""] {
      let prompt = try policy.tokenizer.encode(prompt: text)
      let inputs = policy.inputs(prompt)
      var session = try policy.languageModel().makeSession()
      session.append(contentsOf: prompt)
      var scores: [Float] = []
      session.scores(into: &scores)
      let states = policy.states(Indices(inputs, [1, inputs.count]), .inference)
      let last = states.sliced(inputs.count - 1..<inputs.count)
      let expected = linear(last, weight, bias).values
      #expect(scores.count == expected.count)
      for (a, b) in zip(scores, expected) { #expect(abs(a - b) < 1e-4) }
    }
  }

  @Test func refusesWhatDoesNotFit() throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(.gpt2, folder, ["format:e"])
    recipe.settings.maxTokens = 20
    #expect(refuses { _ = try recipe.train(to: folder.file("x")) }.contains("do not fit"))
    recipe.settings.maxTokens = 10
    for change: (inout RewardSettings) -> Void in [
      { $0.generations = 1 }, { $0.maxTokens = 0 }, { $0.iterations = 0 }, { $0.temperature = 0 },
      { $0.beta = -1 }, { $0.maxDivergence = 0 }, { $0.clip = 1 }, { $0.beta = .nan },
    ] {
      var other = recipe
      change(&other.settings)
      #expect(refuses([.usage]) { _ = try other.train(to: folder.file("x")) } != "")
    }
    var unknown = recipe
    unknown.settings.prompts = try folder.write("other.txt", "ab\nXYZ\n")
    let text = refuses([.mismatch, .badInput]) { _ = try unknown.train(to: folder.file("x")) }
    #expect(text.contains("line 2"), "\(text)")
    // Another file of prompts is another run.
    _ = try recipe.train(to: folder.file("run"))
    recipe.settings.prompts = try folder.write("third.txt", "ab\ncd\nef\n")
    recipe.run.trainer.steps = 9
    #expect(
      refuses([.mismatch]) { _ = try recipe.resume(in: folder.file("run")) }
        .contains("other prompts"))
  }
}
