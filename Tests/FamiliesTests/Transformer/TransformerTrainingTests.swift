import Autograd
import Checkpoints
import Datasets
import FamilySupport
import Files
import Inference
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// Transformers other than GPT-2, from text to text.
@Suite(.serialized) struct TransformerTrainingTests {
  static let kinds = TransformerKind.allCases.filter { $0 != .gpt2 }

  private func recipe(
    _ kind: TransformerKind, _ folder: TemporaryFolder, steps: Int
  ) throws -> TransformerRecipe {
    var recipe = TransformerRecipe(kind)
    recipe.settings.texts = [try folder.write("text.txt", String(corpus().prefix(6000)))]
    (recipe.settings.model.layers, recipe.settings.model.heads) = (2, 2)
    (recipe.settings.model.keyValueHeads, recipe.settings.model.width) = (1, 16)
    recipe.settings.model.context = 16
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 8
    recipe.run.trainer.evalEvery = steps / 2
    recipe.run.trainer.seed = 3
    recipe.run.trainer.schedule.warmup = 0
    recipe.run.trainer.schedule.peak = 1e-2
    return recipe
  }

  private func weights(_ path: String) throws -> [UInt8] {
    try bytes("\(path)/\(TransformerWeights.file)")
  }

  @Test(arguments: kinds) func learns(_ kind: TransformerKind) throws {
    let folder = try TemporaryFolder()
    let summary = try recipe(kind, folder, steps: 40).train(to: folder.file("model")).summary
    let family = try textFamily(of: folder.file("model"))
    #expect(family.name == kind.rawValue)
    let model = try TransformerLanguageModel(folder: folder.file("model"))
    // Far below a guess among all characters.
    let guess = log(Tensor(Float(model.vocabularySize))).item
    #expect(try #require(summary.bestValidationLoss) < Double(guess) * 0.85)
    let shape = model.configuration.shape
    #expect(model.configuration.kind == kind && model.configuration.trainingTokens == 40 * 128)
    #expect(shape.keyValueHeads == 1 && shape.isTied && shape.context == 16)
    // Of two layers with a window of Gemma's, the last sees all.
    #expect(
      (0..<2).map { shape.window(ofLayer: $0) } == (kind == .gemma3 ? [8, nil] : [nil, nil]))
  }

  /// A model of conversations that learns more still has its templates, after each of its runs.
  @Test func chatTemplatesStay() throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(.llama, folder, steps: 2)
    _ = try recipe.train(to: folder.file("start"))
    try folder.write("start/chat_template.jinja", "{{ messages[0].content }}")
    try folder.write("start/additional_chat_templates/tool_use.jinja", "tools")
    let tuned = folder.file("tuned")
    _ = try recipe.run(.model(folder.file("start")), in: tuned) { _ in }
    recipe.run.trainer.steps = 4
    _ = try recipe.resume(in: tuned)
    let prompts = try folder.write("prompts.txt", "the\nand\n")
    var rewards = try RewardRecipe(model: tuned, prompts: prompts, rewards: ["length:2"])
    (rewards.settings.maxTokens, rewards.settings.generations) = (4, 2)
    (rewards.run.trainer.steps, rewards.run.trainer.seed) = (1, 1)
    _ = try rewards.train(to: folder.file("rewarded"))
    for name in ["tuned", "rewarded"] {
      let model = try TransformerLanguageModel(folder: folder.file(name))
      let template = try #require(try model.chatTemplate(), "\(name)")
      #expect(template.source == "{{ messages[0].content }}" && template.toolSource == "tools")
    }
  }

  @Test(arguments: kinds) func sameSeedSameBytesForAnyThreads(_ kind: TransformerKind) throws {
    let folder = try TemporaryFolder()
    let threads = Threads.count
    defer { Threads.count = threads }
    var results: [[UInt8]] = []
    for count in 1...3 {
      Threads.count = count
      var recipe = try recipe(kind, folder, steps: 4)
      (recipe.settings.model.width, recipe.settings.model.context) = (72, 70)
      // Blocks that are computed again give the same bytes.
      recipe.settings.model.recomputesBlocks = count == 3
      _ = try recipe.train(to: folder.file("model-\(count)"))
      results.append(try weights(folder.file("model-\(count)")))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test(arguments: kinds) func resumingEqualsNotStopping(_ kind: TransformerKind) throws {
    let folder = try TemporaryFolder()
    var whole = try recipe(kind, folder, steps: 8)
    whole.run.trainer.schedule.shape = .constant
    whole.run.trainer.evalEvery = 4
    _ = try expectResumes(
      whole, at: 4, files: [TransformerWeights.file, Trainer.stateFileName], in: folder)
  }

  /// A model of transformers, with biases, scaled frequencies and an own projection, learns further and keeps all that.
  @Test(arguments: TransformerParityTests.models.dropFirst())
  func publishedModelsLearnFurther(_ name: String) throws {
    let folder = try TemporaryFolder()
    for file in ["config.json", "model.safetensors"] {
      try folder.write(
        "start/\(file)", bytes(fixture("transformers/\(name)/\(file)", of: "FamiliesTests")))
    }
    // 31 tokens, as the model has.
    let letters = "abcdefghijklmnopqrstuvwxyz .\n"
    let text = try folder.write(
      "more.txt", String(repeating: letters + "the cat sees the dog .\n", count: 60))
    try CharTokenizer(texts: [Table(Array(letters.utf8))], name: "t").write {
      folder.file("start/\($0)")
    }
    var configuration = try TransformerConfiguration.read(folder: folder.file("start"))
    configuration.tokens = .char
    try configuration.write(to: folder.file("start/config.json"))
    var options = UpdateOptions()
    (options.steps, options.rate) = (20, 1e-2)
    let family = try #require(try family(of: folder.file("start")) as? TransformerFamily)
    try family.update(
      folder.file("start"), with: [text], to: folder.file("out"), options: options)
    let table = try Table(Array("the cat sees the dog .".utf8))
    let before = try TransformerLanguageModel(folder: folder.file("start"))
    let after = try TransformerLanguageModel(folder: folder.file("out"))
    #expect(
      try after.evaluate(table, name: "").perplexity
        < 0.5 * before.evaluate(table, name: "").perplexity)
    #expect(after.configuration.shape == before.configuration.shape)
  }

  @Test func sizesThatMakeNoModelAreRefused() throws {
    let folder = try TemporaryFolder()
    func refuse(_ words: String, _ change: (inout TransformerModelOptions) -> Void) throws {
      var recipe = try recipe(.llama, folder, steps: 2)
      change(&recipe.settings.model)
      let line = refuses([.usage]) { _ = try recipe.plan(.new) { _ in } }
      #expect(line.contains(words), "\(line)")
    }
    try refuse("does not divide 2 heads") { $0.keyValueHeads = 3 }
    try refuse("an even number") { $0.headSize = 5 }
    try refuse("is of GPT-2") { $0.dropout = 0.1 }
    try refuse("too large") {
      ($0.inner, $0.width, $0.heads, $0.layers) = (1 << 22, 1 << 20, 1 << 10, 1024)
    }
    try refuse("hidden_size") { $0.width = 1 << 40 }
  }

  /// A run of an earlier version says nothing of an architecture.
  @Test func settingsWithoutAKindAreOfGPT2() {
    #expect(TransformerModelOptions().kind == nil)
    #expect(TransformerRecipe().family == "gpt2" && TransformerRecipe(.llama).family == "llama")
  }
}
