import Files
import Glibc
import Synchronization

/// Standard error: notes, warnings, errors and the progress line. Nothing of it is ever part of
/// the answer.
public enum Diagnostics {
  private struct State {
    var isQuiet = false
    var isVerbose = false
    var usesColor = false
    var showsProgress = false
    var settingNames: [String: String] = [:]
  }

  private static let state = Mutex(State())

  /// Whether standard error is a terminal.
  public static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Sets what is shown; colours also need a terminal and no NO_COLOR.
  static func configure(quiet: Bool, verbose: Bool, color: Bool) {
    let noColor = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    state.withLock {
      $0.isQuiet = quiet
      $0.isVerbose = verbose && !quiet
      $0.usesColor = color && isTerminal && !noColor
    }
  }

  /// Says what settings of the library, which its messages name in backticks, are called here.
  static func setNames(_ names: [String: String]) { state.withLock { $0.settingNames = names } }

  /// A message of the library with settings called as they are on the command line.
  static func translated(_ text: String) -> String {
    guard text.contains("`") else { return text }
    let names = state.withLock { $0.settingNames }
    // Between two backticks stands a name, or something else that stays.
    var parts = text.split(separator: "`", omittingEmptySubsequences: false).map { String($0) }
    var result = parts.removeFirst()
    while parts.count > 1 {
      if let name = names[parts[0]] {
        result += name + parts[1]
        parts.removeFirst(2)
      } else {
        result += "`" + parts.removeFirst()
      }
    }
    return result + parts.map { "`" + $0 }.joined()
  }

  /// Whether only errors are shown, as `--quiet` asks for.
  public static var isQuiet: Bool { state.withLock { $0.isQuiet } }
  /// Whether details are shown, as `--verbose` asks for; never together with ``isQuiet``.
  public static var isVerbose: Bool { state.withLock { $0.isVerbose } }

  /// A line about what is going on: "aigc: …". Silent with `--quiet`.
  public static func note(_ text: String) {
    if !isQuiet { line("aigc: \(text)") }
  }

  /// A note for `--verbose` only.
  public static func detail(_ text: @autoclosure () -> String) {
    if isVerbose { line("aigc: \(text())") }
  }

  /// A bare line: one of a log of progress, or what continues a message. Silent with `--quiet`.
  public static func plain(_ text: String) {
    if !isQuiet { line(text) }
  }

  /// Something the user should know: "warning: …". Silent with `--quiet`.
  public static func warning(_ text: String) {
    if !isQuiet { line("\(prefix("33")) \(colored("warning:", "33")) \(text)") }
  }

  /// What a call of the library wants its caller to know.
  public static func show(_ notice: Notice) {
    switch notice {
    case .note(let text): note(text)
    case .warning(let text): warning(text)
    }
  }

  /// Why the command failed: "aigc: …". Always shown.
  public static func error(_ text: String) {
    line("\(prefix("31")) \(text)")
  }

  /// What every message begins with; lines of progress and of a log have nothing before them.
  private static func prefix(_ code: String) -> String { colored("aigc:", code) }

  private static func colored(_ text: String, _ code: String) -> String {
    state.withLock { $0.usesColor } ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  private static func line(_ text: String) {
    let text = translated(text)
    state.withLock { state in
      writeError((state.showsProgress ? "\r\u{1B}[K" : "") + text + "\n")
      state.showsProgress = false
    }
  }

  /// Rewrites the progress line; an empty text clears it.
  static func showProgress(_ text: String) {
    state.withLock { state in
      guard state.showsProgress || !text.isEmpty else { return }
      writeError("\r\u{1B}[K" + text)
      state.showsProgress = !text.isEmpty
    }
  }
}

/// Writes to standard error; that nobody reads it is no reason to fail.
private func writeError(_ text: String) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let block = Array(rest)
    let size = Glibc.write(STDERR_FILENO, block, block.count)
    if size < 0 {
      if errno == EINTR { continue }
      return
    }
    rest = rest.dropFirst(size)
  }
}
