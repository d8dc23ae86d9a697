import Plots
import Files

/// The image of a training run: its training loss, thin and smoothed, and its validation loss with
/// the lowest point marked. Of two networks that train against each other: both losses; of an autoencoder with a
/// discriminator: each part of its loss.
public enum LossCurve {
  /// The file's name inside a run's folder.
  public static let fileName = "loss.png"

  /// The figure for the rows of a log. A step that stands twice counts as it was logged last.
  /// - Parameters:
  ///   - rows: the lines of the log.
  ///   - title: say the name of the run.
  ///   - unit: what the y axis is called: "loss (nats per token)".
  ///   - isLogarithmic: draws the losses over powers of ten.
  public static func plot(
    _ rows: [MetricsRow], title: String = "", unit: String = "loss", isLogarithmic: Bool = false
  ) -> LinePlot {
    var plot = LinePlot(title: title, xLabel: "step", yLabel: unit)
    plot.isLogarithmic = isLogarithmic
    let (blue, orange) = (PlotColor.palette[0], PlotColor.palette[1])
    let adversarial = adversarialParts(rows)
    if !adversarial.isEmpty {
      for ((name, points), color) in zip(adversarial, PlotColor.palette) {
        plot.series += series(name, points, color)
      }
      // Nats of a whole image stand beside the nats of one decision.
      let isMixed = adversarial.count > 2
      let isPositive = adversarial.allSatisfy { $0.points.allSatisfy { !($0.y <= 0) } }
      plot.isLogarithmic = isLogarithmic || isMixed && isPositive
      return plot
    }
    let rewards = points(rows, "reward")
    if !rewards.isEmpty {
      // What is learned from rewards is to rise; its surrogate loss says nothing of how far it has come.
      let measured = points(rows, "val_reward")
      plot.yLabel = "reward"
      plot.series = series("training", rewards, blue)
      if !measured.isEmpty {
        plot.series.append(
          .init("held out", measured, color: orange, hasDots: measured.count <= 60))
      }
      return plot
    }
    let validation = points(rows, "val_loss")
    plot.series = series("training", points(rows, "loss"), blue)
    if !validation.isEmpty {
      let hasDots = validation.count <= 60
      plot.series.append(.init("validation", validation, color: orange, hasDots: hasDots))
    }
    if let lowest = validation.filter({ $0.y.isFinite }).min(by: { $0.y < $1.y }) {
      let text = "\(digits(lowest.y)) at step \(Int(exactly: lowest.x) ?? 0)"
      plot.notes = [.init(lowest, text)]
    }
    return plot
  }

  /// What a generator and a discriminator learn from; empty for other models.
  private static func adversarialParts(
    _ rows: [MetricsRow]
  ) -> [(name: String, points: [LinePlot.Point])] {
    guard rows.contains(where: { row in row.members.contains { $0.name == "discriminator_loss" } })
    else { return [] }
    let parts = [
      ("reconstruction", "reconstruction"), ("divergence", "kl"), ("features", "feature_loss"),
      ("generator", "generator_loss"), ("discriminator", "discriminator_loss"),
    ].map { (name: $0.0, points: points(rows, $0.1)) }.filter { !$0.points.isEmpty }
    // An autoencoder has a decoder instead of a generator: what is meant is its part of the loss.
    guard parts.count > 2 else { return parts }
    return parts.map { ($0.name == "generator" ? "adversarial" : $0.name, $0.points) }
  }

  /// The line of a loss; of many points a smoothed one, and a thin one of the points themselves.
  private static func series(
    _ name: String, _ points: [LinePlot.Point], _ color: PlotColor
  ) -> [LinePlot.Series] {
    if points.isEmpty { return [] }
    // With few points the line itself can be read.
    if points.count < 30 { return [.init(name, points, color: color)] }
    return [
      .init("", points, color: color, width: 1, opacity: 0.35),
      .init("\(name) (smoothed)", smoothed(points), color: color, width: 2),
    ]
  }

  /// Draws the log at `log` to the PNG file `path`.
  /// - Throws: ``/Files/AIGCError``: badInput when the log is missing or damaged, failed when the disk
  ///   refuses.
  public static func write(
    log: String, to path: String, title: String = "", unit: String = "loss",
    isLogarithmic: Bool = false
  ) throws(AIGCError) {
    let plot = plot(
      try MetricsLog.read(log), title: title, unit: unit, isLogarithmic: isLogarithmic)
    try plot.image().write(to: path)
  }

  /// The values `name` over the steps. A null, a loss that was not finite, is a gap.
  public static func points(_ rows: [MetricsRow], _ name: String) -> [LinePlot.Point] {
    var points: [LinePlot.Point] = []
    for row in rows {
      guard let member = row.members.first(where: { $0.name == name }) else { continue }
      // A run that went on from an earlier step: what came after that step is no longer true.
      while let last = points.last, last.x >= Double(row.step) { points.removeLast() }
      points.append(.init(Double(row.step), member.value.number ?? .nan))
    }
    return points
  }

  /// The mean over a fiftieth of the points, as many before a point as after it: unlike an
  /// exponential average it does not lag behind a falling loss. Towards the ends it narrows to a third.
  static func smoothed(_ points: [LinePlot.Point]) -> [LinePlot.Point] {
    let largest = max(2, points.count / 100)
    // Sums up to each point, over those that are finite.
    var (sums, counts) = ([0.0], [0.0])
    for (index, point) in points.enumerated() {
      let isFinite = point.y.magnitude <= 1e100
      sums.append(sums[index] + (isFinite ? point.y : 0))
      counts.append(counts[index] + (isFinite ? 1 : 0))
    }
    return points.indices.map { index in
      let point = points[index]
      guard point.y.magnitude <= 1e100 else { return .init(point.x, .nan) }
      let radius = max(min(largest, index, points.count - 1 - index), largest / 3)
      let (from, to) = (max(index - radius, 0), min(index + radius + 1, points.count))
      return .init(point.x, (sums[to] - sums[from]) / (counts[to] - counts[from]))
    }
  }

  /// About four significant digits: "1.234", "0.0123", "321.4".
  static func digits(_ value: Double) -> String {
    let size = value.magnitude
    guard size >= 1e-4, size < 1e6 else { return size == 0 ? "0" : "\(Float(value))" }
    var (unit, decimals) = (1.0, 0)
    while size * unit < 1000, decimals < 7 { (unit, decimals) = (unit * 10, decimals + 1) }
    let rounded = Int((size * unit).rounded())
    let sign = value < 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(rounded)" }
    var text = String(rounded)
    while text.utf8.count <= decimals { text = "0" + text }
    return "\(sign)\(text.dropLast(decimals)).\(text.suffix(decimals))"
  }
}
