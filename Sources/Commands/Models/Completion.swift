import ArgumentParser
import Console
import Families

/// `aigc completion SHELL`.
struct Completion: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Print the script that completes commands and options in a shell.",
    discussion: "bash: source <(aigc completion bash)")

  enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish

    var shell: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  @OptionGroup var common: CommonOptions

  init() {}

  func run() throws {
    let script = Console.completionScript(for: shell.shell) + "\n"
    let answer = try Answer(nil)
    if common.json {
      try answer.write(json: [
        .init("shell", .string(self.shell.rawValue)), .init("script", .string(script)),
      ])
    } else {
      try answer.write(script)
    }
    try answer.finish()
  }
}
