import Checkpoints
import FamilySupport
import Files
import TestSupport
import Testing
import Training

@testable import Families

/// Models that learn further: a run that stopped and went on has the files of one that did not.
@Suite(.serialized) struct FinetuningTests {
  enum Data: CaseIterable, Sendable { case text, rows, articles }

  private static let text = (0..<300).map { "the cat \($0 % 7) saw a dog \($0 % 5).\n" }.joined()

  private func data(_ data: Data, _ folder: TemporaryFolder) throws -> String {
    switch data {
    case .text: return try folder.write("b.txt", String(Self.text.reversed()))
    case .rows:
      let rows = (0..<30).map { row in
        #"{"prompt": "the cat \#(row % 7)", "completion": " saw a dog \#(row % 5)."}"# + "\n"
      }
      return try folder.write("b.jsonl", rows.joined())
    case .articles:
      let rows = (0..<30).map { row in
        #"{"article": "the cat \#(row % 7) saw a dog.", "summary": "the dog \#(row % 5)"}"# + "\n"
      }
      return try folder.write("c.jsonl", rows.joined())
    }
  }

  private func options(_ data: Data) -> FinetuneOptions {
    var options = FinetuneOptions()
    (options.context, options.areArticles) = (12, data == .articles)
    options.rows.masksPrompts = data == .rows
    return options
  }

  @Test(arguments: Data.allCases) func transformersResume(_ data: Data) throws {
    let folder = try TemporaryFolder()
    var start = TransformerRecipe(.gpt2, texts: [try folder.write("a.txt", Self.text + "TL;DR:")])
    (start.settings.model.layers, start.settings.model.heads) = (1, 2)
    (start.settings.model.width, start.settings.model.context) = (16, 24)
    (start.settings.model.dropout, start.settings.model.tokens) = (0.2, .byte)
    (start.run.trainer.steps, start.run.trainer.seed) = (4, 2)
    _ = try start.train(to: folder.file("start"))
    let made = try TransformerFamily(.gpt2).recipe(
      further: folder.file("start"), on: [self.data(data, folder)], options(data))
    var recipe = try #require(made as? TransformerRecipe)
    // As a command keeps the settings.
    let kept = recipe.settings
    #expect(kept.options == options(data))
    recipe.run.trainer.schedule.shape = .constant
    recipe.run.trainer.gradAccumulation = 2
    (recipe.run.trainer.steps, recipe.run.trainer.batchSize) = (9, 4)
    (recipe.run.trainer.evalEvery, recipe.run.trainer.seed) = (3, 5)
    let (_, path) = try expectResumes(
      recipe, at: 4, files: [TransformerWeights.file, "config.json", Trainer.stateFileName],
      of: folder.file("start"), in: folder)
    #expect(try bytes("\(path)/model.safetensors") != bytes(folder.file("start/model.safetensors")))
  }

  @Test(arguments: [Data.text, .articles]) func recurrentModelsResume(_ data: Data) throws {
    let folder = try TemporaryFolder()
    var start = RecurrentRecipe(.lstm, texts: [try folder.write("a.txt", Self.text + "TL;DR:")])
    (start.settings.model.hidden, start.settings.model.layers) = (12, 2)
    (start.settings.model.dropout, start.settings.model.tokens) = (0.2, .byte)
    (start.run.trainer.steps, start.run.trainer.seed) = (4, 2)
    _ = try start.train(to: folder.file("start"))
    let made = try RecurrentFamily(.lstm).recipe(
      further: folder.file("start"), on: [self.data(data, folder)],
      {
        var options = options(data)
        options.rows.masksPrompts = false
        return options
      }())
    var recipe = try #require(made as? RecurrentRecipe)
    recipe.run.trainer.schedule.shape = .constant
    (recipe.run.trainer.steps, recipe.run.trainer.batchSize) = (9, 4)
    (recipe.run.trainer.evalEvery, recipe.run.trainer.seed) = (3, 5)
    try expectResumes(
      recipe, at: 4, files: [RecurrentFolder.weights, "config.json", Trainer.stateFileName],
      of: folder.file("start"), in: folder)
  }
}
