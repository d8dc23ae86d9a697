import ArgumentParser
import Kernels

/// A command with the options that every command has.
public protocol ConsoleCommand: ParsableCommand {
  var common: CommonOptions { get }
}

/// The options of every command; applied by ``Console`` before the command runs.
public struct CommonOptions: ParsableArguments {
  /// `--quiet`: notes, warnings and progress are not shown, only errors.
  @Flag(name: .shortAndLong, help: "Only errors on standard error.")
  public var quiet = false

  /// `--verbose`: details are shown on standard error too; without effect beside ``quiet``.
  @Flag(name: .shortAndLong, help: "More notes on standard error.")
  public var verbose = false

  /// `--no-color`: messages have no colours, even where standard error is a terminal.
  @Flag(name: .customLong("no-color"), help: "No colours on the terminal (as NO_COLOR does).")
  public var noColor = false

  /// `--threads`: the number of threads that compute, 1 to 4096; nil leaves it to the processors
  /// that the process may use.
  @Option(
    name: .shortAndLong, help: "How many threads compute (default: the processors it may use).")
  public var threads: Int?

  /// `--json`: the answer is one JSON object.
  @Flag(help: "Print one JSON object.")
  public var json = false

  /// `--config`: the path of a JSON file of options. Environment variables take precedence over it,
  /// and flags over both.
  @Option(
    help: ArgumentHelp(
      "Options from a JSON file: {\"top-k\": 40, …}.",
      discussion: "A flag is stronger than AIGC_* variables, those than the file.",
      valueName: "file"),
    completion: .file(extensions: ["json"]))
  public var config: String?

  /// Creates the options that no flag has changed.
  public init() {}

  /// Checks the number of threads after parsing.
  /// - Throws: `ValidationError` for a number outside of 1 to 4096.
  public func validate() throws {
    if let threads, !(1...4096).contains(threads) {
      throw ValidationError("--threads \(threads): a number from 1 to 4096 is needed")
    }
  }

  func apply() {
    Diagnostics.configure(quiet: quiet, verbose: verbose, color: !noColor)
    if let threads { Threads.count = threads }
  }
}
