/// Forecasts that need no model, which every model has to beat.
public enum ForecastBaselines {
  /// The last value, `horizon` times; empty without a history.
  public static func naive(_ history: [Double], horizon: Int) -> [Double] {
    guard let last = history.last, horizon > 0 else { return [] }
    return [Double](repeating: last, count: horizon)
  }

  /// The last period, repeated over `horizon` steps: the seasonal naive method.
  /// - Parameters:
  ///   - history: known values, the latest last.
  ///   - period: steps of a season; what is not 1 up to the length of the history gives the naive forecast.
  ///   - horizon: values to forecast; none below 1.
  public static func seasonalNaive(_ history: [Double], period: Int, horizon: Int) -> [Double] {
    guard period >= 1, period <= history.count, horizon > 0 else {
      return naive(history, horizon: horizon)
    }
    let season = Array(history.suffix(period))
    return (0..<horizon).map { season[$0 % period] }
  }

  /// The period with the highest peak of the autocorrelation, after the straight line through the
  /// series is taken away. Of peaks within a tenth of the highest the shortest is taken, since the
  /// multiples of a period peak as well. At least two periods must be seen.
  /// - Parameters:
  ///   - history: known values, the latest last.
  ///   - longest: no longer period is looked for; the time is `longest * history.count`.
  /// - Returns: 2 or more; nil when no peak is above noise (1.96/√n), above 0.2 and stands out from
  ///   the shorter lags.
  public static func period(of history: [Double], longest: Int = 1000) -> Int? {
    let correlation = autocorrelation(of: detrended(history), longest: longest + 1)
    guard correlation.count > 3 else { return nil }
    let threshold = max(1.96 / Double(history.count).squareRoot(), 0.2)
    var peaks: [Int] = []
    var lowest = correlation[1]
    for lag in 2..<correlation.count - 1 {
      let value = correlation[lag]
      if value > threshold, value >= correlation[lag - 1], value > correlation[lag + 1],
        value - lowest > 0.1
      {
        peaks.append(lag)
      }
      lowest = min(lowest, value)
    }
    guard let highest = peaks.map({ correlation[$0] }).max() else { return nil }
    return peaks.first { correlation[$0] >= 0.9 * highest }
  }

  /// The autocorrelation at lags 0, 1, … up to `longest`, at most half the length of the series
  /// (plus one, so that a period of half the series has both its neighbours); the usual estimate with
  /// the divisor n. Empty for a constant series and for values that are not finite.
  public static func autocorrelation(of series: [Double], longest: Int) -> [Double] {
    let last = min(longest, series.count / 2 + 1, series.count - 1)
    guard last >= 1 else { return [] }
    let mean = series.reduce(0, +) / Double(series.count)
    // A common factor changes nothing, and the squares cannot overflow.
    let largest = series.reduce(0) { max($0, ($1 - mean).magnitude) }
    guard largest > 0, largest.isFinite, largest > mean.magnitude * 1e-12 else { return [] }
    let centered = series.map { ($0 - mean) / largest }
    let variance = centered.reduce(0) { $0 + $1 * $1 }
    guard variance.isFinite else { return [] }
    return (0...last).map { lag in
      var sum = 0.0
      for index in lag..<centered.count { sum += centered[index] * centered[index - lag] }
      return sum / variance
    }
  }

  /// The series without its least-squares line.
  private static func detrended(_ series: [Double]) -> [Double] {
    let count = Double(series.count)
    guard series.count >= 2 else { return series }
    let mean = series.reduce(0, +) / count
    let middle = (count - 1) / 2
    var (covariance, variance) = (0.0, 0.0)
    for (index, value) in series.enumerated() {
      let distance = Double(index) - middle
      covariance += distance * (value - mean)
      variance += distance * distance
    }
    let slope = covariance / variance
    let rest = series.enumerated().map { $1 - mean - slope * (Double($0) - middle) }
    // What a straight line leaves is rounding, not a season.
    let largest = rest.reduce(0) { max($0, $1.magnitude) }
    let size = series.reduce(0) { max($0, $1.magnitude) }
    return largest > size * 1e-9 ? rest : [Double](repeating: 0, count: rest.count)
  }
}
