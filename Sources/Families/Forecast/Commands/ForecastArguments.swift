import ArgumentParser
import Console
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

  /// What a run keeps of the flags.
  /// - Parameters:
  ///   - hidden: as `layers`, `context` and `dropout` given beside these flags.
  ///   - share: `--val-split`.
  ///   - saved: the model of a run that goes on.
  func settings(
    hidden: Int?, layers: Int?, context: Int?, dropout: Float?, share: Double?,
    _ saved: ForecastConfiguration?
  ) -> [RunSetting] {
    let columns = column.isEmpty ? nil : column.joined(separator: ",")
    return [
      RunSetting("--column", columns), RunSetting("--val-split", share),
      RunSetting("--hidden", hidden, else: saved?.hiddenSize.description),
      RunSetting("--layers", layers, else: saved?.layers.description),
      RunSetting("--context", context, else: saved?.context.description),
      RunSetting("--dropout", dropout, else: saved?.dropout.description),
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

/// `aigc train rnn|gru|lstm FILE --task forecast`: trains with a progress line, prints the errors on
/// the held-out part, and the folder.
/// - Parameters:
///   - kind: of the network.
///   - data: the table; one file.
///   - arguments: the flags of this task.
///   - hidden: units of a layer; nil: the default. So with `layers`, `context` and `dropout`.
///   - training: the flags of every training.
///   - json: whether one JSON object is printed.
func runForecast(
  _ kind: RecurrentKind, data: [String], _ arguments: ForecastArguments, hidden: Int? = nil,
  layers: Int? = nil, context: Int? = nil, dropout: Float? = nil, training: TrainingOptions,
  json: Bool
) throws(AIGCError) {
  guard data.count == 1 else { throw .usage("--task forecast: one table, not \(data.count)") }
  guard training.val == nil else {
    throw .usage("--val: the last part of the series is held out; --val-split says how much")
  }
  guard training.epochs == nil else { throw .usage("--epochs is of text: pass --steps") }
  var options = ForecastOptions(data: data[0])
  (options.kind, options.columns) = (kind, arguments.column)
  options.hidden = hidden ?? options.hidden
  options.layers = layers ?? options.layers
  options.dropout = dropout ?? options.dropout
  (options.context, options.horizon) = (context, arguments.horizon)
  (options.period, options.logarithm) = (arguments.period, arguments.logarithm)
  options.difference = arguments.difference ?? options.difference
  options.interpolates = arguments.interpolate
  options.heldOutShare = training.valSplit
  try checkDropout(dropout, layers: options.layers)
  let folder = try training.folder(family: ForecastFamily.name, data: data[0])
  options.trainer = try training.base(options.trainer, folder: folder)
  try training.apply(to: &options.trainer)
  let saved = training.resume ? try ForecastConfiguration.read(folder: folder) : nil
  try training.keep(
    arguments.settings(
      hidden: hidden, layers: layers, context: context, dropout: dropout, share: training.valSplit,
      saved), in: &options.trainer, folder: folder)
  if let saved { options.keep(saved) }
  if training.dryRun { return try printPlan(options, folder: folder, isResumed: saved != nil) }
  let progress = TrainerProgressLine()
  let result = try trainForecast(options, to: folder, resuming: training.resume) {
    progress.show($0)
  }
  progress.finish()
  let answer = Answer.ofFinishedWork()
  if json {
    try answer.write(
      json: [
        .init("model", .string(folder)), .init("steps", .int(result.summary.steps)),
        .init("loss", JSONValue(result.summary.loss)),
        .init("val_loss", JSONValue(result.summary.bestValidationLoss)),
        .init("seconds", .double(result.summary.seconds)),
      ] + result.evaluation.members)
  } else {
    try answer.write(result.evaluation.text)
    Diagnostics.note("the model and forecast.png are in \(folder)")
    Diagnostics.note("use it: aigc generate series --model \(folder)")
  }
  try answer.finish()
}

/// `--dry-run`: what would be trained.
private func printPlan(
  _ options: ForecastOptions, folder: String, isResumed: Bool
) throws(AIGCError) {
  try options.validate()
  let series = try TimeSeries(
    path: options.data, columns: options.columns, interpolates: options.interpolates)
  let plan = try ForecastPlan(series, options)
  if isResumed { try ForecastConfiguration(series, plan, options).check(against: folder) }
  let members: [JSONValue.Member] = [
    .init("model", .string(folder)), .init("family", .string(ForecastFamily.name)),
    .init("network", .string(options.kind.rawValue)),
    .init("columns", .array(series.columns.map { .string($0) })),
    .init("values", .int(series.count)), .init("training", .int(plan.validationStart)),
    .init("validation", .int(plan.heldOutStart - plan.validationStart)),
    .init("held_out", .int(series.count - plan.heldOutStart)),
    .init("period", JSONValue(plan.period)), .init("context", .int(plan.context)),
    .init("horizon", .int(plan.horizon)),
    .init("logarithm", .bool(plan.transform.usesLogarithm)),
    .init("difference_lag", .int(plan.transform.lag)), .init("hidden", .int(options.hidden)),
    .init("layers", .int(options.layers)), .init("dropout", .float(options.dropout)),
  ]
  try Answer(nil).write(json: members + options.trainer.planMembers())
}
