import Glibc
import Training

/// How values become what the network sees, and back: maybe a logarithm, maybe the difference to the
/// value some steps before, then mean 0 and deviation 1 over the training part.
public struct SeriesTransform: Codable, Equatable, Sendable {
  /// Whether logarithms are taken: swings that grow with the level then stay alike.
  public var usesLogarithm: Bool
  /// Steps to the value that is subtracted; 0: none.
  public var lag: Int
  /// Of each column, after the steps before.
  public var means: [Double]
  /// The standard deviation of each column, after the same steps; 1 for a column that is constant
  /// then.
  public var deviations: [Double]

  /// The keys in the `normalisation` of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case usesLogarithm = "logarithm"
    case lag = "difference_lag"
    case means, deviations
  }

  /// Forecasts of logarithms above this are taken as this: their exponential is still finite.
  private static let largestLogarithm = 230.0

  /// Fits the transform to the training part.
  public init(_ values: [[Double]], lag: Int, usesLogarithm: Bool) {
    self.usesLogarithm = usesLogarithm
    self.lag = lag
    means = []
    deviations = []
    for column in values {
      let differences = Self.differences(column.map { leveled($0) }, lag: lag)
      let (mean, deviation) = Self.moments(differences)
      means.append(mean)
      // A constant stays one.
      let size = differences.reduce(0) { max($0, $1.magnitude) }
      deviations.append(deviation > size * 1e-12 ? deviation : 1)
    }
  }

  /// The value of which differences are taken.
  public func leveled(_ value: Double) -> Double { usesLogarithm ? log(value) : value }

  /// Its inverse.
  public func value(_ level: Double) -> Double {
    usesLogarithm ? exp(min(max(level, -Self.largestLogarithm), Self.largestLogarithm)) : level
  }

  /// What the network sees of a column, from step `lag` on.
  public func inputs(_ levels: [Double], column: Int) -> [Float] {
    Self.differences(levels, lag: lag).map {
      Float(($0 - means[column]) / deviations[column])
    }
  }

  /// The level that a network's output stands for.
  /// - Parameters:
  ///   - output: what the network gives for the column's next step.
  ///   - levels: all those before.
  ///   - column: its number, from 0.
  public func level(_ output: Float, after levels: [Double], column: Int) -> Double {
    // A network far off its range may not reach infinity.
    let bounded = min(max(Double(output), -1e6), 1e6)
    let change = bounded * deviations[column] + means[column]
    return lag > 0 && levels.count >= lag ? levels[levels.count - lag] + change : change
  }

  /// The differences of values that are `lag` steps apart.
  /// - Returns: `lag` values fewer than there were, none for too short a series; the values
  ///   themselves for a lag of 0.
  public static func differences(_ values: [Double], lag: Int) -> [Double] {
    guard lag > 0 else { return values }
    guard values.count > lag else { return [] }
    return (lag..<values.count).map { values[$0] - values[$0 - lag] }
  }

  /// The mean and the standard deviation of a population, with the number of values as divisor;
  /// zeros for no values.
  public static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    guard !values.isEmpty else { return (0, 0) }
    let mean = values.reduce(0) { $0 + $1 / Double(values.count) }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / Double(values.count) }
    return (mean, variance.squareRoot())
  }
}

// MARK: Choice

extension SeriesTransform {
  /// The natural logarithm of each value.
  public static func logarithms(_ values: [Double]) -> [Double] { values.map { log($0) } }
}

/// What is subtracted from a value before the network sees it.
public enum Differencing: String, Codable, CaseIterable, Sendable {
  case auto, none, first, seasonal
}

extension SeriesTransform {
  /// Whether swings grow with the level: over pieces of one period, the deviation divided by the mean
  /// must vary clearly less than the deviation itself (Guerrero 1993, between λ = 0 and 1).
  public static func prefersLogarithm(_ values: [Double], period: Int?) -> Bool {
    guard values.allSatisfy({ $0 > 0 }) else { return false }
    let size = max(period ?? max(values.count / 10, 4), 2)
    let pieces = stride(from: 0, through: values.count - size, by: size).map {
      moments(Array(values[$0..<$0 + size]))
    }
    guard pieces.count >= 4 else { return false }
    func variation(_ values: [Double]) -> Double {
      let (mean, deviation) = moments(values)
      return mean > 0 ? deviation / mean : .infinity
    }
    let plain = variation(pieces.map { $0.deviation })
    let relative = variation(pieces.map { $0.deviation / $0.mean })
    return plain > 0.1 && relative < 0.8 * plain
  }

  /// The lag of the difference. A season is subtracted where that lessens the variance, else the last
  /// value where that halves it.
  public static func lag(of values: [Double], _ choice: Differencing, period: Int?) -> Int {
    func variance(_ lag: Int) -> Double {
      let deviation = moments(differences(values, lag: lag)).deviation
      return deviation * deviation
    }
    switch choice {
    case .none: return 0
    case .first: return 1
    case .seasonal: return period ?? 1
    case .auto:
      if let period, variance(period) < variance(0) { return period }
      return variance(1) < 0.5 * variance(0) ? 1 : 0
    }
  }
}
