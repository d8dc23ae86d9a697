import Files
import Kernels
import NN
import Training

/// Trains a recurrent network to forecast a series, measures it on the last part of the series beside the
/// naive forecasts, and draws both. The folder then holds the model (`config.json`,
/// `model.safetensors`), `forecast.png`, and what every run has.
public struct ForecastRecipe: TrainingRecipe {
  /// The series, the network's sizes, and how the series is cut and transformed.
  public var settings = ForecastSettings()
  /// The run; by default 600 steps of 32 windows, a cosine learning rate from 2e-3, weight decay
  /// 0.01, gradients clipped to a norm of 1, and as much of the series' end held out as follows
  /// from its length and period.
  public var run = RunOptions(Self.defaults, heldOut: HeldOutData())

  /// - Parameters:
  ///   - kind: of the network.
  ///   - table: a file of comma-separated values.
  public init(_ kind: RecurrentKind = .lstm, table: String = "") {
    (settings.kind, settings.data) = (kind, table)
  }

  /// The name in `config.json`, "forecast".
  public var family: String { ForecastFamily.name }
  /// The table, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", [settings.data])] }

  private static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 600, schedule: Schedule(.cosine, peak: 2e-3))
    result.batchSize = 32
    result.evalEvery = 20
    result.logEvery = 10
    result.optimizer.gradClip = 1
    result.optimizer.weightDecay = 0.01
    return result
  }

  /// Reads the series, and says how it would be cut and transformed and which network would learn
  /// it.
  /// - Throws: ``/Files/AIGCError``: badInput for a file that is no such table or a series that is too
  ///   short, usage for options out of range, for epochs and for a start from
  ///   ``/Training/TrainingStart/model(_:)``, mismatch where a resumed run had another series or
  ///   other sizes.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let (series, plan, _) = try open(start)
    let members: [JSONValue.Member] = [
      .init("network", .string(settings.kind.rawValue)),
      .init("columns", .array(series.columns.map { .string($0) })),
      .init("values", .int(series.count)), .init("training", .int(plan.validationStart)),
      .init("validation", .int(plan.heldOutStart - plan.validationStart)),
      .init("held_out", .int(series.count - plan.heldOutStart)),
      .init("period", JSONValue(plan.period)), .init("context", .int(plan.context)),
      .init("horizon", .int(plan.horizon)),
      .init("logarithm", .bool(plan.transform.usesLogarithm)),
      .init("difference_lag", .int(plan.transform.lag)), .init("hidden", .int(settings.hidden)),
      .init("layers", .int(settings.layers)), .init("dropout", .float(settings.dropout)),
    ]
    return TrainingPlan(members, run.trainer)
  }

  /// Reads the series and draws the network's weights from the seed. The finished model is measured
  /// on the held-out part, and its forecast drawn as `forecast.png`.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``, and usage for a run out of range.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<ForecastEvaluation> {
    try run.trainer.validate()
    let (series, plan, configuration) = try open(start)
    series.notes.forEach { report(.note($0)) }
    let task = ForecastTask(configuration, series.values, plan, run.trainer)
    return PreparedTraining(task, run.trainer) { (folder) throws(AIGCError) in
      // The weights in the folder are those of the best evaluation.
      let model = try ForecastModel(folder: folder)
      let evaluation = try ForecastEvaluation(model, series, from: plan.heldOutStart)
      try evaluation.plot.image().write(to: "\(folder)/\(ForecastEvaluation.imageName)")
      return evaluation
    }
  }

  /// The series, how it is cut, and the model for it.
  private func open(
    _ start: TrainingStart
  ) throws(AIGCError) -> (TimeSeries, ForecastPlan, ForecastConfiguration) {
    if case .model(let path) = start { throw .notTrainedFurther(path, family) }
    guard run.epochs == nil else { throw .usage("`epochs` is of text: pass `steps`") }
    try settings.validate(heldOutShare: run.heldOut?.share)
    let series = try TimeSeries(
      path: settings.data, columns: settings.columns, interpolates: settings.interpolates)
    let plan = try ForecastPlan(series, settings, heldOutShare: run.heldOut?.share)
    let configuration = ForecastConfiguration(series, plan, settings)
    if case .resumed(let folder) = start { try configuration.check(against: folder) }
    return (series, plan, configuration)
  }

  /// Takes what a run that goes on was started with.
  /// - Parameter saved: its model; what follows from the data alone follows again.
  public mutating func keep(_ saved: ForecastConfiguration) {
    let remembered = run.trainer.settings
    settings.columns = saved.columns
    (settings.hidden, settings.layers) = (saved.hiddenSize, saved.layers)
    settings.dropout = saved.dropout
    (settings.context, settings.horizon) = (saved.context, saved.horizon)
    settings.period = saved.period ?? 0
    settings.logarithm = saved.normalisation.usesLogarithm
    let difference = remembered?["--difference"].flatMap { Differencing(rawValue: $0) }
    settings.difference = difference ?? settings.difference
    settings.interpolates = settings.interpolates || remembered?["--interpolate"] != nil
    let share = remembered?["--val-split"].flatMap { Double($0) }
    run.heldOut = HeldOutData(share: run.heldOut?.share ?? share)
  }
}

extension ForecastConfiguration {
  /// Refuses to go on with the run in `folder` but as the model that it was.
  public func check(against folder: String) throws(AIGCError) {
    var saved = try ForecastConfiguration.read(folder: folder)
    saved.residuals = residuals
    guard saved == self else {
      throw .mismatch(
        "\(folder): the run has other data, columns or sizes; pass those that it was started with")
    }
  }

  /// The configuration before training.
  init(_ series: TimeSeries, _ plan: ForecastPlan, _ settings: ForecastSettings) {
    let end = series.suffix(plan.context + max(plan.transform.lag, plan.period ?? 0))
    let names = series.columns.prefix(3).joined(separator: ", ")
    self.init(
      description: "\(settings.kind.rawValue.uppercased()) forecast of \(names)",
      network: settings.kind, hiddenSize: settings.hidden, layers: settings.layers,
      dropout: settings.dropout, columns: series.columns, context: plan.context,
      horizon: plan.horizon, period: plan.period, normalisation: plan.transform,
      residuals: series.columns.map { _ in 0 }, history: end.values, labels: end.labels,
      trainingSteps: plan.validationStart)
  }
}
