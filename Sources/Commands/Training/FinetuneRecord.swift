import Families
import Files
import Training

/// What runs of `aigc finetune` keep of their texts' recipes.
enum FinetuneRecord {
  private static let name = "finetune settings"

  /// Whether a run learned from texts, with its own weights or an adapter's.
  static func isKept(by saved: SavedRun) -> Bool { saved[name] != nil }

  /// The recipe of a new run, or of one that goes on with its own settings, and what the run keeps.
  /// - Parameters:
  ///   - recipe: as the flags have it; of a run that goes on its texts alone are taken.
  ///   - path: the model that the run starts from.
  static func filled<Recipe: FinetuningRecipe>(
    _ recipe: Recipe, _ path: String, _ arguments: FinetuneArguments, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    let record = RunRecord<Recipe.Settings>(name)
    var recipe = recipe
    if let saved {
      let texts = recipe.settings.texts
      recipe.settings = try record.settings(of: saved)
      recipe.settings.texts = texts
    }
    let kept = [try record.setting(recipe.settings), RunSetting("--model", path)]
    return FilledRecipe(
      recipe: recipe, settings: kept + arguments.settings(recipe.settings.options),
      gradAccumulation: arguments.memory.gradAccum)
  }
}

extension FinetuneArguments {
  /// What a run of texts keeps.
  /// - Parameter options: what is in force.
  fileprivate func settings(_ options: FinetuneOptions) -> [RunSetting] {
    let inForce: FinetuneTask = options.areArticles ? .summary : .text
    return [
      RunSetting("--context", context, else: options.context.map { "\($0)" }),
      RunSetting("--task", task?.rawValue, else: inForce.rawValue),
      RunSetting("--mask-prompt", isOn: rows.maskPrompt, else: options.rows.masksPrompts),
      RunSetting("--skip-bad-lines", isOn: rows.skipBadLines, else: options.rows.skipsBadLines),
      RunSetting(
        "--checkpoint-activations", isOn: memory.checkpointActivations,
        else: options.recomputesBlocks),
    ] + lora.settings(options.adapters)
  }
}
