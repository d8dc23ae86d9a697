import Files
import Training

/// How a series is cut and seen: what of it is learned from, what is held out, which transform, how
/// many steps the network sees. The parts follow each other: training, validation (chooses the
/// weights), held out (measures the forecasts, and is never learned from).
struct ForecastPlan: Equatable, Sendable {
  var period: Int?
  /// Where validation and the held-out part begin.
  var validationStart: Int
  var heldOutStart: Int
  var context: Int
  var horizon: Int
  var transform: SeriesTransform

  /// The shortest series and context.
  private static let shortest = 20
  private static let leastContext = 4

  /// - Throws: ``/Files/AIGCError``: badInput when the series is too short, usage when an option does not fit
  ///   it.
  init(
    _ series: TimeSeries, _ options: ForecastSettings, heldOutShare: Double?
  ) throws(AIGCError) {
    let count = series.count
    guard count >= Self.shortest else {
      throw .badInput(
        "\(series.path): a series of \(counted(count, "value")); at least \(Self.shortest) are needed"
      )
    }
    let share = heldOutShare ?? 0.15
    let target = series.values[0]
    // The held-out part, a quarter at most where it is chosen here, may not say what its season is.
    let unseen = max(Int((Double(count) * (heldOutShare ?? 0.25)).rounded(.up)), 2)
    let period = Self.period(Array(target.prefix(count - unseen)), options.period)
    var heldOut = max(Int((Double(count) * share).rounded()), 2)
    if heldOutShare == nil, let period {
      heldOut = max(heldOut, min(2 * period, count / 4))
    }
    let validation = max(min(heldOut, max(count / 10, period ?? 0)), 2)
    self.period = period
    heldOutStart = count - heldOut
    validationStart = heldOutStart - validation
    let training = series.values.map { [validationStart] in Array($0.prefix(validationStart)) }
    let usesLogarithm = try Self.usesLogarithm(series, training, options, period)
    var lag = SeriesTransform.lag(
      of: usesLogarithm ? SeriesTransform.logarithms(training[0]) : training[0],
      options.difference, period: period)
    // A season must leave enough to learn from.
    if options.difference == .auto, validationStart - lag < 3 * Self.leastContext { lag = 1 }
    transform = SeriesTransform(training, lag: lag, usesLogarithm: usesLogarithm)
    let room = validationStart - lag
    let fitting = min(max(6 * (period ?? 0), 24), 128, room / 3)
    context = options.context ?? max(fitting, Self.leastContext)
    guard room > context else {
      throw .badInput(
        "\(series.path): a series of \(counted(count, "value")) is too short: \(validationStart) are left to "
          + "learn from, a context of \(context) and a difference of \(lag) need more")
    }
    horizon = options.horizon ?? min(max(period ?? 0, 12), max(heldOut / 2, 1))
    guard horizon <= heldOut else {
      throw .usage(
        "`horizon` \(horizon): more than the \(counted(heldOut, "value")) that are held out")
    }
  }

  private static func period(_ known: [Double], _ asked: Int?) -> Int? {
    guard let asked else {
      return ForecastBaselines.period(of: known, longest: min(1000, known.count / 3))
    }
    return asked >= 2 ? asked : nil
  }

  private static func usesLogarithm(
    _ series: TimeSeries, _ training: [[Double]], _ options: ForecastSettings, _ period: Int?
  ) throws(AIGCError) -> Bool {
    let isPositive = series.values.allSatisfy { $0.allSatisfy { $0 > 0 } }
    if options.logarithm == true, !isPositive {
      throw .usage("`logarithm`: the series has values that are not above 0")
    }
    return options.logarithm
      ?? (isPositive
        && training.allSatisfy { SeriesTransform.prefersLogarithm($0, period: period) })
  }
}
