import Files
import Training

/// Forecasts of time series by recurrent networks. They are trained by `aigc train rnn|gru|lstm
/// --task forecast`.
public struct ForecastFamily: Family {
  public init() {}

  public static let name = "forecast"
  public static let kind = "series"

  public var name: String { Self.name }
  public var kind: String { Self.kind }

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
  /// - Parameter steps: known values that are to be forecast.
  /// - Throws: ``AIGCError`` (mismatch).
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
