import Files
import Training

/// Forecasts of time series by recurrent networks. They are trained by `aigc train rnn|gru|lstm
/// --task forecast`.
public struct ForecastFamily: Family {
  /// Creates the family, which has no settings of its own.
  public init() {}

  /// The name in `config.json`, "forecast".
  public static let name = "forecast"
  /// What its models make, "series".
  public static let kind = "series"

  /// The name in `config.json`, "forecast"; `aigc train` knows it as a task of rnn, gru and lstm.
  public var name: String { Self.name }
  /// What its models make, "series".
  public var kind: String { Self.kind }

  /// The network's sizes, columns, context, horizon, period and transform, and the last label of
  /// the series that was learned.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the weights
  ///   are not those of the configuration.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let model = try ForecastModel(folder: path)
    let configuration = model.configuration
    let transform = configuration.normalisation
    return [
      .init("network", .string(configuration.network.rawValue)),
      .init("columns", .array(configuration.columns.map { .string($0) })),
      .init("hidden", .int(configuration.hiddenSize)),
      .init("layers", .int(configuration.layers)),
      .init("context", .int(configuration.context)),
      .init("horizon", .int(configuration.horizon)),
      .init("period", JSONValue(configuration.period)),
      .init("logarithm", .bool(transform.usesLogarithm)),
      .init("difference_lag", .int(transform.lag)),
      .init("parameters", .int(model.network.parameterCount)),
      .init("training_steps", .int(configuration.trainingSteps)),
      .init("last_label", JSONValue(configuration.labels.last)),
    ]
  }

  /// Forecasts a table from its first possible step on, and gives the errors beside those of the
  /// naive forecasts.
  /// - Throws: ``/Files/AIGCError``: badInput for a file that is no such table and for a damaged model,
  ///   mismatch when a column is missing, the series is too short, or the model takes logarithms of
  ///   values that are not above 0.
  public func evaluate(
    _ path: String, on file: String, _ notices: NoticeHandler
  ) throws(AIGCError) -> (any Report)? {
    let model = try ForecastModel(folder: path)
    let series = try TimeSeries.read(
      file, for: model.configuration.columns, interpolates: false)
    try model.check(series, steps: model.configuration.horizon)
    let start = max(model.configuration.needed, model.configuration.period ?? 1)
    return try ForecastEvaluation(model, series, from: start)
  }
}

extension ForecastModel {
  /// Checks that a forecast can go on from a series.
  /// - Parameters:
  ///   - series: what is to be forecast.
  ///   - steps: known values that are to be forecast.
  /// - Throws: ``/Files/AIGCError`` (mismatch).
  public func check(_ series: TimeSeries, steps: Int = 0) throws(AIGCError) {
    let needed = max(configuration.needed, configuration.period ?? 1) + steps
    guard series.count >= needed else {
      throw .mismatch(
        "\(series.path): \(counted(series.count, "value")); the model needs at least \(needed)")
    }
    guard configuration.normalisation.usesLogarithm else { return }
    guard series.values.allSatisfy({ $0.allSatisfy { $0 > 0 } }) else {
      throw .mismatch(
        "\(series.path): the model takes logarithms, and some values are not above 0")
    }
  }
}
