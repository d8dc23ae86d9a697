/// An error a user can act on: one line that says what, where and what to do, with the exit code
/// of the process. Every failure that a file, a flag or a model can cause is one of these.
public struct AIGCError: Error, CustomStringConvertible, Equatable, Sendable {
  /// Exit codes of the `aigc` command.
  public enum Code: Int32, Sendable {
    /// The run failed: disk full, folder not writable.
    case failed = 1
    /// Wrong flags or arguments.
    case usage = 2
    /// An input file is missing or is not what it should be.
    case badInput = 3
    /// The model and the data (or two models) do not fit each other.
    case mismatch = 4
    /// Training diverged (NaN).
    case diverged = 5
    /// Ctrl-C.
    case interrupted = 130
  }

  public let code: Code
  /// One line without a final full stop: "corpus.txt: byte 512 is not UTF-8; pass --tokens byte".
  public let description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  public static func failed(_ text: String) -> AIGCError { AIGCError(.failed, text) }
  public static func usage(_ text: String) -> AIGCError { AIGCError(.usage, text) }
  public static func badInput(_ text: String) -> AIGCError { AIGCError(.badInput, text) }
  public static func mismatch(_ text: String) -> AIGCError { AIGCError(.mismatch, text) }
  public static let interrupted = AIGCError(.interrupted, "interrupted")
}
