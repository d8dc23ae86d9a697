import ArgumentParser
import Console
import Families
import Files
import Kernels
import Training

/// `aigc generate series`.
struct GenerateSeries: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "series", abstract: "Forecast a time series.",
    discussion: "Train a model with 'aigc train lstm FILE.csv --task forecast'.")

  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "A model's name or path (default: the newest in runs/).", completion: .model)
  var model: String?
  @Option(
    name: [.customShort("n"), .customLong("steps"), .customLong("horizon")],
    parsing: .unconditional, help: "How many steps.")
  var steps = 30
  @Option(
    help: "Go on from the end of this table instead of the training series.", completion: .file())
  var from: String?
  @Flag(help: "Fill missing values of --from by straight lines.")
  var interpolate = false
  @Option(
    name: [.customLong("num"), .customLong("num-samples")], parsing: .unconditional,
    help: "Draw so many futures with errors like those seen, in place of the expected one.")
  var num: Int?
  @Option(
    name: .shortAndLong, help: "Draw the forecast to this PNG or JPEG file.", completion: .file())
  var out: String?
  @Option(help: "Write the values to this file.", completion: .file())
  var csv: String?
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  init() {}

  /// Values of one answer at most.
  private static let most = 1_000_000

  func validate() throws {
    for (name, value) in [("-n", steps), ("--num", num ?? 1)]
    where !(1...Self.most).contains(value) {
      throw ValidationError("\(name) \(value): 1 to \(Self.most)")
    }
    guard steps * (num ?? 1) <= Self.most else {
      throw ValidationError("-n times --num: at most \(Self.most)")
    }
    if num == nil, seed.seed >= 0 {
      throw ValidationError("--seed goes with --num: nothing is drawn")
    }
    if interpolate, from == nil { throw ValidationError("--interpolate goes with --from") }
    let named = [out, csv].compactMap { $0 }.filter { isStandardOutput($0) }
    if !named.isEmpty, named.count > 1 || common.json || csv == nil {
      throw ValidationError(
        "two answers would go to standard output: name files for --out and --csv")
    }
  }

  func run() throws {
    try OutputPlan.check([(out, .image), (csv, .commaSeparated)], reading: [from])
    let path = try resolvedModel()
    let model = try ForecastModel(folder: path)
    let series = try series(model)
    let noise = num.map { _ in seed.resolve() }
    let origins = [Int](repeating: series.count, count: num ?? 1)
    let samples = try model.forecasts(series.values, from: origins, horizon: steps, noise: noise)
    if let out { try draw(series, samples.map { $0[0] }, to: out) }
    let forecast = SeriesForecast(
      columns: series.columns, labels: series.labels, samples: samples, isSampled: num != nil)
    try write(forecast, path, seed: noise)
  }

  /// What is forecast from: of a table, or the end of what the model learned from.
  private func series(_ model: ForecastModel) throws(AIGCError) -> TimeSeries {
    let configuration = model.configuration
    guard let from else {
      return TimeSeries(
        columns: configuration.columns, values: configuration.history,
        labels: configuration.labels)
    }
    let series = try TimeSeries.read(
      from, for: configuration.columns, interpolates: interpolate)
    series.notes.forEach { Diagnostics.note($0) }
    try model.check(series)
    return series
  }

  private func write(
    _ forecast: SeriesForecast, _ path: String, seed noise: UInt64?
  ) throws(AIGCError) {
    if let csv {
      let file = try Answer(csv, .commaSeparated)
      try file.write(forecast.csv)
      try file.finish()
    }
    let answer = try Answer(nil)
    if common.json {
      var head: [JSONValue.Member] = [.init("model", .string(path))]
      if let noise { head.append(.init("seed", .int(Int(clamping: noise)))) }
      try answer.write(json: head + forecast.members)
    } else if csv == nil {
      try answer.write(forecast.csv)
    }
    try answer.finish()
  }

  private func draw(_ series: TimeSeries, _ samples: [[Double]], to out: String) throws(AIGCError) {
    let labels = StepLabels(after: series.labels)
    let names = series.labels.isEmpty ? [] : (0..<steps).map { labels[$0] }
    try ForecastPlot.future(series, samples, labels: names, isNoisy: num != nil).image()
      .write(to: out)
    Diagnostics.note("drew \(out)")
  }

  /// The named model, or the newest one.
  private func resolvedModel() throws(AIGCError) -> String {
    let store = ModelStore.standard()
    guard let model else {
      let found = try store.defaultModel(kind: ForecastFamily.kind) {
        $0.configuration.family == ForecastFamily.name
      }
      Diagnostics.note("using \(found.path)")
      return found.path
    }
    let path = try store.resolve(model)
    let family = try family(of: path)
    guard family.name == ForecastFamily.name else {
      throw .mismatch("\(path): a model of kind '\(family.kind)'; a series model is needed here")
    }
    return path
  }
}

/// Forecast values as they are printed.
struct SeriesForecast {
  var columns: [String]
  /// Of the series before.
  var labels: [String]
  /// sample, column, step.
  var samples: [[[Double]]]
  /// Whether there may be several samples, which are then numbered.
  var isSampled: Bool

  private var steps: Int { samples.first?.first?.count ?? 0 }

  /// A table: label or number of the step, then a column each, or each column's samples.
  var csv: String {
    let names = StepLabels(after: labels)
    var text = isSampled ? "sample,step" : "step"
    for column in columns { text += "," + quoted(column) }
    text += "\n"
    for (number, sample) in samples.enumerated() {
      for step in 0..<steps {
        if isSampled { text += "\(number + 1)," }
        text += names[step]
        for column in sample { text += ",\(Float(column[step]))" }
        text += "\n"
      }
    }
    return text
  }

  private func quoted(_ name: String) -> String {
    guard name.utf8.contains(where: { [0x22, 0x2C, 0x3B, 0x0A, 0x0D, 0x09].contains($0) }) else {
      return name
    }
    return "\"\(name.replacing("\"", with: "\"\""))\""
  }

  /// `forecast`: one value a step, or one array a column where there are several, or these for each
  /// sample.
  var members: [JSONValue.Member] {
    func array(_ values: [Double]) -> JSONValue { .array(values.map { .float(Float($0)) }) }
    func value(_ sample: [[Double]]) -> JSONValue {
      sample.count == 1 ? array(sample[0]) : .array(sample.map { array($0) })
    }
    let names = StepLabels(after: labels)
    let forecast = isSampled ? .array(samples.map { value($0) }) : samples.first.map { value($0) }
    return [
      .init("columns", .array(columns.map { .string($0) })),
      .init("steps", .array((0..<steps).map { .string(names[$0]) })),
      .init("forecast", forecast ?? []),
    ]
  }
}
