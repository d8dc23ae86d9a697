import ArgumentParser
import Files
import FoundationEssentials
import Glibc
import Synchronization

/// The life of the process: arguments, configuration, the command itself, errors, exit code.
/// Commands only say what they take and do; how the command line behaves is written here.
public enum Console {
  private static let root = Mutex<(any ParsableCommand.Type)?>(nil)

  /// Runs the command that `arguments` choose, which do not hold the program's own name, and ends
  /// the process.
  /// - Parameters:
  ///   - root: the command that holds all others.
  ///   - arguments: of the command line, without the program's name.
  ///   - settingNames: what settings that the library's messages name are called here.
  public static func run(
    root: any ParsableCommand.Type, arguments: [String], settingNames: [String: String]
  ) -> Never {
    Diagnostics.setNames(settingNames)
    openStandardDescriptors()
    InputRecord.keep()
    let code = Interruption.run {
      execute(
        root: root, arguments: arguments, environment: ProcessInfo.processInfo.environment)
    }
    Diagnostics.showProgress("")
    exit(code)
  }

  /// The script that completes commands and options in a shell.
  public static func completionScript(for shell: CompletionShell) -> String {
    root.withLock { $0 }?.completionScript(for: shell) ?? ""
  }

  /// Parses and runs; prints what there is to print; returns the exit code.
  static func execute(
    root: any ParsableCommand.Type, arguments: [String], environment: [String: String]
  ) -> Int32 {
    self.root.withLock { $0 = root }
    do {
      var command: any ParsableCommand
      var sources: [String: String] = [:]
      do {
        command = try parse(
          root: root, arguments: arguments, environment: environment, sources: &sources)
      } catch {
        return try report(error, root: root, parsing: true, sources: sources)
      }
      (command as? any ConsoleCommand)?.common.apply()
      do {
        try command.run()
        try StandardOutput.flush()
        return 0
      } catch {
        return try report(
          error, root: root, parsing: false, sources: sources, command: type(of: command))
      }
    } catch {
      return exitCode(error)
    }
  }

  /// The parsed command; `sources` gets where options come from that the user did not type.
  static func parse(
    root: any ParsableCommand.Type, arguments: [String], environment: [String: String],
    sources: inout [String: String]
  ) throws -> any ParsableCommand {
    // ArgumentParser's own requests: completions and `help`.
    if let first = arguments.first, first.hasPrefix("---") || first == "help" {
      return try root.parseAsRoot(arguments)
    }
    let path = try CommandPath(root: root, arguments: arguments)
    let expanded = try ArgumentExpansion.expand(
      path.rest, for: path.command, environment: environment)
    sources = expanded.sources
    return try root.parseAsRoot(path.verbs + expanded.arguments)
  }

  /// Prints help to standard output, errors to standard error, and returns the exit code.
  private static func report(
    _ error: any Error, root: any ParsableCommand.Type, parsing: Bool,
    sources: [String: String] = [:], command: (any ParsableCommand.Type)? = nil
  ) throws(AIGCError) -> Int32 {
    if let error = error as? AIGCError { return exitCode(error, of: command, sources) }
    let code = root.exitCode(for: error)
    if code == .success {
      let text = root.fullMessage(for: error)
      if !text.isEmpty { try StandardOutput.write(text.hasSuffix("\n") ? text : text + "\n") }
      try StandardOutput.flush()
      return 0
    }
    let message = root.message(for: error)
    if !message.isEmpty { Diagnostics.error(message + origin(of: message, sources)) }
    guard parsing || code == .validationFailure else { return code.rawValue }
    if let hint = helpHint(root.fullMessage(for: error)) { Diagnostics.plain(hint) }
    return AIGCError.Code.usage.rawValue
  }

  /// ArgumentParser's last line, "See 'aigc train ngram --help' for more information."
  private static func helpHint(_ text: String) -> String? {
    text.split(separator: "\n").last { $0.contains("--help' for more") }.map(String.init)
  }

  /// " (from AIGC_SEED)" for a message that names a flag which the user did not type.
  private static func origin(of message: String, _ sources: [String: String]) -> String {
    let named = sources.filter { flag, _ in
      message.ranges(of: flag).contains { range in
        let next = message[range.upperBound...].first ?? " "
        return !next.isLetter && !next.isNumber && next != "-"
      }
    }
    if named.isEmpty { return "" }
    return " (from \(Set(named.values).sorted().joined(separator: ", ")))"
  }

  private static func exitCode(
    _ error: AIGCError, of command: (any ParsableCommand.Type)? = nil,
    _ sources: [String: String] = [:]
  ) -> Int32 {
    if StandardOutput.isClosed { return 0 }
    var text = Diagnostics.translated(error.description)
    if let command, text.contains("; "), text.contains("--") {
      let table = OptionTable(command)
      text = withoutForeignAdvice(text) { table.index(long: $0) != nil }
    }
    Diagnostics.error(error.code == .usage ? text + origin(of: text, sources) : text)
    return error.code.rawValue
  }

  /// A process started with a closed standard stream would get its next file in that place, and
  /// write text into it.
  private static func openStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      if descriptor == STDOUT_FILENO { StandardOutput.setMissing() }
      _ = open("/dev/null", O_RDONLY)
    }
  }
}
