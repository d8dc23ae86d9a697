import CSystem
import Synchronization

/// Asks work to stop: training then saves and can be resumed, generation ends with what it has, files
/// that are not complete go.
///
/// ```swift
/// let cancellation = Cancellation()
/// // From another thread: cancellation.cancel()
/// try cancellation.run { try recipe.train(to: "my-model") }
/// ```
///
/// Work on the calling thread, and on the threads that help it, looks at the cancellation of its
/// innermost ``run(_:)`` and at those around it; in a `Task` it also looks whether that was cancelled.
public final class Cancellation: Sendable {
  private let requested = Atomic<Bool>(false)
  /// That of the work around.
  private let outer: Cancellation?

  /// Creates one that is asked for when that of the work around is.
  public init() { outer = Self.current }

  /// Asks the work to stop.
  public func cancel() { requested.store(true, ordering: .relaxed) }

  /// Takes the request back, before the next work of the same kind.
  func reset() { requested.store(false, ordering: .relaxed) }

  /// Whether the work is asked to stop.
  public var isRequested: Bool {
    requested.load(ordering: .relaxed) || (outer?.isRequested ?? false)
  }

  /// Runs `body`, and with it stops when this is cancelled.
  /// - Throws: what `body` throws: ``AIGCError/interrupted`` where it was stopped.
  public func run<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result { try Self.run(self, body) }

  /// That of the work on this thread; nil: nothing can stop it.
  package static var current: Cancellation? {
    aigc_cancellation().map { Unmanaged<Cancellation>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Runs `body` under a cancellation, that of a thread that is helped.
  package static func run<Result, Failure>(
    _ cancellation: Cancellation?, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = aigc_cancellation()
    // The reference is held by this call for as long as the thread has it.
    aigc_set_cancellation(cancellation.map { Unmanaged.passUnretained($0).toOpaque() })
    defer {
      aigc_set_cancellation(before)
      withExtendedLifetime(cancellation) {}
    }
    return try body()
  }
}
