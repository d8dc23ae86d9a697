import Files

/// How far a forecast is off.
public struct ForecastMetrics: Sendable, Equatable {
  /// Mean absolute error, in the unit of the series.
  public let mae: Double
  /// Root of the mean squared error, in the unit of the series.
  public let rmse: Double
  /// Mean absolute scaled error: the MAE divided by that of the (seasonal) naive one-step forecast
  /// inside the history; below 1 is better than it (Hyndman and Koehler 2006, "Another look at
  /// measures of forecast accuracy"). nil when the history is constant or not longer than a period.
  public let mase: Double?
  /// Symmetric mean absolute percentage error, 0 to 200, as the M4 competition defines it:
  /// the mean of 200 |a - f| / (|a| + |f|), where 0 / 0 counts as 0.
  public let smape: Double

  /// - Parameters:
  ///   - forecast: as many values as `actual`.
  ///   - actual: what came, at least one value.
  ///   - history: the values before, for the scale of MASE.
  ///   - period: the season of that scale; 1 is the paper's own definition.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when the lengths differ or there is no value.
  public init(
    forecast: [Double], actual: [Double], history: [Double], period: Int = 1
  ) throws(AIGCError) {
    guard forecast.count == actual.count, !actual.isEmpty else {
      throw .mismatch("a forecast of \(forecast.count) values for \(actual.count) known ones")
    }
    let count = Double(actual.count)
    let errors = zip(forecast, actual).map { ($0 - $1).magnitude }
    mae = errors.reduce(0) { $0 + $1 / count }
    rmse = (errors.reduce(0) { $0 + $1 * $1 / count }).squareRoot()
    smape = zip(forecast, actual).reduce(0) { sum, pair in
      let size = pair.0.magnitude + pair.1.magnitude
      return sum + (size > 0 ? 200 * (pair.0 - pair.1).magnitude / size / count : 0)
    }
    mase = Self.scale(of: history, period: period).map { [mae] in mae / $0 }
  }

  /// The mean absolute difference of values `period` steps apart; nil when there is none or it is 0.
  public static func scale(of history: [Double], period: Int = 1) -> Double? {
    guard period >= 1, history.count > period else { return nil }
    let count = Double(history.count - period)
    var sum = 0.0
    for index in period..<history.count {
      sum += (history[index] - history[index - period]).magnitude / count
    }
    return sum > 0 && sum.isFinite ? sum : nil
  }
}
