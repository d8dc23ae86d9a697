import Glibc
import Synchronization

/// Whether work is asked to stop, as long loops look: by its ``Cancellation``, or by its `Task`. In the
/// program Ctrl-C asks; a second one ends the process at once.
public enum Interruption {
  /// The program's: Ctrl-C cancels it.
  private static let program = Cancellation()
  private static let signals = Atomic<Int>(0)
  /// That of one answer of a dialogue, and whether it is being made.
  private static let answer = Cancellation()
  private static let isAnswering = Atomic<Bool>(false)

  /// Runs a program's work under handlers for SIGINT and SIGTERM, which ask it to stop, and ignores
  /// SIGPIPE (a closed pipe is then an error of `write`). For programs; a library's user hands in a
  /// ``Cancellation``.
  package static func run<Result>(_ body: () -> Result) -> Result {
    signal(SIGPIPE, SIG_IGN)
    // A file beyond the limit of its size, too.
    signal(SIGXFSZ, SIG_IGN)
    let cancellation = program
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if number == SIGINT, Interruption.isAnswering.load(ordering: .relaxed),
          !Interruption.answer.isRequested
        {
          return Interruption.answer.cancel()
        }
        Interruption.program.cancel()
        if Interruption.signals.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
      }
    }
    return cancellation.run(body)
  }

  /// Runs work of a program that Ctrl-C stops without stopping the program: one answer of a dialogue. A second
  /// Ctrl-C in its course asks the program to stop, as any other does. One at a time.
  package static func runAnswer<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    answer.reset()
    isAnswering.store(true, ordering: .sequentiallyConsistent)
    defer { isAnswering.store(false, ordering: .sequentiallyConsistent) }
    return try answer.run(body)
  }

  /// Whether the work on this thread is asked to stop.
  public static var isRequested: Bool {
    let current = Cancellation.current
    if current?.isRequested == true { return true }
    guard withUnsafeCurrentTask(body: { $0?.isCancelled ?? false }) else { return false }
    // Threads that help this one are in no task.
    current?.cancel()
    return true
  }

  /// - Throws: ``AIGCError/interrupted`` when the work on this thread is asked to stop.
  public static func check() throws(AIGCError) {
    if isRequested { throw .interrupted }
  }
}
