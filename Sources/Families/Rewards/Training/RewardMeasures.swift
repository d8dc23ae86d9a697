import Files
import Plots
import Training

/// What a policy gets on the held-out prompts.
struct RewardEvaluation: Sendable {
  var reward: Double
  var parts: [(name: String, value: Double)]
  /// From the reference, nats a completion.
  var divergence: Double
  var completions: [Completion]
  /// Of each completion.
  var rewards: [Double]
}

/// A tuned model beside the one that it began with, on prompts that it did not learn from.
public struct RewardMeasures: Report {
  /// The file of what both write, in a run's folder: JSON objects with `prompt`, `before`, `after` and the rewards of
  /// both.
  public static let fileName = "samples.jsonl"

  let before: RewardEvaluation
  let after: RewardEvaluation
  let bound: Double
  /// Prompts that are shown.
  private static let shown = 3

  private func object(_ index: Int) -> JSONValue {
    .object([
      .init("prompt", .string(before.completions[index].prompt)),
      .init("before", .string(before.completions[index].text)),
      .init("after", .string(after.completions[index].text)),
      .init("reward_before", .double(before.rewards[index])),
      .init("reward_after", .double(after.rewards[index])),
    ])
  }

  /// The first completion of each of some prompts.
  private var places: [Int] {
    Array(stride(from: 0, to: before.completions.count, by: RewardData.samples))
  }

  func write(to path: String) throws(AIGCError) {
    var bytes: [UInt8] = []
    for index in before.completions.indices {
      object(index).write(into: &bytes)
      bytes.append(10)
    }
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.commit(sync: true)
  }

  /// Rewards before and after, in all and of each kind, the divergence, and some completions, as JSON.
  public var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = [
      .init("reward_before", .double(before.reward)), .init("reward_after", .double(after.reward)),
    ]
    if before.parts.count > 1 {
      for (old, new) in zip(before.parts, after.parts) {
        members.append(.init("reward_\(old.name)_before", .double(old.value)))
        members.append(.init("reward_\(old.name)_after", .double(new.value)))
      }
    }
    return members + [
      .init("kl", .double(after.divergence)),
      .init("samples", .array(places.prefix(Self.shown).map { object($0) })),
    ]
  }

  /// The same in lines for people.
  public var text: String {
    func digits(_ value: Double) -> String { Format.fixed(value, 3) }
    func line(_ text: String) -> String {
      text.split(whereSeparator: { $0.isNewline }).joined(separator: " / ")
    }
    var result =
      "held-out reward \(digits(before.reward)) before, \(digits(after.reward)) after, "
      + "KL \(Format.fixed(after.divergence, 2)) nats a text (at most \(Format.fixed(bound, 1)))\n"
    if before.parts.count > 1 {
      for (old, new) in zip(before.parts, after.parts) {
        result += "\(old.name) \(digits(old.value)) before, \(digits(new.value)) after\n"
      }
    }
    for index in places.prefix(Self.shown) {
      result +=
        "before: \(line(before.completions[index].prompt + before.completions[index].text))\n"
      result += "after:  \(line(after.completions[index].prompt + after.completions[index].text))\n"
    }
    return result
  }
}

/// The image of a run by rewards: how far the policy is from the reference. The rewards stand in
/// ``/Training/LossCurve``'s.
enum DivergenceCurve {
  static let fileName = "kl.png"

  static func write(log: String, to path: String, title: String) throws(AIGCError) {
    guard fileExists(log) else { return }
    let rows = try MetricsLog.read(log)
    var plot = LinePlot(title: title, xLabel: "step", yLabel: "KL from the reference (nats a text)")
    for (name, key, color) in [("training", "kl", 0), ("held out", "val_kl", 1)] {
      let points = rows.compactMap { row in row[key].map { LinePlot.Point(Double(row.step), $0) } }
      if !points.isEmpty {
        plot.series.append(.init(name, points, color: PlotColor.palette[color]))
      }
    }
    guard !plot.series.isEmpty else { return }
    try plot.image().write(to: path)
  }
}
