import ArgumentParser
import CStartup
import Console
import Families

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
Console.run(root: AIGC.self, arguments: Array(CommandLine.arguments.dropFirst()))
