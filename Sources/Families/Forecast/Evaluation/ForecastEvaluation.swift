import Plots
import Files
import Training

/// A model's forecasts of a known part of a series, beside the naive ones.
public struct ForecastEvaluation: Report {
  /// The file's name inside a model folder.
  static let imageName = "forecast.png"
  /// Places from which several steps are forecast, at most: more say nothing new.
  private static let mostOrigins = 200

  /// One way to forecast.
  public struct Method: Sendable {
    /// "model", "naive", "seasonal_naive".
    public var name: String
    /// The errors of its forecasts.
    public var metrics: ForecastMetrics
  }

  /// A column's errors.
  public struct Column: Sendable {
    /// The name of the column in the table.
    public var name: String
    /// Of the next value at each step.
    public var oneStep: [Method]
    /// Of the next `horizon` values, from many places.
    public var multiStep: [Method]
  }

  /// The errors of each column, in the order of the model.
  public var columns: [Column] = []
  /// How many steps ahead ``Column/multiStep`` goes.
  public var horizon: Int
  /// Steps of a season; nil: there is no seasonal naive forecast.
  public var period: Int?
  /// How many values were forecast one step ahead.
  public var steps: Int
  /// From how many places several steps were forecast.
  public var origins: Int
  /// The image of the first column.
  public var plot = LinePlot()

  /// Measures the forecasts of all values from `start` on.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the part is shorter than the horizon.
  init(_ model: ForecastModel, _ series: TimeSeries, from start: Int) throws(AIGCError) {
    let configuration = model.configuration
    (horizon, period) = (configuration.horizon, configuration.period)
    steps = series.count - start
    guard steps >= horizon else {
      throw .badInput(
        "\(series.path): \(counted(steps, "value")) to forecast, less than the horizon of \(horizon)"
      )
    }
    let single = Array(start..<series.count)
    let last = series.count - horizon
    let gap = max(1, (last - start + Self.mostOrigins) / Self.mostOrigins)
    let several = Array(stride(from: start, through: last, by: gap))
    origins = several.count
    let ones = try model.forecasts(series.values, from: single, horizon: 1)
    let many = try model.forecasts(series.values, from: several, horizon: horizon)
    for (index, name) in series.columns.enumerated() {
      let values = series.values[index]
      let part = Comparison(values: values, start: start, period: period)
      columns.append(
        Column(
          name: name,
          oneStep: try part.methods(single, 1, ones.map { $0[index] }),
          multiStep: try part.methods(several, horizon, many.map { $0[index] })))
    }
    plot = try ForecastPlot.heldOut(model, series, from: start)
  }
}

/// Forecasts of one column by all methods.
private struct Comparison {
  let values: [Double]
  let start: Int
  let period: Int?

  func methods(
    _ origins: [Int], _ horizon: Int, _ forecasts: [[Double]]
  ) throws(AIGCError) -> [ForecastEvaluation.Method] {
    let actual = origins.flatMap { values[$0..<$0 + horizon] }
    let history = Array(values.prefix(start))
    func method(
      _ name: String, _ forecast: [[Double]]
    ) throws(AIGCError) -> ForecastEvaluation.Method {
      .init(
        name: name,
        metrics: try ForecastMetrics(
          forecast: Array(forecast.joined()), actual: actual, history: history,
          period: period ?? 1))
    }
    var result = [
      try method("model", forecasts),
      try method(
        "naive",
        origins.map { ForecastBaselines.naive(Array(values[$0 - 1..<$0]), horizon: horizon) }),
    ]
    if let period {
      result.append(
        try method(
          "seasonal_naive",
          origins.map {
            ForecastBaselines.seasonalNaive(
              Array(values[max(0, $0 - period)..<$0]), period: period, horizon: horizon)
          }))
    }
    return result
  }
}

// MARK: Output

extension ForecastEvaluation {
  /// The horizon, the period, how much was forecast, and MAE, RMSE, MASE and sMAPE of each method
  /// and column, as JSON.
  public var members: [JSONValue.Member] {
    [
      .init("horizon", .int(horizon)), .init("period", JSONValue(period)),
      .init("values", .int(steps)), .init("origins", .int(origins)),
      .init(
        "columns",
        .array(
          columns.map { column in
            .object([
              .init("name", .string(column.name)),
              .init("one_step", Self.json(column.oneStep)),
              .init("multi_step", Self.json(column.multiStep)),
            ])
          })),
    ]
  }

  private static func json(_ methods: [Method]) -> JSONValue {
    .object(
      methods.map { method in
        let metrics = method.metrics
        return .init(
          method.name,
          .object([
            .init("mae", .double(metrics.mae)), .init("rmse", .double(metrics.rmse)),
            .init("mase", JSONValue(metrics.mase)), .init("smape", .double(metrics.smape)),
          ]))
      })
  }

  /// A table for people.
  public var text: String {
    var rows = [["", "", "MAE", "RMSE", "MASE", "sMAPE"]]
    for column in columns {
      if columns.count > 1 { rows.append([column.name, "", "", "", "", ""]) }
      rows += Self.rows("1 step", column.oneStep)
      rows += Self.rows("\(counted(horizon, "step"))", column.multiStep)
    }
    return table(rows)
  }

  private static func rows(_ title: String, _ methods: [Method]) -> [[String]] {
    methods.enumerated().map { index, method in
      let metrics = method.metrics
      return [
        index == 0 ? title : "", method.name.replacing("_", with: " "), digits(metrics.mae),
        digits(metrics.rmse), metrics.mase.map { digits($0) } ?? "-", digits(metrics.smape) + "%",
      ]
    }
  }

  private static func digits(_ value: Double) -> String { shortNumber(value) }
}
