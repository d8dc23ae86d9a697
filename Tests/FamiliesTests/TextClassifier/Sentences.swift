import Families
import Kernels

/// Sentences whose class a few words tell.
func sentences(_ count: Int, seed: UInt64 = 1) -> String {
  var random = RandomSource(seed: seed)
  func pick(_ words: [String]) -> String { words[Int(random.integer(below: UInt64(words.count)))] }
  return (0..<count).map { index in
    let isGood = index % 2 == 0
    let word = pick(
      isGood ? ["good", "lovely", "great", "warm"] : ["bad", "dull", "awful", "cold"])
    let other = pick(["film", "story", "cast", "plot", "scene"])
    return
      "the \(other) is \(word) and \(pick(["long", "short", "new", "old"]))\t\(isGood ? "pos" : "neg")\n"
  }.joined()
}

/// A small recipe that learns them.
func recipe(
  _ data: String, _ method: TextClassifierMethod, task: TextClassifierTaskKind = .sentiment
) -> TextClassifierRecipe {
  var recipe = TextClassifierRecipe(data, task: task, method: method)
  recipe.settings.network.embedding = 8
  recipe.settings.network.maps = 6
  recipe.settings.network.hidden = 8
  recipe.settings.network.dropout = 0
  recipe.settings.dimension = 20
  recipe.run.trainer.seed = 3
  if method.isNetwork {
    recipe.run.trainer.schedule.peak = 0.02
    recipe.run.epochs = 6
  }
  if method == .linear {
    recipe.run.trainer.batchSize = 64
    recipe.run.epochs = 20
  }
  return recipe
}
