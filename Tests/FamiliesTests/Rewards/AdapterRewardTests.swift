import Autograd
import Checkpoints
import Datasets
import FamilySupport
import Files
import Inference
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// Adapters that learn from rewards, on models that stay as they are.
@Suite(.serialized) struct AdapterRewardTests {
  /// A folder of 32 bits with rows of inputs, one of 16 bits with rows of outputs, and a GGUF file of blocks.
  enum Base: CaseIterable, Sendable { case gpt2, llama, gguf }

  private func base(_ base: Base, _ folder: TemporaryFolder) throws -> String {
    guard base != .gguf else { return fixture("chat.gguf", of: "FamiliesTests") }
    let letters = (0..<400).map { "abcd efgh\n".dropFirst($0 % 7).prefix(5 + $0 % 4) + "." }
    let text = try folder.write("text.txt", letters.joined())
    var recipe = TransformerRecipe(base == .gpt2 ? .gpt2 : .llama, texts: [text])
    if base == .llama {
      recipe.settings.model.keyValueHeads = 1
      recipe.settings.model.storage = .f16
    }
    (recipe.settings.model.layers, recipe.settings.model.heads) = (2, 2)
    (recipe.settings.model.width, recipe.settings.model.context) = (16, 24)
    // Scores that an adapter can change come of embeddings that have grown.
    (recipe.run.trainer.steps, recipe.run.trainer.seed) = (60, 2)
    (recipe.run.trainer.batchSize, recipe.run.trainer.schedule.warmup) = (16, 0)
    recipe.run.trainer.schedule.peak = 2e-2
    _ = try recipe.train(to: folder.file("start"))
    return folder.file("start")
  }

  private func recipe(
    _ base: Base, _ folder: TemporaryFolder, _ rewards: [String], steps: Int = 6
  ) throws -> RewardRecipe {
    let prompts = try folder.write("prompts.txt", "ab\ncd\nef\nabcd e\nfgh\nd\ngh\na\nb\nc\n")
    var adapters = AdapterSettings()
    (adapters.rank, adapters.alpha) = (4, 8)
    var recipe = try RewardRecipe(
      model: self.base(base, folder), prompts: prompts, rewards: rewards, adapters: adapters)
    #expect(recipe.run.trainer.schedule.peak == RewardRecipe.adapterRate)
    (recipe.settings.maxTokens, recipe.settings.generations) = (8, 6)
    recipe.run.trainer.steps = steps
    (recipe.run.trainer.batchSize, recipe.run.trainer.evalEvery) = (3, 3)
    recipe.run.trainer.schedule.peak = 1e-2
    recipe.run.trainer.seed = 4
    recipe.run.heldOut = HeldOutData(share: 0.3)
    return recipe
  }

  private static let files = [
    "adapter_model.safetensors", "adapter_config.json", "adapter_card.md",
    "training.safetensors", "samples.jsonl",
  ]

  @Test(arguments: Base.allCases, RewardAlgorithm.allCases)
  func learnsWithinTheBound(_ base: Base, _ algorithm: RewardAlgorithm) throws {
    let folder = try TemporaryFolder()
    let reward = base == .gguf ? "format:^[^a-m]*$" : "format:e.*e"
    var recipe = try recipe(base, folder, [reward], steps: 40)
    recipe.settings.algorithm = algorithm
    recipe.run.trainer.evalEvery = 10
    recipe.run.trainer.schedule.peak = 5e-3
    (recipe.settings.beta, recipe.run.trainer.batchSize) = (0.01, 4)
    let path = folder.file("tuned")
    let result = try recipe.train(to: path)
    let measures = try #require(result.measures)
    #expect(measures.after.reward > measures.before.reward + 0.1, "\(measures.text)")
    #expect(measures.after.divergence <= 10 && measures.after.divergence > 0)
    // What was saved is what was measured, and the base's weights are in no file.
    #expect(abs((result.summary.bestValidationLoss ?? 0) - measures.after.reward) < 1e-9)
    for name in ["training.safetensors", "adapter_model.safetensors"] {
      let file = try Checkpoint.open("\(path)/\(name)")
      #expect(!file.tensors.contains { $0.name.contains("reference.") })
      #expect(file.tensors.reduce(0) { $0 + $1.count } < 60_000, "\(name)")
    }
    #expect(!fileExists("\(path)/model.safetensors"))
    // It is an adapter as any other.
    var options = ModelLoadOptions()
    options.adapters = [AdapterChoice(path)]
    let model = try textFamily(of: recipe.settings.model).load(
      recipe.settings.model, options: options)
    #expect(try model.evaluate(Table(Array("abcd e".utf8)), name: "text").perplexity.isFinite)
  }

  @Test(arguments: Base.allCases, RewardAlgorithm.allCases)
  func resumes(_ base: Base, _ algorithm: RewardAlgorithm) throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(base, folder, ["format:e", "length:2-3"])
    recipe.settings.algorithm = algorithm
    (recipe.settings.iterations, recipe.settings.temperature) = (2, 0.9)
    recipe.settings.recomputesBlocks = true
    try expectResumes(
      recipe, at: 3, files: Self.files, of: recipe.settings.model, in: folder)
  }

  @Test(arguments: Base.allCases) func sameSeedSameBytesForAnyThreads(_ base: Base) throws {
    let folder = try TemporaryFolder()
    let threads = Threads.count
    defer { Threads.count = threads }
    let recipe = try recipe(base, folder, ["format:e"])
    for count in 1...3 {
      Threads.count = count
      _ = try recipe.train(to: folder.file("\(count)"))
      if count > 1 {
        try expectSameFiles(Self.files, in: folder.file("1"), and: folder.file("\(count)"))
      }
    }
  }

  /// What is drawn has the probabilities by which is learned, but for activations of eight bits; before the first step
  /// those of the reference; and it is drawn as a model with the saved adapter draws.
  @Test(arguments: Base.allCases) func drawsFromWhatItLearns(_ base: Base) throws {
    let folder = try TemporaryFolder()
    let path = try self.base(base, folder)
    let policies = try AdapterPolicies(path, AdapterSettings(), seed: 3)
    let policy = try policies.tuned()
    let text = "abcd e"
    let prompt = try policy.tokenizer.encode(prompt: text)
    func scores(_ model: any LanguageModel) -> [Float] {
      var session = model.makeSession()
      session.append(contentsOf: prompt)
      var scores: [Float] = []
      session.scores(into: &scores)
      return scores
    }
    func learned(_ policy: any TextPolicy) -> [Float] {
      let inputs = policy.inputs(prompt)
      let states = policy.states(Indices(inputs, [1, inputs.count]), .inference)
      let last = states.sliced(inputs.count - 1..<inputs.count)
      let count = scores(policies.model).count
      let rows = concatenated([Tensor](repeating: last, count: count))
      return policy.head.logProbabilities(rows, (0..<count).map { Int32($0) }, temperature: 1)
    }
    let start = learned(policy)
    #expect(try start == learned(policies.reference()))
    #expect(try scores(policy.languageModel()) == scores(policies.reference().languageModel()))
    var random = RandomSource(seed: 8)
    for (_, parameter) in policy.parameters {
      parameter.value =
        Tensor.normal(parameter.shape, using: &random) * (base == .gguf ? 0.05 : 0.2)
    }
    let drawn = logSoftmax(Tensor(scores(try policy.languageModel()), [1, start.count])).values
    let changed = learned(policy)
    #expect(zip(changed, start).contains { abs($0 - $1) > 0.05 })
    let distance = zip(drawn, changed).reduce(0) { max($0, abs($1.0 - $1.1)) }
    // The file's weights are those of chance, and its scores some ten times those of trained ones.
    #expect(distance < (base == .gguf ? 0.4 : 1e-4), "\(distance)")
    try makeFolder(folder.file("saved"))
    try policy.write(to: { folder.file("saved/\($0)") }, items: 1)
    var options = ModelLoadOptions()
    (options.adapters, options.cacheType) = ([AdapterChoice(folder.file("saved"))], .f32)
    let loaded = try TransformerLanguageModel(path: path, options: options)
    #expect(try scores(policy.languageModel()) == scores(loaded))
    #expect(try learned(policies.saved(in: folder.file("saved"))) == changed)
  }

  @Test func refusesWhatDoesNotFit() throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(.gpt2, folder, ["format:e"])
    recipe.settings.adapters?.modules = ["q_proj"]
    #expect(refuses([.usage]) { _ = try recipe.train(to: folder.file("x")) }.contains("c_attn"))
    recipe.settings.adapters?.modules = nil
    recipe.settings.adapters?.rank = 17
    #expect(refuses([.usage]) { _ = try recipe.train(to: folder.file("x")) }.contains("rank"))
    var lstm = RecurrentRecipe(.lstm, texts: [try folder.write("a.txt", "ab cd ef gh\n")])
    (lstm.settings.model.hidden, lstm.run.trainer.steps) = (8, 1)
    lstm.settings.model.context = 4
    _ = try lstm.train(to: folder.file("lstm"))
    let other = try RewardRecipe(
      model: folder.file("lstm"), prompts: folder.write("p.txt", "a\n"), rewards: ["length:1"],
      adapters: AdapterSettings())
    #expect(
      refuses([.usage]) { _ = try other.train(to: folder.file("x")) }.contains("no adapters"))
    // Another adapter in the run's folder is not taken for its own.
    recipe.settings.adapters?.rank = 4
    recipe.run.trainer.steps = 1
    _ = try recipe.train(to: folder.file("run"))
    let policies = try AdapterPolicies(recipe.settings.model, AdapterSettings(), seed: 1)
    #expect(refuses([.mismatch]) { _ = try policies.saved(in: folder.file("run")) } != "")
  }
}
