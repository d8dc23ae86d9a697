import Glibc
import Synchronization

/// Ctrl-C, as a flag that long loops look at. The first one asks a run to stop in order
/// (training saves, temporary files go); a second one ends the process at once.
public enum Interruption {
  private static let requests = Atomic<Int>(0)

  /// Installs the handler for SIGINT and SIGTERM, and ignores SIGPIPE (a closed pipe is then an
  /// error of `write`).
  public static func install() {
    signal(SIGPIPE, SIG_IGN)
    // A file beyond the limit of its size, too.
    signal(SIGXFSZ, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        if Interruption.requests.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
      }
    }
  }

  /// Whether SIGINT (Ctrl-C) or SIGTERM has arrived since ``install()`` was called.
  public static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

  /// - Throws: ``AIGCError/interrupted`` after Ctrl-C.
  public static func check() throws(AIGCError) {
    if isRequested { throw .interrupted }
  }
}
