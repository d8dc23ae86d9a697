import CSystem
import Files
import Glibc

/// Lines from standard input. On a terminal they are edited with the arrow keys, and those before come back;
/// otherwise they come as they are. The terminal is as it was whenever no line is being read.
public final class LineReader {
  /// What was read.
  public enum Line: Equatable, Sendable {
    case text(String)
    /// Ctrl-C on a terminal.
    case cancelled
    /// The end of the input, or Ctrl-D in an empty line.
    case end
  }

  /// Whether lines are typed by somebody who sees what is asked.
  public let isInteractive: Bool
  private var history: [String] = []
  /// Bytes that were read and belong to later lines.
  private var buffered: [UInt8] = []
  private var place = 0
  private static let largestHistory = 1000
  private static let largestLine = 16 << 20

  /// Creates a reader; there is one of them for a process.
  public init() {
    let term = getenv("TERM").map { String(cString: $0) } ?? ""
    isInteractive = isatty(STDIN_FILENO) == 1 && Diagnostics.isTerminal && term != "dumb"
  }

  /// Reads the next line, without its end.
  /// - Parameter prompt: stands before a line that is typed; nothing else shows it.
  /// - Throws: ``/Files/AIGCError``: failed where standard input cannot be read, badInput for a line that is not UTF-8
  ///   or has no end, interrupted.
  public func next(prompt: String) throws(AIGCError) -> Line {
    InputRecord.add(descriptor: STDIN_FILENO)
    guard isInteractive, let mode = TerminalMode() else { return try plainLine() }
    defer { mode.restore() }
    let line = try editedLine(prompt)
    if case .text(let text) = line, !text.isEmpty, history.last != text {
      history.append(text)
      if history.count > Self.largestHistory { history.removeFirst() }
    }
    return line
  }

  private func editedLine(_ prompt: String) throws(AIGCError) -> Line {
    var line = EditedLine(history: history)
    show(line, prompt)
    while true {
      guard let byte = try nextByte() else {
        write("\r\n")
        return .end
      }
      switch line.take(byte) {
      case .changed: if place == buffered.count { show(line, prompt) }
      case .finished:
        show(line, prompt)
        write("\r\n")
        return .text(line.text)
      case .cancelled:
        write("^C\r\n")
        return .cancelled
      case .ended:
        write("\r\n")
        return .end
      }
    }
  }

  private func show(_ line: EditedLine, _ prompt: String) {
    let columns = Int(aigc_terminal_columns(STDERR_FILENO))
    let width = Format.columns(prompt)
    let view = line.view(columns: (columns > 0 ? columns : 80) - width)
    let column = width + view.cursor
    write("\r\(prompt)\(view.text)\u{1B}[K\r" + (column > 0 ? "\u{1B}[\(column)C" : ""))
  }

  private func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let size = Glibc.write(STDERR_FILENO, Array(rest), rest.count)
      if size <= 0, errno != EINTR { return }
      rest = rest.dropFirst(max(size, 0))
    }
  }

  private func plainLine() throws(AIGCError) -> Line {
    var bytes: [UInt8] = []
    var isLine = false
    while let byte = try nextByte() {
      isLine = true
      if byte == UInt8(ascii: "\n") { break }
      guard bytes.count < Self.largestLine else {
        throw .badInput("standard input: a line of more than \(Self.largestLine >> 20) MB")
      }
      bytes.append(byte)
    }
    guard isLine else { return .end }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .badInput("standard input: a line that is not UTF-8 text")
    }
    return .text(text)
  }

  /// The next byte; nil at the end of the input.
  private func nextByte() throws(AIGCError) -> UInt8? {
    if place == buffered.count {
      buffered = try block()
      place = 0
    }
    guard place < buffered.count else { return nil }
    place += 1
    return buffered[place - 1]
  }

  private func block() throws(AIGCError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1 << 12)
    while true {
      // poll, unlike read, comes back at a signal.
      var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      let ready = poll(&request, 1, -1)
      try Interruption.check()
      if ready < 0, errno == EINTR { continue }
      let size = Glibc.read(STDIN_FILENO, &bytes, bytes.count)
      if size < 0 {
        if errno == EINTR { continue }
        // A terminal whose other end is gone has ended.
        if errno == EIO { return [] }
        throw .failed("cannot read standard input: \(systemErrorText())")
      }
      return Array(bytes.prefix(size))
    }
  }
}

/// A terminal that hands over each key as it is pressed, until it is given back.
private struct TerminalMode {
  private let saved: termios

  /// nil where standard input is no terminal.
  init?() {
    var mode = termios()
    guard tcgetattr(STDIN_FILENO, &mode) == 0 else { return nil }
    saved = mode
    mode.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INPCK | ISTRIP | IXON)
    mode.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN | ISIG)
    guard tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0 else { return nil }
  }

  func restore() {
    var mode = saved
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode)
  }
}
