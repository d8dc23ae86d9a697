import Files
import Glibc
import Synchronization

/// One line on a terminal that says how far a long computation is: stage, percent, rate, time left.
/// Without a terminal, or with `--quiet`, nothing is shown. May be advanced from several threads.
public final class ProgressLine: Sendable {
  /// What is counted.
  public enum Unit: Sendable {
    case bytes
    /// "tokens", "images" …
    case items(String)
    /// Shares of the whole, whose rate says nothing.
    case share
  }

  private struct Stage {
    var name: String
    var total: Int
    var unit: Unit
    var start = ContinuousClock.now
    var lastShown: ContinuousClock.Instant?
  }

  private let isShown: Bool
  private let done = Atomic<Int>(0)
  private let stage: Mutex<Stage>
  private static let interval = Duration.milliseconds(100)

  /// A line for the first stage, named "counting", say; `total` is how much there is to do, 0 when
  /// nobody knows.
  public init(_ name: String, total: Int, unit: Unit) {
    isShown = Diagnostics.isTerminal && !Diagnostics.isQuiet
    stage = Mutex(Stage(name: name, total: total, unit: unit))
  }

  /// Begins the next stage at zero.
  public func begin(_ name: String, total: Int, unit: Unit) {
    done.store(0, ordering: .relaxed)
    stage.withLock { $0 = Stage(name: name, total: total, unit: unit) }
  }

  /// Counts `amount` more as done. Cheap, but not free: call it once a block, not once an item.
  public func advance(by amount: Int) {
    guard isShown else { return }
    done.add(amount, ordering: .relaxed)
    draw()
  }

  /// Says how much is done in all.
  public func advance(to amount: Int) {
    guard isShown else { return }
    done.store(amount, ordering: .relaxed)
    draw()
  }

  /// Shows a text of the caller's own in place of stage and percent.
  public func show(_ text: @autoclosure () -> String) {
    guard isShown else { return }
    _ = stage.withLockIfAvailable { stage in
      guard Self.isDue(&stage) else { return }
      Diagnostics.showProgress(text())
    }
  }

  /// Clears the line.
  public func finish() {
    if isShown { Diagnostics.showProgress("") }
  }

  deinit { finish() }

  private func draw() {
    // A thread that finds the line busy leaves the drawing to the one that holds it.
    _ = stage.withLockIfAvailable { stage in
      guard Self.isDue(&stage) else { return }
      let text = Self.text(
        stage: stage.name, done: done.load(ordering: .relaxed), total: stage.total,
        unit: stage.unit, seconds: (ContinuousClock.now - stage.start).seconds)
      Diagnostics.showProgress(text)
    }
  }

  /// Whether the line has stood long enough to be read.
  private static func isDue(_ stage: inout Stage) -> Bool {
    let now = ContinuousClock.now
    if let last = stage.lastShown, now - last < interval { return false }
    stage.lastShown = now
    return true
  }

  /// The line: "counting  43%  12.3 MB/s  0:12 left".
  static func text(stage: String, done: Int, total: Int, unit: Unit, seconds: Double) -> String {
    var parts = [stage]
    let amount = Double(max(done, 0))
    if total > 0 { parts.append("\(min(100, Int(amount / Double(total) * 100)))%") }
    if seconds > 0.2, done > 0 {
      let rate = amount / seconds
      switch unit {
      case .bytes: parts.append("\(Format.byteCount(Int(rate)))/s")
      case .items(let name): parts.append("\(Format.short(rate)) \(name)/s")
      case .share: break
      }
      if total > done {
        parts.append("\(Format.time(seconds: Double(total - done) / rate)) left")
      }
    }
    return parts.joined(separator: "  ")
  }
}
