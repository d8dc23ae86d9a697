import ArgumentParser
import Kernels

/// A command with the options that every command has.
public protocol ConsoleCommand: ParsableCommand {
  var common: CommonOptions { get }
}

/// The options of every command; applied by ``Console`` before the command runs.
public struct CommonOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Only errors on standard error.")
  public var quiet = false

  @Flag(name: .shortAndLong, help: "More notes on standard error.")
  public var verbose = false

  @Flag(name: .customLong("no-color"), help: "No colours on the terminal (as NO_COLOR does).")
  public var noColor = false

  @Option(
    name: .shortAndLong, help: "How many threads compute (default: the processors it may use).")
  public var threads: Int?

  @Flag(help: "Print one JSON object.")
  public var json = false

  @Option(
    help: ArgumentHelp(
      "Options from a JSON file: {\"top-k\": 40, …}.",
      discussion: "A flag is stronger than AIGC_* variables, those than the file.",
      valueName: "file"),
    completion: .file(extensions: ["json"]))
  public var config: String?

  public init() {}

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
