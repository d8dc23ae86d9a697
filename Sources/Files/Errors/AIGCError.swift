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

  /// The exit code that `aigc` ends with because of the error.
  public let code: Code
  /// One line without a final full stop: "corpus.txt: byte 512 is not UTF-8; pass --tokens byte".
  public let description: String

  /// Creates an error from its exit code and the line that the user reads.
  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  /// An error of code ``Code/failed``: the system refused something that the run needs.
  public static func failed(_ text: String) -> AIGCError { AIGCError(.failed, text) }
  /// An error of code ``Code/usage``: flags or arguments are wrong, or do not go together.
  public static func usage(_ text: String) -> AIGCError { AIGCError(.usage, text) }
  /// An error of code ``Code/badInput``: an input file is missing, damaged or of the wrong kind.
  public static func badInput(_ text: String) -> AIGCError { AIGCError(.badInput, text) }
  /// An error of code ``Code/mismatch``: a model and its data, or two models, do not fit.
  public static func mismatch(_ text: String) -> AIGCError { AIGCError(.mismatch, text) }
  /// The error of code ``Code/interrupted``, which long loops throw after Ctrl-C.
  public static let interrupted = AIGCError(.interrupted, "interrupted")
}
