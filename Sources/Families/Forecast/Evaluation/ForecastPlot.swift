import Plots
import Files
import Training

/// Images of forecasts: what is known in black, the model in blue.
package enum ForecastPlot {
  private static let known = PlotColor(60, 60, 60)
  private static let naive = PlotColor(170, 170, 170)
  /// Steps that an image shows before the forecast, and forecasts at most.
  private static let shortest = 24
  private static let most = 200

  /// The start of a held-out part: what came, the model's forecast from its beginning, and the naive
  /// ones.
  package static func heldOut(
    _ model: ForecastModel, _ series: TimeSeries, from start: Int
  ) throws(AIGCError) -> LinePlot {
    let configuration = model.configuration
    let shown = max(configuration.horizon, min(5 * configuration.horizon, most))
    let length = min(series.count - start, shown)
    let values = series.values[0]
    let forecast = try model.forecasts(series.values, from: [start], horizon: length)[0][0]
    let first = max(0, start - max(shortest, length * 3 / 2))
    var plot = LinePlot(
      title: "\(series.columns[0]): forecast of \(length) known steps", xLabel: "step",
      yLabel: series.columns[0])
    plot.xNames = Array(series.labels.dropFirst(first).prefix(start + length - first))
    let offset = plot.xNames.isEmpty ? first : 0
    // Lines go on from the last known value.
    let end = values[start - 1]
    let (from, palette) = (start - 1 - first + offset, PlotColor.palette)
    let history = Array(values[..<start])
    if let period = configuration.period {
      let seasonal = ForecastBaselines.seasonalNaive(history, period: period, horizon: length)
      plot.series.append(
        .init(
          "seasonal naive (\(period))", values: [end] + seasonal, from: from, color: palette[1],
          width: 1.5, isDashed: true))
    }
    plot.series += [
      .init(
        "naive", values: [end] + ForecastBaselines.naive(history, horizon: length), from: from,
        color: naive, width: 1.5, isDashed: true),
      .init(
        "what came", values: Array(values[first..<start + length]), from: offset, color: known,
        width: 1.5),
      .init(
        "\(configuration.network.rawValue) forecast", values: [end] + forecast, from: from,
        color: palette[0], width: 2.5),
    ]
    plot.markers = [.init(x: Double(from), .shaded(to: .infinity))]
    return plot
  }

  /// Forecasts beyond the end of a series.
  /// - Parameters:
  ///   - samples: forecasts of the first column; the first one is the line, more are drawn thin.
  ///   - labels: of the forecast's steps; empty: steps are counted.
  package static func future(
    _ series: TimeSeries, _ samples: [[Double]], labels: [String], isNoisy: Bool
  ) -> LinePlot {
    let length = samples.first?.count ?? 0
    let shown = series.suffix(max(shortest, min(length * 2, 400)))
    let values = shown.values[0]
    var plot = LinePlot(
      title: "\(series.columns[0]): \(counted(length, "step")) ahead", xLabel: "step",
      yLabel: series.columns[0])
    let hasNames = shown.labels.count == values.count && !labels.isEmpty
    if hasNames { plot.xNames = shown.labels + labels }
    // The forecast's first step is step 1.
    let start = hasNames ? 0 : 1 - values.count
    let from = start + values.count - 1
    plot.series = [.init("known", values: values, from: start, color: known, width: 1.5)]
    let end = values.suffix(1)
    let blue = PlotColor.palette[0]
    for (index, sample) in samples.enumerated() where isNoisy {
      plot.series.append(
        .init(
          index == 0 ? "samples" : "", values: end + sample, from: from, color: blue, width: 1.5,
          opacity: min(1, max(0.15, 3 / Double(samples.count)))))
    }
    if !isNoisy, let sample = samples.first {
      plot.series.append(
        .init("forecast", values: end + sample, from: from, color: blue, width: 2.5))
    }
    plot.markers = [.init(x: Double(from), .shaded(to: .infinity))]
    return plot
  }
}

/// A number to about four digits for tables: "12.34", "0.5678", "123457".
func shortNumber(_ value: Double) -> String {
  guard value.isFinite else { return "-" }
  let size = value.magnitude
  guard size < 1e15, size >= 1e-6 || size == 0 else { return "\(Float(value))" }
  var (unit, decimals) = (1.0, 0)
  while size * unit < 1000, size > 0, decimals < 9 { (unit, decimals) = (unit * 10, decimals + 1) }
  return Format.fixed(value, decimals)
}
