import Autograd
import Checkpoints
import Datasets
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// GPT-2 models from text to text.
@Suite(.serialized) struct GPT2TrainingTests {
  private func recipe(_ folder: TemporaryFolder, steps: Int = 12) throws -> TransformerRecipe {
    var recipe = TransformerRecipe()
    recipe.settings.texts = [try folder.write("text.txt", String(corpus().prefix(6000)))]
    (recipe.settings.model.layers, recipe.settings.model.heads, recipe.settings.model.width) = (
      2, 2, 16
    )
    recipe.settings.model.context = 16
    recipe.run.trainer.steps = steps
    recipe.run.trainer.batchSize = 4
    recipe.run.trainer.evalEvery = 6
    recipe.run.trainer.seed = 3
    recipe.run.trainer.schedule.warmup = 0
    recipe.run.trainer.schedule.peak = 1e-2
    return recipe
  }

  private func weights(_ path: String) throws -> [UInt8] {
    try bytes("\(path)/\(TransformerWeights.file)")
  }

  @Test func learns() throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(folder, steps: 40)
    recipe.run.trainer.batchSize = 16
    let summary = try recipe.train(to: folder.file("model")).summary
    let model = try TransformerLanguageModel(folder: folder.file("model"))
    // Far below a guess among all characters.
    let guess = log(Tensor(Float(model.vocabularySize))).item
    #expect(try #require(summary.bestValidationLoss) < Double(guess) * 0.85)
    #expect(model.configuration.trainingTokens == summary.items)
    #expect(summary.items == 40 * 16 * 16)
    let text = try Table(Array("the cat sees it".utf8))
    #expect(try model.evaluate(text, name: "text").tokens == 14)
    #expect(try model.score(text, name: "text").first?.logProbability == nil)
  }

  @Test func sameSeedSameBytesForAnyThreads() throws {
    let folder = try TemporaryFolder()
    let threads = Threads.count
    defer { Threads.count = threads }
    var results: [[UInt8]] = []
    for count in 1...3 {
      Threads.count = count
      var recipe = try recipe(folder, steps: 6)
      recipe.settings.model.dropout = 0.1
      (recipe.settings.model.width, recipe.settings.model.context, recipe.settings.model.heads) = (
        72, 40, 3
      )
      _ = try recipe.train(to: folder.file("model-\(count)"))
      results.append(try weights(folder.file("model-\(count)")))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func resumingEqualsNotStopping() throws {
    let folder = try TemporaryFolder()
    var whole = try recipe(folder)
    whole.settings.model.dropout = 0.3
    whole.run.trainer.gradAccumulation = 2
    whole.run.trainer.schedule.shape = .constant
    let resumed = try expectResumes(
      whole, at: 6, files: [TransformerWeights.file, Trainer.stateFileName], in: folder)
    // Other data is another run.
    whole.settings.texts = [try folder.write("other.txt", String(corpus().prefix(3000)))]
    refuses([.mismatch]) { _ = try whole.resume(in: resumed.path) }
  }

  /// Blocks that are computed again give the same bytes, dropout's chance included.
  @Test func recomputingChangesNothing() throws {
    let folder = try TemporaryFolder()
    for recomputes in [false, true] {
      var recipe = try recipe(folder, steps: 4)
      recipe.settings.model.dropout = 0.2
      recipe.settings.model.recomputesBlocks = recomputes
      _ = try recipe.train(to: folder.file("\(recomputes)"))
    }
    #expect(try weights(folder.file("true")) == weights(folder.file("false")))
  }

  /// Two batches of four are one of eight, when the windows are the same.
  @Test func accumulationAddsGradients() throws {
    let configuration = TransformerConfiguration(
      tokens: .char, vocabularySize: 20, context: 8, width: 8, layers: 1, heads: 2)
    var source = RandomSource(seed: 8)
    let tokens = (0..<9).map { _ in Int32(source.integer(below: 20)) }
    var results: [[Float]] = []
    for (batch, accumulation) in [(4, 2), (8, 1)] {
      var random = RandomSource(seed: 1)
      let network = configuration.network(using: &random)
      var settings = TransformerPreset.baby.training
      settings.gradAccumulation = accumulation
      settings.optimizer.kind = .sgd
      // One window only, so every batch is the same.
      let stream = WindowStream(tokens, batch: batch, context: 8, seed: 1)
      let task = TransformerTask(
        configuration, network, ByteTokenizer(), stream, heldOut: .rows([]), settings,
        storage: .f32,
        templates: [])
      let context = Context(isTraining: true, random: RandomSource(seed: 0))
      let result = try task.step(0, rate: 0.1, context)
      #expect(result.items == 64)
      results.append(network.namedParameters.flatMap { $0.parameter.value.values })
    }
    #expect(zip(results[0], results[1]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func windowsAreDrawnFromEverywhere() {
    let tokens = (0..<100).map { Int32($0) }
    var stream = WindowStream(tokens, batch: 50, context: 10, seed: 2)
    var starts: Set<Int32> = []
    for _ in 0..<40 {
      let batch = stream.next()
      #expect(zip(batch.inputs.values, batch.targets).allSatisfy { $0 + 1 == $1 })
      for row in 0..<50 { starts.insert(batch.inputs.values[row * 10]) }
    }
    #expect(starts == Set(0..<90))
    var again = WindowStream(tokens, batch: 50, context: 10, seed: 2)
    again.position = 40
    let expected = stream.next().targets
    #expect(again.next().targets == expected)
  }

  @Test func filesAreDocuments() throws {
    let folder = try TemporaryFolder()
    var recipe = try recipe(folder, steps: 2)
    recipe.settings.texts.append(try folder.write("two.txt", "the dog runs ."))
    recipe.settings.model.tokens = .bpe
    recipe.settings.model.vocabularySize = 270
    recipe.settings.model.storage = .f16
    _ = try recipe.train(to: folder.file("model"))
    let model = try TransformerLanguageModel(folder: folder.file("model"))
    #expect(model.weights?.type == .f16)
    #expect(model.configuration.endToken == model.endToken.map { Int($0) })
    #expect(model.endTokenEndsText && model.startToken == model.endToken)
    // Its tokenizer for another model.
    recipe.settings.model.tokenizer = folder.file("model")
    _ = try recipe.train(to: folder.file("other"))
    #expect(
      try bytes(folder.file("model/vocab.json")) == bytes(folder.file("other/vocab.json")))
  }

  @Test func publishedModelsLearnFurther() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write(
      "more.txt", String(repeating: "the cat sees a zebra .\n", count: 60))
    var options = UpdateOptions()
    options.steps = 8
    options.rate = 1e-2
    let family = TransformerFamily()
    try family.update(
      gpt2Fixture("generation"), with: [text], to: folder.file("out"), options: options)
    let table = try Table(Array("the cat sees a zebra .".utf8))
    let before = try TransformerLanguageModel(folder: gpt2Fixture("generation"))
    let after = try TransformerLanguageModel(folder: folder.file("out"))
    #expect(
      try after.evaluate(table, name: "").perplexity
        < 0.5 * before.evaluate(table, name: "").perplexity)
    #expect(after.configuration.shape.vocabulary == before.configuration.shape.vocabulary)
  }
}
