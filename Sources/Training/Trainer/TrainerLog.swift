import Files
import Glibc

/// What a run writes beside its model: `log.jsonl`, `loss.png`, files for TensorBoard. Also its
/// clock.
final class TrainerLog {
  private let folder: String
  private let log: MetricsLog
  private let events: EventFile?
  /// Seconds of the run before it was resumed.
  private let earlierSeconds: Double
  private let start = ContinuousClock.now
  /// When the steps since the last line began, and their time without evaluations and saves.
  private var resumed = ContinuousClock.now
  private var stepSeconds = 0.0
  private var hasRows: Bool

  /// - Parameters:
  ///   - step: the step after which the run goes on; nil: a new run.
  init(folder: String, tensorboard: Bool, resumingAfter step: Int?) throws(AIGCError) {
    self.folder = folder
    let path = "\(folder)/\(MetricsLog.fileName)"
    if let step {
      log = try MetricsLog(path: path, resumingAfter: step)
      let last = try MetricsLog.read(path).last
      earlierSeconds = last?["seconds"] ?? 0
      hasRows = last != nil
    } else {
      log = try MetricsLog(path: path)
      (earlierSeconds, hasRows) = (0, false)
    }
    events = tensorboard ? try EventFile(folder: folder, resumingAfter: step) : nil
  }

  /// Seconds since the run began, without the breaks between its processes.
  var seconds: Double { earlierSeconds + secondsHere }
  /// Seconds of this process.
  var secondsHere: Double { Self.seconds(since: start) }
  /// Seconds of the steps since the last line.
  var secondsOfSteps: Double { stepSeconds + Self.seconds(since: resumed) }

  /// Runs something whose time is not that of steps.
  func pausing<R>(_ body: () throws(AIGCError) -> R) throws(AIGCError) -> R {
    stepSeconds += Self.seconds(since: resumed)
    defer { resumed = .now }
    return try body()
  }

  /// Writes a line and begins the next.
  func append(
    step: Int, means: [(name: String, value: Double)], validation: (name: String, value: Double)?,
    notes: [JSONValue.Member], rate: Float, itemsPerSecond: Double
  ) throws(AIGCError) {
    var members = means.map { JSONValue.Member($0.name, .double($0.value)) }
    if let validation { members.append(.init(validation.name, .double(validation.value))) }
    members += notes
    members.append(.init("lr", .float(rate)))
    members.append(.init("items_per_second", .double(Self.rounded(itemsPerSecond))))
    members.append(.init("seconds", .double(Self.rounded(seconds))))
    try log.append(step: step, members)
    hasRows = true
    if let events {
      var scalars = means.map { (tag: $0.name == "loss" ? "loss/train" : $0.name, value: $0.value) }
      if let validation {
        let isLoss = validation.name == "val_loss"
        scalars.append((isLoss ? "loss/validation" : validation.name, validation.value))
      }
      scalars += notes.compactMap { note in note.value.number.map { (note.name, $0) } }
      scalars += [("lr", Double(rate)), ("items_per_second", itemsPerSecond)]
      try events.append(step: step, scalars)
    }
    (stepSeconds, resumed) = (0, .now)
  }

  /// Draws the image of the log.
  func draw() throws(AIGCError) {
    guard hasRows else { return }
    try LossCurve.write(
      log: log.path, to: "\(folder)/\(LossCurve.fileName)", title: lastComponent(of: folder))
  }

  private static func seconds(since start: ContinuousClock.Instant) -> Double {
    (ContinuousClock.now - start) / .seconds(1)
  }

  /// To milliseconds: more digits say nothing.
  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
