import Files
import Kernels
import Training

/// What came of training a forecasting model.
struct ForecastTrainingResult: Sendable {
  /// The model folder.
  var folder: String
  var summary: TrainingSummary
  var configuration: ForecastConfiguration
  /// Measured on the held-out part.
  var evaluation: ForecastEvaluation
}

/// Trains a recurrent network to forecast a series, measures it on the last part of the series
/// beside the naive forecasts, and draws both. The folder then holds the model (`config.json`,
/// `model.safetensors`), `forecast.png`, and what every run has.
/// - Parameters:
///   - options: the data and the settings; with `resuming` those of the first run are needed again,
///     the trainer's may have more steps.
///   - folder: of the model; an older model there is replaced.
///   - resuming: whether the run in the folder goes on.
///   - report: gets what happens.
/// - Throws: ``AIGCError``: usage for options out of range and for a column that is not there,
///   badInput for a table that cannot be learned from, mismatch when a run is resumed with other
///   data or sizes; else what a ``Training/Trainer`` throws.
func trainForecast(
  _ options: ForecastOptions, to folder: String, resuming: Bool = false,
  report: @escaping (TrainerEvent) -> Void = { _ in }
) throws(AIGCError) -> ForecastTrainingResult {
  try options.validate()
  try options.trainer.validate()
  let series = try TimeSeries(
    path: options.data, columns: options.columns, interpolates: options.interpolates)
  series.notes.forEach { report(.note($0)) }
  let plan = try ForecastPlan(series, options)
  let configuration = ForecastConfiguration(series, plan, options)
  if resuming { try configuration.check(against: folder) }
  let task = ForecastTask(configuration, series.values, plan, options.trainer)
  let trainer = Trainer(task, options.trainer, folder: folder)
  trainer.report = report
  var measured: (model: ForecastModel, evaluation: ForecastEvaluation)?
  let summary = try trainer.run(resuming: resuming) { () throws(AIGCError) in
    // The weights in the folder are those of the best evaluation.
    let model = try ForecastModel(folder: folder)
    let evaluation = try ForecastEvaluation(model, series, from: plan.heldOutStart)
    try evaluation.plot.picture().write(to: "\(folder)/\(ForecastEvaluation.pictureName)")
    measured = (model, evaluation)
  }
  guard let measured else { throw .failed("\(folder): the run ended without a model") }
  return ForecastTrainingResult(
    folder: folder, summary: summary, configuration: measured.model.configuration,
    evaluation: measured.evaluation)
}

extension ForecastConfiguration {
  /// Refuses to go on with the run in `folder` but as the model that it was.
  func check(against folder: String) throws(AIGCError) {
    var saved = try ForecastConfiguration.read(folder: folder)
    saved.residuals = residuals
    guard saved == self else {
      throw .mismatch(
        "\(folder): the run has other data, columns or sizes; pass those that it was started with")
    }
  }

  /// The configuration before training.
  init(_ series: TimeSeries, _ plan: ForecastPlan, _ options: ForecastOptions) {
    let end = series.suffix(plan.context + max(plan.transform.lag, plan.period ?? 0))
    let names = series.columns.prefix(3).joined(separator: ", ")
    self.init(
      description: "\(options.kind.rawValue.uppercased()) forecast of \(names)",
      network: options.kind, hiddenSize: options.hidden, layers: options.layers,
      dropout: options.dropout, columns: series.columns, context: plan.context,
      horizon: plan.horizon, period: plan.period, normalisation: plan.transform,
      residuals: series.columns.map { _ in 0 }, history: end.values, labels: end.labels,
      trainingSteps: plan.validationStart)
  }
}
