import Files
import Plots
import Training

/// The image of an agent's training: the returns of its episodes and of its evaluations over the steps of the log.
enum ReturnCurve {
  /// The file's name inside a run's folder.
  static let fileName = "reward.png"

  /// Draws the log at `log` to the PNG file `path`; nothing where the log has no line yet.
  /// - Throws: ``/Files/AIGCError``: badInput when the log is damaged, failed when the disk refuses.
  static func write(
    log: String, to path: String, title: String, solved: Double?
  ) throws(AIGCError) {
    guard fileExists(log) else { return }
    let rows = try MetricsLog.read(log)
    guard !rows.isEmpty else { return }
    var plot = LinePlot(title: title, xLabel: "step", yLabel: "return of an episode")
    let training = LossCurve.points(rows, "episode_reward")
    let evaluated = LossCurve.points(rows, "eval_reward")
    plot.series = [
      .init("training (mean of the last 100)", training, color: PlotColor.palette[0]),
      .init(
        "evaluation", evaluated, color: PlotColor.palette[1], hasDots: evaluated.count <= 60),
    ].filter { !$0.points.isEmpty }
    if let solved, let last = rows.last?.step {
      let ends = [LinePlot.Point(0, solved), LinePlot.Point(Double(last), solved)]
      plot.series.append(.init("solved", ends, width: 1, isDashed: true))
    }
    try plot.image().write(to: path)
  }
}
