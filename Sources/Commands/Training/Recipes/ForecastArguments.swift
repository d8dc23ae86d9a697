import ArgumentParser
import Families
import Files
import NN
import Training

/// The flags of `aigc train rnn|gru|lstm --task forecast` that text models do not have.
struct ForecastArguments: ParsableArguments {
  @Option(
    name: [.customLong("column"), .customLong("columns")],
    help: "Column of the table, by name or number (default: the first of numbers); may be repeated."
  )
  var column: [String] = []
  @Option(
    parsing: .unconditional,
    help: "Steps ahead to be measured (default: a season, 12 at least).")
  var horizon: Int?
  @Option(
    parsing: .unconditional,
    help: "Steps of a season; 0: none (default: found from the data).")
  var period: Int?
  @Option(
    help: "What is subtracted before the network sees a value: \(choices) (default auto).")
  var difference: Differencing?
  @Flag(
    name: .customLong("log"), inversion: .prefixedNo,
    help: "Take logarithms (default: where swings grow with the level).")
  var logarithm: Bool?
  @Flag(help: "Fill missing values by straight lines.")
  var interpolate = false

  /// The recipe of a forecast.
  /// - Parameters:
  ///   - kind: of the network.
  ///   - path: of the table.
  ///   - model: the flags of the network's sizes.
  func recipe(
    _ kind: RecurrentKind, _ path: String, _ model: RecurrentModelArguments,
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = ForecastRecipe(kind, table: path)
    recipe.settings.columns = column
    if let hidden = model.hidden { recipe.settings.hidden = hidden }
    if let layers = model.layers { recipe.settings.layers = layers }
    if let dropout = model.dropout { recipe.settings.dropout = dropout }
    (recipe.settings.context, recipe.settings.horizon) = (model.context, horizon)
    (recipe.settings.period, recipe.settings.logarithm) = (period, logarithm)
    if let difference { recipe.settings.difference = difference }
    recipe.settings.interpolates = interpolate
    recipe.run.heldOut = HeldOutData(share: training.valSplit)
    try checkDropout(model.dropout, layers: recipe.settings.layers)
    let configuration = try saved.map { (run) throws(AIGCError) in
      try ForecastConfiguration.read(folder: run.folder)
    }
    if let saved, let configuration {
      recipe.run.trainer = saved.trainer
      recipe.keep(configuration)
    }
    return FilledRecipe(
      recipe: recipe, settings: settings(model, training.valSplit, configuration))
  }

  /// What a run keeps of the flags.
  /// - Parameters:
  ///   - model: the flags of the network's sizes.
  ///   - share: `--val-split`.
  ///   - saved: the model of a run that goes on.
  private func settings(
    _ model: RecurrentModelArguments, _ share: Double?, _ saved: ForecastConfiguration?
  ) -> [RunSetting] {
    let columns = column.isEmpty ? nil : column.joined(separator: ",")
    return [
      RunSetting("--column", columns), RunSetting("--val-split", share),
      RunSetting("--hidden", model.hidden, else: saved?.hiddenSize.description),
      RunSetting("--layers", model.layers, else: saved?.layers.description),
      RunSetting("--context", model.context, else: saved?.context.description),
      RunSetting("--dropout", model.dropout, else: saved?.dropout.description),
      RunSetting("--horizon", horizon, else: saved?.horizon.description),
      RunSetting("--period", period, else: saved.map { "\($0.period ?? 0)" }),
      RunSetting("--difference", difference?.rawValue),
      RunSetting("--log", logarithm, else: saved?.normalisation.usesLogarithm.description),
      RunSetting("--interpolate", isOn: interpolate),
    ]
  }

  private static let choices = Differencing.allCases.map { $0.rawValue }.joined(separator: ", ")

  /// Whether any was given: they are refused without `--task forecast`.
  var isGiven: Bool {
    !column.isEmpty || horizon != nil || period != nil || difference != nil || logarithm != nil
      || interpolate
  }
}

extension Differencing: ExpressibleByArgument {}
