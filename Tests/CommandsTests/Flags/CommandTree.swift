import ArgumentParser
import FoundationEssentials

@testable import Commands
@testable import Families

/// The commands of the program as ArgumentParser describes them.
struct CommandTree: Decodable {
  struct Command: Decodable {
    var commandName: String
    var subcommands: [Command]?
    var arguments: [Argument]?

    /// Each command without commands below it, with the verbs that lead to it.
    func leaves(_ path: [String] = []) -> [(verb: String, flags: [Argument])] {
      let inner = (subcommands ?? []).filter { $0.commandName != "help" }
      guard inner.isEmpty else {
        return inner.flatMap { $0.leaves(path + [$0.commandName]) }
      }
      return [(path.joined(separator: " "), (arguments ?? []).filter { $0.kind != "positional" })]
    }
  }
  struct Argument: Decodable {
    struct Name: Decodable {
      var kind: String
      var name: String
    }
    var kind: String
    var names: [Name]?
    var preferredName: Name?
    var abstract: String?
    var defaultValue: String?
    var name: String { preferredName?.name ?? "" }
    var longNames: [String] { (names ?? []).filter { $0.kind != "short" }.map { $0.name } }
  }
  var command: Command

  private struct Root: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "aigc", subcommands: verbs)
  }

  static let leaves: [(verb: String, flags: [Argument])] = {
    let text = Data(Root._dumpHelp().utf8)
    let tree = try? JSONDecoder().decode(CommandTree.self, from: text)
    return tree?.command.leaves() ?? []
  }()
}
