import Glibc
import Synchronization

/// Standard output: it carries the answer and nothing else.
///
/// Text is gathered into blocks; ``stream(_:)`` shows pieces as they come. When the reader has gone
/// (`| head -1`) writing throws, and the program then ends the process quietly.
public enum StandardOutput {
  private struct State {
    var pending: [UInt8] = []
    var isClosed = false
    var lastFlush = ContinuousClock.now - .seconds(1)
  }

  private static let state = Mutex(State())
  private static let blockSize = 1 << 16
  /// Pieces that follow each other faster than this go out together: a system call a token would
  /// cost more than the token.
  private static let coalescing = Duration.milliseconds(2)

  private static let missing = Mutex(false)
  /// Whether the process was started without standard output (`>&-`).
  public static var isMissing: Bool { missing.withLock { $0 } }
  package static func setMissing() { missing.withLock { $0 = true } }

  /// Whether the reader of the pipe has gone.
  public static var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Writes through a buffer.
  /// - Throws: ``AIGCError`` (failed) on a full disk or a closed pipe.
  public static func write(_ bytes: [UInt8]) throws(AIGCError) {
    try state.withLock { (state) throws(AIGCError) in
      state.pending.append(contentsOf: bytes)
      if state.pending.count >= blockSize { try flush(&state) }
    }
  }

  /// Writes the UTF-8 of a text through the same buffer.
  /// - Throws: ``AIGCError`` (failed) on a full disk or a closed pipe.
  public static func write(_ text: String) throws(AIGCError) { try write(Array(text.utf8)) }

  /// Writes a piece of text that a reader is waiting for.
  public static func stream(_ bytes: [UInt8]) throws(AIGCError) {
    try state.withLock { (state) throws(AIGCError) in
      state.pending.append(contentsOf: bytes)
      let now = ContinuousClock.now
      guard now - state.lastFlush >= coalescing || state.pending.count >= blockSize else { return }
      state.lastFlush = now
      try flush(&state)
    }
  }

  /// Hands everything written so far to the system.
  public static func flush() throws(AIGCError) {
    try state.withLock { (state) throws(AIGCError) in try flush(&state) }
  }

  private static func flush(_ state: inout State) throws(AIGCError) {
    var rest = state.pending[...]
    state.pending.removeAll(keepingCapacity: true)
    while !rest.isEmpty {
      let block = Array(rest.prefix(blockSize))
      let size = Glibc.write(STDOUT_FILENO, block, block.count)
      if size >= 0 {
        rest = rest.dropFirst(size)
      } else if errno == EPIPE {
        state.isClosed = true
        throw .failed("standard output is closed")
      } else if errno != EINTR {
        throw .failed("cannot write the output: \(systemErrorText())")
      }
    }
  }
}
