import ArgumentParser
import CStartup
import Commands
import Console
import Files

struct AIGC: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aigc", abstract: "Train and sample generative models on a CPU.",
    subcommands: verbs)

  @Flag(help: "Print the version, the libraries and the processor.")
  var version = false

  @Flag(help: "Print the licence.")
  var license = false

  func run() throws {
    if !version, !license { throw CleanExit.helpRequest(self) }
    try StandardOutput.write(version ? Version.text : Version.license)
  }
}

aigc_startup()
OutOfMemory.install { aigc_out_of_memory($0) }
// On whatever thread that is: without @Sendable it would be the main one only.
aigc_set_last_act { @Sendable in UnfinishedOutputs.remove() }
// CommandLine reads its arguments from /proc, which need not be there.
let arguments =
  aigc_argument_count() < 0
  ? CommandLine.arguments
  : (0..<aigc_argument_count()).map { String(cString: aigc_argument($0)) }
Console.run(
  root: AIGC.self, arguments: Array(arguments.dropFirst()), settingNames: settingNames)
