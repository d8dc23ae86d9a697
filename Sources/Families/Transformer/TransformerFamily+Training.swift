import Files
import NN
import Training

extension TransformerFamily: FinetunableFamily {
  /// A trained model learns further in smaller steps, from windows that a CPU can take. A large model
  /// takes smaller steps than a small one.
  public func recipe(
    further path: String, on data: [String], _ options: FinetuneOptions
  ) throws(AIGCError) -> any FinetuningRecipe {
    if let adapters = options.adapters { return try recipe(of: adapters, path, data, options) }
    guard isFolder(path) else {
      throw .usage(
        "\(path): weights of a GGUF file stay as they are: pass `options.adapters` to train what is added to them, or make "
          + "a folder of it that is trained whole: aigc convert \(path) FOLDER")
    }
    let configuration = try TransformerConfiguration.read(folder: path)
    var recipe = TransformerRecipe(configuration.kind, texts: data)
    var model = TransformerModelOptions(of: configuration)
    model.context = options.context ?? min(configuration.shape.context, 256)
    guard model.context <= configuration.shape.context else {
      throw .usage(
        "`context` \(model.context): the model sees \(counted(configuration.shape.context, "token")) at most"
      )
    }
    model.recomputesBlocks = options.recomputesBlocks
    recipe.settings.model = model
    recipe.settings.areArticles = options.areArticles ? true : nil
    recipe.settings.rows = options.rows
    recipe.settings.isFurther = true
    recipe.run = Self.furtherRun(
      configuration.kind, width: configuration.shape.width, context: model.context)
    recipe.run.trainer.gradAccumulation = options.gradAccumulation
    return recipe
  }

  /// How a trained model learns further, by default.
  /// - Parameters:
  ///   - kind: of the model.
  ///   - width: of its states.
  ///   - context: tokens that are learned from at once.
  static func furtherRun(
    _ kind: TransformerKind = .gpt2, width: Int = 256, context: Int = 256
  ) -> RunOptions {
    var run = TransformerRecipe(kind).run
    run.trainer.batchSize = max(1, 1024 / context)
    run.trainer.schedule.peak = width < 512 ? 3e-4 : 5e-5
    run.trainer.schedule.warmup = 0
    run.trainer.optimizer.beta2 = 0.999
    run.trainer.optimizer.weightDecay = 0.01
    (run.trainer.evalEvery, run.trainer.logEvery) = (100, 10)
    run.epochs = 3
    return run
  }

  private func recipe(
    of adapters: AdapterSettings, _ path: String, _ data: [String], _ options: FinetuneOptions
  ) throws(AIGCError) -> AdapterRecipe {
    var recipe = try AdapterRecipe(base: path, texts: data)
    recipe.settings.adapters = adapters
    recipe.settings.areArticles = options.areArticles
    recipe.settings.rows = options.rows
    recipe.settings.recomputesBlocks = options.recomputesBlocks
    if let context = options.context {
      recipe.settings.context = context
      recipe.run.trainer.batchSize = max(1, 1024 / context)
    }
    recipe.run.trainer.gradAccumulation = options.gradAccumulation
    return recipe
  }
}

extension TransformerSettings: FinetuningSettings {
  /// The context, how lines are learned from, and what is computed again.
  public var options: FinetuneOptions {
    var result = FinetuneOptions()
    result.context = model.context
    result.areArticles = areArticles == true
    result.rows = rows ?? RowOptions()
    result.recomputesBlocks = model.recomputesBlocks
    return result
  }
}

extension AdapterRunSettings: FinetuningSettings {
  /// The same, and the adapter.
  public var options: FinetuneOptions {
    var result = FinetuneOptions()
    (result.context, result.areArticles, result.rows) = (context, areArticles, rows)
    (result.recomputesBlocks, result.adapters) = (recomputesBlocks, adapters)
    return result
  }
}
